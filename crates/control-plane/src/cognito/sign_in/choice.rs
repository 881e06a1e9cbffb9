//! `USER_AUTH`: the user chooses how to sign in, at once (`PREFERRED_CHALLENGE`) or when asked (`SELECT_CHALLENGE`).

use super::super::errors::Error;
use super::attempt::Look;
use super::error::SignInError;
use super::outcome::{AuthOutput, Challenge};
use super::parameters::Parameters;
use super::state::{Awaited, State};
use super::{password, srp};
use crate::operation::{Caller, perform};
use crate::services::Services;

/// The ways that are served.
const AVAILABLE: &[&str] = &["PASSWORD", "PASSWORD_SRP"];

/// Starts the sign-in that the user prefers, or asks which.
pub(super) async fn start(
    services: &Services,
    caller: &Caller,
    look: Look<'_>,
    parameters: &Parameters,
) -> Result<AuthOutput, Error> {
    match parameters.text("PREFERRED_CHALLENGE") {
        Some(preferred) => go_on(services, caller, look, preferred, parameters).await,
        None => ask(services, caller, look).await,
    }
}

/// Takes the answer to `SELECT_CHALLENGE`.
pub(super) async fn answer(
    services: &Services,
    caller: &Caller,
    look: Look<'_>,
    session: &str,
    answers: &Parameters,
) -> Result<AuthOutput, Error> {
    let chosen = answers.required("ANSWER")?;
    let seen = perform(services, &caller.tenant(), &look).await?;
    let (state, _) = State::open(services, &seen.client, session)?;
    let (_, sub) = seen.names(services, look.username);
    if state.awaited != Awaited::Choice || state.sub != sub {
        return Err(SignInError::InvalidSession.into());
    }
    go_on(services, caller, look, chosen, answers).await
}

async fn ask(services: &Services, caller: &Caller, look: Look<'_>) -> Result<AuthOutput, Error> {
    let seen = perform(services, &caller.tenant(), &look).await?;
    let (_, sub) = seen.names(services, look.username);
    let state = State::new(&seen.client, &sub, Awaited::Choice, services.clock.now());
    let session = Some(state.seal(services)?);
    Ok(Challenge { name: "SELECT_CHALLENGE", session, parameters: Vec::new(), available: Some(AVAILABLE) }.into())
}

async fn go_on(
    services: &Services,
    caller: &Caller,
    look: Look<'_>,
    chosen: &str,
    parameters: &Parameters,
) -> Result<AuthOutput, Error> {
    match chosen {
        "PASSWORD" => password::sign_in(services, caller, look, parameters.required_secret("PASSWORD")?).await,
        "PASSWORD_SRP" => srp::challenge(services, caller, look, parameters.required("SRP_A")?).await,
        _ => Err(SignInError::ChoiceNotAvailable.into()),
    }
}
