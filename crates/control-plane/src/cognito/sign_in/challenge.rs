//! Answering a challenge: `RespondToAuthChallenge`, `AdminRespondToAuthChallenge`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::errors::Error;
use super::attempt::{Look, Through};
use super::error::SignInError;
use super::outcome::AuthOutput;
use super::parameters::Parameters;
use super::{choice, new_password, srp};
use crate::operation::{Access, Caller, Procedure};
use crate::services::Services;

/// Answers a challenge.
pub struct RespondToAuthChallenge;
/// Answers a challenge on a user's behalf.
pub struct AdminRespondToAuthChallenge;

/// The members of `RespondToAuthChallenge`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RespondToAuthChallengeInput {
    client_id: String,
    challenge_name: String,
    session: Option<String>,
    #[serde(default)]
    challenge_responses: Parameters,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "UserContextData")]
    _user_context_data: IgnoredAny,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `AdminRespondToAuthChallenge`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminRespondToAuthChallengeInput {
    user_pool_id: String,
    client_id: String,
    challenge_name: String,
    #[serde(default)]
    challenge_responses: Parameters,
    session: Option<String>,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "ContextData")]
    _context_data: IgnoredAny,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// A challenge and what was answered.
#[derive(Clone, Copy)]
struct Answer<'a> {
    challenge: &'a str,
    session: Option<&'a str>,
    responses: &'a Parameters,
}

impl Procedure for RespondToAuthChallenge {
    const NAME: &'static str = "RespondToAuthChallenge";
    const ACCESS: Access = Access::Write;
    type Input = RespondToAuthChallengeInput;
    type Output = AuthOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<AuthOutput, Error> {
        let through = Through { pool: None, client: &input.client_id };
        let answer = Answer {
            challenge: &input.challenge_name,
            session: input.session.as_deref(),
            responses: &input.challenge_responses,
        };
        take(services, caller, through, answer).await
    }
}

impl Procedure for AdminRespondToAuthChallenge {
    const NAME: &'static str = "AdminRespondToAuthChallenge";
    const ACCESS: Access = Access::Write;
    type Input = AdminRespondToAuthChallengeInput;
    type Output = AuthOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<AuthOutput, Error> {
        let through = Through { pool: Some(&input.user_pool_id), client: &input.client_id };
        let answer = Answer {
            challenge: &input.challenge_name,
            session: input.session.as_deref(),
            responses: &input.challenge_responses,
        };
        take(services, caller, through, answer).await
    }
}

async fn take(
    services: &Services,
    caller: &Caller,
    through: Through<'_>,
    answer: Answer<'_>,
) -> Result<AuthOutput, Error> {
    let Answer { challenge, session, responses } = answer;
    if !["PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "SELECT_CHALLENGE"].contains(&challenge) {
        return Err(SignInError::ChallengeNotServed.into());
    }
    let look = Look {
        through,
        flow: None,
        username: responses.required("USERNAME")?,
        secret_hash: responses.secret("SECRET_HASH"),
    };
    let session = session.ok_or(SignInError::MissingParameter("Session"));
    match challenge {
        "PASSWORD_VERIFIER" => srp::prove(services, caller, look, responses).await,
        "NEW_PASSWORD_REQUIRED" => new_password::answer(services, caller, look, session?, responses).await,
        _ => choice::answer(services, caller, look, session?, responses).await,
    }
}
