//! Proving a password by sending it.

use claviger_resources::Secret;

use super::super::errors::Error;
use super::attempt::{Look, Seen, Settle, Settled};
use super::new_password;
use super::outcome::{AuthOutput, signed_in};
use crate::operation::{Caller, perform};
use crate::services::Services;

/// Signs a user in with a password.
pub(super) async fn sign_in(
    services: &Services,
    caller: &Caller,
    look: Look<'_>,
    password: &Secret<String>,
) -> Result<AuthOutput, Error> {
    let seen = perform(services, &caller.tenant(), &look).await?;
    let kept = seen.user.as_ref().and_then(|user| user.password.as_ref());
    let proved = services.passwords.matches(kept, password).await?;
    settle(services, caller, &seen, proved).await
}

/// What becomes of a password that was proved, or not.
pub(super) async fn settle(
    services: &Services,
    caller: &Caller,
    seen: &Seen,
    proved: bool,
) -> Result<AuthOutput, Error> {
    match perform(services, &caller.tenant(), &Settle { seen, proved }).await? {
        Settled::Session(begun) => signed_in(services, &begun.0, &begun.1).await,
        Settled::NewPassword(user) => new_password::challenge(services, &seen.client, &seen.pool, &user),
    }
}
