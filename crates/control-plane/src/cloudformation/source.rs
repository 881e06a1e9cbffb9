//! From what a caller sends to what a stack is made from: the template's text, its parameters bound, and what must hold
//! before anything is begun.

use std::collections::BTreeMap;

use claviger_cloudformation_template::{
    BindError, Instance, ParameterInputs, Parameters, PseudoParameters, Supplied, Template, limits,
};
use claviger_resources::Tenant;
use claviger_resources::stack::{Definition, ParameterValue, Stack, StackParameter, StackTemplate};
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;

use super::errors::Error;
use super::{lookups, outputs, types};
use crate::operation::{Access, Caller, Context, Step, perform};
use crate::services::Services;

/// What callers say of a stack's making.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Wanted {
    pub(super) template_body: Option<String>,
    #[serde(rename = "TemplateURL")]
    pub(super) template_url: Option<String>,
    pub(super) use_previous_template: bool,
    pub(super) parameters: Vec<GivenParameter>,
    pub(super) capabilities: Vec<String>,
    pub(super) tags: Option<Vec<Tag>>,
    #[serde(rename = "NotificationARNs")]
    pub(super) notification_arns: Option<Vec<String>>,
    #[serde(rename = "RoleARN")]
    pub(super) role_arn: Option<String>,
}

/// A parameter as callers give it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GivenParameter {
    pub(super) parameter_key: String,
    pub(super) parameter_value: Option<String>,
    pub(super) use_previous_value: bool,
}

/// A tag.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// What a stack is to be made from, everything checked that can be before it is begun.
pub(super) struct Prepared {
    pub(super) text: String,
    pub(super) instance: Instance,
    /// All of it but the template's id.
    pub(super) definition: Definition,
}

/// Reads, binds and checks; `before` is the stack so far, when there is one.
pub(super) async fn prepare(
    services: &Services,
    caller: &Caller,
    wanted: &Wanted,
    stack_name: &str,
    stack_arn: &str,
    stack_id: &str,
    before: Option<&Stack>,
) -> Result<Prepared, Error> {
    let text = text(services, caller, wanted, before).await?;
    let template = Template::parse(&text)?;
    let previous = before.map(|stack| previous_values(services, stack)).transpose()?.unwrap_or_default();
    let parameters = bind(services, caller, &template, &wanted.parameters, previous).await?;
    let notification_arns = match (&wanted.notification_arns, before) {
        (Some(arns), _) => arns.clone(),
        (None, Some(stack)) => stack.definition.notification_arns.clone(),
        (None, None) => Vec::new(),
    };
    let pseudo = pseudo(&caller.tenant(), stack_name, stack_arn, &notification_arns);
    let kept = store_parameters(services, stack_id, &parameters)?;
    let instance = template.instantiate(parameters, pseudo)?;
    check_types(&instance)?;
    check_capabilities(&template, &instance, &wanted.capabilities)?;
    let tags = match (&wanted.tags, before) {
        (Some(tags), _) => tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
        (None, Some(stack)) => stack.definition.tags.clone(),
        (None, None) => BTreeMap::new(),
    };
    let definition = Definition {
        template: None,
        description: template.description().map(str::to_owned),
        parameters: kept,
        capabilities: wanted.capabilities.clone(),
        tags,
        notification_arns,
        role_arn: wanted.role_arn.clone().or_else(|| before.and_then(|stack| stack.definition.role_arn.clone())),
        timeout_minutes: None,
        disable_rollback: false,
    };
    Ok(Prepared { text, instance, definition })
}

/// The template's text.
pub(super) async fn text(
    services: &Services,
    caller: &Caller,
    wanted: &Wanted,
    before: Option<&Stack>,
) -> Result<String, Error> {
    match (&wanted.template_body, &wanted.template_url, wanted.use_previous_template) {
        (Some(body), None, false) => {
            if body.len() > limits::TEMPLATE_BODY_BYTES_MAX {
                return Err(Error::invalid(format!(
                    "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have \
                     length less than or equal to {}",
                    limits::TEMPLATE_BODY_BYTES_MAX
                )));
            }
            Ok(body.clone())
        }
        (None, Some(url), false) => lookups::template(services, caller, url).await,
        (None, None, true) => {
            let stack = before.ok_or_else(|| Error::invalid("There is no previous template to use"))?;
            stored_text(services, stack, &stack.definition).await
        }
        _ => Err(Error::invalid("Either Template URL or Template Body must be specified.")),
    }
}

/// The text of the template that a definition names; empty when it names none.
pub(super) async fn stored_text(services: &Services, stack: &Stack, definition: &Definition) -> Result<String, Error> {
    let Some(id) = &definition.template else { return Ok(String::new()) };
    perform(services, &stack.tenant, &FindTemplate { stack: &stack.id, id }).await
}

struct FindTemplate<'a> {
    stack: &'a str,
    id: &'a str,
}

impl Step for FindTemplate<'_> {
    const ACCESS: Access = Access::Read;
    type Output = String;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<String, Error> {
        let template: Option<Stored<StackTemplate>> = cx.tx.find(cx.tenant, self.stack, self.id).await?;
        Ok(template.map(|template| template.record.text).unwrap_or_default())
    }
}

/// What a stored definition makes.
pub(super) async fn stored_instance(
    services: &Services,
    stack: &Stack,
    definition: &Definition,
) -> Result<Instance, Error> {
    let template = Template::parse(&stored_text(services, stack, definition).await?)?;
    let mut inputs = ParameterInputs::default();
    for parameter in &definition.parameters {
        let value = value(services, &stack.id, &parameter.value)?;
        if let Some(resolved) = &parameter.resolved {
            inputs.ssm.insert(value.clone(), self::value(services, &stack.id, resolved)?);
        }
        inputs.supplied.insert(parameter.key.clone(), Supplied::Value(value));
    }
    let parameters = template.bind(&inputs).map_err(|error| match error {
        BindError::Refused(error) => Error::from(error),
        BindError::Ssm(_) => Error::invalid("a parameter's value is no longer known"),
    })?;
    let pseudo = pseudo(&stack.tenant, &stack.name, &stack.arn(), &definition.notification_arns);
    Ok(template.instantiate(parameters, pseudo)?)
}

/// A parameter's value in clear.
pub(super) fn value(services: &Services, stack_id: &str, value: &ParameterValue) -> Result<String, Error> {
    match value {
        ParameterValue::Shown(text) => Ok(text.clone()),
        ParameterValue::Hidden(sealed) => outputs::unseal(services, stack_id, sealed),
    }
}

fn previous_values(services: &Services, stack: &Stack) -> Result<BTreeMap<String, String>, Error> {
    let parameters = stack.definition.parameters.iter();
    parameters.map(|it| Ok((it.key.clone(), value(services, &stack.id, &it.value)?))).collect()
}

async fn bind(
    services: &Services,
    caller: &Caller,
    template: &Template,
    given: &[GivenParameter],
    previous: BTreeMap<String, String>,
) -> Result<Parameters, Error> {
    let supplied = given.iter().map(|parameter| {
        let supplied = match &parameter.parameter_value {
            Some(value) if !parameter.use_previous_value => Supplied::Value(value.clone()),
            _ => Supplied::Previous,
        };
        (parameter.parameter_key.clone(), supplied)
    });
    let mut inputs = ParameterInputs { supplied: supplied.collect(), previous, ssm: BTreeMap::new() };
    match template.bind(&inputs) {
        Ok(parameters) => return Ok(parameters),
        Err(BindError::Refused(error)) => return Err(error.into()),
        Err(BindError::Ssm(names)) => {
            for (_, name) in names {
                let value = lookups::ssm_parameter(services, caller, &name).await?;
                inputs.ssm.insert(name, value);
            }
        }
    }
    template.bind(&inputs).map_err(|error| match error {
        BindError::Refused(error) => Error::from(error),
        BindError::Ssm(names) => {
            let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
            Error::invalid(format!(
                "Unable to fetch parameters [{}] from parameter store for this account.",
                names.join(", ")
            ))
        }
    })
}

fn store_parameters(services: &Services, stack: &str, parameters: &Parameters) -> Result<Vec<StackParameter>, Error> {
    let mut random = services.random();
    let mut keep = |value: &str, is_secret: bool| -> Result<ParameterValue, Error> {
        if !is_secret {
            return Ok(ParameterValue::Shown(value.to_owned()));
        }
        let place = claviger_runtime::vault::SealedFor::Stack(stack);
        Ok(ParameterValue::Hidden(services.vault.seal(place, value.as_bytes(), &mut *random)?))
    };
    parameters
        .iter()
        .map(|(key, parameter)| {
            let resolved = parameter.resolved.as_ref().map(|value| keep(value, parameter.no_echo)).transpose()?;
            Ok(StackParameter { key: key.to_owned(), value: keep(&parameter.value, parameter.no_echo)?, resolved })
        })
        .collect()
}

fn pseudo(tenant: &Tenant, name: &str, arn: &str, notification_arns: &[String]) -> PseudoParameters {
    PseudoParameters {
        account_id: tenant.account.to_string(),
        region: tenant.region.to_string(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
        stack_name: name.to_owned(),
        stack_id: arn.to_owned(),
        notification_arns: notification_arns.to_vec(),
    }
}

fn check_types(instance: &Instance) -> Result<(), Error> {
    let unknown: std::collections::BTreeSet<&str> =
        instance.resources().map(|it| it.resource_type.as_str()).filter(|name| types::find(name).is_none()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = unknown.into_iter().collect();
    Err(Error::invalid(format!(
        "Template format error: Unrecognized resource types: [{}] (docs/cloudformation.md lists what Claviger serves)",
        names.join(", ")
    )))
}

/// Types whose resources may give their maker more than it has.
pub(super) const OF_IAM: [&str; 4] =
    ["AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User"];
/// Properties that name such a resource.
const NAMES_OF_IAM: [&str; 3] = ["RoleName", "ManagedPolicyName", "UserName"];

/// The capabilities that a template needs, and why.
pub(super) fn capabilities(template: &Template, instance: &Instance) -> Vec<&'static str> {
    let of_iam: Vec<_> = instance.resources().filter(|it| OF_IAM.contains(&it.resource_type.as_str())).collect();
    let mut needed = Vec::new();
    if of_iam.iter().any(|it| NAMES_OF_IAM.iter().any(|name| it.properties.member(name).is_some())) {
        needed.push("CAPABILITY_NAMED_IAM");
    } else if !of_iam.is_empty() {
        needed.push("CAPABILITY_IAM");
    }
    if template.transforms().iter().any(|name| name != "AWS::LanguageExtensions") {
        needed.push("CAPABILITY_AUTO_EXPAND");
    }
    needed
}

fn check_capabilities(template: &Template, instance: &Instance, given: &[String]) -> Result<(), Error> {
    let has = |name: &str| given.iter().any(|it| it == name);
    let lacking = |needed: &&&str| match **needed {
        "CAPABILITY_IAM" => !has("CAPABILITY_IAM") && !has("CAPABILITY_NAMED_IAM"),
        name => !has(name),
    };
    let needed = capabilities(template, instance);
    match needed.iter().find(lacking) {
        Some(name) => Err(Error::Capabilities((*name).to_owned())),
        None => Ok(()),
    }
}

/// What a template says beside the properties of its resources: its outputs, and what becomes of resources.
pub(super) fn beside_resources(instance: &Instance) -> serde_json::Value {
    let mut processed = instance.processed();
    if let Some(resources) = processed.get_mut("Resources").and_then(serde_json::Value::as_object_mut) {
        for resource in resources.values_mut().filter_map(serde_json::Value::as_object_mut) {
            resource.remove("Properties");
        }
    }
    let outputs = processed.get("Outputs").cloned();
    serde_json::json!({"resources": processed.get("Resources"), "outputs": outputs})
}
