//! Security schemes and requirements.

use claviger_resources::rest_api::{AuthorizationType, Authorizer, AuthorizerType, Method};
use serde_json::{Map, Value, json};

use super::{Exporter, plain};

/// The names of the schemes that are no authorizers, as AWS gives them.
const API_KEY: &str = "api_key";
const SIGNATURE: &str = "sigv4";

const OF_HEADER: &str = "method.request.header.";

impl Exporter<'_> {
    fn methods(&self) -> impl Iterator<Item = &Method> {
        self.definition.resources.iter().flat_map(|resource| resource.methods.values())
    }

    /// A scheme for each authorizer, and for what else methods demand.
    pub(super) fn security_schemes(&self) -> Map<String, Value> {
        let mut authorizers: Vec<&Authorizer> = self.definition.authorizers.iter().collect();
        authorizers.sort_by(|one, other| one.name.cmp(&other.name));
        let mut schemes: Map<String, Value> =
            authorizers.into_iter().map(|authorizer| (authorizer.name.clone(), self.scheme(authorizer))).collect();
        if self.methods().any(|method| method.api_key_required) {
            let scheme = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
            schemes.entry(API_KEY).or_insert(scheme);
        }
        if self.methods().any(|method| method.authorization_type == AuthorizationType::AwsIam) {
            let is_shown = self.extensions.authorizers || self.extensions.integrations;
            let scheme = if is_shown {
                json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" })
            } else {
                json!({ "type": "apiKey", "name": "Authorization", "in": "header" })
            };
            schemes.entry(SIGNATURE).or_insert(scheme);
        }
        schemes
    }

    fn scheme(&self, authorizer: &Authorizer) -> Value {
        let source = authorizer.identity_source.as_deref().unwrap_or_default();
        let header = source.strip_prefix(OF_HEADER).filter(|name| !name.contains(','));
        // A scheme must name one header, which not every authorizer of requests looks at.
        let mut scheme = json!({ "type": "apiKey", "name": header.unwrap_or("Unused"), "in": "header" });
        let Some(members) = scheme.as_object_mut() else { return scheme };
        members.extend(self.documentation.of_authorizer(&authorizer.name));
        if !self.extensions.authorizers {
            return scheme;
        }
        members.extend(
            authorizer.auth_type.as_deref().map(|kind| ("x-amazon-apigateway-authtype".to_owned(), kind.into())),
        );
        let record = plain(authorizer);
        let (kind, by_header) = match authorizer.kind {
            AuthorizerType::Token => ("token", true),
            AuthorizerType::Request => ("request", false),
            AuthorizerType::CognitoUserPools => ("cognito_user_pools", true),
        };
        let mut extension = Map::from_iter([("type".to_owned(), Value::from(kind))]);
        for member in [
            "providerARNs",
            "authorizerUri",
            "authorizerCredentials",
            "identitySource",
            "identityValidationExpression",
            "authorizerResultTtlInSeconds",
        ] {
            // The scheme's own name says it.
            if member == "identitySource" && by_header && header.is_some() {
                continue;
            }
            extension.extend(record.get(member).map(|value| (member.to_owned(), value.clone())));
        }
        members.insert("x-amazon-apigateway-authorizer".to_owned(), extension.into());
        scheme
    }

    /// What a method demands of its caller, as `security` has it; empty for nothing.
    pub(super) fn requirements(&self, method: &Method) -> Vec<Value> {
        let mut requirements = Vec::new();
        let mut require = |name: &str, scopes: &[String]| {
            requirements.push(Value::Object(Map::from_iter([(name.to_owned(), json!(scopes))])));
        };
        match method.authorization_type {
            AuthorizationType::None => {}
            AuthorizationType::AwsIam => require(SIGNATURE, &[]),
            AuthorizationType::Custom | AuthorizationType::CognitoUserPools => {
                let of_method = |authorizer: &&Authorizer| method.authorizer_id.as_ref() == Some(&authorizer.id);
                if let Some(authorizer) = self.definition.authorizers.iter().find(of_method) {
                    require(&authorizer.name, method.authorization_scopes.as_deref().unwrap_or_default());
                }
            }
        }
        if method.api_key_required {
            require(API_KEY, &[]);
        }
        requirements
    }
}
