//! Templates: `GetTemplate`, `GetTemplateSummary`, `ValidateTemplate`.

use claviger_cloudformation_template::{ParameterDeclaration, Template};
use claviger_resources::stack::{ChangeSet, Stack};
use claviger_store::{Name, Namespace, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::source::{self, Wanted};
use super::stack;
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Shows a stack's template, byte for byte as it came.
pub struct GetTemplate;
/// Tells what a template asks for.
pub struct GetTemplateSummary;
/// Says whether a template can be read, and what it asks for.
pub struct ValidateTemplate;

/// The members of `GetTemplate`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTemplateInput {
    stack_name: Option<String>,
    change_set_name: Option<String>,
    template_stage: Option<String>,
}

/// What `GetTemplate` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTemplateOutput {
    template_body: String,
    stages_available: [&'static str; 2],
}

impl Procedure for GetTemplate {
    const NAME: &'static str = "GetTemplate";
    const ACCESS: Access = Access::Read;
    type Input = GetTemplateInput;
    type Output = GetTemplateOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        let name = input.stack_name.as_deref().unwrap_or_default();
        let (stack, set) = perform(services, &tenant, &Find { name, set: input.change_set_name.as_deref() }).await?;
        let definition = match (&set, &stack.operation) {
            (Some(set), _) => &set.definition,
            (None, Some(operation)) => &operation.definition,
            (None, None) => &stack.definition,
        };
        let text = source::stored_text(services, &stack, definition).await?;
        let processed = input.template_stage.as_deref() == Some("Processed");
        let template_body = if processed && !text.is_empty() {
            let template = Template::parse(&text)?;
            match template.transforms() {
                [] => text,
                _ => source::stored_instance(services, &stack, definition).await?.processed().to_string(),
            }
        } else {
            text
        };
        Ok(GetTemplateOutput { template_body, stages_available: ["Original", "Processed"] })
    }
}

struct Find<'a> {
    name: &'a str,
    set: Option<&'a str>,
}

impl Step for Find<'_> {
    const ACCESS: Access = Access::Read;
    type Output = (Stack, Option<ChangeSet>);
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stack = stack::find(cx, self.name).await?;
        let Some(name) = self.set.filter(|name| !name.is_empty()) else { return Ok((stack.record, None)) };
        let set: Option<Stored<ChangeSet>> = if name.starts_with("arn:") {
            cx.tx.find(cx.tenant, &stack.id, name.rsplit('/').next().unwrap_or_default()).await?
        } else {
            cx.tx.find_named(&Name::new(Namespace::ChangeSetName, format!("{}/{name}", stack.id))).await?
        };
        let set = set.ok_or_else(|| Error::ChangeSetNotFound(name.to_owned()))?;
        Ok((stack.record, Some(set.record)))
    }
}

/// The members of `GetTemplateSummary` and `ValidateTemplate`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TemplateInput {
    stack_name: Option<String>,
    template_body: Option<String>,
    #[serde(rename = "TemplateURL")]
    template_url: Option<String>,
}

impl TemplateInput {
    async fn template(&self, services: &Services, caller: &Caller) -> Result<Template, Error> {
        if let Some(name) = self.stack_name.as_deref().filter(|name| !name.is_empty()) {
            let (stack, _) = perform(services, &caller.tenant(), &Find { name, set: None }).await?;
            return Ok(Template::parse(&source::stored_text(services, &stack, &stack.definition).await?)?);
        }
        let wanted = Wanted {
            template_body: self.template_body.clone(),
            template_url: self.template_url.clone(),
            ..Wanted::default()
        };
        Ok(Template::parse(&source::text(services, caller, &wanted, None).await?)?)
    }
}

/// What `GetTemplateSummary` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TemplateSummaryOutput {
    parameters: Vec<SummaryParameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities_reason: Option<String>,
    resource_types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    declared_transforms: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SummaryParameter {
    parameter_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<String>,
    parameter_type: String,
    no_echo: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    parameter_constraints: Constraints,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Constraints {
    allowed_values: Vec<String>,
}

fn default_of(parameter: &ParameterDeclaration) -> Option<String> {
    parameter.default.as_ref().map(|value| if parameter.no_echo { "****".to_owned() } else { value.clone() })
}

impl Procedure for GetTemplateSummary {
    const NAME: &'static str = "GetTemplateSummary";
    const ACCESS: Access = Access::Read;
    type Input = TemplateInput;
    type Output = TemplateSummaryOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let template = input.template(services, caller).await?;
        let summary = template.summary();
        let (capabilities, capabilities_reason) = needed(&summary.resource_types, template.transforms());
        let parameters = summary.parameters.iter().map(|parameter| SummaryParameter {
            parameter_key: parameter.name.clone(),
            default_value: default_of(parameter),
            parameter_type: parameter.kind.as_str().to_owned(),
            no_echo: parameter.no_echo,
            description: parameter.description.clone(),
            parameter_constraints: Constraints { allowed_values: parameter.allowed_values.clone() },
        });
        Ok(TemplateSummaryOutput {
            parameters: parameters.collect(),
            description: summary.description.map(str::to_owned),
            capabilities,
            capabilities_reason,
            resource_types: summary.resource_types.iter().cloned().collect(),
            version: summary.version.map(str::to_owned),
            metadata: summary.metadata.as_ref().map(ToString::to_string),
            declared_transforms: template.transforms().to_vec(),
        })
    }
}

/// What a template needs its caller to agree to, as far as its types tell.
fn needed<'a>(
    types: impl IntoIterator<Item = &'a String>,
    transforms: &[String],
) -> (Vec<&'static str>, Option<String>) {
    let of_iam: Vec<&str> =
        types.into_iter().map(String::as_str).filter(|name| source::OF_IAM.contains(name)).collect();
    let mut capabilities = Vec::new();
    if !of_iam.is_empty() {
        capabilities.push("CAPABILITY_NAMED_IAM");
    }
    if !transforms.is_empty() {
        capabilities.push("CAPABILITY_AUTO_EXPAND");
    }
    let reason = (!of_iam.is_empty())
        .then(|| format!("The following resource(s) require capabilities: [{}]", of_iam.join(", ")));
    (capabilities, reason)
}

/// What `ValidateTemplate` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValidateTemplateOutput {
    parameters: Vec<ValidatedParameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities_reason: Option<String>,
    declared_transforms: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ValidatedParameter {
    parameter_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<String>,
    no_echo: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Procedure for ValidateTemplate {
    const NAME: &'static str = "ValidateTemplate";
    const ACCESS: Access = Access::Read;
    type Input = TemplateInput;
    type Output = ValidateTemplateOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let template = input.template(services, caller).await?;
        let summary = template.summary();
        let (capabilities, capabilities_reason) = needed(&summary.resource_types, template.transforms());
        let parameters = summary.parameters.iter().map(|parameter| ValidatedParameter {
            parameter_key: parameter.name.clone(),
            default_value: default_of(parameter),
            no_echo: parameter.no_echo,
            description: parameter.description.clone(),
        });
        Ok(ValidateTemplateOutput {
            parameters: parameters.collect(),
            description: summary.description.map(str::to_owned),
            capabilities,
            capabilities_reason,
            declared_transforms: template.transforms().to_vec(),
        })
    }
}
