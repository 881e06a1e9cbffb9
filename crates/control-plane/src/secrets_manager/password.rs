//! Passwords that nobody could guess: `GetRandomPassword`.

use claviger_resources::random::text;
use claviger_resources::{Random, Secret};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Makes a password.
pub struct GetRandomPassword;

/// Characters of a password unless the caller says otherwise (AWS Secrets Manager API, `GetRandomPassword`).
const LENGTH: usize = 32;
const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
/// What counts as punctuation (same page).
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The members of `GetRandomPassword`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "AWS's members")]
pub struct GetRandomPasswordInput {
    /// How many characters it has.
    pub password_length: Option<usize>,
    /// Characters that it does not have.
    #[serde(default)]
    pub exclude_characters: String,
    /// Whether it has no digits.
    #[serde(default)]
    pub exclude_numbers: bool,
    /// Whether it has no punctuation.
    #[serde(default)]
    pub exclude_punctuation: bool,
    /// Whether it has no capital letters.
    #[serde(default)]
    pub exclude_uppercase: bool,
    /// Whether it has no small letters.
    #[serde(default)]
    pub exclude_lowercase: bool,
    /// Whether it may have spaces.
    #[serde(default)]
    pub include_space: bool,
    /// Whether it has something of each kind, as it does unless the caller says otherwise.
    pub require_each_included_type: Option<bool>,
}

/// A password. It is a secret, so it cannot be printed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRandomPasswordOutput {
    random_password: String,
}

impl Operation for GetRandomPassword {
    const NAME: &'static str = "GetRandomPassword";
    const ACCESS: Access = Access::Read;
    type Input = GetRandomPasswordInput;
    type Output = GetRandomPasswordOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(GetRandomPasswordOutput { random_password: generate(cx.random, input)?.expose().clone() })
    }
}

/// Makes a password.
pub fn generate(random: &mut dyn Random, rules: &GetRandomPasswordInput) -> Result<Secret<String>, Error> {
    let kinds = [
        (rules.exclude_lowercase, LOWERCASE),
        (rules.exclude_uppercase, UPPERCASE),
        (rules.exclude_numbers, NUMBERS),
        (rules.exclude_punctuation, PUNCTUATION),
        (!rules.include_space, " "),
    ];
    let kept = |characters: &str| -> Vec<u8> {
        characters.bytes().filter(|byte| !rules.exclude_characters.as_bytes().contains(byte)).collect()
    };
    let kinds = kinds.into_iter().filter(|(excluded, _)| !excluded).map(|(_, characters)| kept(characters));
    let kinds: Vec<Vec<u8>> = kinds.filter(|characters| !characters.is_empty()).collect();
    let all: Vec<u8> = kinds.concat();
    let length = rules.password_length.unwrap_or(LENGTH);
    let refuse = |message: &str| Err(Error::InvalidParameter(message.to_owned()));
    if all.is_empty() {
        return refuse("Every character is excluded, so that none is left for a password.");
    }
    let required = if rules.require_each_included_type.unwrap_or(true) { kinds } else { Vec::new() };
    if length < required.len() {
        return refuse("Password length is too short based on the required types.");
    }
    let mut password: Vec<char> = text(random, &all, length - required.len()).chars().collect();
    for characters in &required {
        let place = below(random, password.len() + 1);
        password.splice(place..place, text(random, characters, 1).chars());
    }
    Ok(Secret::new(password.into_iter().collect()))
}

/// A number below a bound that is not 0, each as likely as any other, or so nearly that nobody could tell.
fn below(random: &mut dyn Random, bound: usize) -> usize {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    usize::try_from(u64::from_le_bytes(bytes) % (bound as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use claviger_testkit::SeededRandom;
    use serde_json::{Value, json};

    use super::*;

    fn password(rules: Value) -> Result<String, String> {
        let rules = serde_json::from_value(rules).unwrap();
        let made = generate(&mut SeededRandom::new(1), &rules);
        made.map(|password| password.expose().clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_password_has_what_its_rules_say() {
        let check = |rules: Value, length: usize, allowed: &[&str]| {
            for seed in 0..20 {
                let parsed = serde_json::from_value(rules.clone()).unwrap();
                let made = generate(&mut SeededRandom::new(seed), &parsed).unwrap();
                let made = made.expose();
                assert_eq!(made.chars().count(), length, "{rules}: {made}");
                assert!(made.chars().all(|one| allowed.iter().any(|kind| kind.contains(one))), "{rules}: {made}");
                let each = rules.get("RequireEachIncludedType").is_none_or(|each| each == true);
                assert!(!each || allowed.iter().all(|kind| made.contains(|one| kind.contains(one))), "{rules}: {made}");
            }
        };
        check(json!({}), 32, &[LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION]);
        check(json!({"PasswordLength": 4}), 4, &[LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION]);
        check(json!({"ExcludePunctuation": true, "IncludeSpace": true}), 32, &[LOWERCASE, UPPERCASE, NUMBERS, " "]);
        check(json!({"ExcludeUppercase": true, "ExcludeNumbers": true}), 32, &[LOWERCASE, PUNCTUATION]);
        let rules = json!({"ExcludeCharacters": "abcdefghijklm0123456789\"@/\\", "ExcludePunctuation": true});
        check(rules, 32, &["nopqrstuvwxyz", UPPERCASE]);
        let all = json!({"PasswordLength": 1, "RequireEachIncludedType": false});
        check(all, 1, &[LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION]);
    }

    #[test]
    fn rules_that_no_password_can_follow_are_refused() {
        let short = "Password length is too short based on the required types.";
        assert_eq!(password(json!({"PasswordLength": 3})), Err(short.to_owned()));
        let none = json!({
            "ExcludeLowercase": true, "ExcludeUppercase": true, "ExcludeNumbers": true, "ExcludePunctuation": true,
        });
        let message = "Every character is excluded, so that none is left for a password.";
        assert_eq!(password(none), Err(message.to_owned()));
    }
}
