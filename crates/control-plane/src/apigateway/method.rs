//! Methods and their declared responses: `PutMethod`, `GetMethod`, `UpdateMethod`, `DeleteMethod` and the same for
//! `…MethodResponse`.

use std::collections::BTreeMap;

use claviger_resources::rest_api::{
    AuthorizationType, Authorizer, AuthorizerType, Method, MethodResponse, MethodVerb, Resource, RestApi,
};
use claviger_resources::{AuthorizerId, RequestValidatorId};
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;

use super::errors::Error;
use super::patch::{Patch, PatchOperation, apply_all};
use super::{request_validator, resource, rest_api};
use crate::operation::{Access, Context, Operation};

/// Adds a method to a resource, or replaces it.
pub struct PutMethod;
/// Shows a method.
pub struct GetMethod;
/// Changes a method.
pub struct UpdateMethod;
/// Deletes a method with its integration.
pub struct DeleteMethod;
/// Declares a response of a method, or replaces it.
pub struct PutMethodResponse;
/// Shows a declared response.
pub struct GetMethodResponse;
/// Changes a declared response.
pub struct UpdateMethodResponse;
/// Deletes a declared response.
pub struct DeleteMethodResponse;

/// The members of `PutMethod`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutMethodInput {
    rest_api_id: String,
    resource_id: String,
    http_method: String,
    authorization_type: String,
    authorizer_id: Option<String>,
    #[serde(default)]
    api_key_required: bool,
    operation_name: Option<String>,
    request_parameters: Option<BTreeMap<String, bool>>,
    request_models: Option<BTreeMap<String, String>>,
    request_validator_id: Option<String>,
    authorization_scopes: Option<Vec<String>>,
}

/// Which method is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodInput {
    pub(super) rest_api_id: String,
    pub(super) resource_id: String,
    pub(super) http_method: String,
}

/// The members of `UpdateMethod` and `UpdateIntegration`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateMethodInput {
    #[serde(flatten)]
    pub(super) method: MethodInput,
    #[serde(default)]
    pub(super) patch_operations: Vec<PatchOperation>,
}

/// Which response of a method is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseInput {
    #[serde(flatten)]
    pub(super) method: MethodInput,
    pub(super) status_code: String,
}

/// The members of `UpdateMethodResponse` and `UpdateIntegrationResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateResponseInput {
    #[serde(flatten)]
    pub(super) response: ResponseInput,
    #[serde(default)]
    pub(super) patch_operations: Vec<PatchOperation>,
}

/// The members of `PutMethodResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutMethodResponseInput {
    #[serde(flatten)]
    response: ResponseInput,
    response_parameters: Option<BTreeMap<String, bool>>,
    response_models: Option<BTreeMap<String, String>>,
}

impl Operation for PutMethod {
    const NAME: &'static str = "PutMethod";
    const ACCESS: Access = Access::Write;
    type Input = PutMethodInput;
    type Output = Method;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut resource = resource::find(cx, &api, &input.resource_id).await?;
        let method = build(cx, &api, input).await?;
        resource.methods.insert(method.http_method, method.clone());
        cx.tx.replace(&resource).await?;
        Ok(method)
    }
}

impl Operation for GetMethod {
    const NAME: &'static str = "GetMethod";
    const ACCESS: Access = Access::Read;
    type Input = MethodInput;
    type Output = Method;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (resource, verb) = find(cx, input).await?;
        Ok(of(&resource, verb)?.clone())
    }
}

impl Operation for UpdateMethod {
    const NAME: &'static str = "UpdateMethod";
    const ACCESS: Access = Access::Write;
    type Input = UpdateMethodInput;
    type Output = Method;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.method.rest_api_id).await?;
        let (mut resource, verb) = find(cx, &input.method).await?;
        let mut method = of(&resource, verb)?.clone();
        apply_all(&input.patch_operations, |patch| patch_method(&mut method, patch))?;
        check_authorizer(cx, &api, method.authorization_type, method.authorizer_id.as_ref()).await?;
        if let Some(validator) = &method.request_validator_id {
            request_validator::find(cx, &api, validator.as_str()).await?;
        }
        if let Some(models) = &method.request_models {
            super::model::check_exist(cx, &api, models.values()).await?;
        }
        resource.methods.insert(verb, method.clone());
        cx.tx.replace(&resource).await?;
        Ok(method)
    }
}

impl Operation for DeleteMethod {
    const NAME: &'static str = "DeleteMethod";
    const ACCESS: Access = Access::Write;
    type Input = MethodInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (mut resource, verb) = find(cx, input).await?;
        resource.methods.remove(&verb);
        Ok(cx.tx.replace(&resource).await?)
    }
}

impl Operation for PutMethodResponse {
    const NAME: &'static str = "PutMethodResponse";
    const ACCESS: Access = Access::Write;
    type Input = PutMethodResponseInput;
    type Output = MethodResponse;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if let Some(models) = &input.response_models {
            let api = rest_api::find(cx, &input.response.method.rest_api_id).await?;
            super::model::check_exist(cx, &api, models.values()).await?;
        }
        let response = MethodResponse {
            status_code: status_code(&input.response.status_code)?,
            response_parameters: input.response_parameters.clone(),
            response_models: input.response_models.clone(),
        };
        change(cx, &input.response.method, |method| {
            method.method_responses.insert(response.status_code.clone(), response.clone());
            Ok(response)
        })
        .await
    }
}

impl Operation for GetMethodResponse {
    const NAME: &'static str = "GetMethodResponse";
    const ACCESS: Access = Access::Read;
    type Input = ResponseInput;
    type Output = MethodResponse;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (resource, verb) = find(cx, &input.method).await?;
        of(&resource, verb)?.method_responses.get(&input.status_code).cloned().ok_or_else(no_such_response)
    }
}

impl Operation for UpdateMethodResponse {
    const NAME: &'static str = "UpdateMethodResponse";
    const ACCESS: Access = Access::Write;
    type Input = UpdateResponseInput;
    type Output = MethodResponse;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        change(cx, &input.response.method, |method| {
            let response = method.method_responses.get_mut(&input.response.status_code).ok_or_else(no_such_response)?;
            apply_all(&input.patch_operations, |patch| match patch.path().as_slice() {
                ["responseParameters", name] => {
                    patch.entry(&mut response.response_parameters, name, |value| Ok(is_true(value)))
                }
                ["responseModels", media_type] => {
                    patch.entry(&mut response.response_models, media_type, |value| Ok(value.to_owned()))
                }
                _ => Err(patch.invalid_path()),
            })?;
            Ok(response.clone())
        })
        .await
    }
}

impl Operation for DeleteMethodResponse {
    const NAME: &'static str = "DeleteMethodResponse";
    const ACCESS: Access = Access::Write;
    type Input = ResponseInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        change(cx, &input.method, |method| {
            method.method_responses.remove(&input.status_code).map(drop).ok_or_else(no_such_response)
        })
        .await
    }
}

/// The resource that has the method meant, and its verb.
pub(super) async fn find(cx: &mut Context<'_>, input: &MethodInput) -> Result<(Stored<Resource>, MethodVerb), Error> {
    let api = rest_api::find(cx, &input.rest_api_id).await?;
    let resource = resource::find(cx, &api, &input.resource_id).await?;
    let verb = MethodVerb::parse(&input.http_method).ok_or_else(no_such_method)?;
    of(&resource, verb)?;
    Ok((resource, verb))
}

/// The method of a resource.
pub(super) fn of(resource: &Resource, verb: MethodVerb) -> Result<&Method, Error> {
    resource.methods.get(&verb).ok_or_else(no_such_method)
}

/// Changes a method in place and stores its resource.
pub(super) async fn change<T>(
    cx: &mut Context<'_>,
    input: &MethodInput,
    change: impl FnOnce(&mut Method) -> Result<T, Error>,
) -> Result<T, Error> {
    let (mut resource, verb) = find(cx, input).await?;
    let changed = change(resource.methods.get_mut(&verb).ok_or_else(no_such_method)?)?;
    cx.tx.replace(&resource).await?;
    Ok(changed)
}

pub(super) fn no_such_method() -> Error {
    Error::invalid_identifier("Method")
}

/// The refusal of a response nobody declared.
pub(super) fn no_such_response() -> Error {
    Error::NotFound("Invalid Response status code specified".to_owned())
}

/// A status code as paths and maps write it: three digits, the first 1 to 5.
pub(super) fn status_code(text: &str) -> Result<String, Error> {
    match text.as_bytes() {
        [b'1'..=b'5', second, third] if second.is_ascii_digit() && third.is_ascii_digit() => Ok(text.to_owned()),
        _ => Err(Error::bad("Invalid status code specified. Status codes must match [1-5]\\d\\d")),
    }
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

async fn build(cx: &mut Context<'_>, api: &RestApi, input: &PutMethodInput) -> Result<Method, Error> {
    if input.http_method.is_empty() {
        return Err(Error::bad("Enumeration value for HttpMethod must be non-empty"));
    }
    let http_method = MethodVerb::parse(&input.http_method).ok_or_else(|| {
        Error::bad("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")
    })?;
    let authorization_type = authorization_type(&input.authorization_type)?;
    let authorizer_id = input.authorizer_id.as_deref().map(authorizer_id).transpose()?;
    check_authorizer(cx, api, authorization_type, authorizer_id.as_ref()).await?;
    if let Some(parameters) = &input.request_parameters {
        check_parameters(parameters)?;
    }
    let request_validator_id = match &input.request_validator_id {
        Some(id) => Some(request_validator::find(cx, api, id).await?.id.clone()),
        None => None,
    };
    if let Some(models) = &input.request_models {
        super::model::check_exist(cx, api, models.values()).await?;
    }
    Ok(Method {
        http_method,
        authorization_type,
        authorizer_id,
        authorization_scopes: input.authorization_scopes.clone(),
        api_key_required: input.api_key_required,
        request_validator_id,
        operation_name: input.operation_name.clone(),
        request_parameters: input.request_parameters.clone(),
        request_models: input.request_models.clone(),
        method_responses: BTreeMap::new(),
        method_integration: None,
    })
}

/// Parses an authorization type in any case, as `PutMethod` accepts it.
fn authorization_type(text: &str) -> Result<AuthorizationType, Error> {
    match text.to_ascii_uppercase().as_str() {
        "NONE" => Ok(AuthorizationType::None),
        "AWS_IAM" => Ok(AuthorizationType::AwsIam),
        "CUSTOM" => Ok(AuthorizationType::Custom),
        "COGNITO_USER_POOLS" => Ok(AuthorizationType::CognitoUserPools),
        "JWT" => Ok(AuthorizationType::Jwt),
        _ => Err(Error::bad(
            "Invalid Authorization type specified. Valid options are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS, JWT",
        )),
    }
}

fn authorizer_id(text: &str) -> Result<AuthorizerId, Error> {
    AuthorizerId::parse(text).map_err(|_| invalid_authorizer())
}

fn invalid_authorizer() -> Error {
    Error::bad(
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a \
         valid authorizer.",
    )
}

/// Refuses a type that needs an authorizer without one of that kind.
async fn check_authorizer(
    cx: &mut Context<'_>,
    api: &RestApi,
    kind: AuthorizationType,
    id: Option<&AuthorizerId>,
) -> Result<(), Error> {
    if matches!(kind, AuthorizationType::None | AuthorizationType::AwsIam) {
        return Ok(());
    }
    let id = id.ok_or_else(invalid_authorizer)?;
    let authorizer: Stored<Authorizer> =
        cx.tx.find(cx.tenant, api.id.as_str(), id.as_str()).await?.ok_or_else(invalid_authorizer)?;
    let fits = match kind {
        AuthorizationType::CognitoUserPools => authorizer.kind == AuthorizerType::CognitoUserPools,
        AuthorizationType::Jwt => authorizer.kind == AuthorizerType::Jwt,
        _ => matches!(authorizer.kind, AuthorizerType::Token | AuthorizerType::Request),
    };
    if fits { Ok(()) } else { Err(invalid_authorizer()) }
}

fn check_parameters(parameters: &BTreeMap<String, bool>) -> Result<(), Error> {
    let mut names = std::collections::BTreeSet::new();
    for expression in parameters.keys() {
        let rest = expression.strip_prefix("method.request.").and_then(|rest| rest.split_once('.'));
        let Some((_, name)) = rest.filter(|(place, _)| ["header", "querystring", "path"].contains(place)) else {
            return Err(invalid_mapping(expression));
        };
        if name.is_empty() {
            return Err(invalid_mapping(expression));
        }
        if !names.insert(name) {
            return Err(Error::bad("Parameter names must be unique across querystring, header and path"));
        }
    }
    Ok(())
}

/// The refusal of a mapping expression, in AWS's words.
pub(super) fn invalid_mapping(expression: &str) -> Error {
    Error::bad(format!(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
         specified: {expression}]"
    ))
}

fn patch_method(method: &mut Method, patch: Patch<'_>) -> Result<(), Error> {
    match patch.path().as_slice() {
        ["authorizationType"] => method.authorization_type = authorization_type(patch.value()?)?,
        ["authorizerId"] => {
            method.authorizer_id =
                patch.text()?.filter(|id| !id.is_empty()).as_deref().map(authorizer_id).transpose()?;
        }
        ["authorizationScopes"] => {
            patch.list(method.authorization_scopes.get_or_insert_default(), None)?;
        }
        ["apiKeyRequired"] => method.api_key_required = patch.boolean()?,
        ["operationName"] => method.operation_name = patch.text()?,
        ["requestValidatorId"] => {
            method.request_validator_id = match patch.text()?.filter(|id| !id.is_empty()) {
                None => None,
                Some(id) => {
                    Some(RequestValidatorId::parse(&id).map_err(|_| Error::invalid_identifier("Request Validator"))?)
                }
            };
        }
        ["requestParameters", name] => {
            patch.entry(&mut method.request_parameters, name, |value| Ok(is_true(value)))?;
            if let Some(parameters) = &method.request_parameters {
                check_parameters(parameters)?;
            }
        }
        ["requestModels", media_type] => {
            patch.entry(&mut method.request_models, media_type, |value| Ok(value.to_owned()))?;
        }
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_three_digits() {
        for good in ["200", "100", "599"] {
            assert_eq!(status_code(good).unwrap(), good);
        }
        for bad in ["", "20", "600", "2000", "2xx", "\u{662}00"] {
            assert!(status_code(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parameters_must_be_well_formed_and_unique() {
        let check = |names: &[&str], expected: bool| {
            let parameters = names.iter().map(|name| ((*name).to_owned(), true)).collect();
            assert_eq!(check_parameters(&parameters).is_ok(), expected, "{names:?}");
        };
        check(&["method.request.header.a", "method.request.querystring.b"], true);
        check(&["method.request.header.a", "method.request.querystring.a"], false);
        check(&["method.request.body.a"], false);
        check(&["integration.request.header.a"], false);
        check(&["method.request.header."], false);
    }
}
