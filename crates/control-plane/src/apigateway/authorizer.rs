//! Authorizers: `CreateAuthorizer`, `GetAuthorizer`, `GetAuthorizers`, `UpdateAuthorizer`, `DeleteAuthorizer`.

use claviger_gateway::lambda::FunctionUri;
use claviger_gateway::lambda_authorizer::are_identity_sources;
use claviger_gateway::pattern::Pattern;
use claviger_resources::AuthorizerId;
use claviger_resources::limits::AUTHORIZERS_PER_API;
use claviger_resources::rest_api::{Authorizer, AuthorizerType, JwtConfiguration, RestApi};
use claviger_resources::user_pool;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::{Patch, PatchOperation, apply_all};
use super::{jwt_configuration, rest_api};
use crate::operation::{Access, Caller, Context, Operation};
use crate::services::Services;

/// Adds an authorizer to an API.
pub struct CreateAuthorizer;
/// Shows an authorizer.
pub struct GetAuthorizer;
/// Lists the authorizers of an API.
pub struct GetAuthorizers;
/// Changes an authorizer.
pub struct UpdateAuthorizer;
/// Deletes an authorizer that no method uses.
pub struct DeleteAuthorizer;

/// The members of `CreateAuthorizer`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAuthorizerInput {
    rest_api_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: AuthorizerType,
    #[serde(rename = "providerARNs")]
    provider_arns: Option<Vec<String>>,
    auth_type: Option<String>,
    authorizer_uri: Option<String>,
    authorizer_credentials: Option<String>,
    identity_source: Option<String>,
    identity_validation_expression: Option<String>,
    authorizer_result_ttl_in_seconds: Option<i64>,
    jwt_configuration: Option<JwtConfiguration>,
}

/// Which authorizer is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerInput {
    rest_api_id: String,
    authorizer_id: String,
}

/// The members of `UpdateAuthorizer`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAuthorizerInput {
    rest_api_id: String,
    authorizer_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// The members of a list of what belongs to an API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListInput {
    pub(super) rest_api_id: String,
    #[serde(flatten)]
    pub(super) page: PageInput,
}

/// An authorizer as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerOutput {
    id: AuthorizerId,
    name: String,
    #[serde(rename = "type")]
    kind: AuthorizerType,
    #[serde(rename = "providerARNs", skip_serializing_if = "Option::is_none")]
    provider_arns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_credentials: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_validation_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_result_ttl_in_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt_configuration: Option<JwtConfiguration>,
}

impl AuthorizerOutput {
    fn new(authorizer: &Authorizer) -> Self {
        Self {
            id: authorizer.id.clone(),
            name: authorizer.name.clone(),
            kind: authorizer.kind,
            provider_arns: authorizer.provider_arns.clone(),
            auth_type: authorizer.auth_type.clone(),
            authorizer_uri: authorizer.authorizer_uri.clone(),
            authorizer_credentials: authorizer.authorizer_credentials.clone(),
            identity_source: authorizer.identity_source.clone(),
            identity_validation_expression: authorizer.identity_validation_expression.clone(),
            authorizer_result_ttl_in_seconds: authorizer.authorizer_result_ttl_in_seconds,
            jwt_configuration: authorizer.jwt_configuration.clone(),
        }
    }
}

impl Operation for CreateAuthorizer {
    const NAME: &'static str = "CreateAuthorizer";
    const ACCESS: Access = Access::Write;
    type Input = CreateAuthorizerInput;
    type Output = AuthorizerOutput;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        match &mut input.jwt_configuration {
            Some(configuration) if input.kind == AuthorizerType::Jwt => {
                jwt_configuration::resolve(services, configuration).await
            }
            _ => Ok(()),
        }
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        // AWS answers an unknown API here with a conflict, unlike everywhere else.
        let api: Stored<RestApi> = cx.tx.find(cx.tenant, "", &input.rest_api_id).await?.ok_or_else(|| {
            Error::Conflict(
                "Unable to complete operation due to concurrent modification. Please try again later.".to_owned(),
            )
        })?;
        if cx.tx.count_of::<Authorizer>(cx.tenant, api.id.as_str()).await? >= AUTHORIZERS_PER_API as u64 {
            return Err(Error::LimitExceeded { what: "Authorizers", scope: "API", maximum: AUTHORIZERS_PER_API });
        }
        let authorizer = Authorizer {
            id: AuthorizerId::generate(cx.random),
            rest_api_id: api.id.clone(),
            tenant: cx.tenant.clone(),
            name: input.name.clone(),
            kind: input.kind,
            provider_arns: input.provider_arns.clone(),
            auth_type: Some(input.auth_type.clone().unwrap_or_else(|| default_auth_type(input.kind).to_owned())),
            authorizer_uri: input.authorizer_uri.clone(),
            authorizer_credentials: input.authorizer_credentials.clone(),
            identity_source: input.identity_source.clone(),
            identity_validation_expression: input.identity_validation_expression.clone(),
            authorizer_result_ttl_in_seconds: input.authorizer_result_ttl_in_seconds.map(ttl).transpose()?,
            jwt_configuration: input.jwt_configuration.clone(),
        };
        check(cx, &authorizer).await?;
        cx.tx.insert(&authorizer).await?;
        Ok(AuthorizerOutput::new(&authorizer))
    }
}

impl Operation for GetAuthorizer {
    const NAME: &'static str = "GetAuthorizer";
    const ACCESS: Access = Access::Read;
    type Input = AuthorizerInput;
    type Output = AuthorizerOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(AuthorizerOutput::new(&*find(cx, &input.rest_api_id, &input.authorizer_id).await?))
    }
}

impl Operation for GetAuthorizers {
    const NAME: &'static str = "GetAuthorizers";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page<AuthorizerOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.id.as_str(), AuthorizerOutput::new).await
    }
}

impl Operation for UpdateAuthorizer {
    const NAME: &'static str = "UpdateAuthorizer";
    const ACCESS: Access = Access::Write;
    type Input = UpdateAuthorizerInput;
    type Output = AuthorizerOutput;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        jwt_configuration::resolve_patches(services, &mut input.patch_operations).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut authorizer = find(cx, &input.rest_api_id, &input.authorizer_id).await?;
        apply_all(&input.patch_operations, |patch| patch_authorizer(&mut authorizer, patch))?;
        check(cx, &authorizer).await?;
        cx.tx.replace(&authorizer).await?;
        Ok(AuthorizerOutput::new(&authorizer))
    }
}

impl Operation for DeleteAuthorizer {
    const NAME: &'static str = "DeleteAuthorizer";
    const ACCESS: Access = Access::Write;
    type Input = AuthorizerInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let authorizer = find(cx, &input.rest_api_id, &input.authorizer_id).await?;
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let resources = rest_api::definition(cx, &api).await?.resources;
        let user = resources.iter().find_map(|resource| {
            let method =
                resource.methods.values().find(|method| method.authorizer_id.as_ref() == Some(&authorizer.id))?;
            Some(format!("{}/{}", resource.path.trim_end_matches('/'), method.http_method))
        });
        if let Some(user) = user {
            return Err(Error::Conflict(format!(
                "Cannot delete authorizer '{}', is referenced in method: {user}",
                authorizer.name
            )));
        }
        cx.tx.delete(&authorizer.record).await?;
        Ok(())
    }
}

pub(super) async fn find(cx: &mut Context<'_>, api: &str, id: &str) -> Result<Stored<Authorizer>, Error> {
    let api = rest_api::find(cx, api).await?;
    cx.tx.find(cx.tenant, api.id.as_str(), id).await?.ok_or_else(|| Error::invalid_identifier("Authorizer"))
}

const fn default_auth_type(kind: AuthorizerType) -> &'static str {
    match kind {
        AuthorizerType::CognitoUserPools => "cognito_user_pools",
        AuthorizerType::Jwt => "jwt",
        AuthorizerType::Token | AuthorizerType::Request => "custom",
    }
}

fn ttl(seconds: i64) -> Result<u32, Error> {
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= 3600)
        .ok_or_else(|| Error::bad("Authorizer result TTL must be between 0 and 3600 seconds"))
}

/// Refuses an authorizer that could never decide, or whose name another one has.
async fn check(cx: &mut Context<'_>, authorizer: &Authorizer) -> Result<(), Error> {
    if authorizer.name.is_empty() {
        return Err(Error::bad("Invalid authorizer name specified"));
    }
    match authorizer.kind {
        AuthorizerType::CognitoUserPools => check_user_pools(authorizer)?,
        AuthorizerType::Jwt => jwt_configuration::check_authorizer(authorizer)?,
        AuthorizerType::Token | AuthorizerType::Request => {
            let uri = authorizer.authorizer_uri.as_deref().unwrap_or_default();
            if FunctionUri::compile(uri).is_err() {
                return Err(Error::bad(format!(
                    "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a \
                     Lambda function invocation."
                )));
            }
        }
    }
    if authorizer.kind != AuthorizerType::Jwt && authorizer.jwt_configuration.is_some() {
        return Err(Error::bad("A JWT configuration is only supported for JWT authorizers"));
    }
    check_identity(authorizer)?;
    let all: Vec<Stored<Authorizer>> = cx.tx.list_all(cx.tenant, authorizer.rest_api_id.as_str()).await?;
    if all.iter().any(|other| other.name == authorizer.name && other.id != authorizer.id) {
        return Err(Error::Conflict(format!(
            "Authorizer name must be unique. Authorizer {} already exists in this RestApi.",
            authorizer.name
        )));
    }
    Ok(())
}

fn check_user_pools(authorizer: &Authorizer) -> Result<(), Error> {
    let arns = authorizer.provider_arns.as_deref().unwrap_or_default();
    if arns.is_empty() {
        return Err(Error::bad("Invalid Provider ARNs specified: an authorizer of user pools needs at least one"));
    }
    match arns.iter().find(|arn| user_pool::id_of_arn(arn).is_none()) {
        Some(arn) => Err(Error::bad(format!("Invalid Provider ARN specified: {arn}"))),
        None => Ok(()),
    }
}

/// One header, or for `REQUEST` a list, which may be empty where nothing is kept under it.
fn check_identity(authorizer: &Authorizer) -> Result<(), Error> {
    let source = authorizer.identity_source.as_deref().unwrap_or_default();
    let valid = match authorizer.kind {
        AuthorizerType::CognitoUserPools | AuthorizerType::Token | AuthorizerType::Jwt => header_of(source).is_some(),
        AuthorizerType::Request if source.is_empty() => authorizer.authorizer_result_ttl_in_seconds == Some(0),
        AuthorizerType::Request => are_identity_sources(source),
    };
    if !valid {
        return Err(Error::bad(format!("Invalid Identity Source specified: {source}")));
    }
    match authorizer.identity_validation_expression.as_deref().map(Pattern::compile) {
        Some(Err(_)) => Err(Error::bad("Invalid identity validation expression specified")),
        None | Some(Ok(_)) => Ok(()),
    }
}

/// The header an identity source names.
fn header_of(source: &str) -> Option<&str> {
    source.strip_prefix("method.request.header.").filter(|name| !name.is_empty() && !name.contains([',', ' ']))
}

fn patch_authorizer(authorizer: &mut Authorizer, patch: Patch<'_>) -> Result<(), Error> {
    match patch.path().as_slice() {
        ["name"] => {
            patch.only_replace()?;
            patch.value()?.clone_into(&mut authorizer.name);
        }
        ["authType"] => authorizer.auth_type = patch.text()?,
        ["authorizerUri"] => authorizer.authorizer_uri = patch.text()?,
        ["authorizerCredentials"] => authorizer.authorizer_credentials = patch.text()?,
        ["identitySource"] => authorizer.identity_source = patch.text()?,
        ["identityValidationExpression"] => {
            authorizer.identity_validation_expression = patch.text()?.filter(|expression| !expression.is_empty());
        }
        ["authorizerResultTtlInSeconds"] => authorizer.authorizer_result_ttl_in_seconds = Some(ttl(patch.number()?)?),
        ["jwtConfiguration"] => {
            patch.only_replace()?;
            authorizer.jwt_configuration = Some(jwt_configuration::parse(patch.value()?)?);
        }
        ["providerARNs"] => patch.list(authorizer.provider_arns.get_or_insert_default(), None)?,
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}
