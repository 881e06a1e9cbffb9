//! Tokens for machines over the API: `GetClientToken`.
//!
//! It is unsigned as far as the service is concerned: the client's own secret is what counts, and its id tells the pool,
//! wherever that is.

use claviger_oauth::client_token::ClientTokenRequest;
use claviger_oauth::hook::ClientMetadata;
use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::Credentials;
use claviger_resources::Secret;
use claviger_runtime::issuance::{IssueError, Issued};
use serde::{Deserialize, Deserializer, Serialize};

use super::errors::Error;
use crate::operation::{Access, Caller, Procedure};
use crate::services::Services;

/// Issues an access token to an app client that proves itself with its secret.
pub struct GetClientToken;

/// The members of `GetClientToken`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetClientTokenInput {
    client_id: String,
    #[serde(deserialize_with = "given")]
    secret: Secret<String>,
    #[serde(default)]
    scopes: Vec<String>,
    client_metadata: Option<ClientMetadata>,
}

/// What `GetClientToken` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetClientTokenOutput {
    client_authentication_result: ClientAuthenticationResult,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ClientAuthenticationResult {
    access_token: String,
    expires_in: u32,
    token_type: &'static str,
}

impl Procedure for GetClientToken {
    const NAME: &'static str = "GetClientToken";
    const ACCESS: Access = Access::Read;
    type Input = GetClientTokenInput;
    type Output = GetClientTokenOutput;
    type Error = Error;

    async fn run(services: &Services, _: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let credentials = Credentials {
            client_id: input.client_id.as_str().into(),
            secret: Some(input.secret.expose().as_str().into()),
        };
        let request =
            ClientTokenRequest { credentials, scopes: &input.scopes, client_metadata: input.client_metadata.as_ref() };
        let Issued { access_token, expires_in } = services.issuance.client_token(&request).await?;
        Ok(GetClientTokenOutput {
            client_authentication_result: ClientAuthenticationResult { access_token, expires_in, token_type: "Bearer" },
        })
    }
}

impl From<IssueError> for Error {
    fn from(error: IssueError) -> Self {
        match error {
            // An unknown client and a wrong secret are told alike, as at the token endpoint.
            IssueError::Refused(TokenError::UnknownClient | TokenError::MissingSecret | TokenError::WrongSecret) => {
                Self::ClientOrSecret
            }
            IssueError::Refused(TokenError::ClientTokenAuthDisabled) => Self::ClientTokenAuthDisabled,
            IssueError::Refused(TokenError::ScopeNotAllowed(scope) | TokenError::UnknownScope(scope)) => {
                Self::ScopeNotGranted(scope.into())
            }
            IssueError::Refused(TokenError::OverLimit { limit, .. }) => Self::OverLimit(limit),
            IssueError::Refused(error) => Self::NoToken(error),
            IssueError::Hook(error) => Self::Hook(error),
            IssueError::NoKey(reason) => Self::NoKey(reason),
        }
    }
}

/// Reads a secret without leaving a copy that can be printed.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}
