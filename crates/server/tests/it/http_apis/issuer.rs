//! An issuer that is none of ours: its discovery document, its keys, which it changes, and the tokens it signs.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use claviger_oauth::jose::{SigningKey, generate, jwks_document};
use claviger_resources::signing_key::SigningAlgorithm;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// An issuer on this machine.
pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    /// The keys it publishes, the last of which signs.
    keys: Vec<SigningKey>,
    /// What it says in place of its documents.
    failing: Option<u16>,
    named: String,
    /// How long it makes its key set.
    padding: usize,
    asked: u32,
}

/// The time now, in seconds since the epoch.
pub(crate) fn now() -> i64 {
    let elapsed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(elapsed.as_secs()).unwrap()
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/realm", listener.local_addr().unwrap());
        let state = State { keys: Vec::new(), failing: None, named: url.clone(), padding: 0, asked: 0 };
        let issuer = Self { url, state: Arc::new(Mutex::new(state)) };
        issuer.rotate("first");
        let state = Arc::clone(&issuer.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = state.lock().unwrap().answer(request.uri().path());
                    async move { Ok::<_, std::io::Error>(answer) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        issuer
    }

    /// Signs with a new key from now on, and publishes no other.
    pub(crate) fn rotate(&self, kid: &str) {
        let key = SigningKey::from_pkcs8(kid, SigningAlgorithm::Rs256, &generate(SigningAlgorithm::Rs256).unwrap());
        self.state.lock().unwrap().keys = vec![key.unwrap()];
    }

    /// Answers with this status from now on, or with documents again.
    pub(crate) fn fails(&self, status: Option<u16>) {
        self.state.lock().unwrap().failing = status;
    }

    /// Calls itself this from now on.
    pub(crate) fn names(&self, name: &str) {
        name.clone_into(&mut self.state.lock().unwrap().named);
    }

    /// Makes its key set longer by so many bytes from now on.
    pub(crate) fn pads(&self, bytes: usize) {
        self.state.lock().unwrap().padding = bytes;
    }

    /// A token signed by a key of another kind, which it publishes in place of the others.
    pub(crate) fn signed_on_a_curve(&self, now: i64) -> String {
        let der = generate(SigningAlgorithm::Es256).unwrap();
        let key = SigningKey::from_pkcs8("curve", SigningAlgorithm::Es256, &der).unwrap();
        self.state.lock().unwrap().keys = vec![key];
        self.token(now, &json!({}))
    }

    /// How many documents were asked for.
    pub(crate) fn asked(&self) -> u32 {
        self.state.lock().unwrap().asked
    }

    /// A token for `api` with the scope `read` that is valid for an hour from `now`, its claims changed by these; `null` takes one away.
    pub(crate) fn token(&self, now: i64, changes: &Value) -> String {
        let mut claims =
            json!({ "iss": self.url, "aud": "api", "sub": "m", "scope": "read", "iat": now, "exp": now + 3600 });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        let state = self.state.lock().unwrap();
        state.keys.last().unwrap().sign(claims.to_string().as_bytes()).unwrap()
    }
}

impl State {
    fn answer(&mut self, path: &str) -> Response<Full<Bytes>> {
        self.asked += 1;
        let body = match path {
            "/realm/.well-known/openid-configuration" => {
                json!({ "issuer": self.named, "jwks_uri": format!("{}/keys", self.named) }).to_string()
            }
            "/realm/keys" => {
                let keys: Vec<String> = self.keys.iter().map(|key| key.jwk().unwrap()).collect();
                jwks_document(keys.iter().map(String::as_str)) + &" ".repeat(self.padding)
            }
            _ => return Response::builder().status(404).body(Full::default()).unwrap(),
        };
        let status = self.failing.unwrap_or(200);
        Response::builder().status(status).body(Full::from(body)).unwrap()
    }
}
