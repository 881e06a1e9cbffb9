//! Proving a password without sending it: the Secure Remote Password protocol, in two steps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_oauth::srp::{ClientNumber, SECRET_BYTES, is_timestamp};
use claviger_runtime::passwords::{Evidence, Owner};

use super::super::errors::Error;
use super::attempt::{Look, Seen};
use super::error::SignInError;
use super::outcome::{AuthOutput, Challenge};
use super::parameters::Parameters;
use super::password;
use super::state::{Awaited, State};
use crate::operation::{Caller, perform};
use crate::services::Services;

/// Gives the challenge `PASSWORD_VERIFIER`.
pub(super) async fn challenge(
    services: &Services,
    caller: &Caller,
    look: Look<'_>,
    client_number: &str,
) -> Result<AuthOutput, Error> {
    let number = ClientNumber::parse(client_number).ok_or(SignInError::SrpNumber)?;
    let seen = perform(services, &caller.tenant(), &look).await?;
    let (username, sub) = seen.names(services, look.username);
    let mut secret = [0_u8; SECRET_BYTES];
    services.random().fill(&mut secret);
    let owner = Owner { pool: &seen.pool.id, username: &username, sub: &sub };
    let kept = seen.user.as_ref().and_then(|user| user.password.as_ref());
    let (salt, public) = services.passwords.challenge(owner, kept, secret).await?;
    let awaited = Awaited::Proof {
        username: username.clone(),
        client_number: number.to_hexadecimal(),
        secret: STANDARD.encode(secret),
    };
    let block = State::new(&seen.client, &sub, awaited, services.clock.now()).seal(services)?;
    let parameters = vec![
        ("SALT", salt),
        ("SECRET_BLOCK", block),
        ("SRP_B", public),
        ("USERNAME", username.clone()),
        ("USER_ID_FOR_SRP", username),
    ];
    Ok(Challenge { name: "PASSWORD_VERIFIER", session: None, parameters, available: None }.into())
}

/// Takes the answer to the challenge.
pub(super) async fn prove(
    services: &Services,
    caller: &Caller,
    look: Look<'_>,
    answers: &Parameters,
) -> Result<AuthOutput, Error> {
    let timestamp = answers.required("TIMESTAMP")?;
    let block = answers.required("PASSWORD_CLAIM_SECRET_BLOCK")?;
    let signature = answers.required("PASSWORD_CLAIM_SIGNATURE")?;
    if !is_timestamp(timestamp) {
        return Err(SignInError::Timestamp.into());
    }
    let seen = perform(services, &caller.tenant(), &look).await?;
    let (state, secret_block) = State::open(services, &seen.client, block)?;
    let Awaited::Proof { username, client_number, secret } = &state.awaited else {
        return Err(SignInError::InvalidSession.into());
    };
    let number = ClientNumber::parse(client_number).ok_or(SignInError::InvalidSession)?;
    let secret = STANDARD.decode(secret).ok().and_then(|secret| secret.try_into().ok());
    let secret = secret.ok_or(SignInError::InvalidSession)?;
    // The user who answers is the one who was asked.
    let seen = Seen { user: seen.user.filter(|user| user.sub == state.sub), ..seen };
    let owner = Owner { pool: &seen.pool.id, username, sub: &state.sub };
    let kept = seen.user.as_ref().and_then(|user| user.password.as_ref());
    let evidence = Evidence {
        secret_block,
        timestamp: timestamp.to_owned(),
        signature: STANDARD.decode(signature).unwrap_or_default(),
    };
    let proved = services.passwords.proves(owner, kept, (secret, number), evidence).await?;
    password::settle(services, caller, &seen, proved).await
}
