//! The vault: the only place where secrets are sealed, opened and digested.
//!
//! A [`MasterKey`] that lives outside the store wraps two random keys that live in it (the [`Keyring`]): the data key, under
//! which client secrets and private keys are sealed with AES-256-GCM, and the digest key, under which client secrets are
//! digested with HMAC-SHA-256. Rotating the master key therefore only wraps the keyring anew.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use claviger_oauth::secret::{DigestKey, SecretDigest};
use claviger_resources::api_key::ApiKeyDigest;
use claviger_resources::keyring::Keyring;
use claviger_resources::{
    AccessKeyId, ApiKeyId, ClientCertificateId, ClientId, Random, Sealed, Secret, Tenant, UserPoolId,
};
use zeroize::Zeroizing;

/// Bytes of a master key, of the data key and of the digest key.
pub const KEY_BYTES: usize = 32;

const DATA_KEY_CONTEXT: &str = "claviger keyring: data key";
const DIGEST_KEY_CONTEXT: &str = "claviger keyring: digest key";

/// The key that wraps the store's keys; it is never stored beside them.
pub struct MasterKey(LessSafeKey);

/// The key that wraps the store's keys, and older ones that may still be found to wrap them.
pub struct MasterKeys {
    /// The one that is to wrap them.
    pub current: MasterKey,
    /// Older ones.
    pub older: Vec<MasterKey>,
}

/// The opened keys of a store.
pub struct Vault {
    data: LessSafeKey,
    digest: DigestKey,
}

/// What a sealed value is: bound into its seal, so that no sealed value can be put in another's place.
#[derive(Clone, Copy, Debug)]
pub enum SealedFor<'a> {
    /// A secret of this app client.
    ClientSecret(&'a ClientId),
    /// The value of this API key.
    ApiKey(&'a ApiKeyId),
    /// A private signing key of this user pool.
    SigningKey(&'a UserPoolId),
    /// The private key of this user pool's signing certificate.
    SigningCertificate(&'a UserPoolId),
    /// The private key of this client certificate.
    ClientCertificate(&'a ClientCertificateId),
    /// The password verifier of the user with this subject.
    SrpVerifier(&'a str),
    /// A code or a message for the user with this subject.
    Message(&'a str),
    /// The environment of the function with this ARN.
    FunctionEnvironment(&'a str),
    /// What is known of a resource of the stack with this id.
    StackResource(&'a str),
    /// The outputs, parameters and exports of the stack with this id, and what its change sets would change.
    Stack(&'a str),
    /// The value of the parameter with this ARN.
    Parameter(&'a str),
    /// The value of a version of a secret: the secret's ARN and the version's id.
    SecretVersion(&'a str),
    /// The secret of the access key with this id.
    AccessKey(&'a AccessKeyId),
    /// A refresh token: it is not stored but given out.
    RefreshToken,
    /// The token of temporary credentials, likewise.
    SessionToken,
    /// Where a user's sign-in stands between two requests: given out, too.
    Challenge,
}

/// Why the vault could not open something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The master key is not the one the store was made with.
    #[error("the master key does not fit this store; give the one it was made with")]
    WrongMasterKey,
    /// A sealed value was changed, or belongs to something else.
    #[error("a sealed value cannot be opened: it was changed, or belongs to something else")]
    Unreadable,
    /// Keys must be 32 bytes.
    #[error("a master key is 32 bytes")]
    KeyLength,
}

impl MasterKey {
    /// Takes 32 bytes as the master key.
    pub fn new(bytes: &Secret<Vec<u8>>) -> Result<Self, VaultError> {
        aead_key(bytes.expose()).map(Self)
    }
}

impl From<MasterKey> for MasterKeys {
    fn from(current: MasterKey) -> Self {
        Self { current, older: Vec::new() }
    }
}

impl MasterKeys {
    /// Opens the keys of a store; with them comes a keyring to keep instead when it was an older master key that opened
    /// them.
    pub fn open(&self, keyring: &Keyring, random: &mut dyn Random) -> Result<(Vault, Option<Keyring>), VaultError> {
        let opened = Opened::open(&self.current, keyring);
        if let Ok(opened) = opened {
            return Ok((opened.vault()?, None));
        }
        let opened = self.older.iter().find_map(|older| Opened::open(older, keyring).ok());
        let opened = opened.ok_or(VaultError::WrongMasterKey)?;
        Ok((opened.vault()?, Some(opened.wrap(&self.current, random)?)))
    }
}

/// The two keys of a store, in the clear.
struct Opened {
    data: Zeroizing<[u8; KEY_BYTES]>,
    digest: Zeroizing<[u8; KEY_BYTES]>,
}

impl Opened {
    fn open(master: &MasterKey, keyring: &Keyring) -> Result<Self, VaultError> {
        let open_one = |context, sealed| {
            let plain = open(&master.0, context, sealed).map_err(|_| VaultError::WrongMasterKey)?;
            let bytes = plain.expose().as_slice().try_into().map_err(|_| VaultError::KeyLength)?;
            Ok::<_, VaultError>(Zeroizing::new(bytes))
        };
        Ok(Self {
            data: open_one(DATA_KEY_CONTEXT, &keyring.data_key)?,
            digest: open_one(DIGEST_KEY_CONTEXT, &keyring.digest_key)?,
        })
    }

    fn wrap(&self, master: &MasterKey, random: &mut dyn Random) -> Result<Keyring, VaultError> {
        Ok(Keyring {
            data_key: seal(&master.0, DATA_KEY_CONTEXT, &*self.data, random)?,
            digest_key: seal(&master.0, DIGEST_KEY_CONTEXT, &*self.digest, random)?,
        })
    }

    fn vault(&self) -> Result<Vault, VaultError> {
        Ok(Vault { data: aead_key(&*self.data)?, digest: DigestKey::new(&self.digest) })
    }
}

impl Vault {
    /// Makes the keys of a new store, and the keyring to keep them in.
    pub fn create(master: &MasterKey, random: &mut dyn Random) -> Result<(Self, Keyring), VaultError> {
        let mut made = Opened { data: Zeroizing::default(), digest: Zeroizing::default() };
        random.fill(&mut *made.data);
        random.fill(&mut *made.digest);
        Ok((made.vault()?, made.wrap(master, random)?))
    }

    /// Opens the keys of an existing store.
    pub fn open(master: &MasterKey, keyring: &Keyring) -> Result<Self, VaultError> {
        Opened::open(master, keyring)?.vault()
    }

    /// Seals a value for its place.
    pub fn seal(&self, place: SealedFor<'_>, plain: &[u8], random: &mut dyn Random) -> Result<Sealed, VaultError> {
        seal(&self.data, &place.context(), plain, random)
    }

    /// Opens a value sealed for this place.
    pub fn open_sealed(&self, place: SealedFor<'_>, sealed: &Sealed) -> Result<Secret<Vec<u8>>, VaultError> {
        open(&self.data, &place.context(), sealed)
    }

    /// The digest against which a client's secret is checked.
    pub fn digest(&self, client: &ClientId, secret: &[u8]) -> SecretDigest {
        self.digest.digest(client.as_str(), secret)
    }

    /// The digest under which the value of an API key is found in its account and region.
    pub fn api_key_digest(&self, tenant: &Tenant, value: &[u8]) -> ApiKeyDigest {
        // No client id holds a space, so no digest of a client's secret can be one of an API key.
        let place = format!("API key {} {}", tenant.account, tenant.region);
        ApiKeyDigest::new(self.digest.digest(&place, value).0)
    }

    /// The key of those digests, for the token rules.
    pub fn digest_key(&self) -> &DigestKey {
        &self.digest
    }
}

impl SealedFor<'_> {
    fn context(self) -> String {
        match self {
            Self::ClientSecret(client) => format!("client secret of {client}"),
            Self::ApiKey(key) => format!("value of the API key {key}"),
            Self::SigningKey(pool) => format!("signing key of {pool}"),
            Self::ClientCertificate(id) => format!("key of the client certificate {id}"),
            Self::SigningCertificate(pool) => format!("key of the signing certificate of {pool}"),
            Self::SrpVerifier(sub) => format!("password verifier of {sub}"),
            Self::Message(sub) => format!("message to {sub}"),
            Self::FunctionEnvironment(arn) => format!("environment of {arn}"),
            Self::StackResource(stack) => format!("resource of the stack {stack}"),
            Self::Stack(stack) => format!("stack {stack}"),
            Self::Parameter(arn) => format!("value of {arn}"),
            Self::SecretVersion(version) => format!("value of the secret {version}"),
            Self::AccessKey(id) => format!("secret of the access key {id}"),
            Self::RefreshToken => "refresh token".to_owned(),
            Self::SessionToken => "session token".to_owned(),
            Self::Challenge => "challenge".to_owned(),
        }
    }
}

fn aead_key(bytes: &[u8]) -> Result<LessSafeKey, VaultError> {
    UnboundKey::new(&AES_256_GCM, bytes).map(LessSafeKey::new).map_err(|_| VaultError::KeyLength)
}

/// Nonce, ciphertext and tag, in this order. Nonces are random: the keys seal far fewer than 2^32 values.
fn seal(key: &LessSafeKey, context: &str, plain: &[u8], random: &mut dyn Random) -> Result<Sealed, VaultError> {
    let mut nonce = [0_u8; NONCE_LEN];
    random.fill(&mut nonce);
    let mut body = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut body)
        .map_err(|_| VaultError::Unreadable)?;
    Ok(Sealed::from_bytes([nonce.as_slice(), &body].concat()))
}

fn open(key: &LessSafeKey, context: &str, sealed: &Sealed) -> Result<Secret<Vec<u8>>, VaultError> {
    let (nonce, body) = sealed.as_bytes().split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Unreadable)?;
    let mut body = Zeroizing::new(body.to_vec());
    let plain = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context.as_bytes()), &mut body)
        .map_err(|_| VaultError::Unreadable)?;
    Ok(Secret::new(plain.to_vec()))
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region};
    use claviger_testkit::SeededRandom;

    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::new(&Secret::new(vec![byte; KEY_BYTES])).unwrap()
    }

    #[test]
    fn a_store_opens_with_its_own_master_key_only() {
        let (vault, keyring) = Vault::create(&master(1), &mut SeededRandom::new(1)).unwrap();
        let client = ClientId::parse("client").unwrap();
        let digest = vault.digest(&client, b"secret");
        let again = Vault::open(&master(1), &keyring).unwrap();
        assert!(again.digest(&client, b"secret") == digest);
        assert!(Vault::open(&master(2), &keyring).err() == Some(VaultError::WrongMasterKey));
    }

    #[test]
    fn an_older_master_key_opens_a_store_and_gives_way_to_the_newer() {
        let mut random = SeededRandom::new(1);
        let (vault, keyring) = Vault::create(&master(1), &mut random).unwrap();
        let client = ClientId::parse("client").unwrap();
        let keys = |current, older: &[u8]| MasterKeys {
            current: master(current),
            older: older.iter().copied().map(master).collect(),
        };
        let (_, none) = keys(1, &[2]).open(&keyring, &mut random).unwrap();
        assert!(none.is_none());
        let (opened, renewed) = keys(3, &[2, 1]).open(&keyring, &mut random).unwrap();
        assert!(opened.digest(&client, b"secret") == vault.digest(&client, b"secret"));
        let renewed = renewed.unwrap();
        assert!(Vault::open(&master(3), &renewed).is_ok());
        assert!(Vault::open(&master(1), &renewed).err() == Some(VaultError::WrongMasterKey));
        assert!(keys(3, &[2]).open(&keyring, &mut random).err() == Some(VaultError::WrongMasterKey));
    }

    #[test]
    fn the_digest_of_an_api_key_is_one_account_s_and_no_client_secret_s() {
        let (vault, _) = Vault::create(&master(1), &mut SeededRandom::new(1)).unwrap();
        let tenant = |account: &str, region: &str| Tenant {
            account: AccountId::parse(account).unwrap(),
            region: Region::parse(region).unwrap(),
        };
        let here = tenant("000000000001", "eu-west-1");
        let digest = vault.api_key_digest(&here, b"value");
        assert!(digest == vault.api_key_digest(&here, b"value"));
        assert!(digest != vault.api_key_digest(&here, b"other"));
        assert!(digest != vault.api_key_digest(&tenant("000000000002", "eu-west-1"), b"value"));
        assert!(digest != vault.api_key_digest(&tenant("000000000001", "eu-west-2"), b"value"));
    }

    #[test]
    fn a_sealed_value_opens_in_its_place_only() {
        let mut random = SeededRandom::new(1);
        let (vault, _) = Vault::create(&master(1), &mut random).unwrap();
        let (one, two) = (ClientId::parse("one").unwrap(), ClientId::parse("two").unwrap());
        let sealed = vault.seal(SealedFor::ClientSecret(&one), b"secret", &mut random).unwrap();
        assert!(!sealed.as_bytes().windows(6).any(|window| window == b"secret"));
        assert_eq!(vault.open_sealed(SealedFor::ClientSecret(&one), &sealed).unwrap().expose(), b"secret");
        let refused = |place, sealed: &Sealed| vault.open_sealed(place, sealed).err() == Some(VaultError::Unreadable);
        assert!(refused(SealedFor::ClientSecret(&two), &sealed));
        let mut changed = sealed.as_bytes().to_vec();
        *changed.last_mut().unwrap() ^= 1;
        assert!(refused(SealedFor::ClientSecret(&one), &Sealed::from_bytes(changed)));
        assert!(refused(SealedFor::ClientSecret(&one), &Sealed::from_bytes(vec![1, 2, 3])));
    }
}
