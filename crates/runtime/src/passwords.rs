//! Passwords of users: made into what is kept of them, and checked against it.
//!
//! Argon2id (RFC 9106) takes tens of milliseconds and megabytes on purpose. It runs on threads that answer nobody, and on
//! no more of them at a time than there are processors, so that a storm of sign-ins waits in line instead of starving the
//! rest of the node.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use claviger_oauth::srp;
use claviger_resources::user::Password;
use claviger_resources::{Random, Secret, Timestamp, UserPoolId};
use tokio::sync::Semaphore;

use crate::vault::{SealedFor, Vault, VaultError};

/// Kibibytes, passes and lanes of a hash (OWASP, "Password Storage Cheat Sheet").
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Bytes of a hash's salt.
const SALT_BYTES: usize = 16;
/// The hash of no password, of the same cost: who has none takes as long to refuse.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Makes and checks passwords.
pub struct Passwords {
    vault: Arc<Vault>,
    places: Arc<Semaphore>,
}

/// Whose password it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The pool.
    pub pool: &'a UserPoolId,
    /// The username, as the user's record has it.
    pub username: &'a str,
    /// The subject.
    pub sub: &'a str,
}

/// What a client sent to prove a password (see [`srp::Proof`]).
pub struct Evidence {
    /// What the server gave to be sent back.
    pub secret_block: Vec<u8>,
    /// The client's time.
    pub timestamp: String,
    /// The client's signature.
    pub signature: Vec<u8>,
}

/// Why a password could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The vault could not seal it.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The hash function failed, or its thread is gone.
    #[error("the password cannot be hashed")]
    Hash,
}

impl Passwords {
    /// Passwords whose verifiers are sealed by `vault`.
    pub fn new(vault: Arc<Vault>) -> Self {
        let places = available_parallelism().map_or(1, usize::from);
        Self { vault, places: Arc::new(Semaphore::new(places)) }
    }

    /// What is kept of a new password.
    pub async fn make(
        &self,
        owner: Owner<'_>,
        password: &Secret<String>,
        random: &mut (dyn Random + '_),
        now: Timestamp,
    ) -> Result<Password, PasswordError> {
        let (mut salt, mut srp_salt) = ([0_u8; SALT_BYTES], [0_u8; srp::SALT_BYTES]);
        random.fill(&mut salt);
        random.fill(&mut srp_salt);
        srp_salt[0] |= 0x80;
        let (pool, username, clear) = (name_of(owner.pool).to_owned(), owner.username.to_owned(), password.clone());
        let work = move || {
            let hash =
                argon2()?.hash_password_with_salt(clear.expose().as_bytes(), &salt).map_err(|_| PasswordError::Hash)?;
            let verifier = srp::verifier(&pool, &username, clear.expose(), &srp_salt);
            Ok::<_, PasswordError>((hash.to_string(), verifier))
        };
        let (hash, verifier) = self.in_line(work).await??;
        Ok(Password {
            hash,
            srp: self.vault.seal(SealedFor::SrpVerifier(owner.sub), &verifier, random)?,
            srp_salt: format!("{:032x}", u128::from_be_bytes(srp_salt)),
            set: now,
        })
    }

    /// Whether this is the password that `kept` is kept of; without one it is not, and takes as long to say so.
    pub async fn matches(&self, kept: Option<&Password>, password: &Secret<String>) -> Result<bool, PasswordError> {
        let hash = kept.map_or(NOBODY, |kept| &kept.hash).to_owned();
        let clear = password.clone();
        let work =
            move || argon2().map(|argon2| argon2.verify_password(clear.expose().as_bytes(), hash.as_str()).is_ok());
        Ok(self.in_line(work).await?? & kept.is_some())
    }

    /// The server's half of a handshake about `kept`, the password of the user `owner`: salt and public number, as clients
    /// read them. Without a password it is about one that nobody knows, and every time the same.
    pub async fn challenge(
        &self,
        owner: Owner<'_>,
        kept: Option<&Password>,
        secret: [u8; srp::SECRET_BYTES],
    ) -> Result<(String, String), PasswordError> {
        let (salt, verifier) = self.verifier(owner, kept)?;
        let public = self.in_line(move || srp::Handshake { verifier: verifier.expose(), secret: &secret }.public());
        Ok((salt, public.await?))
    }

    /// Whether a client has proved in that handshake that it knows the password; one that nobody knows is never proved, and
    /// takes as long to say so.
    pub async fn proves(
        &self,
        owner: Owner<'_>,
        kept: Option<&Password>,
        handshake: ([u8; srp::SECRET_BYTES], srp::ClientNumber),
        evidence: Evidence,
    ) -> Result<bool, PasswordError> {
        let (_, verifier) = self.verifier(owner, kept)?;
        let (pool_name, username) = (name_of(owner.pool).to_owned(), owner.username.to_owned());
        let work = move || {
            let (secret, client) = handshake;
            let proof = srp::Proof {
                pool_name: &pool_name,
                username: &username,
                secret_block: &evidence.secret_block,
                timestamp: &evidence.timestamp,
                signature: &evidence.signature,
            };
            srp::Handshake { verifier: verifier.expose(), secret: &secret }.proves(&client, &proof)
        };
        Ok(self.in_line(work).await? & kept.is_some())
    }

    fn verifier(&self, owner: Owner<'_>, kept: Option<&Password>) -> Result<(String, Secret<Vec<u8>>), PasswordError> {
        if let Some(kept) = kept {
            let verifier = self.vault.open_sealed(SealedFor::SrpVerifier(owner.sub), &kept.srp)?;
            return Ok((kept.srp_salt.clone(), verifier));
        }
        let digest = |what: &str| {
            let nobody = format!("{}/{}", owner.pool, owner.username);
            // No client's id holds a space, so these are no digests of secrets.
            self.vault.digest_key().digest(&format!("{what} of nobody"), nobody.as_bytes()).0
        };
        let salt = digest("salt").first_chunk().copied().map(u128::from_be_bytes).unwrap_or_default() | 1 << 127;
        let verifier = digest("verifier").repeat(srp::NUMBER_BYTES / 32);
        Ok((format!("{salt:032x}"), Secret::new(verifier)))
    }

    async fn in_line<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| PasswordError::Hash)?;
        let work = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Hash)
    }
}

/// The part of a pool's id behind the underscore, which clients put before the username.
pub fn name_of(pool: &UserPoolId) -> &str {
    pool.as_str().rsplit_once('_').map_or("", |(_, name)| name)
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use claviger_resources::keyring::Keyring;
    use claviger_testkit::SeededRandom;

    use super::*;
    use crate::vault::{KEY_BYTES, MasterKey};

    fn passwords() -> (Passwords, Keyring) {
        let master = MasterKey::new(&Secret::new(vec![1; KEY_BYTES])).unwrap();
        let (vault, keyring) = Vault::create(&master, &mut SeededRandom::new(1)).unwrap();
        (Passwords::new(Arc::new(vault)), keyring)
    }

    #[tokio::test]
    async fn nobody_has_a_salt_that_stays_and_numbers_that_do_not() {
        let (passwords, _) = passwords();
        let pool = UserPoolId::parse("us-east-1_abc").unwrap();
        let challenge = async |username: &str, secret: u8| {
            let owner = Owner { pool: &pool, username, sub: "sub" };
            passwords.challenge(owner, None, [secret; srp::SECRET_BYTES]).await.unwrap()
        };
        let (salt, number) = challenge("eve", 1).await;
        assert!(salt.len() == 32 && salt.as_bytes()[0] >= b'8' && number.len() > 700, "{salt} {number}");
        assert_eq!(challenge("eve", 2).await.0, salt);
        assert_ne!(challenge("eve", 2).await.1, number);
        assert_ne!(challenge("bob", 1).await.0, salt);
    }

    #[tokio::test]
    async fn only_the_password_itself_matches() {
        let (passwords, _) = passwords();
        let pool = UserPoolId::parse("us-east-1_abc").unwrap();
        let owner = Owner { pool: &pool, username: "ada", sub: "sub" };
        let secret = |text: &str| Secret::new(text.to_owned());
        let kept = passwords.make(owner, &secret("Pass-w0rd"), &mut SeededRandom::new(2), Timestamp::default()).await;
        let kept = kept.unwrap();
        assert!(kept.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.hash);
        assert!(kept.srp_salt.len() == 32 && kept.srp_salt.as_bytes()[0] >= b'8');
        assert!(passwords.matches(Some(&kept), &secret("Pass-w0rd")).await.unwrap());
        for wrong in ["pass-w0rd", "", "Pass-w0rd "] {
            assert!(!passwords.matches(Some(&kept), &secret(wrong)).await.unwrap());
        }
        assert!(!passwords.matches(None, &secret("Pass-w0rd")).await.unwrap());
        let again = passwords.make(owner, &secret("Pass-w0rd"), &mut SeededRandom::new(3), Timestamp::default()).await;
        assert_ne!(again.unwrap().hash, kept.hash);
    }
}
