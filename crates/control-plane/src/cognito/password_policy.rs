//! What a pool demands of its users' passwords.

use claviger_resources::user_pool::UserPool;
use claviger_resources::{Random, Secret, random};

use super::configuration::{Configuration, is_true, number};
use super::user_error::{PasswordFlaw, UserError};
use super::user_pool_settings;

/// A pool's password policy, defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "AWS has one switch for each kind of character")]
pub struct PasswordPolicy {
    /// The fewest characters a password may have.
    pub minimum_length: usize,
    /// Whether one must be an upper-case letter.
    pub uppercase: bool,
    /// Whether one must be a lower-case letter.
    pub lowercase: bool,
    /// Whether one must be a digit.
    pub numbers: bool,
    /// Whether one must be a symbol.
    pub symbols: bool,
    /// For how many days a temporary password is good.
    pub temporary_days: i64,
}

/// What counts as a symbol (Amazon Cognito, "Adding user pool password requirements"); a space does inside a password.
const SYMBOLS: &[u8] = b"^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-";
/// The symbols of generated passwords: those that no message template, shell or table changes.
const GENERATED_SYMBOLS: &[u8] = b"^$*.?!@#%,:;_~=+-";
const UPPERCASE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWERCASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";
/// The fewest characters of a generated password, whatever the policy: with four kinds of them, past guessing.
const GENERATED_LENGTH_MIN: usize = 12;

impl PasswordPolicy {
    /// The policy of a pool.
    pub fn of(pool: &UserPool) -> Self {
        let shown = user_pool_settings::shown(pool);
        let whole = |member| number(&shown, &["Policies", "PasswordPolicy", member]);
        let required = |member| is_true(&shown, &["Policies", "PasswordPolicy", member]);
        Self {
            minimum_length: whole("MinimumLength").and_then(|length| usize::try_from(length).ok()).unwrap_or_default(),
            uppercase: required("RequireUppercase"),
            lowercase: required("RequireLowercase"),
            numbers: required("RequireNumbers"),
            symbols: required("RequireSymbols"),
            temporary_days: temporary_days(&shown),
        }
    }

    /// Refuses a password that does not conform, naming the first thing it lacks.
    pub fn check(&self, password: &Secret<String>) -> Result<(), UserError> {
        let password = password.expose();
        let lacks = |required: bool, kind: &[u8]| required && !password.bytes().any(|byte| kind.contains(&byte));
        let symbol = |byte: u8| SYMBOLS.contains(&byte) || byte == b' ';
        let flaw = if password.chars().count() < self.minimum_length {
            PasswordFlaw::TooShort
        } else if lacks(self.uppercase, UPPERCASE) {
            PasswordFlaw::Uppercase
        } else if lacks(self.lowercase, LOWERCASE) {
            PasswordFlaw::Lowercase
        } else if lacks(self.numbers, DIGITS) {
            PasswordFlaw::Numbers
        } else if self.symbols && !password.bytes().any(symbol) {
            PasswordFlaw::Symbols
        } else {
            return Ok(());
        };
        Err(UserError::Password(flaw))
    }

    /// A random password that conforms: of every kind of character one, whether demanded or not.
    pub fn generate(&self, random: &mut dyn Random) -> Secret<String> {
        let kinds = [UPPERCASE, LOWERCASE, DIGITS, GENERATED_SYMBOLS];
        let mut text: String = kinds.iter().map(|kind| random::text(random, kind, 1)).collect();
        let length = self.minimum_length.max(GENERATED_LENGTH_MIN);
        text += &random::text(random, &kinds.concat(), length.saturating_sub(text.len()));
        // The four that had to be there must not always stand first.
        let mut places: Vec<(u32, char)> = text
            .chars()
            .map(|character| {
                let mut place = [0_u8; 4];
                random.fill(&mut place);
                (u32::from_le_bytes(place), character)
            })
            .collect();
        places.sort_unstable();
        Secret::new(places.into_iter().map(|(_, character)| character).collect())
    }
}

/// Days a temporary password is good: the policy's, else those of the setting that was before it.
fn temporary_days(shown: &Configuration) -> i64 {
    number(shown, &["Policies", "PasswordPolicy", "TemporaryPasswordValidityDays"])
        .or_else(|| number(shown, &["AdminCreateUserConfig", "UnusedAccountValidityDays"]))
        .unwrap_or(7)
}

#[cfg(test)]
mod tests {
    use claviger_testkit::SeededRandom;

    use super::*;

    const AWS: PasswordPolicy = PasswordPolicy {
        minimum_length: 8,
        uppercase: true,
        lowercase: true,
        numbers: true,
        symbols: true,
        temporary_days: 7,
    };
    const LAX: PasswordPolicy =
        PasswordPolicy { minimum_length: 6, uppercase: false, lowercase: false, numbers: false, symbols: false, ..AWS };

    #[test]
    fn a_password_conforms_or_is_told_what_it_lacks() {
        let check = |policy: PasswordPolicy, password: &str, expected: &str| {
            let found = policy.check(&Secret::new(password.to_owned()));
            let found = found.err().map(|error| error.to_string()).unwrap_or_default();
            let expected = if expected.is_empty() {
                String::new()
            } else {
                format!("Password did not conform with policy: {expected}")
            };
            assert_eq!(found, expected, "{password}");
        };
        check(AWS, "Pass-w0rd", "");
        check(AWS, "Pass w0rd", "");
        check(AWS, "Pa-w0rd", "Password not long enough");
        check(AWS, "pass-w0rd", "Password must have uppercase characters");
        check(AWS, "PASS-W0RD", "Password must have lowercase characters");
        check(AWS, "Pass-word", "Password must have numeric characters");
        check(AWS, "Passw0rds", "Password must have symbol characters");
        check(AWS, "Passw0rd\u{a7}", "Password must have symbol characters");
        check(AWS, "", "Password not long enough");
        check(LAX, "aaaaaa", "");
        check(LAX, "aaaaa", "Password not long enough");
        check(LAX, "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", "");
        check(PasswordPolicy { symbols: true, ..LAX }, "aaaaaa", "Password must have symbol characters");
    }

    #[test]
    fn generated_passwords_conform_and_differ() {
        for minimum_length in [0, 8, 99] {
            let policy = PasswordPolicy { minimum_length, ..AWS };
            let of = |seed| policy.generate(&mut SeededRandom::new(seed)).expose().clone();
            for seed in 0..50 {
                let password = of(seed);
                assert!(policy.check(&Secret::new(password.clone())).is_ok(), "{password}");
                assert_eq!(password.len(), minimum_length.max(GENERATED_LENGTH_MIN));
                assert_ne!(password, of(seed + 1));
            }
        }
    }
}
