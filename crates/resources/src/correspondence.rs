//! What is sent to users: codes that they give back, and the messages in which codes and temporary passwords stand.

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant, Timestamp, UserPoolId};

/// What was sent to one user, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Correspondence {
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The pool.
    pub pool: UserPoolId,
    /// The subject of the user.
    pub sub: String,
    /// At most one code for each purpose.
    #[serde(default)]
    pub codes: Vec<Code>,
    /// The ids of the messages that are kept, newest last.
    #[serde(default)]
    pub messages: Vec<String>,
}

/// A code, and how often it was asked for and guessed at.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Code {
    /// What it is for.
    pub purpose: CodePurpose,
    /// The code under the store's data key; `None` once it is void.
    #[serde(default)]
    pub value: Option<Sealed>,
    /// The attribute it was sent to.
    pub attribute: String,
    /// Until when it is good.
    pub expires: Timestamp,
    /// Wrong codes since the last right one.
    #[serde(default)]
    pub wrong: u32,
    /// Until when no code is looked at or sent, after too many wrong ones.
    #[serde(default)]
    pub blocked_until: Option<Timestamp>,
    /// How many the user asked for since [`Self::counted_since`].
    #[serde(default)]
    pub asked_for: u32,
    /// Since when that is counted.
    #[serde(default)]
    pub counted_since: Timestamp,
}

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodePurpose {
    /// Confirming a sign-up.
    SignUp,
    /// Choosing a new password in place of a forgotten one.
    PasswordReset,
    /// Verifying an email address.
    Email,
    /// Verifying a phone number.
    PhoneNumber,
}

/// A message to a user, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The pool.
    pub pool: UserPoolId,
    /// Its id, in the order of time.
    pub id: String,
    /// The subject of the user.
    pub sub: String,
    /// The username of the user.
    pub username: String,
    /// What made it be sent.
    pub trigger: MessageTrigger,
    /// How it would be sent.
    pub medium: Medium,
    /// Where to.
    pub destination: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// Its [`Content`] under the store's data key, because codes and passwords stand in it.
    pub content: Sealed,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its subject; `None` for a text message.
    #[serde(default)]
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
    /// The code or the temporary password in it.
    pub code: String,
}

/// What made a message be sent, in the words of AWS's custom message trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageTrigger {
    /// A user has signed up.
    SignUp,
    /// An administrator has created a user.
    AdminCreateUser,
    /// The code of a sign-up was asked for again.
    ResendCode,
    /// A password was forgotten.
    ForgotPassword,
    /// An address was changed.
    UpdateUserAttribute,
    /// The code for an address was asked for again.
    VerifyUserAttribute,
}

/// How a message is sent (`DeliveryMedium`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Medium {
    /// As an email.
    Email,
    /// As a text message.
    Sms,
}
