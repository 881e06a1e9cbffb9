//! The keys a pool signs with: one pair for access tokens, one for ID tokens, as Cognito has them.

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant, Timestamp, UserPoolId};

/// How long after a key has signed its last token that token may still be shown: the longest life of an access or ID token
/// (Cognito, "Access token expiration": one day), and an hour for clocks that disagree.
pub const LAST_TOKEN_SECONDS: i64 = 25 * 3_600;

/// How long a key is published before it signs, unless somebody says otherwise: longer than verifiers keep a key set that
/// they do not fetch again for a key id they do not know.
pub const PUBLICATION_SECONDS: i64 = 3_600;

/// The most keys of a pool at a time, those that only verify among them.
pub const KEYS_MAX: usize = 32;

/// The most days between two rotations.
pub const ROTATION_DAYS_MAX: u32 = 3_650;

/// The signing keys of a user pool, as they are stored. A pool exists before its keys do: making one takes long.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SigningKeys {
    /// The pool that signs with them.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// What was chosen for them.
    #[serde(default)]
    pub policy: KeyPolicy,
    /// The keys, in the order the key set publishes them.
    pub keys: Vec<SigningKeyRecord>,
}

/// What is chosen for the keys of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPolicy {
    /// What keys are made from now on.
    #[serde(default)]
    pub algorithm: SigningAlgorithm,
    /// After how many days a pair is replaced; `None` for never.
    #[serde(default)]
    pub rotation_days: Option<u32>,
}

/// One stored key pair.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SigningKeyRecord {
    /// The key id that tokens name.
    pub kid: String,
    /// Which tokens it signs.
    pub purpose: KeyPurpose,
    /// Its JWS algorithm (RFC 7518, section 3.1).
    pub algorithm: SigningAlgorithm,
    /// The public key as a JSON Web Key (RFC 7517), ready to publish: readable without opening the private half.
    pub jwk: String,
    /// The private key (PKCS #8 DER) under the store's data key.
    pub sealed: Sealed,
    /// When it was made.
    pub created: Timestamp,
    /// When it begins to sign; it is published before.
    #[serde(default)]
    pub signs_from: Timestamp,
    /// When the last token that it has signed is dead; `None` while no newer key is to follow it.
    #[serde(default)]
    pub retires: Option<Timestamp>,
}

/// Why a pool's keys cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pool has {KEYS_MAX} keys already; wait until the oldest have retired")]
pub struct TooManyKeys;

impl SigningKeys {
    /// Lets new keys sign from a moment on. Those before them verify until their last tokens are dead; those that have not
    /// begun by then never will, and go.
    pub fn rotate(&mut self, pair: Vec<SigningKeyRecord>, signs_from: Timestamp) -> Result<(), TooManyKeys> {
        self.keys.retain(|key| key.signs_from < signs_from);
        if self.keys.len() + pair.len() > KEYS_MAX {
            return Err(TooManyKeys);
        }
        let retires = after_seconds(signs_from, LAST_TOKEN_SECONDS);
        for key in &mut self.keys {
            key.retires = Some(key.retires.map_or(retires, |sooner| sooner.min(retires)));
        }
        self.keys.extend(pair.into_iter().map(|key| SigningKeyRecord { signs_from, retires: None, ..key }));
        Ok(())
    }

    /// Takes a key away at once: what it has signed is refused from then on. Tells whether it was there.
    pub fn remove(&mut self, kid: &str) -> bool {
        let before = self.keys.len();
        self.keys.retain(|key| key.kid != kid);
        self.keys.len() < before
    }

    /// The key that signs this now: the newest that has begun to.
    pub fn signer(&self, purpose: KeyPurpose, now: Timestamp) -> Option<&SigningKeyRecord> {
        let begun = self.keys.iter().filter(|key| key.purpose == purpose && key.signs_from <= now);
        begun.max_by_key(|key| key.signs_from)
    }

    /// Whether, for every purpose, there is a key that signs now and goes on until the next does.
    pub fn can_sign(&self, now: Timestamp) -> bool {
        [KeyPurpose::Access, KeyPurpose::Id].into_iter().all(|purpose| {
            let signs_on = |key: &SigningKeyRecord| {
                // It may sign as long as its last token will be verified.
                let until = key.retires.map(|retires| after_seconds(retires, -LAST_TOKEN_SECONDS));
                until.is_none_or(|until| until > now)
            };
            self.signer(purpose, now).is_some_and(signs_on)
        })
    }

    /// Takes away the keys whose last tokens are dead. Tells whether there were any.
    pub fn prune(&mut self, now: Timestamp) -> bool {
        let before = self.keys.len();
        self.keys.retain(|key| key.retires.is_none_or(|retires| retires > now));
        self.keys.len() < before
    }

    /// When the next pair is to be made; `None` when there is to be none.
    pub fn rotation_due(&self) -> Option<Timestamp> {
        let days = i64::from(self.policy.rotation_days?);
        let newest = self.keys.iter().map(|key| key.created).max()?;
        Some(after_seconds(newest, days * 24 * 3_600))
    }

    /// When something is to be done about them next, without anybody asking.
    pub fn next_change(&self) -> Option<Timestamp> {
        let retiring = self.keys.iter().filter_map(|key| key.retires);
        retiring.chain(self.rotation_due()).min()
    }
}

fn after_seconds(moment: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(moment.milliseconds().saturating_add(seconds.saturating_mul(1_000)))
}

/// Which tokens a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Access tokens.
    Access,
    /// ID tokens.
    Id,
}

/// A JWS algorithm we sign with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; RSA keys of 2048 bits.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Region};

    const HOUR: i64 = 3_600;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + hours * HOUR)
    }

    fn pair(name: &str, hours: i64) -> Vec<SigningKeyRecord> {
        let key = |purpose, letter: &str| SigningKeyRecord {
            kid: format!("{name}{letter}"),
            purpose,
            algorithm: SigningAlgorithm::Rs256,
            jwk: String::new(),
            sealed: Sealed::from_bytes(Vec::new()),
            created: at(hours),
            signs_from: at(hours),
            retires: None,
        };
        vec![key(KeyPurpose::Access, "a"), key(KeyPurpose::Id, "i")]
    }

    fn keys() -> SigningKeys {
        SigningKeys {
            pool: UserPoolId::parse("us-east-1_abcdefghi").unwrap(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            policy: KeyPolicy::default(),
            keys: pair("first", 0),
        }
    }

    fn shown(keys: &SigningKeys) -> String {
        let hours = |moment: Timestamp| (moment.seconds() - at(0).seconds()) / HOUR;
        let key = |key: &SigningKeyRecord| {
            let retires = key.retires.map_or("-".to_owned(), |retires| hours(retires).to_string());
            format!("{} {}..{retires}", key.kid, hours(key.signs_from))
        };
        keys.keys.iter().filter(|key| key.purpose == KeyPurpose::Access).map(key).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_key_verifies_until_its_last_token_is_dead() {
        let mut keys = keys();
        keys.rotate(pair("second", 10), at(12)).unwrap();
        assert_eq!(shown(&keys), "firsta 0..37, seconda 12..-");
        assert_eq!(keys.next_change(), Some(at(37)));
        assert!(!keys.prune(at(36)));
        assert!(keys.prune(at(37)));
        assert_eq!((shown(&keys), keys.next_change()), ("seconda 12..-".to_owned(), None));
    }

    #[test]
    fn keys_that_have_not_begun_give_way_to_those_that_begin_sooner() {
        let mut keys = keys();
        keys.rotate(pair("second", 10), at(20)).unwrap();
        keys.rotate(pair("third", 11), at(11)).unwrap();
        assert_eq!(shown(&keys), "firsta 0..36, thirda 11..-");
        keys.rotate(pair("fourth", 12), at(14)).unwrap();
        assert_eq!(shown(&keys), "firsta 0..36, thirda 11..39, fourtha 14..-");
    }

    #[test]
    fn a_key_that_is_taken_away_is_gone_at_once() {
        let mut keys = keys();
        assert!(!keys.remove("other") && keys.can_sign(at(0)));
        assert!(keys.remove("firsta") && !keys.can_sign(at(0)));
        keys.rotate(pair("second", 1), at(1)).unwrap();
        assert!(keys.can_sign(at(1)));
        assert_eq!(shown(&keys), "seconda 1..-");
    }

    #[test]
    fn a_key_that_only_verifies_does_not_sign_in_anothers_place() {
        let mut keys = keys();
        keys.rotate(pair("second", 1), at(2)).unwrap();
        assert!(keys.can_sign(at(1)), "the first signs until the second does");
        assert!(keys.can_sign(at(2)));
        assert!(keys.remove("seconda"));
        assert!(keys.can_sign(at(1)) && !keys.can_sign(at(2)));
        assert_eq!(keys.signer(KeyPurpose::Id, at(2)).unwrap().kid, "secondi");
    }

    #[test]
    fn a_rotation_is_due_so_many_days_after_the_last() {
        let mut keys = keys();
        assert_eq!((keys.rotation_due(), keys.next_change()), (None, None));
        keys.policy.rotation_days = Some(30);
        assert_eq!(keys.rotation_due(), Some(at(30 * 24)));
        keys.rotate(pair("second", 5), at(6)).unwrap();
        assert_eq!((keys.rotation_due(), keys.next_change()), (Some(at(30 * 24 + 5)), Some(at(31))));
    }

    #[test]
    fn there_is_a_bound_on_keys() {
        let mut keys = keys();
        let rounds = (1..100).take_while(|round| keys.rotate(pair("next", *round), at(*round)).is_ok()).count();
        assert_eq!((rounds, keys.keys.len()), (15, KEYS_MAX));
        assert_eq!(keys.rotate(pair("last", 100), at(100)), Err(TooManyKeys));
    }

    #[test]
    fn records_without_times_are_those_of_keys_that_sign() {
        let text = serde_json::to_string(&keys()).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value.as_object_mut().unwrap().remove("policy");
        for key in value["keys"].as_array_mut().unwrap() {
            key.as_object_mut().unwrap().retain(|name, _| name != "signs_from" && name != "retires");
        }
        let mut read: SigningKeys = serde_json::from_value(value).unwrap();
        assert_eq!(read.policy, KeyPolicy::default());
        assert!(read.keys.iter().all(|key| key.signs_from == Timestamp::default() && key.retires.is_none()));
        read.rotate(pair("second", 1), at(1)).unwrap();
        assert_eq!(read.keys.len(), 4);
    }
}
