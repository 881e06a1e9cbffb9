//! A control plane for one test, and short ways to talk to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use claviger_control_plane::access::{BodyProof, VerifiedCaller};
use claviger_control_plane::cloudformation::{SignalError, Stacks, take_signal};
use claviger_control_plane::cognito::message::{self, SentMessage};
use claviger_control_plane::dispatch::{ControlPlane, RestRequest};
use claviger_control_plane::operation::Caller;
use claviger_control_plane::s3::{S3Body, S3Request};
use claviger_control_plane::services::{Parts, Services, Settings};
use claviger_oauth::jose::{SigningKey, generate};
use claviger_resources::signing_key::{KeyPolicy, KeyPurpose, SigningAlgorithm, SigningKeyRecord, SigningKeys};
use claviger_resources::{AccountId, Clock, Random, Region, Secret, Tenant, Timestamp, UserPoolId};
use claviger_runtime::blobs::BlobStore;
use claviger_runtime::functions::{CodeStore, Functions, Stored, Surroundings};
use claviger_runtime::issuance::Issuance;
use claviger_runtime::issuer_keys::IssuerKeys;
use claviger_runtime::issuers::Issuers;
use claviger_runtime::limits::Limits;
use claviger_runtime::log_events::{Keeper, LogEvents};
use claviger_runtime::nodes::Nodes;
use claviger_runtime::passwords::Passwords;
use claviger_runtime::snapshot::{Builder, CurrentSnapshot};
use claviger_runtime::trials::{AuthorizerOutcome, AuthorizerTrial, MethodOutcome, MethodTrial, NotTried, Trials};
use claviger_runtime::vault::{KEY_BYTES, MasterKey, SealedFor, Vault};
use claviger_store::{Revision, Store, Transaction, TransactionExt};
use claviger_testkit::{FakeClock, FakeMonotonic, SeededRandom, memory_store};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

/// How many planes there have been: each node has an id of its own, those too that go on where another stopped.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// A control plane with a clock that stands still and chance that repeats itself.
pub(crate) struct Plane {
    node: ControlPlane,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) monotonic: Arc<FakeMonotonic>,
    pub(crate) caller: Caller,
}

/// Nothing is tried without a data plane.
struct Untried;

#[async_trait::async_trait]
impl Trials for Untried {
    async fn method(&self, _: MethodTrial) -> Result<MethodOutcome, NotTried> {
        Err(NotTried::Busy)
    }

    async fn authorizer(&self, _: AuthorizerTrial) -> Result<AuthorizerOutcome, NotTried> {
        Err(NotTried::Busy)
    }
}

/// When the clock of a test stands: 2030-01-01T00:00:00.250Z.
pub(crate) const NOW: f64 = 1_893_456_000.25;

impl Plane {
    pub(crate) fn new() -> Self {
        Self::with_settings(Settings::default())
    }

    pub(crate) fn with_settings(settings: Settings) -> Self {
        Self::following(settings, false)
    }

    /// A control plane that enforces AWS's request rates.
    pub(crate) fn with_request_rates() -> Self {
        Self::following(Settings::default(), true)
    }

    /// A control plane over what another one has left behind.
    pub(crate) fn on(store: Arc<dyn Store>) -> Self {
        // Whoever comes later draws other lots.
        static SEEDS: AtomicU64 = AtomicU64::new(1);
        let first_seed = SEEDS.fetch_add(1, Ordering::SeqCst) * 1_000_000;
        Self::following_on(store, Settings::default(), false, first_seed)
    }

    fn following(settings: Settings, enforced: bool) -> Self {
        Self::following_on(memory_store(), settings, enforced, 1)
    }

    fn following_on(store: Arc<dyn Store>, settings: Settings, enforced: bool, first_seed: u64) -> Self {
        let current = CurrentSnapshot::empty();
        let (follower, feed) = (Arc::clone(&current), Arc::clone(&store));
        // Pools get no keys here: a test that signs puts them into the store.
        let (keyless, _) = mpsc::unbounded_channel();
        tokio::spawn(async move { follower.follow(&*feed, Builder::new(Issuers::Aws), keyless).await });
        let applied = current.applied();
        Self::over(store, current, applied, settings, enforced, first_seed)
    }

    /// A control plane on a node whose snapshot is at `applied`.
    pub(crate) fn with_applied(applied: watch::Receiver<Revision>) -> Self {
        Self::over(memory_store(), CurrentSnapshot::empty(), applied, Settings::default(), false, 1)
    }

    fn over(
        store: Arc<dyn Store>,
        current: Arc<CurrentSnapshot>,
        applied: watch::Receiver<Revision>,
        settings: Settings,
        enforced: bool,
        first_seed: u64,
    ) -> Self {
        let master = MasterKey::new(&Secret::new(vec![7; KEY_BYTES])).unwrap();
        let (vault, _) = Vault::create(&master, &mut SeededRandom::new(0)).unwrap();
        let (vault, clock) =
            (Arc::new(vault), Arc::new(FakeClock::at(Timestamp::from_milliseconds(1_893_456_000_250))));
        let calls = AtomicU64::new(first_seed);
        let random = move || Box::new(SeededRandom::new(calls.fetch_add(1, Ordering::SeqCst))) as Box<dyn Random>;
        let monotonic = Arc::new(FakeMonotonic::default());
        let limits = Limits::new(&current, &(Arc::clone(&clock) as _), &(Arc::clone(&monotonic) as _), enforced);
        let limits = Arc::new(limits);
        let (logged, log_clock) = (Arc::clone(&store), Arc::clone(&clock) as _);
        let keeper = Keeper { store: logged, clock: log_clock, threads: tokio::runtime::Handle::current() };
        let log_events = Arc::new(LogEvents::temporary(keeper).unwrap());
        let functions = Arc::new(Functions::new([]).with_stored(Stored {
            are_run: true,
            log_events: Arc::clone(&log_events),
            current: Arc::clone(&current),
            vault: Arc::clone(&vault),
            code: CodeStore::temporary().unwrap(),
            clock: Arc::clone(&clock) as _,
            world: Arc::clone(&clock) as _,
            random: || Box::new(SeededRandom::new(7)),
            surroundings: Surroundings::default(),
            threads: tokio::runtime::Handle::current(),
        }));
        let (stacks, stack_worker) = Stacks::new();
        let mut chance = SeededRandom::new(STARTED.fetch_add(1, Ordering::SeqCst));
        let nodes = Nodes::alone(&*clock, Arc::clone(&monotonic) as _, &mut chance);
        let nodes = Arc::new(nodes);
        let services = Arc::new(Services::new(Parts {
            store: Arc::clone(&store),
            applied,
            vault: Arc::clone(&vault),
            passwords: Passwords::new(Arc::clone(&vault)),
            blobs: BlobStore::temporary().unwrap(),
            log_events,
            functions: Arc::clone(&functions),
            issuance: Arc::new(Issuance::new(current, Arc::clone(&vault), functions, Arc::clone(&clock) as _, limits)),
            issuer_keys: Arc::new(IssuerKeys::new(Arc::clone(&monotonic) as _)),
            trials: Arc::new(Untried),
            clock: Arc::clone(&clock) as _,
            random: Arc::new(random),
            roles: Arc::default(),
            settings,
            stacks,
            nodes,
        }));
        tokio::spawn(stack_worker.run(Arc::clone(&services)));
        let node = ControlPlane::new(services);
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let caller = Caller::root(tenant);
        Self { node, store, vault, clock, monotonic, caller }
    }

    /// The caller, as `claviger dev` takes anybody.
    fn trusted(&self) -> VerifiedCaller {
        VerifiedCaller::trusted_by_dev(self.caller.clone())
    }

    /// Sends a body to an operation of Cognito, as any client might.
    pub(crate) async fn send(&self, operation: &str, body: &[u8]) -> Response<Bytes> {
        self.send_to(&format!("AWSCognitoIdentityProviderService.{operation}"), body).await
    }

    /// What the operation of a target answers: status and body.
    pub(crate) async fn call(&self, target: &str, input: Value) -> (u16, Value) {
        let response = self.send_to(target, input.to_string().as_bytes()).await;
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    async fn send_to(&self, target: &str, body: &[u8]) -> Response<Bytes> {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", HeaderValue::from_str(target).unwrap());
        self.node.aws_json(&headers, body, &self.trusted(), "00000000-0000-4000-8000-000000000000").await
    }

    /// What an operation of Cognito answers; `null` for an empty body.
    pub(crate) async fn ok(&self, operation: &str, input: Value) -> Value {
        let response = self.send(operation, input.to_string().as_bytes()).await;
        assert_eq!(response.status(), 200, "{operation} {input}: {:?}", response.body());
        if response.body().is_empty() { Value::Null } else { serde_json::from_slice(response.body()).unwrap() }
    }

    /// Asserts how an operation of Cognito refuses: exception and message.
    pub(crate) async fn refused(&self, operation: &str, input: Value, exception: &str, message: &str) {
        let response = self.send(operation, input.to_string().as_bytes()).await;
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let expected = json!({"__type": exception, "message": message});
        assert_eq!((response.status().as_u16(), body), (400, expected), "{operation} {input}");
    }

    /// What API Gateway answers to a request: status, exception where it refuses, and body, `null` when that is empty.
    pub(crate) async fn rest(&self, request: &str, input: Value) -> (u16, String, Value) {
        let (method, uri) = request.split_once(' ').unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let body = if input.is_null() { Bytes::new() } else { Bytes::from(input.to_string()) };
        let (uri, headers, id) = (uri.parse().unwrap(), HeaderMap::new(), "00000000-0000-4000-8000-000000000000");
        let response = self.node.api_gateway(&method, &uri, &headers, &body, &self.trusted(), id).await;
        let exception = response.headers().get("x-amzn-errortype").map_or("", |name| name.to_str().unwrap()).to_owned();
        (response.status().as_u16(), exception, serde_json::from_slice(response.body()).unwrap_or_default())
    }

    /// What API Gateway answers to a request with a body that is no JSON: status and body.
    pub(crate) async fn api_gateway(
        &self,
        method: &Method,
        uri: &http::Uri,
        headers: &HeaderMap,
        body: &Bytes,
        id: &str,
    ) -> (u16, Value) {
        let response = self.node.api_gateway(method, uri, headers, body, &self.trusted(), id).await;
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    /// The limits of the node.
    pub(crate) fn limits(&self) -> &Limits {
        self.node.services().issuance.limits()
    }

    /// What Lambda answers to a request: status, exception where it refuses, and body, `null` when that is empty.
    pub(crate) async fn lambda(&self, request: &str, input: Value) -> (u16, String, Value) {
        let (method, uri) = request.split_once(' ').unwrap();
        let (method, uri) = (Method::from_bytes(method.as_bytes()).unwrap(), uri.parse().unwrap());
        let body = if input.is_null() { Bytes::new() } else { Bytes::from(input.to_string()) };
        let request = RestRequest { method: &method, uri: &uri, headers: &HeaderMap::new(), body: &body };
        let response = self.node.lambda(request, &self.trusted(), "00000000-0000-4000-8000-000000000000").await;
        let exception = response.headers().get("x-amzn-errortype").map_or("", |name| name.to_str().unwrap()).to_owned();
        (response.status().as_u16(), exception, serde_json::from_slice(response.body()).unwrap_or_default())
    }

    /// What S3 answers to a request with these headers, a line each, and this body: status, headers and body.
    pub(crate) async fn s3(&self, request: &str, headers: &[&str], body: &[u8]) -> (u16, HeaderMap, Bytes) {
        let (method, uri) = request.split_once(' ').unwrap();
        let headers = headers.iter().map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let (sender, receiver) = mpsc::channel(1024);
        for piece in body.chunks(1000) {
            sender.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
        }
        drop(sender);
        let request = S3Request {
            bucket: None,
            method: method.parse().unwrap(),
            uri: uri.parse().unwrap(),
            headers: headers.collect(),
            body: receiver,
            proof: BodyProof::Nothing,
        };
        let response = self.node.s3(request, &self.trusted(), "00000000-0000-4000-8000-000000000000").await;
        let (parts, body) = response.into_parts();
        let body = match body {
            S3Body::Whole(body) => body,
            S3Body::Stream(_, mut pieces) => {
                let mut whole = Vec::new();
                while let Some(piece) = pieces.recv().await {
                    whole.extend_from_slice(&piece.unwrap());
                }
                whole.into()
            }
        };
        (parts.status.as_u16(), parts.headers, body)
    }

    /// What a service of awsQuery answers to a form: status and XML.
    pub(crate) async fn query(&self, service: &str, form: &str) -> (u16, String) {
        let id = "00000000-0000-4000-8000-000000000000";
        let response = self.node.aws_query(service, form.as_bytes(), &self.trusted(), id).await.unwrap();
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
    }

    /// A new pool's id.
    pub(crate) async fn pool(&self) -> String {
        let created = self.ok("CreateUserPool", json!({"PoolName": "weather"})).await;
        created["UserPool"]["Id"].as_str().unwrap().to_owned()
    }

    /// A pool with the resource server `weather`, which has the scopes `get` and `post`.
    pub(crate) async fn pool_with_scopes(&self) -> String {
        let pool = self.pool().await;
        let scopes = json!([
            {"ScopeName": "get", "ScopeDescription": "Read"},
            {"ScopeName": "post", "ScopeDescription": "Write"},
        ]);
        let server = json!({"UserPoolId": pool, "Identifier": "weather", "Name": "Weather", "Scopes": scopes});
        self.ok("CreateResourceServer", server).await;
        pool
    }

    /// A new confidential client for machines in a pool with scopes.
    pub(crate) async fn client(&self, pool: &str) -> Value {
        let mut created = self.ok("CreateUserPoolClient", machine(pool)).await;
        created["UserPoolClient"].take()
    }

    /// Gives a pool its keys, as the key maker of a node does.
    pub(crate) async fn keys(&self, pool: &str) {
        let (pool, algorithm) = (UserPoolId::parse(pool).unwrap(), SigningAlgorithm::Es256);
        let keys = [KeyPurpose::Access, KeyPurpose::Id].map(|purpose| {
            let (kid, der) = (format!("{purpose:?}"), generate(algorithm).unwrap());
            SigningKeyRecord {
                purpose,
                algorithm,
                jwk: SigningKey::from_pkcs8(&kid, algorithm, &der).unwrap().jwk().unwrap(),
                sealed: self.vault.seal(SealedFor::SigningKey(&pool), &der, &mut SeededRandom::new(7)).unwrap(),
                created: self.clock.now(),
                signs_from: self.clock.now(),
                retires: None,
                kid,
            }
        });
        let record = SigningKeys {
            pool: pool.clone(),
            tenant: self.caller.tenant(),
            policy: KeyPolicy::default(),
            keys: keys.into(),
        };
        let mut tx = self.store.write().await.unwrap();
        tx.insert(&record).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A new public client in a pool, through which users sign up.
    pub(crate) async fn browser(&self, pool: &str) -> String {
        let input = json!({"UserPoolId": pool, "ClientName": "browser"});
        let created = self.ok("CreateUserPoolClient", input).await;
        created["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned()
    }

    /// Puts a signal to the path of a wait condition's handle.
    pub(crate) async fn signal(&self, path: &str, signal: &Value) -> Result<(), SignalError> {
        take_signal(self.node.services(), path, signal.to_string().as_bytes()).await
    }

    /// The messages to a user, newest first.
    pub(crate) async fn messages(&self, pool: &str, username: &str) -> Vec<SentMessage> {
        message::read(self.node.services(), pool, Some(username)).await.unwrap()
    }

    /// The code or temporary password in the newest message to a user.
    pub(crate) async fn code(&self, pool: &str, username: &str) -> String {
        self.messages(pool, username).await.swap_remove(0).code
    }

    /// A look into the store.
    pub(crate) async fn stored(&self) -> Box<dyn Transaction> {
        self.store.read().await.unwrap()
    }
}

/// The input that creates a client for machines.
pub(crate) fn machine(pool: &str) -> Value {
    json!({
        "UserPoolId": pool,
        "ClientName": "station",
        "GenerateSecret": true,
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["weather/get"],
    })
}

/// The object with these members in place of its own.
pub(crate) fn with(mut object: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}
