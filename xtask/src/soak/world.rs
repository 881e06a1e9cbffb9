//! What nodes serve, and who goes on changing it while something goes wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use serde_json::{Value, json};

use crate::http;
use crate::nodes::{Called, Key};
use crate::server::token;

/// The longest that a call may take while something is wrong: what a transaction waits for a connection and its statements.
const CALL_MAX: Duration = Duration::from_secs(20);
/// How long a node may take to hear of a change.
const REACHES_MAX: Duration = Duration::from_secs(1);

/// A pool with a client, and an API that lets it in.
pub(super) struct World {
    pub(super) pool: String,
    client: (String, String),
    api: String,
    key: Key,
}

/// A kind of request, whose right answer is 200.
#[derive(Clone)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) request: Vec<u8>,
}

/// Calls of the control plane, one after the other, to nodes in turn.
pub(super) struct Writer {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<Written>,
}

/// What came of them.
#[derive(Default)]
pub(super) struct Written {
    /// App clients whose creation was acknowledged.
    pub(super) acknowledged: Vec<String>,
    /// When each was, and when each call failed.
    pub(super) times: Vec<Instant>,
    pub(super) failures: Vec<(Instant, String)>,
    /// The longest that a call took.
    pub(super) longest: Duration,
}

impl World {
    pub(super) fn build(key: &Key, address: SocketAddr) -> anyhow::Result<Self> {
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("no {pointer}"))
        };
        let cognito = |operation, input: Value| key.cognito(address, operation, &input).done().context(operation);
        let rest = |method, target: &str, input: Value| {
            key.rest(address, method, target, &input).done().with_context(|| format!("{method} {target}"))
        };
        let pool = text(&cognito("CreateUserPool", json!({ "PoolName": "faults" }))?, "/UserPool/Id")?;
        let scopes = json!([{ "ScopeName": "read", "ScopeDescription": "read" }]);
        let server = json!({ "UserPoolId": pool, "Identifier": "api", "Name": "api", "Scopes": scopes });
        cognito("CreateResourceServer", server)?;
        let client = cognito("CreateUserPoolClient", client_input(&pool, "station"))?;
        let client = (text(&client, "/UserPoolClient/ClientId")?, text(&client, "/UserPoolClient/ClientSecret")?);
        let made = rest("POST", "/restapis", json!({ "name": "faults" }))?;
        let (api, root) = (text(&made, "/id")?, text(&made, "/rootResourceId")?);
        let authorizer = json!({
            "name": "pool", "type": "COGNITO_USER_POOLS", "identitySource": "method.request.header.Authorization",
            "providerARNs": [format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}")],
        });
        let authorizer = text(&rest("POST", &format!("/restapis/{api}/authorizers"), authorizer)?, "/id")?;
        let method = format!("/restapis/{api}/resources/{root}/methods/GET");
        let guarded = json!({
            "authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer, "authorizationScopes": ["api/read"],
        });
        rest("PUT", &method, guarded)?;
        let templates = json!({ "application/json": "{\"statusCode\": 200}" });
        rest("PUT", &format!("{method}/integration"), json!({ "type": "MOCK", "requestTemplates": templates }))?;
        rest("PUT", &format!("{method}/responses/200"), json!({}))?;
        rest("PUT", &format!("{method}/integration/responses/200"), json!({}))?;
        rest("POST", &format!("/restapis/{api}/deployments"), json!({ "stageName": "live" }))?;
        Ok(Self { pool, client, api, key: key.clone() })
    }

    /// Tokens, and requests at the API with a token.
    pub(super) fn kinds(&self, address: SocketAddr) -> anyhow::Result<Vec<Kind>> {
        let request = token(&self.client.0, &self.client.1);
        let bearer = self.bearer(address)?;
        let headers = [("Authorization", bearer.as_str())];
        let gate = http::request("GET", &format!("/_aws/execute-api/{}/live/", self.api), &headers, b"");
        Ok(vec![Kind { name: "token", request }, Kind { name: "gate", request: gate }])
    }

    /// Asks a node for a token; it may have to hear of the client first.
    pub(super) fn bearer(&self, address: SocketAddr) -> anyhow::Result<String> {
        let started = Instant::now();
        loop {
            let answer = http::exchange(address, &token(&self.client.0, &self.client.1))?;
            if answer.status == 200 {
                let answer: Value = serde_json::from_slice(&answer.body)?;
                return Ok(answer.get("access_token").and_then(Value::as_str).context("no token")?.to_owned());
            }
            ensure!(started.elapsed() < REACHES_MAX, "a token is refused with {}: {}", answer.status, answer.text());
        }
    }

    /// Waits until a node lets the client in.
    pub(super) fn wait_until_open(&self, address: SocketAddr) -> anyhow::Result<()> {
        let (started, bearer) = (Instant::now(), self.bearer(address)?);
        while self.gate(address, &bearer)? != 200 {
            ensure!(started.elapsed() < REACHES_MAX, "a node does not let the client in");
        }
        Ok(())
    }

    /// The status of a token request of this client, by its id and secret.
    pub(super) fn token_status(address: SocketAddr, (id, secret): &(String, String)) -> anyhow::Result<u16> {
        Ok(http::exchange(address, &token(id, secret))?.status)
    }

    /// The status of a request with this token at a node's gate.
    pub(super) fn gate(&self, address: SocketAddr, bearer: &str) -> anyhow::Result<u16> {
        let path = format!("/_aws/execute-api/{}/live/", self.api);
        Ok(http::exchange(address, &http::request("GET", &path, &[("Authorization", bearer)], b""))?.status)
    }

    /// Revokes a token by a node.
    pub(super) fn revoke(&self, address: SocketAddr, bearer: &str) -> anyhow::Result<()> {
        let (id, secret) = &self.client;
        let body = format!("token={bearer}&client_id={id}&client_secret={secret}");
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = http::exchange(address, &http::request("POST", "/_claviger/revoke", &headers, body.as_bytes()))?;
        ensure!(answer.status == 200, "a revocation is answered with {}: {}", answer.status, answer.text());
        Ok(())
    }

    /// Creates an app client by a node.
    pub(super) fn create_client(&self, address: SocketAddr) -> Called {
        self.key.cognito(address, "CreateUserPoolClient", &client_input(&self.pool, "further"))
    }

    /// Begins to create app clients, by nodes in turn.
    pub(super) fn write(&self, addresses: Vec<SocketAddr>) -> Writer {
        let stopping = Arc::<AtomicBool>::default();
        let (key, pool, told) = (self.key.clone(), self.pool.clone(), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            let mut written = Written::default();
            for address in addresses.iter().cycle() {
                if told.load(Ordering::Relaxed) {
                    break;
                }
                written.create(&key, *address, &pool);
            }
            written
        });
        Writer { stopping, thread }
    }

    /// That a node knows every client that was acknowledged, by the answers of its control plane.
    pub(super) fn check(&self, address: SocketAddr, written: &Written) -> anyhow::Result<()> {
        let mut found = std::collections::HashSet::new();
        let mut next = Value::Null;
        loop {
            let mut input = json!({ "UserPoolId": self.pool, "MaxResults": 60 });
            if let Some(input) = input.as_object_mut()
                && !next.is_null()
            {
                input.insert("NextToken".to_owned(), next);
            }
            let page = self.key.cognito(address, "ListUserPoolClients", &input).done()?;
            let clients = page.get("UserPoolClients").and_then(Value::as_array).context("no clients")?;
            found.extend(clients.iter().filter_map(|client| Some(client.get("ClientId")?.as_str()?.to_owned())));
            next = page.get("NextToken").cloned().unwrap_or_default();
            if next.is_null() {
                break;
            }
        }
        let lost = written.acknowledged.iter().filter(|id| !found.contains(*id)).count();
        ensure!(lost == 0, "{lost} of {} acknowledged app clients are lost", written.acknowledged.len());
        Ok(())
    }
}

impl Writer {
    pub(super) fn stop(self) -> anyhow::Result<Written> {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the writer's thread panicked"))
    }
}

impl Written {
    fn create(&mut self, key: &Key, address: SocketAddr, pool: &str) {
        let started = Instant::now();
        let called = key.cognito(address, "CreateUserPoolClient", &client_input(pool, "further"));
        self.longest = self.longest.max(started.elapsed());
        let ended = Instant::now();
        match called {
            Called::Done(made) => {
                let id = made.pointer("/UserPoolClient/ClientId").and_then(Value::as_str).unwrap_or_default();
                self.acknowledged.push(id.to_owned());
                self.times.push(ended);
            }
            Called::Refused(status, text) => self.failures.push((ended, format!("{status} {text}"))),
            Called::Broken(error) => self.failures.push((ended, format!("{error:#}"))),
        }
    }

    /// When the first one after a moment was acknowledged.
    pub(super) fn first_after(&self, moment: Instant) -> anyhow::Result<Duration> {
        let first = self.times.iter().find(|time| **time > moment).context("nothing was written any more")?;
        Ok(first.duration_since(moment))
    }

    /// Prints what came of the calls, and holds them to the longest that a call may take.
    #[expect(clippy::print_stdout, reason = "the figures are the command's result")]
    pub(super) fn tell(&self) -> anyhow::Result<()> {
        println!(
            "  calls {} acknowledged, {} failed, at most {:.1} s each",
            self.acknowledged.len(),
            self.failures.len(),
            self.longest.as_secs_f64()
        );
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        for (_, failure) in &self.failures {
            match kinds.iter_mut().find(|(kind, _)| kind == failure) {
                Some((_, count)) => *count += 1,
                None => kinds.push((failure, 1)),
            }
        }
        for (kind, count) in kinds.iter().take(8) {
            println!("        {count} x {kind}");
        }
        ensure!(self.longest < CALL_MAX, "a call took {:.1} s", self.longest.as_secs_f64());
        Ok(())
    }
}

fn client_input(pool: &str, name: &str) -> Value {
    // Tokens outlive a clock that is moved by an hour.
    json!({
        "UserPoolId": pool, "ClientName": name, "GenerateSecret": true, "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthScopes": ["api/read"], "AccessTokenValidity": 24,
    })
}
