//! How Cognito refuses what concerns users: in its own words, with the exception that carries each.

use super::user_attributes::Violations;

/// Why something about a user was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The password is not what the pool demands.
    #[error("Password did not conform with policy: {0}")]
    Password(PasswordFlaw),
    /// Nobody can sign in without a password, or with one alone, where the pool says otherwise.
    #[error("1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null")]
    PasswordMissing,

    /// Attributes that the pool does not have, or values it does not take.
    #[error("Attributes did not conform to the schema: {0}")]
    Schema(Violations),
    /// Attributes that stay as they are.
    #[error("{0}")]
    AttributeImmutable(Violations),
    /// An attribute that every user of the pool has.
    #[error("user.{0}: Required attribute cannot be deleted.\n")]
    AttributeRequired(String),
    /// The app client may not write the attribute.
    #[error("A client attempted to write unauthorized attribute")]
    AttributeUnauthorized,
    /// Not an email address.
    #[error("Invalid email address format.")]
    EmailFormat,
    /// Not a phone number of ITU-T E.164.
    #[error("Invalid phone number format.")]
    PhoneNumberFormat,
    /// Verified, and not there.
    #[error("Email is required to verify/un-verify an email")]
    EmailMissing,
    /// Verified, and not there.
    #[error("Phone Number is required to verify/un-verify a phone number")]
    PhoneNumberMissing,

    /// Administrators alone create users.
    #[error("SignUp is not permitted for this user pool")]
    SignUpNotPermitted,
    /// The username is of the form of an alias.
    #[error("Username cannot be of {form} format, since user pool is configured for {form} alias")]
    UsernameOfAliasFormat {
        /// Which form.
        form: &'static str,
    },
    /// The username is not of a form the pool signs users in with.
    #[error("Username should be {0}.")]
    UsernameFormat(&'static str),
    /// The username says one thing and the attribute another.
    #[error("The {0} attribute must be the username.")]
    UsernameIsNotAttribute(&'static str),
    /// Somebody has signed up under the name.
    #[error("User already exists")]
    UsernameTaken,
    /// The name is taken, as administrators read it.
    #[error("User account already exists")]
    UserExists,
    /// Somebody signs in with the attribute's value.
    #[error("An account with the given {0} already exists.")]
    UsernameAttributeTaken(String),
    /// Somebody signs in with the attribute's value, in a pool where users have usernames too.
    #[error("An account with the {0} already exists.")]
    AliasTaken(String),

    /// Somebody else signs in with what a user's attribute is to become.
    #[error("An account with the given {0} already exists.")]
    UsernameAttributeInUse(String),

    /// The client has a secret, and no hash was made with it.
    #[error("Client {0} is configured with secret but SECRET_HASH was not received")]
    SecretHashMissing(String),
    /// The hash was made with another secret, or of another name.
    #[error("Unable to verify secret hash for client {0}")]
    SecretHash(String),

    /// Nobody of that name, told to those who hold no credentials.
    #[error("Username/client id combination not found.")]
    UsernameNotFound,
    /// Administrators have disabled the user.
    #[error("User is disabled.")]
    Disabled,
    /// The sign-up is confirmed, or the user did not sign up.
    #[error("User cannot be confirmed. Current status is {0}")]
    CannotBeConfirmed(&'static str),
    /// There is nothing to resend.
    #[error("User is already confirmed.")]
    AlreadyConfirmed,
    /// No attribute of the user is verified by a code.
    #[error("Cannot resend codes. Auto verification not turned on.")]
    NotAutoVerified,
    /// An invitation is for who has not accepted one.
    #[error("Resend not possible. {0} status is not FORCE_CHANGE_PASSWORD")]
    ResendNotPossible(String),
    /// Passwords that were never the user's own cannot be forgotten.
    #[error("User password cannot be reset in the current state.")]
    PasswordNotResettable,
    /// A code can be sent nowhere.
    #[error("Cannot reset password for the user as there is no registered/verified email or phone_number")]
    NoRecoveryAddress,
    /// The pool leaves forgotten passwords to administrators.
    #[error("Contact administrator to reset password.")]
    AdministratorsReset,

    /// A wrong code.
    #[error("Invalid verification code provided, please try again.")]
    CodeMismatch,
    /// A code that was never sent, or too long ago, or is used up.
    #[error("Invalid code provided, please request a code again.")]
    CodeExpired,
    /// Too many wrong codes, or too many codes asked for.
    #[error("Attempt limit exceeded, please try after some time.")]
    AttemptLimit,

    /// Not a filter.
    #[error("Error while parsing filter.")]
    Filter,
    /// A filter by what cannot be searched.
    #[error("Invalid search attribute: {0}")]
    FilterAttribute(String),
    /// Attributes that the pool does not have are asked for.
    #[error("One or more requested attributes do not exist.")]
    AttributesToGet,

    /// The pool has a group of that name.
    #[error("A group with the name already exists.")]
    GroupExists,
    /// The pool has no group of that name.
    #[error("Group not found.")]
    GroupNotFound,
}

/// The first thing a password lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFlaw {
    /// Characters.
    #[error("Password not long enough")]
    TooShort,
    /// An upper-case letter.
    #[error("Password must have uppercase characters")]
    Uppercase,
    /// A lower-case letter.
    #[error("Password must have lowercase characters")]
    Lowercase,
    /// A digit.
    #[error("Password must have numeric characters")]
    Numbers,
    /// A symbol.
    #[error("Password must have symbol characters")]
    Symbols,
}

impl UserError {
    /// The exception that carries it; all of them are answered with status 400.
    pub(super) fn exception(&self) -> &'static str {
        match self {
            Self::Password(_) => "InvalidPasswordException",
            Self::AttributeUnauthorized
            | Self::SignUpNotPermitted
            | Self::SecretHashMissing(_)
            | Self::SecretHash(_)
            | Self::Disabled
            | Self::CannotBeConfirmed(_)
            | Self::PasswordNotResettable
            | Self::AdministratorsReset => "NotAuthorizedException",
            Self::UsernameTaken | Self::UserExists | Self::UsernameAttributeTaken(_) => "UsernameExistsException",
            Self::AliasTaken(_) | Self::UsernameAttributeInUse(_) => "AliasExistsException",
            Self::UsernameNotFound => "UserNotFoundException",
            Self::ResendNotPossible(_) => "UnsupportedUserStateException",
            Self::CodeMismatch => "CodeMismatchException",
            Self::CodeExpired => "ExpiredCodeException",
            Self::AttemptLimit => "LimitExceededException",
            Self::GroupExists => "GroupExistsException",
            Self::GroupNotFound => "ResourceNotFoundException",
            Self::PasswordMissing
            | Self::Schema(_)
            | Self::AttributeImmutable(_)
            | Self::AttributeRequired(_)
            | Self::EmailFormat
            | Self::PhoneNumberFormat
            | Self::EmailMissing
            | Self::PhoneNumberMissing
            | Self::UsernameOfAliasFormat { .. }
            | Self::UsernameFormat(_)
            | Self::UsernameIsNotAttribute(_)
            | Self::AlreadyConfirmed
            | Self::NotAutoVerified
            | Self::NoRecoveryAddress
            | Self::Filter
            | Self::FilterAttribute(_)
            | Self::AttributesToGet => "InvalidParameterException",
        }
    }

    /// Whether what was written before it stays: wrong codes are counted.
    pub(super) fn keeps_changes(&self) -> bool {
        matches!(self, Self::CodeMismatch | Self::AttemptLimit)
    }
}
