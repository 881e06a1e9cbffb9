//! Access keys: whose signatures open `AWS_IAM` methods.
//!
//! This is the port through which keys reach the gate. Nothing fills it from the store yet: keys are handed in when a node
//! starts.

use std::collections::HashMap;

use claviger_resources::{AccountId, Secret, Timestamp};

/// The access keys that are known, and what becomes of the others.
#[derive(Default)]
pub struct AccessKeys {
    known: HashMap<String, AccessKey>,
    unknown: UnknownKeys,
}

/// A known access key.
pub struct AccessKey {
    /// The secret that signatures are made with.
    pub secret: Secret<String>,
    /// Whose it is.
    pub principal: Principal,
    /// The session that it was made for, unless it is a key for long.
    pub session: Option<KeySession>,
}

/// The session of a temporary access key.
pub struct KeySession {
    /// The token that each request must carry.
    pub token: Secret<String>,
    /// When the session ends.
    pub expires: Timestamp,
}

/// Who an access key belongs to, in the words of `$context.identity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub account: AccountId,
    /// The Amazon Resource Name (`userArn`).
    pub arn: String,
    /// The id (`user`, `caller`): of an account's root its number, of others with the session's name after a colon.
    pub id: String,
}

/// What becomes of access keys that nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownKeys {
    /// They are refused.
    #[default]
    Refused,
    /// They are taken for the root of their account, whatever they sign: a key of 12 digits is its account's, every other of
    /// this one. For `claviger dev` alone.
    Root(AccountId),
}

/// An access key as it was found.
pub enum Found<'k> {
    /// A key whose signature must be right.
    Known(&'k AccessKey),
    /// A key that passes as this principal without a right signature.
    Passes(Principal),
    /// A key that nobody knows.
    Unknown,
}

impl AccessKeys {
    /// These keys by their ids, and what becomes of the others.
    pub fn new(known: impl IntoIterator<Item = (String, AccessKey)>, unknown: UnknownKeys) -> Self {
        Self { known: known.into_iter().collect(), unknown }
    }

    /// The access key with this id.
    pub fn find(&self, id: &str) -> Found<'_> {
        match (self.known.get(id), self.unknown) {
            (Some(key), _) => Found::Known(key),
            (None, UnknownKeys::Refused) => Found::Unknown,
            (None, UnknownKeys::Root(account)) => {
                Found::Passes(Principal::root(AccountId::parse(id).unwrap_or(account)))
            }
        }
    }
}

impl Principal {
    /// The root of an account.
    pub fn root(account: AccountId) -> Self {
        Self { account, arn: format!("arn:aws:iam::{account}:root"), id: account.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_checked_whatever_becomes_of_the_others() {
        let account = AccountId::parse("111122223333").unwrap();
        let key = || AccessKey {
            secret: Secret::new("secret".to_owned()),
            principal: Principal {
                account,
                arn: "arn:aws:iam::111122223333:user/ada".to_owned(),
                id: "AIDA".to_owned(),
            },
            session: None,
        };
        let check = |unknown: UnknownKeys, id: &str, expected: &str| {
            let keys = AccessKeys::new([("AKIA".to_owned(), key())], unknown);
            let found = match keys.find(id) {
                Found::Known(key) => format!("known {}", key.principal.arn),
                Found::Passes(principal) => format!("passes as {} {}", principal.arn, principal.id),
                Found::Unknown => "unknown".to_owned(),
            };
            assert_eq!(found, expected);
        };
        let dev = UnknownKeys::Root(AccountId::DEFAULT);
        for unknown in [UnknownKeys::Refused, dev] {
            check(unknown, "AKIA", "known arn:aws:iam::111122223333:user/ada");
        }
        check(UnknownKeys::Refused, "test", "unknown");
        check(UnknownKeys::Refused, "111122223333", "unknown");
        check(dev, "test", "passes as arn:aws:iam::000000000000:root 000000000000");
        check(dev, "111122223333", "passes as arn:aws:iam::111122223333:root 111122223333");
    }
}
