//! The filter of `ListUsers`: `attribute = "value"` or `attribute ^= "value"` (Amazon Cognito, "Managing and searching for
//! user accounts").

use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;

use super::configuration::texts;
use super::sign_in_name::{alias, key};
use super::user_error::UserError;

/// Which users are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserFilter {
    attribute: Searched,
    is_prefix: bool,
    value: String,
}

/// What can be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Searched {
    Username,
    Sub,
    /// `UserStatus`.
    UserStatus,
    /// Whether the user may sign in: `Enabled` or `Disabled`.
    Enabled,
    Attribute(&'static str),
}

/// The name under which one user at most is found, so that no other need be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OneUser {
    /// By its key.
    Key(String),
    /// By its subject.
    Sub(String),
    /// By one of its aliases.
    Alias(String),
}

const ATTRIBUTES: [&str; 6] = ["email", "phone_number", "name", "given_name", "family_name", "preferred_username"];

impl UserFilter {
    /// Reads a filter; quotation marks and backslashes inside the value are escaped with a backslash.
    pub(crate) fn parse(text: &str) -> Result<Self, UserError> {
        let (attribute, rest) = word(text.trim())?;
        let rest = rest.trim_start();
        let (is_prefix, rest) = match (rest.strip_prefix("^="), rest.strip_prefix('=')) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(UserError::Filter),
        };
        let value = quoted(rest.trim_start())?;
        let attribute = match attribute {
            "username" => Searched::Username,
            "sub" => Searched::Sub,
            "cognito:user_status" => Searched::UserStatus,
            "status" => Searched::Enabled,
            other => match ATTRIBUTES.into_iter().find(|name| *name == other) {
                Some(name) => Searched::Attribute(name),
                None => return Err(UserError::FilterAttribute(other.to_owned())),
            },
        };
        Ok(Self { attribute, is_prefix, value })
    }

    /// Whether a user is wanted.
    pub(super) fn matches(&self, pool: &UserPool, user: &User) -> bool {
        let compare = |value: &str, wanted: &str| {
            if self.is_prefix { value.starts_with(wanted) } else { value == wanted }
        };
        match self.attribute {
            Searched::Username => compare(&user.key, &key(pool, &self.value)),
            Searched::Sub => compare(&user.sub, &self.value),
            Searched::UserStatus => compare(user.status.as_str(), &self.value.to_uppercase()),
            Searched::Enabled => compare(if user.enabled { "Enabled" } else { "Disabled" }, &self.value),
            Searched::Attribute(name) => user.attributes.get(name).is_some_and(|value| compare(value, &self.value)),
        }
    }

    /// How the one user who can match is found.
    pub(super) fn one_user(&self, pool: &UserPool) -> Option<OneUser> {
        let is_among = |member, name| texts(&pool.configuration, member).any(|attribute| attribute == name);
        match self.attribute {
            _ if self.is_prefix => None,
            Searched::Username => Some(OneUser::Key(key(pool, &self.value))),
            Searched::Sub => Some(OneUser::Sub(self.value.clone())),
            // Beside a username, several users may have an address that none has verified.
            Searched::Attribute(name)
                if is_among("UsernameAttributes", name)
                    || (name == "preferred_username" && is_among("AliasAttributes", name)) =>
            {
                Some(OneUser::Alias(alias(pool, name, &self.value)))
            }
            _ => None,
        }
    }
}

/// The first word of a text, in quotation marks or not, and what follows it.
fn word(text: &str) -> Result<(&str, &str), UserError> {
    if let Some(rest) = text.strip_prefix('"') {
        return rest.split_once('"').ok_or(UserError::Filter);
    }
    let end = text.find(|character: char| character.is_whitespace() || matches!(character, '=' | '^' | '"'));
    match end.filter(|end| *end > 0) {
        Some(end) => Ok(text.split_at(end)),
        None => Err(UserError::Filter),
    }
}

fn quoted(text: &str) -> Result<String, UserError> {
    let mut characters = text.strip_prefix('"').ok_or(UserError::Filter)?.chars();
    let mut value = String::new();
    loop {
        match characters.next().ok_or(UserError::Filter)? {
            '"' => break,
            '\\' => value.push(characters.next().ok_or(UserError::Filter)?),
            other => value.push(other),
        }
    }
    if characters.all(char::is_whitespace) { Ok(value) } else { Err(UserError::Filter) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_filters_and_refuses_other_texts() {
        let check = |text: &str, expected: Result<(Searched, bool, &str), &str>| {
            let read = UserFilter::parse(text).map(|filter| (filter.attribute, filter.is_prefix, filter.value));
            let read = read.map_err(|error| error.to_string());
            let expected = expected.map(|(attribute, is_prefix, value)| (attribute, is_prefix, value.to_owned()));
            assert_eq!(read, expected.map_err(str::to_owned), "{text}");
        };
        let email = || Searched::Attribute("email");
        check(r#"email = "ada@example.com""#, Ok((email(), false, "ada@example.com")));
        check(r#"email="ada@example.com""#, Ok((email(), false, "ada@example.com")));
        check(r#" "email"  ^=  "ada" "#, Ok((email(), true, "ada")));
        check(r#"name = "say \"hi\" \\""#, Ok((Searched::Attribute("name"), false, r#"say "hi" \"#)));
        check(r#"username ^= """#, Ok((Searched::Username, true, "")));
        check(r#"sub = "x""#, Ok((Searched::Sub, false, "x")));
        check(r#"cognito:user_status = "Confirmed""#, Ok((Searched::UserStatus, false, "Confirmed")));
        check(r#"status = "Enabled""#, Ok((Searched::Enabled, false, "Enabled")));
        let unreadable = "Error while parsing filter.";
        for text in [
            "",
            "foo",
            "email",
            "email =",
            r#"email "x""#,
            r#"email = "x"#,
            "email = x",
            r#"= "x""#,
            r#"email = "x" y"#,
            r#"email != "x""#,
            r#"email = "x\"#,
        ] {
            check(text, Err(unreadable));
        }
        check(r#"custom:tenant = "x""#, Err("Invalid search attribute: custom:tenant"));
        check(r#"Email = "x""#, Err("Invalid search attribute: Email"));
    }
}
