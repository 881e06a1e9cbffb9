//! Authorizers: `CreateAuthorizer`, `GetAuthorizer`, `GetAuthorizers`, `UpdateAuthorizer`, `DeleteAuthorizer`.

use claviger_gateway::http_api::IdentitySource;
use claviger_gateway::http_api::lambda_authorizer::identity_source;
use claviger_gateway::lambda::FunctionUri;
use claviger_resources::AuthorizerId;
use claviger_resources::http_api::{Authorizer, AuthorizerType, HttpApi, JwtConfiguration, Route};
use claviger_resources::limits::{AUDIENCES_PER_AUTHORIZER, AUTHORIZERS_PER_API};
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;

use super::errors::Error;
use super::page::{ListInput, Page};
use super::shown::Shown;
use super::{api, deployment};
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
/// Deletes an authorizer that no route uses.
pub struct DeleteAuthorizer;

/// The members of `CreateAuthorizer`.
#[derive(Debug, Deserialize)]
pub struct CreateAuthorizerInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(flatten)]
    members: MembersInput,
}

/// The members of `UpdateAuthorizer`.
#[derive(Debug, Deserialize)]
pub struct UpdateAuthorizerInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "AuthorizerId")]
    authorizer_id: String,
    #[serde(flatten)]
    members: MembersInput,
}

/// What both may say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MembersInput {
    name: Option<String>,
    authorizer_type: Option<AuthorizerType>,
    identity_source: Option<Vec<String>>,
    jwt_configuration: Option<JwtConfiguration>,
    authorizer_uri: Option<String>,
    authorizer_credentials_arn: Option<String>,
    authorizer_payload_format_version: Option<String>,
    authorizer_result_ttl_in_seconds: Option<u32>,
    enable_simple_responses: Option<bool>,
    identity_validation_expression: Option<String>,
}

/// Which authorizer is meant.
#[derive(Debug, Deserialize)]
pub struct AuthorizerInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "AuthorizerId")]
    authorizer_id: String,
}

impl Operation for CreateAuthorizer {
    const NAME: &'static str = "CreateAuthorizer";
    const ACCESS: Access = Access::Write;
    type Input = CreateAuthorizerInput;
    type Output = Shown;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        check_issuer(services, input.members.jwt_configuration.as_ref()).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        if cx.tx.count_of::<Authorizer>(cx.tenant, api.api_id.as_str()).await? >= AUTHORIZERS_PER_API as u64 {
            return Err(Error::LimitExceeded { what: "Authorizers", scope: "API", maximum: AUTHORIZERS_PER_API });
        }
        let mut authorizer = Authorizer {
            authorizer_id: AuthorizerId::generate(cx.random),
            api_id: api.api_id.clone(),
            tenant: cx.tenant.clone(),
            name: String::new(),
            authorizer_type: AuthorizerType::Jwt,
            identity_source: Vec::new(),
            jwt_configuration: None,
            authorizer_uri: None,
            authorizer_credentials_arn: None,
            authorizer_payload_format_version: None,
            authorizer_result_ttl_in_seconds: None,
            enable_simple_responses: None,
            identity_validation_expression: None,
        };
        input.members.apply(&mut authorizer);
        check(cx, &authorizer).await?;
        cx.tx.insert(&authorizer).await?;
        deployment::deploy_automatically(cx, &api).await?;
        Ok(Shown::part(&authorizer))
    }
}

impl Operation for GetAuthorizer {
    const NAME: &'static str = "GetAuthorizer";
    const ACCESS: Access = Access::Read;
    type Input = AuthorizerInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        Ok(Shown::part(&find(cx, &api, &input.authorizer_id).await?.record))
    }
}

impl Operation for GetAuthorizers {
    const NAME: &'static str = "GetAuthorizers";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.api_id.as_str(), |one: &Authorizer| Shown::part(one)).await
    }
}

impl Operation for UpdateAuthorizer {
    const NAME: &'static str = "UpdateAuthorizer";
    const ACCESS: Access = Access::Write;
    type Input = UpdateAuthorizerInput;
    type Output = Shown;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        check_issuer(services, input.members.jwt_configuration.as_ref()).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        let mut authorizer = find(cx, &api, &input.authorizer_id).await?;
        input.members.apply(&mut authorizer);
        check(cx, &authorizer).await?;
        cx.tx.replace(&authorizer).await?;
        deployment::deploy_automatically(cx, &api).await?;
        Ok(Shown::part(&authorizer.record))
    }
}

impl Operation for DeleteAuthorizer {
    const NAME: &'static str = "DeleteAuthorizer";
    const ACCESS: Access = Access::Write;
    type Input = AuthorizerInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = api::find(cx, &input.api_id).await?;
        let authorizer = find(cx, &api, &input.authorizer_id).await?;
        let id = &authorizer.authorizer_id;
        let routes: Vec<Stored<Route>> = cx.tx.list_all(cx.tenant, api.api_id.as_str()).await?;
        if let Some(route) = routes.iter().find(|route| route.authorizer_id.as_ref() == Some(id)) {
            return Err(Error::Conflict(format!(
                "Cannot delete Authorizer '{}', is referenced in route: {}",
                authorizer.name, route.route_key
            )));
        }
        cx.tx.delete(&authorizer.record).await?;
        deployment::deploy_automatically(cx, &api).await
    }
}

impl MembersInput {
    fn apply(&self, authorizer: &mut Authorizer) {
        if let Some(name) = &self.name {
            authorizer.name.clone_from(name);
        }
        if let Some(kind) = self.authorizer_type {
            authorizer.authorizer_type = kind;
        }
        if let Some(sources) = &self.identity_source {
            authorizer.identity_source.clone_from(sources);
        }
        if let Some(configuration) = &self.jwt_configuration {
            let known = authorizer.jwt_configuration.get_or_insert_default();
            known.issuer = configuration.issuer.clone().or(known.issuer.take());
            known.audience = configuration.audience.clone().or(known.audience.take());
        }
        let set = |member: &mut Option<String>, given: &Option<String>| {
            if let Some(text) = given {
                *member = Some(text.clone()).filter(|text| !text.is_empty());
            }
        };
        set(&mut authorizer.authorizer_uri, &self.authorizer_uri);
        set(&mut authorizer.authorizer_credentials_arn, &self.authorizer_credentials_arn);
        set(&mut authorizer.authorizer_payload_format_version, &self.authorizer_payload_format_version);
        set(&mut authorizer.identity_validation_expression, &self.identity_validation_expression);
        authorizer.authorizer_result_ttl_in_seconds =
            self.authorizer_result_ttl_in_seconds.or(authorizer.authorizer_result_ttl_in_seconds);
        authorizer.enable_simple_responses = self.enable_simple_responses.or(authorizer.enable_simple_responses);
    }
}

/// The authorizer with this id.
async fn find(cx: &mut Context<'_>, api: &HttpApi, id: &str) -> Result<Stored<Authorizer>, Error> {
    cx.tx.find(cx.tenant, api.api_id.as_str(), id).await?.ok_or(Error::NotFound("Authorizer"))
}

/// Asks an issuer for its discovery document, as API Gateway does; pools of ours are known without.
pub(super) async fn check_issuer(services: &Services, configuration: Option<&JwtConfiguration>) -> Result<(), Error> {
    let Some(issuer) = configuration.and_then(|configuration| configuration.issuer.as_deref()) else { return Ok(()) };
    if services.issuance.snapshot().pool_of_issuer(issuer).is_some() {
        return Ok(());
    }
    services.issuer_keys.check(issuer).await.map_err(|error| {
        Error::bad(format!(
            "Invalid issuer: {issuer}. Issuer must have a valid discovery endpoint ended with \
             '/.well-known/openid-configuration'. ({error})"
        ))
    })
}

/// Refuses an authorizer that could never decide, or whose name another one has.
async fn check(cx: &mut Context<'_>, authorizer: &Authorizer) -> Result<(), Error> {
    check_alone(authorizer)?;
    let all: Vec<Stored<Authorizer>> = cx.tx.list_all(cx.tenant, authorizer.api_id.as_str()).await?;
    if all.iter().any(|other| other.name == authorizer.name && other.authorizer_id != authorizer.authorizer_id) {
        return Err(Error::Conflict(format!(
            "Authorizer name must be unique. Authorizer {} already exists in this API.",
            authorizer.name
        )));
    }
    Ok(())
}

/// The same as far as the authorizer itself tells.
pub(super) fn check_alone(authorizer: &Authorizer) -> Result<(), Error> {
    if authorizer.name.is_empty() {
        return Err(Error::bad("Invalid authorizer name specified"));
    }
    match authorizer.authorizer_type {
        AuthorizerType::Jwt => check_jwt(authorizer),
        AuthorizerType::Request => check_request(authorizer),
    }
}

fn check_jwt(authorizer: &Authorizer) -> Result<(), Error> {
    match authorizer.identity_source.as_slice() {
        [source] if IdentitySource::parse(source).is_some() => {}
        [source] => return Err(Error::bad(format!("Invalid identity source specified: {source}"))),
        _ => return Err(Error::bad("A JWT authorizer must have exactly one identity source")),
    }
    let configuration = authorizer.jwt_configuration.as_ref();
    let issuer = configuration.and_then(|configuration| configuration.issuer.as_deref()).unwrap_or_default();
    if issuer.is_empty() {
        return Err(Error::bad("JWT Configuration is required for JWT authorizers: the issuer is missing"));
    }
    let audiences = configuration.and_then(|configuration| configuration.audience.as_deref()).unwrap_or_default();
    if audiences.is_empty() {
        return Err(Error::bad("JWT Configuration is required for JWT authorizers: at least one audience is needed"));
    }
    if audiences.len() > AUDIENCES_PER_AUTHORIZER {
        let (what, scope) = ("audiences", "Authorizer");
        return Err(Error::LimitExceeded { what, scope, maximum: AUDIENCES_PER_AUTHORIZER });
    }
    Ok(())
}

fn check_request(authorizer: &Authorizer) -> Result<(), Error> {
    let Some(uri) = authorizer.authorizer_uri.as_deref() else {
        return Err(Error::bad("AuthorizerUri is a required parameter for REQUEST authorizers"));
    };
    if FunctionUri::compile(uri).is_err() {
        return Err(Error::bad(format!(
            "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda \
             function invocation."
        )));
    }
    if let Some(source) = authorizer.identity_source.iter().find(|source| identity_source(source).is_err()) {
        return Err(Error::bad(format!("Invalid identity source specified: {source}")));
    }
    let version = authorizer.authorizer_payload_format_version.as_deref();
    match version {
        Some("1.0" | "2.0") => {}
        Some(_) => {
            return Err(Error::bad(
                "Invalid authorizer payload format version specified. Supported versions are 1.0 and 2.0",
            ));
        }
        None => {
            return Err(Error::bad("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizers"));
        }
    }
    if authorizer.enable_simple_responses == Some(true) && version == Some("1.0") {
        return Err(Error::bad("Simple responses are only supported for the authorizer payload format version 2.0"));
    }
    let caches = authorizer.authorizer_result_ttl_in_seconds.unwrap_or_default() > 0;
    if caches && authorizer.identity_source.is_empty() {
        return Err(Error::bad("At least one identity source is required when results are cached"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const URI: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/gate/invocations";

    #[test]
    fn an_authorizer_of_a_function_must_be_able_to_decide() {
        let check = |changes: Value, expected: Option<&str>| {
            let mut authorizer = json!({
                "authorizerId": "abc123", "apiId": "a1b2c3d4e5", "name": "gate", "authorizerType": "REQUEST",
                "tenant": { "account": "000000000000", "region": "us-east-1" }, "authorizerUri": URI,
                "authorizerPayloadFormatVersion": "2.0",
            });
            for (name, value) in changes.as_object().unwrap() {
                authorizer[name] = value.clone();
            }
            let outcome = check_alone(&serde_json::from_value(authorizer).unwrap());
            match expected {
                None => assert!(outcome.is_ok(), "{changes}"),
                Some(expected) => {
                    let message = outcome.unwrap_err().to_string();
                    assert!(message.contains(expected), "{changes}: {message}");
                }
            }
        };
        check(json!({}), None);
        check(json!({ "authorizerUri": null }), Some("AuthorizerUri is a required parameter"));
        check(json!({ "authorizerUri": "gate" }), Some("Invalid Authorizer URI: gate."));
        check(json!({ "authorizerPayloadFormatVersion": null }), Some("is a required parameter"));
        check(json!({ "authorizerPayloadFormatVersion": "3.0" }), Some("Supported versions are 1.0 and 2.0"));
        let simple =
            |version: &str| json!({ "authorizerPayloadFormatVersion": version, "enableSimpleResponses": true });
        check(simple("2.0"), None);
        check(simple("1.0"), Some("Simple responses are only supported"));
        for source in ["$request.header.a", "$request.querystring.a", "$context.routeKey", "$stageVariables.a"] {
            check(json!({ "identitySource": [source], "authorizerResultTtlInSeconds": 60 }), None);
        }
        for source in ["", "a", "$request.path.a", "$request.body.a", "method.request.header.a"] {
            check(json!({ "identitySource": [source] }), Some("Invalid identity source specified: "));
        }
        check(json!({ "authorizerResultTtlInSeconds": 60 }), Some("At least one identity source is required"));
        check(json!({ "authorizerResultTtlInSeconds": 0 }), None);
    }
}
