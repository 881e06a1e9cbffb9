//! What templates refer to beyond themselves: exports and outputs of other stacks, parameters and secrets.

use claviger_cloudformation_template::{DynamicReference, Instance, Known, Need, StackOutput, limits};
use claviger_resources::stack::StackExport;
use claviger_resources::{Region, Secret, Tenant};
use claviger_store::{Stored, TransactionExt};

use super::errors::Error;
use super::outputs::{self, Outputs};
use super::stack;
use crate::operation::{Access, Caller, Context, Step, perform};
use crate::secrets_manager::value::ValueReference;
use crate::services::Services;
use crate::{s3, secrets_manager, ssm};

/// The value of an export.
pub(super) async fn export(services: &Services, tenant: &Tenant, name: &str) -> Result<String, String> {
    let export = perform(services, tenant, &FindExport(name)).await.map_err(internal)?;
    let export = export.ok_or_else(|| format!("No export named {name} found."))?;
    outputs::open(services, &export).map_err(internal)
}

struct FindExport<'a>(&'a str);

impl Step for FindExport<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<StackExport>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let export: Option<Stored<StackExport>> = cx.tx.find(cx.tenant, "", self.0).await?;
        Ok(export.map(|export| export.record))
    }
}

/// An output of another stack.
pub(super) async fn stack_output(services: &Services, tenant: &Tenant, wanted: &StackOutput) -> Result<String, String> {
    let mut tenant = tenant.clone();
    if let Some(region) = &wanted.region {
        tenant.region = Region::parse(region).map_err(|_| format!("Fn::GetStackOutput: {region} is not a region"))?;
    }
    let found = perform(services, &tenant, &FindStack(&wanted.stack)).await;
    let stack = match found {
        Ok(stack) => stack,
        Err(Error::Validation(reason)) => return Err(reason),
        Err(error) => return Err(internal(error)),
    };
    let outputs = Outputs::of(services, &stack).map_err(internal)?;
    let output = outputs.0.into_iter().find(|output| output.key == wanted.output);
    output
        .map(|output| output.value)
        .ok_or_else(|| format!("Output {} does not exist in stack {}", wanted.output, wanted.stack))
}

struct FindStack<'a>(&'a str);

impl Step for FindStack<'_> {
    const ACCESS: Access = Access::Read;
    type Output = claviger_resources::stack::Stack;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        Ok(stack::find(cx, self.0).await?.record)
    }
}

/// What a dynamic reference leads to.
pub(super) async fn dynamic(
    services: &Services,
    caller: &Caller,
    reference: &DynamicReference,
) -> Result<String, String> {
    let (name, version) = match reference {
        DynamicReference::Ssm { name, version } | DynamicReference::SsmSecure { name, version } => (name, version),
        DynamicReference::Secret { id, json_key, version_stage, version_id } => {
            let reference = ValueReference {
                secret_id: id,
                json_key: json_key.as_deref(),
                version_id: version_id.as_deref(),
                version_stage: version_stage.as_deref(),
            };
            let found = perform(services, &caller.tenant(), &FindSecret(&reference)).await;
            return found.map_err(|error| error.to_string()).map(|value| value.expose().clone());
        }
    };
    let named = version.as_ref().map_or_else(|| name.clone(), |version| format!("{name}:{version}"));
    ssm_parameter(services, caller, &named).await.map_err(|error| error.to_string())
}

/// The value of a parameter of the Systems Manager.
pub(super) async fn ssm_parameter(services: &Services, caller: &Caller, name: &str) -> Result<String, Error> {
    let found = perform(services, &caller.tenant(), &FindParameter(name)).await?;
    found.ok_or_else(|| {
        Error::invalid(format!("Unable to fetch parameters [{name}] from parameter store for this account."))
    })
}

struct FindParameter<'a>(&'a str);

impl Step for FindParameter<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        match ssm::parameter::get(cx, self.0, true).await {
            Ok(parameter) => Ok(Some(parameter.into_value())),
            Err(ssm::Error::Store(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }
}

struct FindSecret<'a>(&'a ValueReference<'a>);

impl Step for FindSecret<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Secret<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        secrets_manager::value::read(cx, self.0).await.map_err(|error| match error {
            secrets_manager::Error::Store(error) => error.into(),
            error => Error::invalid(error.to_string()),
        })
    }
}

fn internal(error: impl std::error::Error + 'static) -> String {
    tracing::error!(error = &error as &dyn std::error::Error, "a value could not be looked up");
    "Internal Failure".to_owned()
}

/// The text of a template that is named by its address, which is always that of an object here, whatever host it names:
/// nothing is fetched.
pub(super) async fn template(services: &Services, caller: &Caller, url: &str) -> Result<String, Error> {
    text_at(services, caller, "TemplateURL", url, limits::TEMPLATE_BYTES_MAX).await
}

/// The text of an object that a member of a call names by its address, likewise.
pub(super) async fn text_at(
    services: &Services,
    caller: &Caller,
    member: &str,
    url: &str,
    bytes_max: usize,
) -> Result<String, Error> {
    let (bucket, key) = object_of(url).ok_or_else(|| Error::invalid(format!("{member} must be a supported URL.")))?;
    let content = s3::code::read(services, caller, &bucket, &key, bytes_max).await;
    let content = content.map_err(|error| {
        let failure = claviger_aws_protocol::failure::Failure::from(error);
        Error::invalid(format!("S3 error: {}", failure.message))
    })?;
    String::from_utf8(content.to_vec())
        .map_err(|_| Error::invalid(format!("{member} names an object that is not UTF-8")))
}

/// The bucket and key that an address names: path style or by host, of S3's own hosts, of this server's, or as `s3://`.
fn object_of(url: &str) -> Option<(String, String)> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().ok().map(String::from);
    let split = |path: &str| {
        let (bucket, key) = path.split_once('/')?;
        (!bucket.is_empty() && !key.is_empty()).then(|| Some((bucket.to_owned(), decode(key)?)))?
    };
    if let Some(path) = url.strip_prefix("s3://") {
        return split(path);
    }
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    // `{bucket}.s3…`: the bucket's name may have dots, and what follows it is never a bucket.
    let by_host = host.find(".s3.").or_else(|| host.find(".s3-")).and_then(|at| host.get(..at));
    match by_host {
        Some(bucket) if !path.is_empty() => Some((bucket.to_owned(), decode(path)?)),
        _ => split(path),
    }
}

/// Everything outside of a template that its resources refer to, and what of it there is not.
pub(super) async fn all(services: &Services, caller: &Caller, instance: &Instance) -> (Known, Vec<String>) {
    let (mut known, mut missing) = (Known::default(), Vec::new());
    let tenant = caller.tenant();
    for resource in instance.creation_order() {
        let Ok(planned) = instance.plan(&resource.properties, &known) else { continue };
        for need in planned.needs {
            let found = match &need {
                Need::Resource(_) => continue,
                Need::Export(name) => export(services, &tenant, name).await,
                Need::StackOutput(wanted) => stack_output(services, &tenant, wanted).await,
                Need::Dynamic(reference) => dynamic(services, caller, reference).await,
            };
            match (found, need) {
                (Ok(value), Need::Export(name)) => drop(known.exports.insert(name, value)),
                (Ok(value), Need::StackOutput(wanted)) => drop(known.stack_outputs.insert(wanted, value)),
                (Ok(value), Need::Dynamic(reference)) => drop(known.dynamic.insert(reference, value)),
                (Ok(_), Need::Resource(_)) => {}
                (Err(reason), _) => missing.push(reason),
            }
        }
    }
    (known, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_object_whatever_its_host() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(bucket, key)| (bucket.to_owned(), key.to_owned()));
            assert_eq!(object_of(url), expected, "{url}");
        };
        let object = Some(("assets", "a/b.json"));
        check("https://s3.amazonaws.com/assets/a/b.json", object);
        check("https://s3.eu-west-1.amazonaws.com/assets/a/b.json", object);
        check("http://127.0.0.1:4566/assets/a/b.json", object);
        check("https://assets.s3.amazonaws.com/a/b.json", object);
        check("https://assets.s3.dualstack.eu-west-1.amazonaws.com/a/b.json", object);
        check("https://assets.s3-eu-west-1.amazonaws.com/a/b.json?versionId=1", object);
        check("s3://assets/a/b.json", object);
        check("https://s3.amazonaws.com/assets/serverless/1%3A2/t.json", Some(("assets", "serverless/1:2/t.json")));
        check("https://s3.amazonaws.com/assets/serverless/1:2/t.json", Some(("assets", "serverless/1:2/t.json")));
        check("https://example.com/", None);
        check("ftp://s3.amazonaws.com/assets/a", None);
        check("template.json", None);
    }
}
