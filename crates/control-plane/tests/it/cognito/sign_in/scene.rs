//! A pool that can sign, with clients and users.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use claviger_oauth::jose::{KeySet, SigningKey, Token, VerifyingKey, generate};
use claviger_oauth::secret_hash;
use claviger_resources::signing_key::{KeyPolicy, KeyPurpose, SigningAlgorithm, SigningKeyRecord, SigningKeys};
use claviger_resources::user::{Password, User, UserStatus};
use claviger_resources::{Clock, Secret, Tenant, UserPoolId};
use claviger_runtime::passwords::{Owner, Passwords};
use claviger_runtime::vault::SealedFor;
use claviger_store::{Stored, TransactionExt};
use claviger_testkit::SeededRandom;
use serde_json::{Value, json};

use crate::plane::{Plane, with};

pub(crate) const PASSWORD: &str = "Correct-Horse-7";
pub(crate) const NOT_AUTHORIZED: &str = "NotAuthorizedException";
pub(crate) const INVALID: &str = "InvalidParameterException";
pub(crate) const INCORRECT: &str = "Incorrect username or password.";

/// One pool.
pub(crate) struct Scene {
    pub(crate) plane: Plane,
    pub(crate) pool: UserPoolId,
}

/// An app client.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

/// Every flow that is served.
pub(crate) fn all_flows() -> Value {
    json!([
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_AUTH",
    ])
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with_pool(json!({})).await
    }

    /// A pool with these settings.
    pub(crate) async fn with_pool(settings: Value) -> Self {
        let plane = Plane::new();
        let created = plane.ok("CreateUserPool", with(settings, json!({"PoolName": "people"}))).await;
        let pool = UserPoolId::parse(created["UserPool"]["Id"].as_str().unwrap()).unwrap();
        put_keys(&plane, &pool).await;
        Self { plane, pool }
    }

    /// A client with every flow that is served, and these settings.
    pub(crate) async fn client(&self, settings: Value) -> Client {
        let input = json!({
            "UserPoolId": self.pool.as_str(), "ClientName": "web", "ExplicitAuthFlows": all_flows(),
        });
        let created = self.plane.ok("CreateUserPoolClient", with(input, settings)).await;
        let client = &created["UserPoolClient"];
        Client {
            id: client["ClientId"].as_str().unwrap().to_owned(),
            secret: client["ClientSecret"].as_str().map(str::to_owned),
        }
    }

    /// A confirmed user with the password, changed as told.
    pub(crate) async fn user(&self, username: &str, change: impl FnOnce(&mut User)) -> User {
        let sub = format!("00000000-0000-4000-8000-{:0>12}", username.len());
        let owner = Owner { pool: &self.pool, username, sub: &sub };
        let now = self.plane.clock.now();
        let password = Password { set: now, ..password(&self.plane, owner).await };
        let mut user = User {
            pool: self.pool.clone(),
            tenant: self.tenant(),
            key: username.to_owned(),
            username: username.to_owned(),
            sub,
            aliases: Vec::new(),
            attributes: BTreeMap::new(),
            status: UserStatus::Confirmed,
            enabled: true,
            created: now,
            modified: now,
            password: Some(password),
            failed_attempts: 0,
            locked_until: None,
            signed_out: None,
            groups: Vec::new(),
        };
        change(&mut user);
        let mut tx = self.plane.store.write().await.unwrap();
        tx.insert(&user).await.unwrap();
        tx.commit().await.unwrap();
        user
    }

    /// The user as stored.
    pub(crate) async fn stored(&self, username: &str) -> Option<Stored<User>> {
        self.plane.stored().await.find(&self.tenant(), self.pool.as_str(), username).await.unwrap()
    }

    /// Changes a stored user.
    pub(crate) async fn change(&self, username: &str, change: impl FnOnce(&mut User)) {
        let mut user = self.stored(username).await.unwrap();
        change(&mut user);
        let mut tx = self.plane.store.write().await.unwrap();
        tx.replace(&user).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) fn tenant(&self) -> Tenant {
        self.plane.caller.tenant()
    }

    /// What signing in with the password answers.
    pub(crate) async fn sign_in(&self, client: &Client, username: &str) -> Value {
        self.plane.ok("InitiateAuth", client.by_password(username, PASSWORD)).await
    }

    /// The tokens that signing in with the password gives.
    pub(crate) async fn tokens(&self, client: &Client, username: &str) -> Value {
        self.sign_in(client, username).await["AuthenticationResult"].take()
    }

    /// The claims of a token that is verified with the pool's key for this purpose.
    pub(crate) async fn claims(&self, token: &Value, purpose: KeyPurpose) -> Value {
        let mut tx = self.plane.stored().await;
        let keys = tx.find::<SigningKeys>(&self.tenant(), "", self.pool.as_str()).await.unwrap().unwrap();
        let jwks = keys.keys.iter().filter(|key| key.purpose == purpose);
        let keys = KeySet::new(jwks.map(|key| VerifyingKey::from_jwk(&key.jwk).unwrap()).collect());
        let token = Token::parse(token.as_str().unwrap()).unwrap();
        keys.verify(&token).unwrap();
        serde_json::from_slice(token.payload()).unwrap()
    }

    /// An access token with these claims, signed by the pool.
    pub(crate) async fn forge(&self, claims: &Value) -> String {
        let mut tx = self.plane.stored().await;
        let keys = tx.find::<SigningKeys>(&self.tenant(), "", self.pool.as_str()).await.unwrap().unwrap();
        let key = keys.keys.iter().find(|key| key.purpose == KeyPurpose::Access).unwrap();
        let der = self.plane.vault.open_sealed(SealedFor::SigningKey(&self.pool), &key.sealed).unwrap();
        let key = SigningKey::from_pkcs8(&key.kid, key.algorithm, der.expose()).unwrap();
        key.sign(claims.to_string().as_bytes()).unwrap()
    }
}

impl Client {
    /// `SECRET_HASH` for a username.
    pub(crate) fn secret_hash(&self, username: &str) -> Option<String> {
        self.secret.as_ref().map(|secret| secret_hash::of(secret.as_bytes(), username, &self.id))
    }

    /// The input that signs a user in with a password.
    pub(crate) fn by_password(&self, username: &str, password: &str) -> Value {
        self.initiate("USER_PASSWORD_AUTH", username, json!({"PASSWORD": password}))
    }

    /// The input that starts a flow for a user.
    pub(crate) fn initiate(&self, flow: &str, username: &str, parameters: Value) -> Value {
        let parameters = self.hashed(username, with(json!({"USERNAME": username}), parameters));
        json!({"AuthFlow": flow, "ClientId": self.id, "AuthParameters": parameters})
    }

    /// The input that answers a challenge.
    pub(crate) fn respond(&self, challenge: &str, username: &str, session: &Value, responses: Value) -> Value {
        let responses = self.hashed(username, with(json!({"USERNAME": username}), responses));
        let mut input = json!({"ChallengeName": challenge, "ClientId": self.id, "ChallengeResponses": responses});
        if !session.is_null() {
            input["Session"] = session.clone();
        }
        input
    }

    /// The input that renews tokens.
    pub(crate) fn refresh(&self, username: &str, token: &Value) -> Value {
        let parameters = self.hashed(username, json!({"REFRESH_TOKEN": token}));
        json!({"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": self.id, "AuthParameters": parameters})
    }

    fn hashed(&self, username: &str, mut parameters: Value) -> Value {
        if let Some(hash) = self.secret_hash(username) {
            parameters["SECRET_HASH"] = json!(hash);
        }
        parameters
    }
}

/// What is kept of the password; made once for each user, because that takes long. Every plane has the same vault.
async fn password(plane: &Plane, owner: Owner<'_>) -> Password {
    static MADE: Mutex<BTreeMap<String, Password>> = Mutex::new(BTreeMap::new());
    let name = format!("{}/{}/{}", owner.pool, owner.username, owner.sub);
    if let Some(made) = MADE.lock().unwrap().get(&name) {
        return made.clone();
    }
    let (mut random, secret) = (SeededRandom::new(5), Secret::new(PASSWORD.to_owned()));
    let passwords = Passwords::new(Arc::clone(&plane.vault));
    let made = passwords.make(owner, &secret, &mut random, plane.clock.now()).await.unwrap();
    MADE.lock().unwrap().insert(name, made.clone());
    made
}

/// Gives a pool keys, which nobody makes in these tests.
pub(crate) async fn put_keys(plane: &Plane, pool: &UserPoolId) {
    let mut random = SeededRandom::new(9);
    let mut key = |purpose, kid: &str| {
        let der = generate(SigningAlgorithm::Es256).unwrap();
        SigningKeyRecord {
            purpose,
            algorithm: SigningAlgorithm::Es256,
            jwk: SigningKey::from_pkcs8(kid, SigningAlgorithm::Es256, &der).unwrap().jwk().unwrap(),
            sealed: plane.vault.seal(SealedFor::SigningKey(pool), &der, &mut random).unwrap(),
            created: plane.clock.now(),
            signs_from: plane.clock.now(),
            retires: None,
            kid: kid.to_owned(),
        }
    };
    let keys = vec![key(KeyPurpose::Access, "access"), key(KeyPurpose::Id, "id")];
    let record = SigningKeys { pool: pool.clone(), tenant: plane.caller.tenant(), policy: KeyPolicy::default(), keys };
    let mut tx = plane.store.write().await.unwrap();
    tx.insert(&record).await.unwrap();
    tx.commit().await.unwrap();
}
