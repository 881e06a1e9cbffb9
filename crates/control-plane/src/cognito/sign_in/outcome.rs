//! What a sign-in comes to: tokens, or a challenge.

use claviger_oauth::user_claims::UserGrant;
use claviger_resources::session::Session;
use claviger_runtime::issuance::UserTokens;
use claviger_runtime::sessions::refresh_token::RefreshToken;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::errors::Error;
use crate::services::Services;

/// What operations that sign users in answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    challenge_parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_result: Option<AuthenticationResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available_challenges: Option<&'static [&'static str]>,
}

/// The tokens of a session.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthenticationResult {
    access_token: String,
    expires_in: u32,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    id_token: String,
}

/// A challenge.
pub(super) struct Challenge {
    /// `ChallengeName`.
    pub(super) name: &'static str,
    /// `Session`.
    pub(super) session: Option<String>,
    /// `ChallengeParameters`.
    pub(super) parameters: Vec<(&'static str, String)>,
    /// `AvailableChallenges`.
    pub(super) available: Option<&'static [&'static str]>,
}

impl From<Challenge> for AuthOutput {
    fn from(challenge: Challenge) -> Self {
        let parameters = challenge.parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        Self {
            challenge_name: Some(challenge.name),
            session: challenge.session,
            challenge_parameters: parameters.collect(),
            authentication_result: None,
            available_challenges: challenge.available,
        }
    }
}

impl From<AuthenticationResult> for AuthOutput {
    fn from(result: AuthenticationResult) -> Self {
        Self {
            challenge_name: None,
            session: None,
            challenge_parameters: Map::new(),
            authentication_result: Some(result),
            available_challenges: None,
        }
    }
}

impl AuthenticationResult {
    fn new(tokens: UserTokens, refresh_token: Option<String>) -> Self {
        Self {
            access_token: tokens.access_token,
            expires_in: tokens.expires_in,
            token_type: "Bearer",
            refresh_token,
            id_token: tokens.id_token,
        }
    }
}

/// The tokens of a session that has begun.
pub(super) async fn signed_in(services: &Services, session: &Session, grant: &UserGrant) -> Result<AuthOutput, Error> {
    let result = issue(services, grant, Some(RefreshToken::of(session))).await?;
    Ok(result.into())
}

/// Issues tokens; a refresh token only where there is a new one.
pub(super) async fn issue(
    services: &Services,
    grant: &UserGrant,
    refresh_token: Option<RefreshToken>,
) -> Result<AuthenticationResult, Error> {
    let tokens = services.issuance.user(grant).await?;
    let seal = |token: RefreshToken| token.seal(&services.vault, &mut *services.random());
    Ok(AuthenticationResult::new(tokens, refresh_token.map(seal).transpose()?))
}
