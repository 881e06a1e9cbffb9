//! Security schemes and requirements: authorizers, and what each operation demands of its caller.

use std::collections::BTreeMap;

use claviger_resources::AuthorizerId;
use claviger_resources::rest_api::{AuthorizationType, Authorizer, AuthorizerType, JwtConfiguration, Method};
use claviger_resources::user_pool;
use serde_json::{Map, Value};

use super::Importer;
use super::document::{Document, object, text, texts};

/// What the document's security schemes come to, by their names.
pub(super) struct Security {
    schemes: BTreeMap<String, Scheme>,
}

enum Scheme {
    Authorizer(Box<Authorizer>),
    ApiKey,
    AwsIam,
    /// A scheme that only describes; API Gateway does not enforce it.
    Description,
    /// A scheme that could not be translated, of which the document has been told.
    Broken,
}

/// The longest time for which a decision may be kept, in seconds (API Gateway API reference).
const RESULT_TTL_SECONDS_MAX: u64 = 3_600;

impl Security {
    pub(super) fn into_authorizers(self) -> Vec<Authorizer> {
        let authorizer = |scheme| match scheme {
            Scheme::Authorizer(authorizer) => Some(*authorizer),
            _ => None,
        };
        self.schemes.into_values().filter_map(authorizer).collect()
    }
}

impl Importer<'_> {
    pub(super) fn security(&mut self) -> Security {
        let mut schemes = BTreeMap::new();
        for (name, scheme) in self.document.parts("securityDefinitions", "securitySchemes") {
            let described = object(self.document.resolve(scheme));
            let scheme = self.scheme(name, described).unwrap_or_else(|reason| {
                self.report.error(format!("Unable to create authorizer '{name}': {reason}"));
                Scheme::Broken
            });
            if matches!(scheme, Scheme::Authorizer(_)) {
                self.document_authorizer(name, described);
            }
            schemes.insert(name.clone(), scheme);
        }
        Security { schemes }
    }

    fn scheme(&mut self, name: &str, scheme: &Map<String, Value>) -> Result<Scheme, String> {
        let auth_type = text(scheme, "x-amazon-apigateway-authtype");
        if auth_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("awsSigv4")) {
            return Ok(Scheme::AwsIam);
        }
        let header = text(scheme, "name").unwrap_or_default();
        let Some(extension) = scheme.get("x-amazon-apigateway-authorizer").and_then(Value::as_object) else {
            let is_key = text(scheme, "type").as_deref() == Some("apiKey") && header.eq_ignore_ascii_case("x-api-key");
            return Ok(if is_key { Scheme::ApiKey } else { Scheme::Description });
        };
        let kind = match text(extension, "type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "token" => AuthorizerType::Token,
            "request" => AuthorizerType::Request,
            "cognito_user_pools" => AuthorizerType::CognitoUserPools,
            "jwt" => AuthorizerType::Jwt,
            other => return Err(format!("Invalid authorizer type specified: '{other}'")),
        };
        let of_header = (!header.is_empty()).then(|| format!("method.request.header.{header}"));
        let given = text(extension, "identitySource");
        let identity_source = match kind {
            AuthorizerType::Request => given,
            AuthorizerType::Token | AuthorizerType::CognitoUserPools => given.or(of_header),
            AuthorizerType::Jwt => {
                given.or(of_header).or_else(|| Some("method.request.header.Authorization".to_owned()))
            }
        };
        let default_auth_type = match kind {
            AuthorizerType::CognitoUserPools => "cognito_user_pools",
            AuthorizerType::Jwt => "jwt",
            AuthorizerType::Token | AuthorizerType::Request => "custom",
        };
        let known = self.target.existing().and_then(|definition| {
            definition.authorizers.iter().find(|authorizer| authorizer.name == name).map(|known| known.id.clone())
        });
        let authorizer = Authorizer {
            id: known.unwrap_or_else(|| AuthorizerId::generate(self.random)),
            rest_api_id: self.target.id().clone(),
            tenant: self.target.tenant().clone(),
            name: name.to_owned(),
            kind,
            provider_arns: texts(extension, "providerARNs"),
            auth_type: Some(auth_type.unwrap_or_else(|| default_auth_type.to_owned())),
            authorizer_uri: text(extension, "authorizerUri"),
            authorizer_credentials: text(extension, "authorizerCredentials"),
            identity_source,
            identity_validation_expression: text(extension, "identityValidationExpression"),
            authorizer_result_ttl_in_seconds: result_ttl_seconds(extension)?,
            jwt_configuration: jwt_configuration(extension)?,
        };
        check(&authorizer)?;
        Ok(Scheme::Authorizer(Box::new(authorizer)))
    }

    /// Sets what an operation demands of its caller: its own `security`, else the document's. API Gateway's guide says that
    /// the document's is ignored, and recorded imports show that it is not; an empty list opts out of it.
    pub(super) fn authorize(&mut self, method: &mut Method, operation: &Map<String, Value>, security: &Security) {
        if let Some(kind) = object(operation.get("x-amazon-apigateway-auth")).get("type").and_then(Value::as_str) {
            match kind.to_ascii_uppercase().as_str() {
                "AWS_IAM" => method.authorization_type = AuthorizationType::AwsIam,
                "NONE" => return,
                other => self.report.warning(format!("Invalid authorization type specified: {other}. Ignoring.")),
            }
        }
        let of_document = || self.document.member("security").filter(|security| self.document.reuse(security));
        let requirements = operation.get("security").or_else(of_document);
        for requirement in requirements.and_then(Value::as_array).into_iter().flatten() {
            for (name, scopes) in object(Some(requirement)) {
                match security.schemes.get(name) {
                    None => self.report.warning(format!("Security scheme '{name}' not found. Ignoring.")),
                    Some(Scheme::ApiKey) => method.api_key_required = true,
                    Some(Scheme::AwsIam) => method.authorization_type = AuthorizationType::AwsIam,
                    Some(Scheme::Description | Scheme::Broken) => {}
                    Some(Scheme::Authorizer(authorizer)) => set_authorizer(method, authorizer, scopes),
                }
            }
        }
    }
}

/// The first authorizer that is named decides; API Gateway has one for a method.
fn set_authorizer(method: &mut Method, authorizer: &Authorizer, scopes: &Value) {
    if method.authorizer_id.is_some() {
        return;
    }
    method.authorizer_id = Some(authorizer.id.clone());
    let scopes: Vec<_> = scopes.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    match authorizer.kind {
        AuthorizerType::CognitoUserPools => {
            method.authorization_type = AuthorizationType::CognitoUserPools;
            method.authorization_scopes = (!scopes.is_empty()).then_some(scopes);
        }
        AuthorizerType::Jwt => {
            method.authorization_type = AuthorizationType::Jwt;
            method.authorization_scopes = (!scopes.is_empty()).then_some(scopes);
        }
        AuthorizerType::Token | AuthorizerType::Request => method.authorization_type = AuthorizationType::Custom,
    }
}

fn result_ttl_seconds(extension: &Map<String, Value>) -> Result<Option<u32>, String> {
    let Some(given) = text(extension, "authorizerResultTtlInSeconds") else { return Ok(None) };
    match given.parse::<u64>() {
        Ok(seconds) if seconds <= RESULT_TTL_SECONDS_MAX => Ok(u32::try_from(seconds).ok()),
        _ => Err(format!("Authorizer result TTL must be between 0 and {RESULT_TTL_SECONDS_MAX} seconds, not {given}")),
    }
}

/// What the `JWT` authorizers among a document's security schemes accept.
pub(super) fn jwt_configurations(document: &Document) -> BTreeMap<String, JwtConfiguration> {
    let schemes = document.parts("securityDefinitions", "securitySchemes").iter();
    let configurations = schemes.filter_map(|(name, scheme)| {
        let extension = object(document.resolve(scheme)).get("x-amazon-apigateway-authorizer")?.as_object()?;
        let is_jwt = text(extension, "type")?.eq_ignore_ascii_case("jwt");
        let configuration = jwt_configuration(extension).ok()?.filter(|_| is_jwt)?;
        Some((name.clone(), configuration))
    });
    configurations.collect()
}

fn jwt_configuration(extension: &Map<String, Value>) -> Result<Option<JwtConfiguration>, String> {
    let Some(given) = extension.get("jwtConfiguration") else { return Ok(None) };
    serde_json::from_value(given.clone()).map(Some).map_err(|error| format!("jwtConfiguration: {error}"))
}

/// Refuses what `CreateAuthorizer` refuses.
fn check(authorizer: &Authorizer) -> Result<(), String> {
    match authorizer.kind {
        AuthorizerType::CognitoUserPools => {
            let arns = authorizer.provider_arns.as_deref().unwrap_or_default();
            if arns.is_empty() {
                return Err("providerARNs must name at least one user pool".to_owned());
            }
            match arns.iter().find(|arn| user_pool::id_of_arn(arn).is_none()) {
                Some(arn) => Err(format!("Invalid ARN specified in the request: {arn}")),
                None => Ok(()),
            }
        }
        AuthorizerType::Jwt if authorizer.jwt_configuration.is_none() => Err("jwtConfiguration is required".to_owned()),
        AuthorizerType::Token | AuthorizerType::Request if authorizer.authorizer_uri.is_none() => {
            Err("authorizerUri is required".to_owned())
        }
        AuthorizerType::Token | AuthorizerType::Request | AuthorizerType::Jwt => Ok(()),
    }
}
