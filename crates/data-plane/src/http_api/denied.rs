//! Why an HTTP API refused, for operators: beside the refusal that the client hears, the setting that decided.

use claviger_gateway::access_log::Failure;
use claviger_gateway::context::Signer;
use claviger_gateway::http_api::lambda_authorizer::LambdaAuthorizer;
use claviger_gateway::http_api::refusal::Challenge;
use claviger_gateway::http_api::{CompiledIntegration, CompiledRoute, IdentitySource, JwtAuthorization, Refusal};
use claviger_gateway::lambda_authorizer::Unidentified;
use claviger_gateway::refusal::Refusal as RestRefusal;
use claviger_gateway::roles::NotAllowed;
use claviger_oauth::jwt_authorizer::JwtRefusal;
use claviger_oauth::refusal::Refusal as TokenRefusal;
use claviger_resources::http_api::Stage;
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use claviger_resources::{DeploymentId, Tenant, Timestamp};
use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::snapshot::{HttpApi, ServedHttpStage};

use super::{Call, Outcome};
use crate::token_facts;

/// A refusal, and what operators may know of it beyond what the client hears.
#[derive(Debug)]
pub(super) struct Denied {
    refusal: Refusal,
    setting: Option<String>,
    /// What identified the caller, which is a secret.
    identity: Vec<String>,
    authorizer: Option<String>,
}

impl From<Refusal> for Box<Denied> {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.into())
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, setting: None, identity: Vec::new(), authorizer: None }
    }
}

impl Denied {
    /// A refusal that this setting decided.
    pub(super) fn by(refusal: Refusal, setting: String) -> Box<Self> {
        Box::new(Self { setting: Some(setting), ..refusal.into() })
    }

    fn not_found(reason: &'static str, setting: String) -> Box<Self> {
        Self::by(Refusal::NotFound(reason.into()), setting)
    }

    /// A head that the gateway does not take.
    pub(super) fn head(refusal: RestRefusal) -> Box<Self> {
        let setting = "what the gateway takes of a request's head; docs/proxying.md tells it".to_owned();
        Box::new(Self { setting: Some(setting), ..Refusal::from(refusal).into() })
    }

    /// The API is not to be reached here.
    pub(super) fn endpoint_disabled(id: &str) -> Box<Self> {
        let setting = format!("disableExecuteApiEndpoint of the HTTP API {id} is true");
        Self::not_found("the API's default endpoint is disabled", setting)
    }

    /// The API has no such stage, and none for everything else.
    pub(super) fn no_stage(api: &HttpApi, id: &str, name: &str) -> Box<Self> {
        let stages: Vec<&str> = api.stage_names().collect();
        let setting =
            format!("the HTTP API {id} has neither a stage {name:?} nor a stage $default, but [{}]", stages.join(", "));
        Self::not_found("the API has no such stage", setting)
    }

    /// The stage serves nothing yet.
    pub(super) fn no_deployment(stage: &Stage) -> Box<Self> {
        let setting =
            format!("the stage {} has no deployment and autoDeploy is {}", stage.stage_name, stage.auto_deploy);
        Self::not_found("the stage serves no deployment", setting)
    }

    /// No route is there.
    pub(super) fn no_route(stage: &ServedHttpStage, verb: &str, path: &str) -> Box<Self> {
        let deployment = stage.stage.deployment_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let setting = format!("the deployment {deployment} has no route for {verb} {path} and no $default route");
        Self::not_found("no route of the deployed API matches the request's verb and path", setting)
    }

    /// A token that the authorizer does not accept.
    pub(super) fn token(
        refusal: &JwtRefusal,
        authorization: &JwtAuthorization,
        presented: Option<&str>,
        now: Timestamp,
    ) -> Box<Self> {
        let authorizer = &authorization.authorizer;
        let reason = refusal.to_string().into();
        let denial = match refusal {
            JwtRefusal::Missing => Refusal::Unauthorized { reason, challenge: Some(Challenge::Missing) },
            JwtRefusal::MissingScope(_) => {
                let challenge = Some(Challenge::InsufficientScope(authorization.scopes.join(" ")));
                Refusal::Forbidden { reason, challenge }
            }
            other => {
                let challenge = Some(Challenge::InvalidToken(other.description().into()));
                Refusal::Unauthorized { reason, challenge }
            }
        };
        Box::new(Self {
            setting: token_setting(refusal, authorization, presented.unwrap_or_default(), now),
            identity: presented.map(str::to_owned).into_iter().collect(),
            authorizer: Some(format!("{} ({})", authorizer.name, authorizer.id)),
            ..denial.into()
        })
    }

    /// A token whose roles do not allow the call.
    pub(super) fn role(
        not_allowed: NotAllowed,
        authorization: &JwtAuthorization,
        presented: Option<&str>,
    ) -> Box<Self> {
        let authorizer = &authorization.authorizer;
        let refusal = Refusal::Forbidden { reason: not_allowed.reason.into(), challenge: None };
        Box::new(Self {
            setting: Some(format!("the API's role mapping: {}", not_allowed.setting)),
            identity: presented.map(str::to_owned).into_iter().collect(),
            authorizer: Some(format!("{} ({})", authorizer.name, authorizer.id)),
            ..refusal.into()
        })
    }

    /// What the access log tells of it.
    pub(super) fn failure(&self) -> Failure<'static> {
        Failure::of_http_api(&self.refusal)
    }

    /// A caller of whom a Lambda authorizer is not asked.
    pub(super) fn unidentified(unidentified: &Unidentified, authorizer: &LambdaAuthorizer) -> Box<Self> {
        let sources: Vec<&str> = authorizer.identity_sources().collect();
        let setting = format!(
            "identitySource of the authorizer {} ({}) is [{}]",
            authorizer.name,
            authorizer.id,
            sources.join(", ")
        );
        let refusal = Refusal::Unauthorized { reason: unidentified.to_string().into(), challenge: None };
        Self::by_authorizer(refusal, setting, authorizer, &[])
    }

    /// A caller whom a Lambda authorizer turns away, or about whom it cannot be asked.
    pub(super) fn by_authorizer(
        refusal: Refusal,
        setting: String,
        authorizer: &LambdaAuthorizer,
        identity: &[String],
    ) -> Box<Self> {
        let authorizer = Some(format!("{} ({})", authorizer.name, authorizer.id));
        Box::new(Self { identity: identity.to_vec(), authorizer, ..*Self::by(refusal, setting) })
    }

    /// A signature that does not open a route which asks for one.
    pub(super) fn signature(refusal: &RestRefusal) -> Box<Self> {
        let refusal = Refusal::Forbidden { reason: refusal.to_string().into(), challenge: None };
        Self::by(refusal, "authorizationType of the route is AWS_IAM".to_owned())
    }

    /// Someone whose key may not call the route, as its role has it.
    pub(super) fn by_role(signer: &Signer) -> Box<Self> {
        let reason = format!("{} is not allowed to call the route", signer.arn).into();
        let setting = format!("the role of the key {}, which does not allow execute-api:Invoke", signer.access_key);
        Self::by(Refusal::Forbidden { reason, challenge: None }, setting)
    }

    /// Someone of another account, whom nothing lets in.
    pub(super) fn stranger(signer: &Signer, owner: &Tenant) -> Box<Self> {
        let reason = format!("{} is of another account than the API", signer.arn);
        let setting = format!(
            "the API belongs to the account {}, and the key {} to {}",
            owner.account, signer.access_key, signer.account
        );
        Self::by(Refusal::Forbidden { reason: reason.into(), challenge: None }, setting)
    }

    /// The answer, with what operators may ask about it.
    pub(super) fn explained(
        self,
        call: &Call<'_>,
        stage: Option<&ServedHttpStage>,
        route: Option<&CompiledRoute>,
    ) -> Outcome {
        let setting = self.setting.or_else(|| integration_setting(&self.refusal, route?));
        let deployment = stage.and_then(|stage| stage.stage.deployment_id.as_ref());
        let refused = Refused::new(Surface::Gate, self.refusal.to_string())
            .with_code(self.refusal.message())
            .with_setting(setting)
            .about("httpApi", Some(call.target.api))
            .about("stage", stage.map(|stage| stage.stage.stage_name.as_str()))
            .about("deployment", deployment.map(DeploymentId::as_str))
            .about("route", route.map(|route| &*route.key))
            .about("authorizer", self.authorizer)
            .about("bearerError", self.refusal.challenge().map(Challenge::error));
        let refused = match self.identity.first() {
            Some(identity) => token_facts::about(refused, identity),
            None => refused,
        };
        let refused = self.identity.iter().fold(refused, |refused, secret| refused.concealing(secret));
        Outcome::Refused(self.refusal.answer(), Box::new(refused))
    }
}

/// What of the authorizer and the route decided that a token is not accepted.
fn token_setting(
    refusal: &JwtRefusal,
    authorization: &JwtAuthorization,
    presented: &str,
    now: Timestamp,
) -> Option<String> {
    let authorizer = &authorization.authorizer;
    let named = || format!("the authorizer {} ({})", authorizer.name, authorizer.id);
    Some(match refusal {
        JwtRefusal::Missing => {
            let source = match &authorizer.identity_source {
                IdentitySource::Header(name) => format!("$request.header.{name}"),
                IdentitySource::QueryString(name) => format!("$request.querystring.{name}"),
            };
            format!("identitySource of {} is {source}", named())
        }
        JwtRefusal::Issuer(_) => format!("issuer of {} is {}", named(), authorizer.issuer),
        JwtRefusal::Audience { .. } => format!("audience of {} is [{}]", named(), authorizer.audiences.join(", ")),
        JwtRefusal::MissingScope(_) => {
            format!("the route requires one of the scopes [{}] (authorizationScopes)", authorization.scopes.join(", "))
        }
        JwtRefusal::Token(expired @ (TokenRefusal::Expired | TokenRefusal::NotYetValid)) => {
            return token_facts::times(expired, presented, now);
        }
        JwtRefusal::Token(TokenRefusal::Malformed(_) | TokenRefusal::Claim(_))
        | JwtRefusal::FromTheFuture
        | JwtRefusal::Claim { .. } => return None,
        JwtRefusal::Token(_) | JwtRefusal::Discovery(_) | JwtRefusal::Keys(_) => {
            format!("{} verifies tokens with the keys of {}", named(), authorizer.issuer)
        }
    })
}

/// What of the route's integration, or which limit, decided.
fn integration_setting(refusal: &Refusal, route: &CompiledRoute) -> Option<String> {
    match refusal {
        Refusal::TooLarge => Some(format!("the largest body through the gateway is {GATEWAY_BODY_BYTES_MAX} bytes")),
        Refusal::Internal(_) | Refusal::Unavailable(_) => Some(match &route.integration {
            CompiledIntegration::Lambda(lambda) => format!(
                "the function of the route {}, which may take {} ms (timeoutInMillis)",
                route.key,
                lambda.timeout_milliseconds()
            ),
            CompiledIntegration::OutOfReach(_) => format!("connectionType of the route {} is VPC_LINK", route.key),
            CompiledIntegration::HttpProxy(_) | CompiledIntegration::Unavailable(_) => {
                format!("the authorization and the integration of the route {}", route.key)
            }
        }),
        _ => None,
    }
}
