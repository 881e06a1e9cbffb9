//! Request validators: `CreateRequestValidator`, `GetRequestValidator`, `GetRequestValidators`,
//! `UpdateRequestValidator`, `DeleteRequestValidator`.

use claviger_resources::RequestValidatorId;
use claviger_resources::rest_api::{RequestValidator, RestApi};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::authorizer::ListInput;
use super::errors::Error;
use super::page::Page;
use super::patch::{PatchOperation, apply_all};
use super::rest_api;
use crate::operation::{Access, Context, Operation};

/// Adds a request validator to an API.
pub struct CreateRequestValidator;
/// Shows a request validator.
pub struct GetRequestValidator;
/// Lists the request validators of an API.
pub struct GetRequestValidators;
/// Changes a request validator.
pub struct UpdateRequestValidator;
/// Deletes a request validator.
pub struct DeleteRequestValidator;

/// The members of `CreateRequestValidator`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRequestValidatorInput {
    rest_api_id: String,
    name: Option<String>,
    #[serde(default)]
    validate_request_body: bool,
    #[serde(default)]
    validate_request_parameters: bool,
}

/// Which request validator is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestValidatorInput {
    rest_api_id: String,
    request_validator_id: String,
}

/// The members of `UpdateRequestValidator`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRequestValidatorInput {
    rest_api_id: String,
    request_validator_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A request validator as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestValidatorOutput {
    id: RequestValidatorId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    validate_request_body: bool,
    validate_request_parameters: bool,
}

impl RequestValidatorOutput {
    fn new(validator: &RequestValidator) -> Self {
        Self {
            id: validator.id.clone(),
            name: validator.name.clone(),
            validate_request_body: validator.validate_request_body,
            validate_request_parameters: validator.validate_request_parameters,
        }
    }
}

impl Operation for CreateRequestValidator {
    const NAME: &'static str = "CreateRequestValidator";
    const ACCESS: Access = Access::Write;
    type Input = CreateRequestValidatorInput;
    type Output = RequestValidatorOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if !rest_api::exists(cx, &input.rest_api_id).await? {
            return Err(Error::bad("Invalid REST API identifier specified"));
        }
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let validator = RequestValidator {
            id: RequestValidatorId::generate(cx.random),
            rest_api_id: api.id.clone(),
            tenant: cx.tenant.clone(),
            name: input.name.clone(),
            validate_request_body: input.validate_request_body,
            validate_request_parameters: input.validate_request_parameters,
        };
        cx.tx.insert(&validator).await?;
        Ok(RequestValidatorOutput::new(&validator))
    }
}

impl Operation for GetRequestValidator {
    const NAME: &'static str = "GetRequestValidator";
    const ACCESS: Access = Access::Read;
    type Input = RequestValidatorInput;
    type Output = RequestValidatorOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        Ok(RequestValidatorOutput::new(&*find(cx, &api, &input.request_validator_id).await?))
    }
}

impl Operation for GetRequestValidators {
    const NAME: &'static str = "GetRequestValidators";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page<RequestValidatorOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.id.as_str(), RequestValidatorOutput::new).await
    }
}

impl Operation for UpdateRequestValidator {
    const NAME: &'static str = "UpdateRequestValidator";
    const ACCESS: Access = Access::Write;
    type Input = UpdateRequestValidatorInput;
    type Output = RequestValidatorOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut validator = find(cx, &api, &input.request_validator_id).await?;
        apply_all(&input.patch_operations, |patch| {
            patch.only_replace()?;
            match patch.path().as_slice() {
                ["name"] => validator.name = patch.text()?,
                ["validateRequestBody"] => validator.validate_request_body = patch.boolean()?,
                ["validateRequestParameters"] => validator.validate_request_parameters = patch.boolean()?,
                _ => {
                    return Err(patch.invalid_replace(&[
                        "/name",
                        "/validateRequestParameters",
                        "/validateRequestBody",
                    ]));
                }
            }
            Ok(())
        })?;
        cx.tx.replace(&validator).await?;
        Ok(RequestValidatorOutput::new(&validator))
    }
}

impl Operation for DeleteRequestValidator {
    const NAME: &'static str = "DeleteRequestValidator";
    const ACCESS: Access = Access::Write;
    type Input = RequestValidatorInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let validator = find(cx, &api, &input.request_validator_id).await?;
        cx.tx.delete(&validator.record).await?;
        Ok(())
    }
}

/// The request validator with this id.
pub(super) async fn find(cx: &mut Context<'_>, api: &RestApi, id: &str) -> Result<Stored<RequestValidator>, Error> {
    cx.tx.find(cx.tenant, api.id.as_str(), id).await?.ok_or_else(|| Error::invalid_identifier("Request Validator"))
}
