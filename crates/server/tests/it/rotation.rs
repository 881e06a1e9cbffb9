//! Secrets of an app client are exchanged while machines ask for tokens with them: no request fails, and a secret that is
//! gone is refused from then on.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use claviger_testkit::generated::number;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::stack::{FORM, request};

/// How often the secret is exchanged where nobody asks for more.
const ROTATIONS: u64 = 5;
/// Machines that ask for tokens all the time.
const MACHINES: usize = 8;
/// Tokens that each machine gets before the next step is taken.
const GRANTS: u64 = 2;

/// The binary, serving from a directory.
struct Running {
    address: String,
    _directory: tempfile::TempDir,
    _child: Child,
}

impl Running {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
        command.env_clear().current_dir(directory.path()).args(["dev", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let greeting = lines.next_line().await.unwrap().unwrap();
        // What it says later must not stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let address = greeting.strip_prefix("claviger: listening on http://").unwrap().to_owned();
        Self { address, _directory: directory, _child: child }
    }

    async fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Connection { sender, host: self.address.clone() }
    }
}

/// A connection that is kept.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    async fn ask(&mut self, mut request: Request<Full<Bytes>>) -> Result<(StatusCode, String), hyper::Error> {
        request.headers_mut().insert("host", self.host.parse().unwrap());
        self.sender.ready().await?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((parts.status, String::from_utf8_lossy(&body).into_owned()))
    }

    async fn cognito(&mut self, operation: &str, input: Value) -> Value {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [("X-Amz-Target", &*target), ("Content-Type", "application/x-amz-json-1.1")];
        let (status, body) = self.ask(request("POST", "/", &headers, &input.to_string())).await.unwrap();
        assert_eq!(status, 200, "{operation}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn token(&mut self, client_id: &str, secret: &str) -> Result<(StatusCode, String), hyper::Error> {
        let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret={secret}");
        self.ask(request("POST", "/oauth2/token", &[("Content-Type", FORM)], &form)).await
    }
}

/// One of the client's secrets, numbered in the order they were made.
#[derive(Clone)]
struct Secret {
    number: usize,
    id: String,
    value: String,
}

/// Grants by the number of the secret that was used.
type Grants = Arc<Mutex<Vec<u64>>>;

/// Asks for tokens without a pause, with the secret it is given, until it is given none.
struct Machine {
    secret: watch::Sender<Option<Secret>>,
    /// The number of the secret it uses, and how many tokens it got with that.
    granted: watch::Receiver<(usize, u64)>,
    asking: JoinHandle<Result<(), String>>,
}

impl Machine {
    fn start(mut connection: Connection, client_id: &str, secret: &Secret, grants: &Grants) -> Self {
        let (tell, told) = watch::channel(Some(secret.clone()));
        let (grant, granted) = watch::channel((secret.number, 0));
        let (client_id, grants) = (client_id.to_owned(), Arc::clone(grants));
        let asking = tokio::spawn(async move {
            loop {
                let Some(secret) = told.borrow().clone() else { return Ok(()) };
                match connection.token(&client_id, &secret.value).await {
                    Ok((StatusCode::OK, _)) => {}
                    Ok((status, body)) => return Err(format!("secret {}: {status} {body}", secret.number)),
                    Err(error) => return Err(format!("secret {}: {error}", secret.number)),
                }
                grants.lock().unwrap()[secret.number] += 1;
                grant.send_modify(|(number, count)| {
                    *count = if *number == secret.number { *count + 1 } else { 1 };
                    *number = secret.number;
                });
            }
        });
        Self { secret: tell, granted, asking }
    }

    /// Waits until it has got some more tokens with this secret; tells whether it still asks.
    async fn gets_more(&mut self, secret: &Secret) -> bool {
        let (number, count) = *self.granted.borrow();
        let enough = GRANTS + if number == secret.number { count } else { 0 };
        self.granted.wait_for(|(number, count)| *number == secret.number && *count >= enough).await.is_ok()
    }
}

/// Waits until each has got some more tokens with this secret.
async fn all_get_more(machines: &mut [Machine], secret: &Secret) {
    for machine in machines {
        let still_asks = machine.gets_more(secret).await;
        assert!(still_asks, "{:?}", (&mut machine.asking).await);
    }
}

fn switch_all(machines: &[Machine], secret: &Secret) {
    for machine in machines {
        machine.secret.send_replace(Some(secret.clone()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_a_secret_is_exchanged() {
    let rotations = usize::try_from(number("CLAVIGER_ROTATIONS").unwrap_or(ROTATIONS)).unwrap();
    let server = Running::start().await;
    let mut control = server.connect().await;
    let pool = control.cognito("CreateUserPool", json!({ "PoolName": "weather" })).await["UserPool"]["Id"].take();
    let scopes = json!([{ "ScopeName": "get", "ScopeDescription": "get" }]);
    let resource_server =
        json!({ "UserPoolId": pool, "Identifier": "weather-api", "Name": "Weather", "Scopes": scopes });
    control.cognito("CreateResourceServer", resource_server).await;
    let client = json!({
        "UserPoolId": pool, "ClientName": "station", "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["weather-api/get"],
    });
    let client = control.cognito("CreateUserPoolClient", client).await["UserPoolClient"].take();
    let of_client = json!({ "UserPoolId": pool, "ClientId": client["ClientId"] });
    let with = |name: &str, value: &str| {
        let mut input = of_client.clone();
        input[name] = json!(value);
        input
    };
    let client_id = client["ClientId"].as_str().unwrap();
    let listed = control.cognito("ListUserPoolClientSecrets", of_client.clone()).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut old = Secret {
        number: 0,
        id: text(&listed["ClientSecrets"][0]["ClientSecretId"]),
        value: text(&client["ClientSecret"]),
    };

    let grants: Grants = Arc::new(Mutex::new(vec![0; rotations + 1]));
    let granted = |secret: &Secret| grants.lock().unwrap()[secret.number];
    let mut machines = Vec::new();
    for _ in 0..MACHINES {
        machines.push(Machine::start(server.connect().await, client_id, &old, &grants));
    }
    let started = Instant::now();
    let (mut by_old, mut by_new) = (Vec::new(), Vec::new());
    for number in 1..=rotations {
        let added = control.cognito("AddUserPoolClientSecret", of_client.clone()).await;
        let added = &added["ClientSecretDescriptor"];
        let new = Secret { number, id: text(&added["ClientSecretId"]), value: text(&added["ClientSecretValue"]) };
        let before = granted(&old);
        all_get_more(&mut machines, &old).await;
        let (first, second) = machines.split_at_mut(MACHINES / 2);
        switch_all(first, &new);
        // Old and new are granted side by side.
        all_get_more(first, &new).await;
        all_get_more(second, &old).await;
        switch_all(second, &new);
        // Who has got a token with the new secret has no request with the old one under way.
        all_get_more(second, &new).await;
        by_old.push(granted(&old) - before);
        by_new.push(granted(&new));
        control.cognito("DeleteUserPoolClientSecret", with("ClientSecretId", &old.id)).await;
        let (status, body) = control.token(client_id, &old.value).await.unwrap();
        assert_eq!((status.as_u16(), &*body), (400, r#"{"error":"invalid_client"}"#), "rotation {number}");
        old = new;
    }
    all_get_more(&mut machines, &old).await;
    let seconds = started.elapsed().as_secs_f64();
    for machine in machines {
        machine.secret.send_replace(None);
        assert_eq!(machine.asking.await.unwrap(), Ok(()));
    }
    let (least_old, least_new) = (by_old.iter().min().unwrap(), by_new.iter().min().unwrap());
    println!(
        "{rotations} rotations in {seconds:.1} s under {MACHINES} machines, 0 of {} requests failed\n\
         granted while both were there: {} by the old secret, {} by the new; at least {least_old} and {least_new} each time\n\
         refused after the deletion: {rotations} of {rotations} by the old secret",
        grants.lock().unwrap().iter().sum::<u64>(),
        by_old.iter().sum::<u64>(),
        by_new.iter().sum::<u64>(),
    );
    assert!(*least_old > 0 && *least_new > 0);
}
