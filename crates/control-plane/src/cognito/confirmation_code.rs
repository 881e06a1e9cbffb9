//! Codes that users give back: made, sent, held against what comes, and used once.
//!
//! A code has six digits, so guesses are few: after [`WRONG_MAX`] wrong ones it is void, and for a while no other is sent.

use std::time::Duration;

use claviger_oauth::secret;
use claviger_resources::correspondence::{Code, CodePurpose, MessageTrigger};
use claviger_resources::random;
use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Secret, Timestamp};
use claviger_runtime::vault::SealedFor;

use super::delivery::{CodeDeliveryDetails, Delivery};
use super::errors::Error;
use super::message;
use super::user_error::UserError;
use crate::operation::Context;

/// Digits of a code.
const DIGITS: usize = 6;
/// Wrong codes before no other is looked at.
const WRONG_MAX: u32 = 5;
/// How long none is looked at then.
const BLOCKED: Duration = Duration::from_mins(15);
/// Codes of one purpose that a user may ask for in [`COUNTED`]; AWS's own number is between 5 and 20 (Amazon Cognito,
/// "Quotas in Amazon Cognito").
const ASKED_FOR_MAX: u32 = 20;
/// In how long.
const COUNTED: Duration = Duration::from_hours(1);

/// Who asked for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// Whoever says to be the user: not too often.
    Anyone,
    /// An administrator, or the pool's own settings.
    Pool,
}

/// Makes a code, which replaces the user's last one for this purpose, and sends it.
pub(super) async fn send(
    cx: &mut Context<'_>,
    pool: &UserPool,
    user: &User,
    purpose: CodePurpose,
    trigger: MessageTrigger,
    delivery: &Delivery,
    asker: Asker,
) -> Result<CodeDeliveryDetails, Error> {
    let value = Secret::new(random::text(cx.random, b"0123456789", DIGITS));
    let sealed = cx.services.vault.seal(SealedFor::Message(&user.sub), value.expose().as_bytes(), cx.random)?;
    let mut letters = message::of_user(cx, user).await?;
    let last = letters.codes.iter().find(|code| code.purpose == purpose).cloned();
    let mut code = last.unwrap_or_else(|| unsent(purpose, cx.now));
    refresh(&mut code, cx.now);
    if asker == Asker::Anyone {
        if code.blocked_until.is_some() || code.asked_for >= ASKED_FOR_MAX {
            return Err(UserError::AttemptLimit.into());
        }
        code.asked_for += 1;
    }
    code.value = Some(sealed);
    delivery.attribute.clone_into(&mut code.attribute);
    code.expires = later(cx.now, lifetime(purpose));
    letters.codes.retain(|code| code.purpose != purpose);
    letters.codes.push(code);
    message::keep_code(cx, pool, user, letters, trigger, delivery, &value).await?;
    Ok(delivery.details())
}

/// Refuses any code but the one that was sent; wrong ones are counted. Answers the attribute it was sent to.
pub(super) async fn verify(
    cx: &mut Context<'_>,
    user: &User,
    purpose: CodePurpose,
    given: &Secret<String>,
) -> Result<String, Error> {
    let mut letters = message::of_user(cx, user).await?;
    let now = cx.now;
    let Some(code) = letters.codes.iter_mut().find(|code| code.purpose == purpose) else {
        return Err(UserError::CodeExpired.into());
    };
    refresh(code, now);
    if code.blocked_until.is_some() {
        return Err(UserError::AttemptLimit.into());
    }
    let Some(sealed) = code.value.as_ref().filter(|_| now < code.expires) else {
        return Err(UserError::CodeExpired.into());
    };
    let value = cx.services.vault.open_sealed(SealedFor::Message(&user.sub), sealed)?;
    if secret::are_equal(value.expose(), given.expose().as_bytes()) {
        return Ok(code.attribute.clone());
    }
    code.wrong += 1;
    if code.wrong >= WRONG_MAX {
        (code.value, code.wrong, code.blocked_until) = (None, 0, Some(later(now, BLOCKED)));
    }
    message::save(cx, letters).await?;
    Err(UserError::CodeMismatch.into())
}

/// As [`verify`], and the code is used up.
pub(super) async fn spend(
    cx: &mut Context<'_>,
    user: &User,
    purpose: CodePurpose,
    given: &Secret<String>,
) -> Result<String, Error> {
    let attribute = verify(cx, user, purpose, given).await?;
    void(cx, user, |code| code.purpose == purpose).await?;
    Ok(attribute)
}

/// Takes codes away, as when the address they were sent to is the user's no longer.
pub(super) async fn void(cx: &mut Context<'_>, user: &User, is_void: impl Fn(&Code) -> bool) -> Result<(), Error> {
    let mut letters = message::of_user(cx, user).await?;
    if !letters.codes.iter().any(&is_void) {
        return Ok(());
    }
    letters.codes.retain(|code| !is_void(code));
    message::save(cx, letters).await
}

fn unsent(purpose: CodePurpose, now: Timestamp) -> Code {
    Code {
        purpose,
        value: None,
        attribute: String::new(),
        expires: now,
        wrong: 0,
        blocked_until: None,
        asked_for: 0,
        counted_since: now,
    }
}

/// Lets go of what time has healed.
fn refresh(code: &mut Code, now: Timestamp) {
    code.blocked_until = code.blocked_until.filter(|until| now < *until);
    if now >= later(code.counted_since, COUNTED) {
        (code.asked_for, code.counted_since) = (0, now);
    }
}

/// How long a code is good (Amazon Cognito, "Verifying updates to email addresses and phone numbers" and "Recovering user
/// accounts").
const fn lifetime(purpose: CodePurpose) -> Duration {
    match purpose {
        CodePurpose::PasswordReset => Duration::from_hours(1),
        CodePurpose::SignUp | CodePurpose::Email | CodePurpose::PhoneNumber => Duration::from_hours(24),
    }
}

fn later(now: Timestamp, duration: Duration) -> Timestamp {
    let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_milliseconds(now.milliseconds().saturating_add(milliseconds))
}
