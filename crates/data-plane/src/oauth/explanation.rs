//! Why the OAuth endpoints refused, for operators: who asked, and the setting that decided.

use std::sync::Arc;

use claviger_oauth::client::Client;
use claviger_oauth::token_error::{Limit, TokenError};
use claviger_oauth::token_request::{Credentials, Form};
use claviger_resources::client_limits::TokenBudget;
use claviger_resources::rate::RateLimit;
use claviger_runtime::issuance::IssueError;
use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::sessions::SessionError;
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Response, StatusCode, header};

use super::headers::{empty, error_answer, explained};
use super::{FORM_DURATION_MAX, pool_of_client, text};
use crate::body::{Body, ReadError};

/// A refused request, read once more.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// The pool that the host names.
    pub(super) pool: Option<&'a Arc<Pool>>,
    pub(super) parts: &'a Parts,
    pub(super) form: &'a [u8],
}

/// Parameters that are no secrets, so that a reason may show them.
const OPEN_PARAMETERS: [&str; 5] = ["grant_type", "client_id", "scope", "redirect_uri", "resource"];

impl Asker<'_> {
    /// Why there is no token.
    pub(super) fn no_token(&self, error: &SessionError) -> Refused {
        let (code, setting) = match error {
            SessionError::Issue(IssueError::Refused(error)) => (error.code().unwrap_or_default(), self.setting(error)),
            SessionError::Issue(IssueError::Hook(_)) => {
                ("invalid_request", Some("LambdaConfig of the user pool".to_owned()))
            }
            SessionError::Issue(IssueError::NoKey(_)) => {
                ("temporarily_unavailable", Some("the user pool's signing keys".to_owned()))
            }
            _ => ("temporarily_unavailable", None),
        };
        self.refused(Surface::TokenEndpoint, code, error.to_string(), setting)
    }

    /// A refusal with what is known of the asker, and without the secrets that it sent.
    pub(super) fn refused(&self, surface: Surface, code: &str, reason: String, setting: Option<String>) -> Refused {
        let form = Form::parse(self.parts.uri.query(), self.form).ok();
        let credentials = form.as_ref().and_then(|form| self.credentials(form));
        let client = credentials.as_ref().and_then(|credentials| self.snapshot.client(&credentials.client_id));
        let pool = self.pool.or_else(|| pool_of_client(self.snapshot, credentials.as_ref()?));
        let named = credentials.as_ref().map(|credentials| match client {
            Some(client) => client.id.to_string(),
            None => unknown_client(&credentials.client_id),
        });
        let parameter = |name| form.as_ref().and_then(|form| form.get(name));
        let mut refused = Refused::new(surface, reason)
            .with_code(code)
            .with_setting(setting)
            .about("userPool", pool.map(|pool| pool.id.as_str()))
            .about("appClient", named)
            .about("grantType", parameter("grant_type"))
            .about("scope", parameter("scope"));
        let pairs = form_urlencoded::parse(self.parts.uri.query().unwrap_or_default().as_bytes());
        for (name, value) in pairs.chain(form_urlencoded::parse(self.form)).take(SECRETS_MAX) {
            if !OPEN_PARAMETERS.contains(&&*name) {
                refused = refused.concealing(&value);
            }
        }
        match credentials.and_then(|credentials| credentials.secret) {
            Some(secret) => refused.concealing(&secret),
            None => refused,
        }
    }

    /// The setting that decided, and its value.
    pub(super) fn setting(&self, error: &TokenError) -> Option<String> {
        let form = Form::parse(self.parts.uri.query(), self.form).ok()?;
        let credentials = self.credentials(&form)?;
        let Some(client) = self.snapshot.client(&credentials.client_id) else {
            return (*error == TokenError::UnknownClient).then(|| "no app client has this id".to_owned());
        };
        match error {
            TokenError::UnknownClient => {
                let asked = self.pool.map_or("none", |pool| pool.id.as_str());
                Some(format!("the app client belongs to the user pool {}, the host to {asked}", client.pool))
            }
            error => of_client(error, client, self.snapshot.pool(client.pool.as_str()).map(AsRef::as_ref)),
        }
    }

    fn credentials<'f>(&self, form: &Form<'f>) -> Option<Credentials<'f>> {
        Credentials::of(text(self.parts, &header::AUTHORIZATION), form).ok()
    }
}

/// Parameters of a refused form that are taken for secrets: as many as are read of one.
const SECRETS_MAX: usize = 100;

/// An id that is nobody's, shown in part: it may be a secret in the wrong place.
fn unknown_client(id: &str) -> String {
    const SHOWN_CHARACTERS: usize = 6;
    let shown: String = id.chars().take(SHOWN_CHARACTERS).collect();
    format!("{shown}… ({} characters, unknown)", id.chars().count())
}

/// Why a request that was not looked at any closer is refused: a request rate of AWS's.
pub(super) fn over_limit(surface: Surface, error: &TokenError) -> Refused {
    Refused::new(surface, error.to_string())
        .with_code(error.code().unwrap_or_default())
        .with_setting(Some(AWS_RATES.to_owned()))
}

/// The setting behind AWS's request rates.
const AWS_RATES: &str = "AWS's request rates, which --quotas aws enforces";

/// The setting of the client that decided.
fn of_client(error: &TokenError, client: &Client, pool: Option<&Pool>) -> Option<String> {
    let id = &client.id;
    let scopes = || client.scopes.join(", ");
    Some(match error {
        TokenError::MissingSecret | TokenError::WrongSecret => {
            format!("the app client {id} has {} active secrets", client.secrets.len())
        }
        TokenError::OAuthDisabled => format!("AllowedOAuthFlowsUserPoolClient of the app client {id} is false"),
        TokenError::FlowNotAllowed => {
            let holds = if client.client_credentials { "is [client_credentials]" } else { "lacks client_credentials" };
            format!("AllowedOAuthFlows of the app client {id} {holds}")
        }
        TokenError::OverLimit { limit: Limit::Requests(_), .. } => AWS_RATES.to_owned(),
        TokenError::OverLimit { limit: Limit::ClientRate, .. } => match client.limits.as_ref()?.rate {
            Some(RateLimit { rate, burst }) => {
                format!("the app client {id} may ask for {rate} tokens a second and for {burst} at once")
            }
            None => return None,
        },
        TokenError::OverLimit { limit: Limit::ClientBudget(TokenBudget { tokens, period }), .. } => {
            format!("the app client {id} may have {tokens} tokens a {period}")
        }
        TokenError::PublicClient => format!("the app client {id} was created without GenerateSecret"),
        TokenError::ScopeNotAllowed(_) => format!("AllowedOAuthScopes of the app client {id} has [{}]", scopes()),
        TokenError::UnknownScope(scope) => {
            let (server, name) = scope.rsplit_once('/').unwrap_or(("", scope));
            format!(
                "no resource server {server:?} of the user pool {} defines the scope {name:?}; AllowedOAuthScopes of the \
                 app client {id} has [{}]",
                client.pool,
                scopes()
            )
        }
        TokenError::NoScope => {
            let inactive = client.scopes.iter().filter(|scope| !pool.is_some_and(|pool| pool.has_scope(scope)));
            let inactive: Vec<&str> = inactive.map(AsRef::as_ref).collect();
            format!(
                "AllowedOAuthScopes of the app client {id} has [{}], of which no resource server of the user pool {} \
                 defines [{}]",
                scopes(),
                client.pool,
                inactive.join(", ")
            )
        }
        _ => return None,
    })
}

/// The answer to a form that did not come whole.
pub(super) fn unread(surface: Surface, error: &ReadError) -> Response<Body> {
    let code = "invalid_request";
    let (status, setting) = match error {
        ReadError::TooLarge { bytes_max } => {
            (StatusCode::PAYLOAD_TOO_LARGE, Some(format!("the largest form is {bytes_max} bytes")))
        }
        ReadError::TooSlow => {
            (StatusCode::REQUEST_TIMEOUT, Some(format!("a form may take {} s to arrive", FORM_DURATION_MAX.as_secs())))
        }
        ReadError::Broken(_) => (StatusCode::BAD_REQUEST, None),
    };
    let refused = Refused::new(surface, error.to_string()).with_code(code).with_setting(setting);
    explained(error_answer(status, code, None), refused)
}

/// The answer to a method or content type that an endpoint does not take.
pub(super) fn not_allowed(surface: Surface, reason: &str) -> Response<Body> {
    explained(empty(StatusCode::METHOD_NOT_ALLOWED), Refused::new(surface, reason))
}
