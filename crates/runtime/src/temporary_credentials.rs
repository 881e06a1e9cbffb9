//! Temporary credentials: access keys that end, each with a session token.
//!
//! Nothing of them is stored: the token is sealed and holds all there is to know, so that every node can read it, and
//! `AssumeRole`, which deploy tools call at every turn, writes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::random::LOWER_ALPHANUMERIC;
use claviger_resources::{AccountId, Random, Sealed, Secret, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access_keys::Principal;
use crate::vault::{SealedFor, Vault, VaultError};

/// What ids of temporary access keys start with (IAM, "Understanding unique ID prefixes").
pub(crate) const TEMPORARY: &str = "ASIA";
/// What ids of access keys start with that last.
pub(crate) const LASTING: &str = "AKIA";
/// Bytes of the secret of an access key: 40 characters, as AWS has them.
const SECRET_BYTES: usize = 30;
/// The digits that ids and secrets are written with (RFC 4648, section 6).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Bytes of the longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// An access key that ends, as it is given out.
pub struct TemporaryCredentials {
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Secret<String>,
    /// What each request must carry beside its signature.
    pub session_token: Secret<String>,
    /// When all this ends.
    pub expires: Timestamp,
}

/// Where the rights of a session come from, and what narrows them: it never has more than whoever made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// Whose rights they are at first.
    pub origin: Origin,
    /// Roles of ours that each narrow them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Session policies that each narrow them, as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
}

/// Whose rights a session has at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Nobody's in particular: it was made where everybody may do everything, and is worth nothing elsewhere.
    #[default]
    Unchecked,
    /// Those of this access key's role, for as long as the key is good.
    AccessKey(String),
    /// Those of the policies of this role of IAM: a function has them.
    IamRole(String),
}

/// What a token tells.
pub struct Session {
    /// The id of its access key.
    pub access_key_id: String,
    /// The secret of that.
    pub secret: Secret<String>,
    /// Who bears it.
    pub principal: Principal,
    /// When it ends.
    pub expires: Timestamp,
    /// What it may do.
    pub lineage: Lineage,
}

/// What a token holds.
#[derive(Serialize, Deserialize)]
struct Content {
    key: String,
    secret: String,
    account: AccountId,
    arn: String,
    id: String,
    expires: Timestamp,
    #[serde(default)]
    lineage: Lineage,
}

impl TemporaryCredentials {
    /// New credentials for a principal.
    pub fn issue(
        vault: &Vault,
        random: &mut dyn Random,
        principal: &Principal,
        lineage: Lineage,
        expires: Timestamp,
    ) -> Result<Self, VaultError> {
        let access_key_id = access_key_id(TEMPORARY, principal.account, random);
        let secret = secret_access_key(random);
        let content = Content {
            key: access_key_id.clone(),
            secret: secret.expose().clone(),
            account: principal.account,
            arn: principal.arn.clone(),
            id: principal.id.clone(),
            expires,
            lineage,
        };
        let plain = Secret::new(serde_json::to_vec(&content).unwrap_or_default());
        let sealed = vault.seal(SealedFor::SessionToken, plain.expose(), random)?;
        let session_token = Secret::new(STANDARD.encode(sealed.as_bytes()));
        Ok(Self { access_key_id, secret_access_key: secret, session_token, expires })
    }
}

/// Who bears a role's credentials under this session name; `None` for what is no ARN of a role. A role that nobody made has
/// an id all the same.
pub fn assumed(role_arn: &str, session_name: &str, id: Option<String>) -> Option<Principal> {
    let (account, name) = role(role_arn)?;
    let id = id.unwrap_or_else(|| unique_id("AROA", role_arn));
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session_name}");
    Some(Principal { account, arn, id: format!("{id}:{session_name}") })
}

/// The account and the name of the role of this ARN.
pub fn role(arn: &str) -> Option<(AccountId, &str)> {
    let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    let account = AccountId::parse(account).ok()?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some((account, name))
}

/// The unique id of what nobody gave one, told by its ARN.
pub(crate) fn unique_id(prefix: &str, arn: &str) -> String {
    // FNV-1a over the ARN, twice as wide as an id needs.
    let hash = arn.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let digits = (0..17).scan(hash, |rest, _| {
        let digit = LOWER_ALPHANUMERIC.get((*rest % 36) as usize).copied();
        *rest /= 36;
        digit.map(|digit| char::from(digit).to_ascii_uppercase())
    });
    prefix.chars().chain(digits).collect()
}

/// What a session token tells that was given out here. `None` for tokens that were not.
pub fn read(vault: &Vault, token: &str) -> Option<Session> {
    let bytes =
        Some(token).filter(|token| token.len() <= TOKEN_BYTES_MAX).and_then(|token| STANDARD.decode(token).ok())?;
    let plain = vault.open_sealed(SealedFor::SessionToken, &Sealed::from_bytes(bytes)).ok()?;
    let content: Content = serde_json::from_slice(plain.expose()).ok()?;
    Some(Session {
        access_key_id: content.key,
        secret: Secret::new(content.secret),
        principal: Principal { account: content.account, arn: content.arn, id: content.id },
        expires: content.expires,
        lineage: content.lineage,
    })
}

/// The account that the id of an access key tells: AWS writes it into the first bits of newer ids, and so do we.
pub fn account_of(access_key_id: &str) -> Option<AccountId> {
    let digits = access_key_id.strip_prefix(TEMPORARY).or_else(|| access_key_id.strip_prefix(LASTING))?;
    // 1 bit that says nothing, 40 of the account, 39 of chance.
    let bits = digits.get(..16).filter(|_| digits.len() == 16)?.bytes().try_fold(0_u128, |bits, digit| {
        let value = BASE32.iter().position(|known| *known == digit)?;
        Some(bits << 5 | value as u128)
    })?;
    AccountId::parse(&format!("{:012}", bits >> 39 & 0xff_ffff_ffff)).ok()
}

/// A secret for an access key.
pub(crate) fn secret_access_key(random: &mut dyn Random) -> Secret<String> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; SECRET_BYTES]);
    random.fill(&mut *bytes);
    Secret::new(STANDARD.encode(*bytes))
}

/// An id for an access key of an account.
pub(crate) fn access_key_id(prefix: &str, account: AccountId, random: &mut dyn Random) -> String {
    let mut chance = [0_u8; 16];
    random.fill(&mut chance);
    let account: u128 = account.as_str().parse().unwrap_or_default();
    let chance = u128::from_be_bytes(chance) & ((1 << 39) - 1);
    let bits = 1 << 79 | account << 39 | chance;
    let digits = (0..16).rev().filter_map(|place| BASE32.get((bits >> (place * 5) & 31) as usize));
    prefix.chars().chain(digits.map(|digit| char::from(*digit))).collect()
}

#[cfg(test)]
mod tests {
    use claviger_testkit::SeededRandom;

    use super::*;
    use crate::vault::{KEY_BYTES, MasterKey};

    fn vault(byte: u8) -> Vault {
        let master = MasterKey::new(&Secret::new(vec![byte; KEY_BYTES])).unwrap();
        Vault::create(&master, &mut SeededRandom::new(byte.into())).unwrap().0
    }

    #[test]
    fn a_token_tells_the_vault_that_sealed_it_everything() {
        let account = AccountId::parse("999999999999").unwrap();
        let arn = "arn:aws:sts::999999999999:assumed-role/deploy/ada";
        let principal = Principal { account, arn: arn.to_owned(), id: "AROA:ada".to_owned() };
        let expires = Timestamp::from_seconds(1_893_459_600);
        let lineage = Lineage {
            origin: Origin::AccessKey("AKIAQNZGKIQY56JQ7WML".to_owned()),
            roles: vec!["auditor".to_owned()],
            policies: vec!["{}".to_owned()],
        };
        let issue = |lineage| {
            TemporaryCredentials::issue(&vault(1), &mut SeededRandom::new(1), &principal, lineage, expires).unwrap()
        };
        let given = issue(lineage.clone());
        assert_eq!((given.access_key_id.len(), given.secret_access_key.expose().len()), (20, 40));
        assert_eq!(account_of(&given.access_key_id), Some(account));
        let session = read(&vault(1), given.session_token.expose()).unwrap();
        assert_eq!((session.access_key_id, session.principal), (given.access_key_id, principal.clone()));
        assert_eq!(session.secret.expose(), given.secret_access_key.expose());
        assert_eq!((session.expires, session.lineage), (expires, lineage));
        assert!(read(&vault(2), given.session_token.expose()).is_none());
        for other in ["", "x", "FwoGZXIvYXdzEBYaDPcQ", &"A".repeat(TOKEN_BYTES_MAX + 4)] {
            assert!(read(&vault(1), other).is_none());
        }
    }

    #[test]
    fn only_ids_of_access_keys_tell_an_account() {
        let check = |id: &str, expected: Option<&str>| {
            assert_eq!(account_of(id).as_ref().map(AccountId::as_str), expected, "{id}");
        };
        check("ASIAQNZGKIQY56JQ7WML", Some("029608264753"));
        check("AKIAQNZGKIQY56JQ7WML", Some("029608264753"));
        check("AKIAIOSFODNN7EXAMPL0", None);
        check("ASIA", None);
        check("test", None);
        check("000000000000", None);
    }

    #[test]
    fn a_role_is_assumed_by_its_arn() {
        let check = |arn: &str, expected: Option<&str>| {
            let assumed = assumed(arn, "ada", None);
            assert_eq!(assumed.map(|principal| principal.arn).as_deref(), expected, "{arn}");
        };
        check("arn:aws:iam::111122223333:role/deploy", Some("arn:aws:sts::111122223333:assumed-role/deploy/ada"));
        check("arn:aws:iam::111122223333:role/a/b/deploy", Some("arn:aws:sts::111122223333:assumed-role/deploy/ada"));
        check("arn:aws:iam::111122223333:user/deploy", None);
        check("arn:aws:iam::1:role/deploy", None);
        check("arn:aws:iam::111122223333:role/", None);
        check("deploy", None);
    }

    #[test]
    fn a_role_s_id_is_its_own() {
        let id = unique_id("AROA", "arn:aws:iam::111122223333:role/deploy");
        assert_eq!((id.len(), id.starts_with("AROA")), (21, true));
        assert_eq!(id, unique_id("AROA", "arn:aws:iam::111122223333:role/deploy"));
        assert_ne!(id, unique_id("AROA", "arn:aws:iam::111122223333:role/deploys"));
        assert!(id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    }
}
