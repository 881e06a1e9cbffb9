//! Access keys: whose signatures open the control plane and `AWS_IAM` methods, and what they may do there.
//!
//! Keys come from the snapshot, so that no database is asked, and one that is revoked is refused as soon as the change has
//! reached the node. Temporary ones are read from their own tokens, and end with the key that they were made with.

use std::sync::Arc;

use claviger_gateway::policy::Policy;
use claviger_resources::access_key::AccessKey;
use claviger_resources::{AccessKeyId, AccountId, InvalidId, Random, Secret, Timestamp};

use crate::roles::{Rights, Roles};
use crate::snapshot::Snapshot;
use crate::temporary_credentials::{self, LASTING, Lineage, Origin, Session, TEMPORARY, unique_id};
use crate::vault::{SealedFor, Vault, VaultError};

/// The access keys of a node.
pub struct AccessKeys {
    vault: Arc<Vault>,
    roles: Arc<Roles>,
    unknown: UnknownKeys,
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
pub enum Found {
    /// A key whose signature must be right.
    Known(Box<KnownKey>),
    /// A key that passes as this principal without a right signature.
    Passes(Principal),
    /// A key that opens nothing.
    Useless(Useless),
}

/// A key that opens something.
pub struct KnownKey {
    /// The secret that signatures are made with.
    pub secret: Secret<String>,
    /// Whose it is.
    pub principal: Principal,
    /// What it may do.
    pub rights: Rights,
    /// Whether it is a session's.
    pub is_session: bool,
    /// What sessions that are made with it descend from.
    pub lineage: Lineage,
}

/// Why a key opens nothing. `Display` is the reason for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Useless {
    /// Nobody has it.
    #[error("the access key is not known")]
    Unknown,
    /// It was revoked, or it has ended.
    #[error("the access key is revoked or has expired")]
    Ended,
    /// It is a session's, and the session is over.
    #[error("the session of the access key has expired")]
    SessionOver,
    /// It is a session's, and the key that the session was made with is none any more.
    #[error("the access key that the session was made with is revoked, has expired or is gone")]
    OriginEnded,
    /// It comes with a session token that is not its own.
    #[error("the session token is not that of the access key")]
    Token,
    /// Its secret cannot be opened.
    #[error("the secret of the access key cannot be opened")]
    Sealed,
}

/// A new key, with its secret, which is shown this once.
pub struct NewKey {
    /// Its id.
    pub id: AccessKeyId,
    /// Its secret.
    pub secret: Secret<String>,
    /// The same, sealed.
    pub sealed: claviger_resources::Sealed,
}

/// Why there is no new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNewKey {
    /// Its id came out wrong.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// Its secret cannot be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl AccessKeys {
    /// Keys whose secrets this vault opens and that call in these roles, and what becomes of the others.
    pub fn new(vault: Arc<Vault>, roles: Arc<Roles>, unknown: UnknownKeys) -> Self {
        Self { vault, roles, unknown }
    }

    /// The roles in which keys call.
    pub fn roles(&self) -> &Arc<Roles> {
        &self.roles
    }

    /// The access key with this id, and with this session token where the request carries one.
    pub fn find(&self, snapshot: &Snapshot, id: &str, token: Option<&str>, now: Timestamp) -> Found {
        let found = match token.map(|token| temporary_credentials::read(&self.vault, token)) {
            Some(Some(session)) if session.access_key_id == id => self.session(snapshot, session, now),
            Some(_) if self.unknown == UnknownKeys::Refused => Err(Useless::Token),
            None if id.starts_with(TEMPORARY) && self.unknown == UnknownKeys::Refused => Err(Useless::Token),
            Some(_) | None => self.lasting(snapshot, id, now),
        };
        match (found, self.unknown) {
            (Ok(known), _) => Found::Known(Box::new(known)),
            (Err(Useless::Unknown), UnknownKeys::Root(account)) => {
                Found::Passes(Principal::root(AccountId::parse(id).unwrap_or(account)))
            }
            (Err(useless), _) => Found::Useless(useless),
        }
    }

    fn lasting(&self, snapshot: &Snapshot, id: &str, now: Timestamp) -> Result<KnownKey, Useless> {
        let key = snapshot.access_key(id).ok_or(Useless::Unknown)?;
        if !key.is_good(now) {
            return Err(Useless::Ended);
        }
        let secret = self.vault.open_sealed(SealedFor::AccessKey(&key.id), &key.sealed).map_err(|_| Useless::Sealed)?;
        let secret = std::str::from_utf8(secret.expose()).map_err(|_| Useless::Sealed)?;
        let lineage = Lineage { origin: Origin::AccessKey(id.to_owned()), ..Lineage::default() };
        Ok(KnownKey {
            secret: Secret::new(secret.to_owned()),
            principal: Principal::user(key),
            rights: Rights::AllOf(self.role(key.role.as_str()).into_iter().collect()),
            is_session: false,
            lineage,
        })
    }

    fn session(&self, snapshot: &Snapshot, session: Session, now: Timestamp) -> Result<KnownKey, Useless> {
        if session.expires <= now {
            return Err(Useless::SessionOver);
        }
        let narrowed = self.narrowed(&session.lineage);
        let rights = match &session.lineage.origin {
            Origin::Unchecked if self.unknown == UnknownKeys::Refused => return Err(Useless::Token),
            Origin::Unchecked => Rights::Everything,
            Origin::AccessKey(id) => {
                let key = snapshot.access_key(id).filter(|key| key.is_good(now)).ok_or(Useless::OriginEnded)?;
                // A role that is gone allows nothing, and so does what narrows it.
                let role = self.role(key.role.as_str());
                Rights::AllOf(role.map(|role| std::iter::once(role).chain(narrowed).collect()).unwrap_or_default())
            }
            Origin::IamRole(_) if self.unknown != UnknownKeys::Refused => Rights::Everything,
            Origin::IamRole(arn) => Rights::OfIamRole { role: snapshot.iam_rights(arn), narrowed },
        };
        let Session { secret, principal, lineage, .. } = session;
        Ok(KnownKey { secret, principal, rights, is_session: true, lineage })
    }

    /// What narrows a session. A role that is gone, and a policy that cannot be read, allow nothing.
    fn narrowed(&self, lineage: &Lineage) -> Vec<Arc<Policy>> {
        let roles = lineage.roles.iter().map(|name| self.role(name).unwrap_or_default());
        let read = |text: &String| Policy::parse(text).map(Arc::new).unwrap_or_default();
        roles.chain(lineage.policies.iter().map(read)).collect()
    }

    fn role(&self, name: &str) -> Option<Arc<Policy>> {
        self.roles.policy(name).map(Arc::clone)
    }
}

impl NewKey {
    /// A new key for an account.
    pub fn generate(vault: &Vault, random: &mut dyn Random, account: AccountId) -> Result<Self, NoNewKey> {
        let id = AccessKeyId::parse(&temporary_credentials::access_key_id(LASTING, account, random))?;
        let secret = temporary_credentials::secret_access_key(random);
        let sealed = vault.seal(SealedFor::AccessKey(&id), secret.expose().as_bytes(), random)?;
        Ok(Self { id, secret, sealed })
    }
}

impl Principal {
    /// The root of an account.
    pub fn root(account: AccountId) -> Self {
        Self { account, arn: format!("arn:aws:iam::{account}:root"), id: account.to_string() }
    }

    /// The user of an access key.
    fn user(key: &AccessKey) -> Self {
        let arn = key.user_arn();
        Self { account: key.tenant.account, id: unique_id("AIDA", &arn), arn }
    }
}

#[cfg(test)]
mod tests {
    use claviger_gateway::policy::Decision;
    use claviger_resources::access_key::AccessKeyStatus;
    use claviger_resources::{RoleName, Secret};
    use claviger_store::{Revision, TransactionExt};
    use claviger_testkit::{SeededRandom, memory_store};

    use super::*;
    use crate::issuers::Issuers;
    use crate::snapshot::Builder;
    use crate::temporary_credentials::TemporaryCredentials;
    use crate::vault::{KEY_BYTES, MasterKey};

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    struct World {
        vault: Arc<Vault>,
        snapshot: Snapshot,
    }

    impl World {
        /// A snapshot with keys of the role `auditor`: one that is good, one that is revoked, one that ends at 2,000 s, and
        /// one whose role is gone.
        async fn new() -> (Self, Vec<NewKey>) {
            let master = MasterKey::new(&Secret::new(vec![1; KEY_BYTES])).unwrap();
            let vault = Arc::new(Vault::create(&master, &mut SeededRandom::new(1)).unwrap().0);
            let account = AccountId::parse("111122223333").unwrap();
            let mut random = SeededRandom::new(2);
            let store = memory_store();
            let mut tx = store.write().await.unwrap();
            let mut keys = Vec::new();
            let (active, inactive) = (AccessKeyStatus::Active, AccessKeyStatus::Inactive);
            for (role, status, expires) in [
                ("auditor", active, None),
                ("auditor", inactive, None),
                ("auditor", active, Some(2_000)),
                ("gone", active, None),
            ] {
                let new = NewKey::generate(&vault, &mut random, account).unwrap();
                let key = AccessKey {
                    id: new.id.clone(),
                    tenant: AccessKey::tenant_of(account),
                    user_name: "ci".to_owned(),
                    role: RoleName::parse(role).unwrap(),
                    description: None,
                    sealed: new.sealed.clone(),
                    status,
                    created: NOW,
                    expires: expires.map(Timestamp::from_seconds),
                    rotated_from: None,
                };
                tx.insert(&key).await.unwrap();
                keys.push(new);
            }
            let revision: Revision = tx.commit().await.unwrap();
            assert!(revision > Revision::default());
            let snapshot = Builder::new(Issuers::Aws).load(&mut *store.read().await.unwrap()).await.unwrap();
            (Self { vault, snapshot }, keys)
        }

        fn find(&self, unknown: UnknownKeys, id: &str, token: Option<&str>, seconds: i64) -> String {
            let keys = AccessKeys::new(Arc::clone(&self.vault), Arc::default(), unknown);
            match keys.find(&self.snapshot, id, token, Timestamp::from_seconds(seconds)) {
                Found::Known(key) => format!("known {} {:?}", key.principal.arn, policies(&key.rights)),
                Found::Passes(principal) => format!("passes as {} {}", principal.arn, principal.id),
                Found::Useless(useless) => useless.to_string(),
            }
        }

        fn session(&self, lineage: Lineage) -> TemporaryCredentials {
            let account = AccountId::parse("111122223333").unwrap();
            let arn = "arn:aws:sts::111122223333:assumed-role/deploy/ada".to_owned();
            let principal = Principal { account, arn, id: "AROA:ada".to_owned() };
            let expires = Timestamp::from_seconds(3_000);
            TemporaryCredentials::issue(&self.vault, &mut SeededRandom::new(3), &principal, lineage, expires).unwrap()
        }
    }

    /// How many policies there are that must allow something.
    fn policies(rights: &Rights) -> Option<usize> {
        match rights {
            Rights::Everything => None,
            Rights::AllOf(policies) => Some(policies.len()),
            Rights::OfIamRole { narrowed, .. } => Some(narrowed.len()),
        }
    }

    #[tokio::test]
    async fn known_keys_are_checked_whatever_becomes_of_the_others() {
        let (world, keys) = World::new().await;
        let ended = "the access key is revoked or has expired";
        let user = "known arn:aws:iam::111122223333:user/ci Some(1)";
        for unknown in [UnknownKeys::Refused, UnknownKeys::Root(AccountId::DEFAULT)] {
            let check = |place: usize, seconds: i64, expected: &str| {
                assert_eq!(
                    world.find(unknown, keys[place].id.as_str(), None, seconds),
                    expected,
                    "{place} {unknown:?}"
                );
            };
            check(0, 1_000, user);
            check(1, 1_000, ended);
            check(2, 1_999, user);
            check(2, 2_000, ended);
            check(3, 1_000, "known arn:aws:iam::111122223333:user/ci Some(0)");
        }
        let key = AccessKeys::new(Arc::clone(&world.vault), Arc::default(), UnknownKeys::Refused);
        let Found::Known(known) = key.find(&world.snapshot, keys[0].id.as_str(), None, NOW) else { panic!("unknown") };
        assert_eq!(known.secret.expose(), keys[0].secret.expose());
        assert_eq!(keys[0].secret.expose().len(), 40);
    }

    #[tokio::test]
    async fn a_key_that_nobody_knows_is_root_in_dev_and_refused_elsewhere() {
        let (world, _) = World::new().await;
        let check = |unknown: UnknownKeys, id: &str, token: Option<&str>, expected: &str| {
            assert_eq!(world.find(unknown, id, token, 1_000), expected, "{id} {token:?}");
        };
        let (dev, token) = (UnknownKeys::Root(AccountId::DEFAULT), "the session token is not that of the access key");
        check(UnknownKeys::Refused, "test", None, "the access key is not known");
        check(UnknownKeys::Refused, "111122223333", None, "the access key is not known");
        check(UnknownKeys::Refused, "test", Some("token"), token);
        check(UnknownKeys::Refused, "ASIAQNZGKIQY56JQ7WML", None, token);
        for token in [None, Some("token")] {
            check(dev, "test", token, "passes as arn:aws:iam::000000000000:root 000000000000");
            check(dev, "111122223333", token, "passes as arn:aws:iam::111122223333:root 111122223333");
        }
    }

    #[tokio::test]
    async fn a_session_has_what_its_origin_has_and_ends_with_it() {
        let (world, keys) = World::new().await;
        let of = |place: usize| Lineage { origin: Origin::AccessKey(keys[place].id.to_string()), ..Lineage::default() };
        let check = |lineage: Lineage, unknown: UnknownKeys, seconds: i64, expected: &str| {
            let given = world.session(lineage);
            let found = world.find(unknown, &given.access_key_id, Some(given.session_token.expose()), seconds);
            assert_eq!(found.replace("arn:aws:sts::111122223333:assumed-role/deploy/ada ", ""), expected);
        };
        let (locked, dev) = (UnknownKeys::Refused, UnknownKeys::Root(AccountId::DEFAULT));
        let narrowed = Lineage { roles: vec!["admin".into(), "gone".into()], policies: vec!["{".into()], ..of(0) };
        let ended = "the access key that the session was made with is revoked, has expired or is gone";
        check(of(0), locked, 1_000, "known Some(1)");
        check(of(0), locked, 3_000, "the session of the access key has expired");
        check(narrowed, locked, 1_000, "known Some(4)");
        check(of(1), locked, 1_000, ended);
        check(of(2), locked, 1_000, "known Some(1)");
        check(of(2), locked, 2_000, ended);
        check(Lineage { roles: vec!["admin".into()], ..of(3) }, locked, 1_000, "known Some(0)");
        let role = Lineage { origin: Origin::IamRole("arn:aws:iam::1:role/f".into()), ..Lineage::default() };
        check(role.clone(), locked, 1_000, "known Some(0)");
        check(role, dev, 1_000, "known None");
        check(Lineage::default(), dev, 1_000, "known None");
        // What was made where everybody may do everything is worth nothing elsewhere.
        check(Lineage::default(), locked, 1_000, "the session token is not that of the access key");
        // A token of another key's.
        let given = world.session(of(0));
        let token = given.session_token.expose().as_str();
        assert_eq!(
            world.find(locked, keys[0].id.as_str(), Some(token), 1_000),
            "the session token is not that of the access key"
        );
        assert_eq!(Policy::default().decide(&question()), Decision::NotAllowed);
    }

    fn question() -> claviger_gateway::policy::Question<'static> {
        use claviger_gateway::policy::{Asker, Circumstances, Question};
        static CIRCUMSTANCES: Circumstances<'static> = Circumstances {
            source_ip: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            now: NOW,
            secure: true,
            user_agent: None,
            referer: None,
        };
        Question { asker: Asker::Bearer, action: "a:B", resource: "*", circumstances: &CIRCUMSTANCES }
    }
}
