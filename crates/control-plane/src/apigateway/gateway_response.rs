//! Gateway responses: `PutGatewayResponse`, `GetGatewayResponse`, `GetGatewayResponses`, `UpdateGatewayResponse`,
//! `DeleteGatewayResponse`.

use std::collections::BTreeMap;

use claviger_resources::rest_api::{GatewayResponse, GatewayResponseType, RestApi};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::authorizer::ListInput;
use super::errors::Error;
use super::page::Page;
use super::patch::{Patch, PatchOperation, apply_all};
use super::{method, rest_api};
use crate::operation::{Access, Context, Operation};

/// Customises what the gateway says in a situation.
pub struct PutGatewayResponse;
/// Shows what the gateway says in a situation.
pub struct GetGatewayResponse;
/// Lists what the gateway says in every situation.
pub struct GetGatewayResponses;
/// Changes what the gateway says in a situation.
pub struct UpdateGatewayResponse;
/// Returns a situation to its default answer.
pub struct DeleteGatewayResponse;

/// The members of `PutGatewayResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutGatewayResponseInput {
    rest_api_id: String,
    response_type: String,
    status_code: Option<String>,
    response_parameters: Option<BTreeMap<String, String>>,
    response_templates: Option<BTreeMap<String, String>>,
}

/// Which situation is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponseInput {
    rest_api_id: String,
    response_type: String,
}

/// The members of `UpdateGatewayResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateGatewayResponseInput {
    rest_api_id: String,
    response_type: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A gateway response as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponseOutput {
    response_type: GatewayResponseType,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<String>,
    response_parameters: BTreeMap<String, String>,
    response_templates: BTreeMap<String, String>,
    default_response: bool,
}

impl Operation for PutGatewayResponse {
    const NAME: &'static str = "PutGatewayResponse";
    const ACCESS: Access = Access::Write;
    type Input = PutGatewayResponseInput;
    type Output = GatewayResponseOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let response_type = parse(&input.response_type)?;
        let mut response = blank(&api, response_type);
        response.status_code = input.status_code.as_deref().map(method::status_code).transpose()?;
        response.response_parameters = input.response_parameters.clone().unwrap_or_default();
        response.response_templates = input.response_templates.clone().unwrap_or_default();
        check(&response)?;
        save(cx, &api, &response).await?;
        Ok(shown(&response, false))
    }
}

impl Operation for GetGatewayResponse {
    const NAME: &'static str = "GetGatewayResponse";
    const ACCESS: Access = Access::Read;
    type Input = GatewayResponseInput;
    type Output = GatewayResponseOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let response_type = parse(&input.response_type)?;
        let custom = customised(cx, &api).await?;
        Ok(effective(&api, response_type, &custom))
    }
}

impl Operation for GetGatewayResponses {
    const NAME: &'static str = "GetGatewayResponses";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page<GatewayResponseOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let custom = customised(cx, &api).await?;
        input.page.of(GatewayResponseType::ALL.iter().map(|kind| effective(&api, *kind, &custom)))
    }
}

impl Operation for UpdateGatewayResponse {
    const NAME: &'static str = "UpdateGatewayResponse";
    const ACCESS: Access = Access::Write;
    type Input = UpdateGatewayResponseInput;
    type Output = GatewayResponseOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let response_type = parse(&input.response_type)?;
        let mut response = customised(cx, &api)
            .await?
            .into_iter()
            .find(|response| response.response_type == response_type)
            .unwrap_or_else(|| blank(&api, response_type));
        apply_all(&input.patch_operations, |patch| patch_response(&mut response, patch))?;
        check(&response)?;
        save(cx, &api, &response).await?;
        Ok(shown(&response, false))
    }
}

impl Operation for DeleteGatewayResponse {
    const NAME: &'static str = "DeleteGatewayResponse";
    const ACCESS: Access = Access::Write;
    type Input = GatewayResponseInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let response_type = parse(&input.response_type)?;
        if cx.tx.delete(&blank(&api, response_type)).await? {
            Ok(())
        } else {
            Err(Error::gateway_response_not_defined(response_type))
        }
    }
}

fn parse(text: &str) -> Result<GatewayResponseType, Error> {
    GatewayResponseType::parse(text)
        .ok_or_else(|| Error::bad(format!("Invalid gateway response type specified: {text}")))
}

fn blank(api: &RestApi, response_type: GatewayResponseType) -> GatewayResponse {
    GatewayResponse {
        rest_api_id: api.id.clone(),
        tenant: api.tenant.clone(),
        response_type,
        status_code: None,
        response_parameters: BTreeMap::new(),
        response_templates: BTreeMap::new(),
    }
}

async fn customised(cx: &mut Context<'_>, api: &RestApi) -> Result<Vec<GatewayResponse>, Error> {
    let stored: Vec<Stored<GatewayResponse>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
    Ok(stored.into_iter().map(|stored| stored.record).collect())
}

async fn save(cx: &mut Context<'_>, api: &RestApi, response: &GatewayResponse) -> Result<(), Error> {
    let id = response.response_type.as_str();
    match cx.tx.find::<GatewayResponse>(cx.tenant, api.id.as_str(), id).await? {
        Some(mut stored) => {
            stored.record = response.clone();
            cx.tx.replace(&stored).await?;
        }
        None => cx.tx.insert(response).await?,
    }
    Ok(())
}

/// What the gateway says in a situation: its own customisation, else that of the general type it falls back to.
fn effective(api: &RestApi, kind: GatewayResponseType, custom: &[GatewayResponse]) -> GatewayResponseOutput {
    let of = |kind| custom.iter().find(|response| response.response_type == kind);
    if let Some(own) = of(kind) {
        return shown(own, false);
    }
    let general = match kind.default_status() {
        Some(400..=499) => of(GatewayResponseType::Default4xx),
        Some(_) => of(GatewayResponseType::Default5xx),
        None => None,
    };
    let inherited =
        general.map_or_else(|| blank(api, kind), |general| GatewayResponse { response_type: kind, ..general.clone() });
    shown(&inherited, true)
}

/// A response as callers see it: defaults stand in for what was not customised.
fn shown(response: &GatewayResponse, default_response: bool) -> GatewayResponseOutput {
    let default_template =
        || BTreeMap::from([("application/json".to_owned(), "{\"message\":$context.error.messageString}".to_owned())]);
    GatewayResponseOutput {
        response_type: response.response_type,
        status_code: response
            .status_code
            .clone()
            .or_else(|| response.response_type.default_status().map(|status| status.to_string())),
        response_parameters: response.response_parameters.clone(),
        response_templates: if response.response_templates.is_empty() {
            default_template()
        } else {
            response.response_templates.clone()
        },
        default_response,
    }
}

fn check(response: &GatewayResponse) -> Result<(), Error> {
    for (place, expression) in &response.response_parameters {
        let known = ["method.request.", "context.", "stageVariables."].iter().any(|from| expression.starts_with(from));
        let literal = expression.len() >= 2 && expression.starts_with('\'') && expression.ends_with('\'');
        if !place.starts_with("gatewayresponse.header.") {
            return Err(method::invalid_mapping(place));
        }
        if !known && !literal {
            return Err(method::invalid_mapping(expression));
        }
    }
    Ok(())
}

fn patch_response(response: &mut GatewayResponse, patch: Patch<'_>) -> Result<(), Error> {
    match patch.path().as_slice() {
        ["statusCode"] => {
            response.status_code = patch.text()?.as_deref().map(method::status_code).transpose()?;
        }
        ["responseParameters", name] => change(&mut response.response_parameters, name, patch)?,
        ["responseTemplates", media_type] => change(&mut response.response_templates, media_type, patch)?,
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

fn change(map: &mut BTreeMap<String, String>, key: &str, patch: Patch<'_>) -> Result<(), Error> {
    let mut held = Some(std::mem::take(map));
    patch.entry(&mut held, key, |value| Ok(value.to_owned()))?;
    *map = held.unwrap_or_default();
    Ok(())
}
