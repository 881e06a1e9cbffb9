//! Why the gate refused, for operators: beside the refusal that the client hears, the setting that decided.

use claviger_gateway::compile::{
    CompiledApi, CompiledIntegration, Found, JwtAuthorizer, JwtMethod, NotFound, UserPools,
};
use claviger_gateway::context::Signer;
use claviger_gateway::lambda_authorizer::{LambdaAuthorizer, Unidentified};
use claviger_gateway::pattern::Pattern;
use claviger_gateway::refusal::Refusal;
use claviger_gateway::roles::NotAllowed;
use claviger_oauth::jwt_authorizer::JwtRefusal;
use claviger_oauth::refusal::Refusal as TokenRefusal;
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use claviger_resources::{Tenant, Timestamp};
use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::snapshot::{Api, Domain, ServedStage};
use http::{HeaderMap, StatusCode};

use super::Call;
use crate::token_facts;

/// A refusal, and what operators may know of it beyond what the client hears.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(super) refusal: Refusal,
    setting: Option<Box<str>>,
    /// What identifies the caller, such as the value of the header that held the token, which is a secret.
    identity: Vec<String>,
    /// What else is known of the request: the authorizer, the API key, the usage plan.
    facts: Vec<(&'static str, String)>,
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, setting: None, identity: Vec::new(), facts: Vec::new() }
    }
}

impl Denied {
    /// A refusal that this setting decided.
    pub(super) fn by(refusal: Refusal, setting: String) -> Self {
        Self { setting: Some(setting.into()), ..refusal.into() }
    }

    /// The same with a fact about the request.
    pub(super) fn about(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.facts.push((name, value.to_string()));
        self
    }

    /// A token that the authorizer does not accept.
    pub(super) fn token(refusal: TokenRefusal, pools: &UserPools, headers: &HeaderMap, now: Timestamp) -> Self {
        let identity = headers.get(&pools.authorizer.header).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let setting = token_setting(&refusal, pools, identity, now);
        Self { setting: setting.map(Into::into), ..in_gateway_words(refusal).into() }.of_bearer(pools, headers)
    }

    /// A token whose roles do not allow the call.
    pub(super) fn role(not_allowed: NotAllowed) -> Self {
        Self::by(Refusal::NotAllowed(not_allowed.reason), format!("the API's role mapping: {}", not_allowed.setting))
    }

    /// The same refusal of the bearer of a token that the authorizer accepted.
    #[must_use]
    pub(super) fn of_bearer(self, pools: &UserPools, headers: &HeaderMap) -> Self {
        let identity = headers.get(&pools.authorizer.header).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let authorizer = format!("{} ({})", pools.authorizer.name, pools.authorizer.id);
        Self { identity: identity.into_iter().collect(), ..self }.about("authorizer", &authorizer)
    }

    /// A token that a `JWT` authorizer does not accept. One that lacks a scope is told so; an issuer that cannot be asked for its
    /// keys is nothing that the client could mend.
    pub(super) fn jwt(refusal: &JwtRefusal, method: &JwtMethod, presented: Option<&str>, now: Timestamp) -> Self {
        let setting = jwt_setting(refusal, method, presented.unwrap_or_default(), now);
        let reason = refusal.to_string().into();
        let refusal = match refusal {
            JwtRefusal::MissingScope(_) => Refusal::AccessDenied { explicit: false },
            JwtRefusal::Discovery(_) | JwtRefusal::Keys(_) => Refusal::AuthorizerConfiguration(reason),
            _ => Refusal::Unauthorized(reason),
        };
        Self { setting: setting.map(Into::into), ..refusal.into() }.of_jwt(&method.authorizer, presented)
    }

    /// The same refusal of whoever presented a token to a `JWT` authorizer.
    #[must_use]
    pub(super) fn of_jwt(self, authorizer: &JwtAuthorizer, presented: Option<&str>) -> Self {
        let identity = presented.map(str::to_owned).into_iter().collect();
        Self { identity, ..self }.about("authorizer", &format!("{} ({})", authorizer.name, authorizer.id))
    }

    /// A caller of whom a Lambda authorizer is not asked.
    pub(super) fn unidentified(unidentified: Unidentified, authorizer: &LambdaAuthorizer) -> Self {
        let named = format!("{} ({})", authorizer.name, authorizer.id);
        let setting = match unidentified {
            Unidentified::Missing(_) => {
                let sources: Vec<&str> = authorizer.identity_sources().collect();
                format!("identitySource of the authorizer {named} is {}", sources.join(", "))
            }
            Unidentified::NoMatch => {
                let expression = authorizer.identity_validation().unwrap_or_default();
                format!("identityValidationExpression of the authorizer {named} is {expression:?}")
            }
        };
        Self::by(Refusal::from(unidentified), setting).about("authorizer", &named)
    }

    /// A signature that does not open a method which asks for one.
    pub(super) fn signature(refusal: Refusal) -> Self {
        Self::by(refusal, "authorizationType of the method is AWS_IAM".to_owned())
    }

    /// Someone whose key may not call the method, as its role has it.
    pub(super) fn by_role(refusal: Refusal, signer: &Signer) -> Self {
        Self::by(refusal, format!("the role of the key {}, which does not allow execute-api:Invoke", signer.access_key))
    }

    /// Someone of another account, whom nothing lets in.
    pub(super) fn stranger(signer: &Signer, owner: &Tenant) -> Self {
        let reason = format!("{} is of another account than the API", signer.arn);
        let setting = format!(
            "the API belongs to the account {}, and the key {} to {}",
            owner.account, signer.access_key, signer.account
        );
        Self::by(Refusal::NotAllowed(reason), setting)
    }

    /// A head that the gateway does not take.
    pub(super) fn head(refusal: Refusal) -> Self {
        Self::by(refusal, "what the gateway takes of a request's head; docs/proxying.md tells it".to_owned())
    }

    /// No API has the id.
    pub(super) fn no_api(id: &str) -> Self {
        Self::by(Refusal::Forbidden, format!("no API has the id {id}"))
    }

    /// A custom domain name leads nowhere.
    pub(super) fn no_mapping(domain: Option<&Domain>) -> Self {
        let keys = domain.map(Domain::keys).unwrap_or_default();
        let keys: Vec<&str> = keys.into_iter().map(|key| if key.is_empty() { "(none)" } else { key }).collect();
        Self::by(Refusal::Forbidden, format!("the domain name has the API mappings [{}]", keys.join(", ")))
    }

    /// The setting that decided.
    pub(super) fn setting(&self) -> Option<String> {
        self.setting.as_deref().map(str::to_owned)
    }

    /// The API has no such stage.
    pub(super) fn no_stage(api: &Api, id: &str, name: &str) -> Self {
        let stages: Vec<&str> = api.stage_names().collect();
        Self::by(Refusal::Forbidden, format!("the REST API {id} has no stage {name:?}, but [{}]", stages.join(", ")))
    }

    /// The API is not to be reached here.
    pub(super) fn endpoint_disabled(id: &str) -> Self {
        Self::by(Refusal::Forbidden, format!("disableExecuteApiEndpoint of the REST API {id} is true"))
    }

    /// No method is there.
    pub(super) fn no_method(
        not_found: NotFound,
        api: &CompiledApi,
        stage: &ServedStage,
        path: &str,
        headers: &HeaderMap,
    ) -> Self {
        let deployment = &stage.stage.deployment_id;
        let setting = match api.resource(path) {
            Some(resource) => {
                let verbs: Vec<&str> = resource.verbs().collect();
                format!("the deployment {deployment} has {} with the methods [{}]", resource.path, verbs.join(", "))
            }
            None => format!("the deployment {deployment} has no resource with this path"),
        };
        Self::by(not_found.refusal(headers), setting)
    }

    /// What operators may ask about it.
    pub(super) fn explain(
        self,
        call: &Call<'_>,
        status: StatusCode,
        stage: Option<&ServedStage>,
        found: Option<&Found<'_, '_>>,
    ) -> Refused {
        let setting = self.setting.map(String::from).or_else(|| integration_setting(&self.refusal, found?));
        let method = found.map(|found| format!("{} {}", found.method.verb.as_str(), found.resource.path));
        let refused = Refused::new(Surface::Gate, reason(&self.refusal))
            .with_code(self.refusal.error_type())
            .with_setting(setting)
            .about("restApi", Some(call.target.api))
            .about("stage", stage.map(|stage| stage.stage.stage_name.as_str()))
            .about("deployment", stage.map(|stage| stage.stage.deployment_id.as_str()))
            .about("method", method);
        let default = self.refusal.status();
        let changed = (status.as_u16() != default).then(|| {
            format!("{} of the API sets another status than {default}", self.refusal.response_type().as_str())
        });
        let refused = refused.about("gatewayResponse", changed);
        let refused = self.facts.into_iter().fold(refused, |refused, (name, value)| refused.about(name, Some(value)));
        let refused = match self.identity.first() {
            Some(identity) => token_facts::about(refused, identity),
            None => refused,
        };
        self.identity.iter().fold(refused, |refused, secret| refused.concealing(secret))
    }
}

/// What operators are told of a caller whom a Lambda authorizer turns away.
pub(super) struct Denial {
    setting: String,
    identity: Vec<String>,
    authorizer: String,
}

impl Denial {
    /// What is known before the authorizer has said anything.
    pub(super) fn new(authorizer: &LambdaAuthorizer, identity: &[String]) -> Self {
        let named = format!("{} ({})", authorizer.name, authorizer.id);
        let setting = format!("the function of the authorizer {named} decides");
        Self { setting, identity: identity.to_vec(), authorizer: named }
    }

    /// The same with what its policy was asked.
    pub(super) fn of_policy(self, principal: &str, method_arn: &str, kept: bool) -> Self {
        let when = if kept { "answered before, and which is kept" } else { "answered" };
        let setting = format!(
            "the policy that the authorizer {} {when}, for the principal {principal:?}, held against {method_arn}",
            self.authorizer
        );
        Self { setting, ..self }
    }

    /// The caller turned away for this.
    pub(super) fn because(self, refusal: Refusal) -> Denied {
        let denied = Denied { identity: self.identity, ..Denied::by(refusal, self.setting) };
        denied.about("authorizer", &self.authorizer)
    }
}

/// The reason without what the client sent in its body.
fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::UnparsableBody(_) => "a mapping template reads the request body, which is not JSON".to_owned(),
        Refusal::InvalidBody(_) => "the body does not satisfy the method's model".to_owned(),
        other => other.to_string(),
    }
}

/// A token's refusal as API Gateway tells it: an expired token and a pool that is gone have answers of their own.
fn in_gateway_words(refusal: TokenRefusal) -> Refusal {
    match refusal {
        TokenRefusal::Expired => Refusal::TokenExpired,
        TokenRefusal::NoPool => Refusal::AuthorizerConfiguration("the authorizer's user pool does not exist".into()),
        other => Refusal::Unauthorized(other.to_string().into()),
    }
}

/// What of the authorizer and the method decided that a token is not accepted.
fn token_setting(refusal: &TokenRefusal, pools: &UserPools, header: &str, now: Timestamp) -> Option<String> {
    let authorizer = &pools.authorizer;
    let named = || format!("the authorizer {} ({})", authorizer.name, authorizer.id);
    let accepted = || authorizer.pools.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(match refusal {
        TokenRefusal::Missing => {
            format!("identitySource of {} is method.request.header.{}", named(), authorizer.header)
        }
        TokenRefusal::WrongIssuer(_) | TokenRefusal::NoPool | TokenRefusal::NoKeys => {
            format!("{} accepts tokens of the user pools [{}]", named(), accepted())
        }
        TokenRefusal::UnknownKey(_) | TokenRefusal::AlgorithmNotAllowed(_) | TokenRefusal::BadSignature => {
            format!("{} verifies tokens with the keys of the user pools [{}]", named(), accepted())
        }
        TokenRefusal::Expired | TokenRefusal::NotYetValid => return token_facts::times(refusal, header, now),
        TokenRefusal::Revoked(_) => token_facts::REVOKED.to_owned(),
        TokenRefusal::WrongTokenUse { .. } if pools.scopes.is_empty() => {
            "the method declares no scopes (authorizationScopes), and so takes no access token".to_owned()
        }
        TokenRefusal::WrongTokenUse { .. } | TokenRefusal::MissingScope(_) => {
            format!("the method requires one of the scopes [{}] (authorizationScopes)", pools.scopes.join(", "))
        }
        TokenRefusal::Audience => {
            let expression = authorizer.identity_validation.as_ref().map(Pattern::as_str).unwrap_or_default();
            format!("identityValidationExpression of {} is {expression:?}", named())
        }
        TokenRefusal::Malformed(_) | TokenRefusal::Claim(_) => return None,
    })
}

/// What of a `JWT` authorizer and the method decided that a token is not accepted.
fn jwt_setting(refusal: &JwtRefusal, method: &JwtMethod, presented: &str, now: Timestamp) -> Option<String> {
    let authorizer = &method.authorizer;
    let named = format!("the authorizer {} ({})", authorizer.name, authorizer.id);
    let issuers = || authorizer.issuers.iter().map(|issuer| &*issuer.name).collect::<Vec<_>>().join(", ");
    Some(match refusal {
        JwtRefusal::Missing => format!("identitySource of {named} is method.request.header.{}", authorizer.header),
        JwtRefusal::Token(refusal @ (TokenRefusal::Expired | TokenRefusal::NotYetValid)) => {
            return token_facts::times(refusal, presented, now);
        }
        JwtRefusal::Token(TokenRefusal::AlgorithmNotAllowed(_)) => {
            format!("{named} accepts the algorithms [{}] (defaultAlgorithms)", authorizer.algorithms.join(", "))
        }
        JwtRefusal::Token(TokenRefusal::Malformed(_) | TokenRefusal::Claim(_)) | JwtRefusal::FromTheFuture => {
            return None;
        }
        JwtRefusal::Token(_) | JwtRefusal::Discovery(_) | JwtRefusal::Keys(_) | JwtRefusal::Issuer(_) => {
            format!("{named} accepts tokens of the issuers [{}]", issuers())
        }
        JwtRefusal::Audience { .. } => {
            let audiences: Vec<String> = authorizer
                .issuers
                .iter()
                .map(|issuer| format!("[{}] of {}", issuer.audiences.join(", "), issuer.name))
                .collect();
            format!("{named} accepts the audiences {}", audiences.join(", "))
        }
        JwtRefusal::Claim { .. } => format!("additionalClaims of an issuer of {named}"),
        JwtRefusal::MissingScope(_) => {
            format!("the method requires one of the scopes [{}] (authorizationScopes)", method.scopes.join(", "))
        }
    })
}

/// What of the method's integration, or which limit, decided.
fn integration_setting(refusal: &Refusal, found: &Found<'_, '_>) -> Option<String> {
    Some(match refusal {
        Refusal::PolicyDenied(_) => "the policy of the REST API, as it was when it was deployed".to_owned(),
        Refusal::RequestTooLarge => format!("the largest body through the gateway is {GATEWAY_BODY_BYTES_MAX} bytes"),
        Refusal::IntegrationTimeout { milliseconds } => format!("timeoutInMillis of the integration is {milliseconds}"),
        Refusal::PhaseTimeout { setting, .. } | Refusal::BackendLeftAlone { setting } => setting.clone(),
        Refusal::UnsupportedMediaType => "passthroughBehavior and requestTemplates of the integration".to_owned(),
        Refusal::UnparsableBody(_) => "requestTemplates of the integration".to_owned(),
        Refusal::InvalidJsonBody => "requestParameters of the integration".to_owned(),
        Refusal::ApiConfiguration(_)
        | Refusal::InvalidEndpoint(_)
        | Refusal::Network(_)
        | Refusal::FunctionFailed(_)
        | Refusal::MalformedAnswer(_)
        | Refusal::FunctionUnavailable(_) => {
            let kind = match found.method.integration {
                CompiledIntegration::Mock(_) => "MOCK",
                CompiledIntegration::Http(_) => "HTTP",
                CompiledIntegration::HttpProxy(_) => "HTTP_PROXY",
                CompiledIntegration::Lambda(_) => "AWS",
                CompiledIntegration::LambdaProxy(_) => "AWS_PROXY",
                CompiledIntegration::Unavailable(_) => "of another type",
            };
            format!("the integration of {} {}, which is {kind}", found.method.verb.as_str(), found.resource.path)
        }
        _ => return None,
    })
}
