//! Integrations: `CreateIntegration`, `GetIntegration`, `GetIntegrations`, `UpdateIntegration`, `DeleteIntegration`.

use std::collections::BTreeMap;

use claviger_gateway::http_api::parameter_mapping::{RequestMapping, ResponseMappings};
use claviger_gateway::lambda::FunctionUri;
use claviger_resources::IntegrationId;
use claviger_resources::http_api::{HttpApi, Integration, IntegrationType, REMOVED, Route, TlsConfig};
use claviger_resources::limits::{
    HTTP_API_TIMEOUT_MILLISECONDS_MAX, INTEGRATION_TIMEOUT_MILLISECONDS_MIN, INTEGRATIONS_PER_API,
};
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;
use serde_json::Value;

use super::errors::Error;
use super::page::{ListInput, Page};
use super::shown::Shown;
use super::{api, deployment};
use crate::operation::{Access, Context, Operation};

/// Adds an integration to an API.
pub struct CreateIntegration;
/// Shows an integration.
pub struct GetIntegration;
/// Lists the integrations of an API.
pub struct GetIntegrations;
/// Changes an integration.
pub struct UpdateIntegration;
/// Deletes an integration that no route uses.
pub struct DeleteIntegration;

/// The members of `CreateIntegration`.
#[derive(Debug, Deserialize)]
pub struct CreateIntegrationInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(flatten)]
    members: MembersInput,
}

/// The members of `UpdateIntegration`.
#[derive(Debug, Deserialize)]
pub struct UpdateIntegrationInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "IntegrationId")]
    integration_id: String,
    #[serde(flatten)]
    members: MembersInput,
}

/// What both may say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MembersInput {
    integration_type: Option<String>,
    integration_subtype: Option<String>,
    integration_method: Option<String>,
    integration_uri: Option<String>,
    connection_type: Option<String>,
    connection_id: Option<String>,
    credentials_arn: Option<String>,
    description: Option<String>,
    payload_format_version: Option<String>,
    request_parameters: Option<BTreeMap<String, String>>,
    response_parameters: Option<BTreeMap<String, BTreeMap<String, String>>>,
    timeout_in_millis: Option<u32>,
    tls_config: Option<TlsConfig>,
    content_handling_strategy: Option<String>,
    passthrough_behavior: Option<String>,
    request_templates: Option<Value>,
    template_selection_expression: Option<String>,
}

/// Which integration is meant.
#[derive(Debug, Deserialize)]
pub struct IntegrationInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "IntegrationId")]
    integration_id: String,
}

impl Operation for CreateIntegration {
    const NAME: &'static str = "CreateIntegration";
    const ACCESS: Access = Access::Write;
    type Input = CreateIntegrationInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        if cx.tx.count_of::<Integration>(cx.tenant, api.api_id.as_str()).await? >= INTEGRATIONS_PER_API as u64 {
            return Err(Error::LimitExceeded { what: "Integrations", scope: "API", maximum: INTEGRATIONS_PER_API });
        }
        let mut integration = new(cx, &api, IntegrationType::HttpProxy);
        integration.payload_format_version = String::new();
        input.members.apply(&mut integration)?;
        if integration.payload_format_version.is_empty() {
            if integration.integration_type == IntegrationType::AwsProxy {
                return Err(Error::bad("PayloadFormatVersion is a required parameter for integration"));
            }
            "1.0".clone_into(&mut integration.payload_format_version);
        }
        check(&integration)?;
        cx.tx.insert(&integration).await?;
        deployment::deploy_automatically(cx, &api).await?;
        Ok(Shown::part(&integration))
    }
}

impl Operation for GetIntegration {
    const NAME: &'static str = "GetIntegration";
    const ACCESS: Access = Access::Read;
    type Input = IntegrationInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        Ok(Shown::part(&find(cx, &api, &input.integration_id).await?.record))
    }
}

impl Operation for GetIntegrations {
    const NAME: &'static str = "GetIntegrations";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.api_id.as_str(), |one: &Integration| Shown::part(one)).await
    }
}

impl Operation for UpdateIntegration {
    const NAME: &'static str = "UpdateIntegration";
    const ACCESS: Access = Access::Write;
    type Input = UpdateIntegrationInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        let mut integration = find(cx, &api, &input.integration_id).await?;
        input.members.apply(&mut integration)?;
        check(&integration)?;
        cx.tx.replace(&integration).await?;
        deployment::deploy_automatically(cx, &api).await?;
        Ok(Shown::part(&integration.record))
    }
}

impl Operation for DeleteIntegration {
    const NAME: &'static str = "DeleteIntegration";
    const ACCESS: Access = Access::Write;
    type Input = IntegrationInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = api::find(cx, &input.api_id).await?;
        let integration = find(cx, &api, &input.integration_id).await?;
        let id = integration.integration_id.as_str();
        let routes: Vec<Stored<Route>> = cx.tx.list_all(cx.tenant, api.api_id.as_str()).await?;
        if let Some(route) = routes.iter().find(|route| route.integration() == Some(id)) {
            return Err(Error::Conflict(format!(
                "Cannot delete Integration '{id}', is referenced in route: {}",
                route.route_key
            )));
        }
        cx.tx.delete(&integration.record).await?;
        deployment::deploy_automatically(cx, &api).await
    }
}

impl MembersInput {
    fn apply(&self, integration: &mut Integration) -> Result<(), Error> {
        let of_websocket = [
            ("contentHandlingStrategy", self.content_handling_strategy.is_some()),
            ("passthroughBehavior", self.passthrough_behavior.is_some()),
            ("requestTemplates", self.request_templates.is_some()),
            ("templateSelectionExpression", self.template_selection_expression.is_some()),
        ];
        if let Some((name, _)) = of_websocket.into_iter().find(|(_, given)| *given) {
            return Err(Error::bad(format!("{name} is not supported for HTTP APIs")));
        }
        match self.integration_type.as_deref() {
            None => {}
            Some("HTTP_PROXY") => integration.integration_type = IntegrationType::HttpProxy,
            Some("AWS_PROXY") => integration.integration_type = IntegrationType::AwsProxy,
            Some(other) => {
                let message =
                    format!("HTTP APIs do not support the integration type {other}: use HTTP_PROXY or AWS_PROXY");
                return Err(Error::bad(message));
            }
        }
        set(&mut integration.integration_subtype, self.integration_subtype.as_ref());
        set(&mut integration.integration_method, self.integration_method.as_ref());
        set(&mut integration.integration_uri, self.integration_uri.as_ref());
        set(&mut integration.connection_id, self.connection_id.as_ref());
        set(&mut integration.credentials_arn, self.credentials_arn.as_ref());
        set(&mut integration.description, self.description.as_ref());
        if let Some(kind) = &self.connection_type {
            integration.connection_type.clone_from(kind);
        }
        if let Some(version) = &self.payload_format_version {
            integration.payload_format_version.clone_from(version);
        }
        if let Some(milliseconds) = self.timeout_in_millis {
            integration.timeout_in_millis = milliseconds;
        }
        if let Some(config) = &self.tls_config {
            integration.tls_config = Some(config.clone()).filter(|config| *config != TlsConfig::default());
        }
        if let Some(changes) = &self.request_parameters {
            merge(&mut integration.request_parameters, changes, |value| *value == REMOVED);
        }
        if let Some(changes) = &self.response_parameters {
            merge(&mut integration.response_parameters, changes, BTreeMap::is_empty);
        }
        Ok(())
    }
}

/// A text that is given takes the place of the one there is; an empty one removes it.
fn set(member: &mut Option<String>, given: Option<&String>) {
    if let Some(text) = given {
        *member = Some(text.clone()).filter(|text| !text.is_empty());
    }
}

/// Adds entries to a map. What an entry says of removal takes it out.
fn merge<V: Clone>(
    map: &mut Option<BTreeMap<String, V>>,
    changes: &BTreeMap<String, V>,
    is_removal: impl Fn(&V) -> bool,
) {
    let entries = map.get_or_insert_default();
    for (name, value) in changes {
        if is_removal(value) {
            entries.remove(name);
        } else {
            entries.insert(name.clone(), value.clone());
        }
    }
    if entries.is_empty() {
        *map = None;
    }
}

fn new(cx: &mut Context<'_>, api: &HttpApi, kind: IntegrationType) -> Integration {
    Integration {
        integration_id: IntegrationId::generate(cx.random),
        api_id: api.api_id.clone(),
        tenant: cx.tenant.clone(),
        integration_type: kind,
        integration_subtype: None,
        integration_method: None,
        integration_uri: None,
        connection_type: "INTERNET".to_owned(),
        connection_id: None,
        credentials_arn: None,
        description: None,
        payload_format_version: "1.0".to_owned(),
        request_parameters: None,
        response_parameters: None,
        timeout_in_millis: HTTP_API_TIMEOUT_MILLISECONDS_MAX,
        tls_config: None,
        api_gateway_managed: false,
    }
}

/// The integration of quick creation, which is not stored yet: of a function's ARN or of an address.
pub(super) fn managed(cx: &mut Context<'_>, api: &HttpApi, target: &str) -> Result<Integration, Error> {
    let is_function = target.starts_with("arn:");
    let kind = if is_function { IntegrationType::AwsProxy } else { IntegrationType::HttpProxy };
    let integration = Integration {
        integration_uri: Some(target.to_owned()),
        integration_method: (!is_function).then(|| "ANY".to_owned()),
        payload_format_version: if is_function { "2.0" } else { "1.0" }.to_owned(),
        api_gateway_managed: true,
        ..new(cx, api, kind)
    };
    check(&integration)?;
    Ok(integration)
}

/// The integration with this id.
async fn find(cx: &mut Context<'_>, api: &HttpApi, id: &str) -> Result<Stored<Integration>, Error> {
    cx.tx.find(cx.tenant, api.api_id.as_str(), id).await?.ok_or(Error::NotFound("Integration"))
}

/// Refuses an integration that could never answer.
pub(super) fn check(integration: &Integration) -> Result<(), Error> {
    let uri = integration.integration_uri.as_deref().unwrap_or_default();
    let through_link = integration.connection_type == "VPC_LINK";
    match integration.integration_type {
        IntegrationType::HttpProxy if !through_link => {
            if integration.integration_method.is_none() {
                return Err(Error::bad("HttpMethod must be specified for HTTP_PROXY integrations"));
            }
            // A stage variable may stand for any part of the address.
            let is_address =
                uri.starts_with("http://") || uri.starts_with("https://") || uri.starts_with("${stageVariables.");
            if !is_address {
                return Err(Error::bad("Invalid HTTP endpoint specified for URI"));
            }
        }
        IntegrationType::HttpProxy => {}
        IntegrationType::AwsProxy if integration.integration_subtype.is_some() => {}
        IntegrationType::AwsProxy => {
            if FunctionUri::compile_target(uri).is_err() {
                return Err(Error::bad("Invalid ARN specified in the request"));
            }
        }
    }
    if through_link && integration.connection_id.is_none() {
        return Err(Error::bad("connectionId must be specified for the connection type VPC_LINK"));
    }
    if !["1.0", "2.0"].contains(&&*integration.payload_format_version) {
        return Err(Error::bad("Invalid payload format version specified. Supported versions are 1.0 and 2.0"));
    }
    let allowed = INTEGRATION_TIMEOUT_MILLISECONDS_MIN..=HTTP_API_TIMEOUT_MILLISECONDS_MAX;
    if !allowed.contains(&integration.timeout_in_millis) {
        return Err(Error::bad("Timeout should be between 50 ms and 30000 ms"));
    }
    if integration.integration_subtype.is_none() {
        RequestMapping::compile(integration.request_parameters.as_ref())
            .map_err(|error| Error::bad(error.to_string()))?;
    }
    ResponseMappings::compile(integration.response_parameters.as_ref())
        .map_err(|error| Error::bad(error.to_string()))?;
    Ok(())
}
