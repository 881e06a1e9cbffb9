//! Nothing that arrives on a connection makes the server answer with a 5xx or panic.
//!
//! Each request begins as one that would be answered; one part of it is changed, or its bytes are, and it is sent on a
//! connection of its own. What operations do with their inputs is tried where they are; here it is what stands before them.

mod message;

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use claviger_testkit::generated::{cases, try_batches};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::message::{Change, KINDS, Message, ONE, change};
use crate::stack::FORM;
use crate::support::{Server, get, send};

/// Requests sent where nobody asks for more.
const CASES: usize = 1_000;
/// Inputs of operations for each request that is sent here, where their number is given: a request takes longer.
const SHARE: usize = 10;
/// How long a connection may take to end.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);

/// A request that would be answered, and what it is called in the counts.
struct Base {
    name: &'static str,
    message: Message,
}

/// One request for each way in, to a server that has what they ask for.
async fn bases(server: &Server) -> Vec<Base> {
    let machine = server.machine().await;
    let token = machine.token(server, "").await;
    let (basic, bearer) = (machine.basic(), format!("Bearer {token}"));
    let (id, secret, pool) = (&machine.client_id, &machine.secret, &machine.pool);
    let post = |target: &str, headers: &[(&str, &str)], body: &str| Message::new("POST", target, headers, body);
    let form = ("Content-Type", FORM);
    let aws = |operation: &str, input: serde_json::Value| {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [("X-Amz-Target", &*target), ("Content-Type", "application/x-amz-json-1.1")];
        post("/", &headers, &input.to_string())
    };
    let signed = crate::stack::signed("123456789012", "us-east-1", "cognito-idp");
    let metadata = "grant_type=client_credentials&scope=weather-api%2Fget&aws_client_metadata=%7B%22a%22%3A%22b%22%7D";
    let in_body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    [
        ("token", post("/oauth2/token", &[form, ("Authorization", &basic)], metadata)),
        ("token, secret in the form", post("/oauth2/token", &[form], &in_body)),
        ("revoke", post("/oauth2/revoke", &[form, ("Authorization", &basic)], &format!("token={token}"))),
        ("userInfo", Message::new("GET", "/oauth2/userInfo", &[("Authorization", &bearer)], "")),
        ("jwks.json", Message::new("GET", &format!("/{pool}/.well-known/jwks.json"), &[], "")),
        ("openid-configuration", Message::new("GET", &format!("/{pool}/.well-known/openid-configuration"), &[], "")),
        ("awsJson", aws("DescribeUserPoolClient", json!({ "UserPoolId": pool, "ClientId": id }))),
        ("awsJson, signed", {
            let mut message = aws("ListUserPools", json!({ "MaxResults": 1 }));
            message.headers.push(("Authorization".to_owned(), signed.into_bytes()));
            message
        }),
    ]
    .map(|(name, message)| Base { name, message })
    .into()
}

/// What is sent: the message and what is done to it, shown as bytes.
#[derive(Clone)]
struct Step {
    base: usize,
    change: Change,
    bytes: Vec<u8>,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is {}", self.change, self.bytes.escape_ascii())
    }
}

/// What the server sent until it closed the connection.
async fn exchange(server: &Server, request: &[u8]) -> Vec<u8> {
    let (mut reading, mut writing) = server.connect().await.into_split();
    let mut received = Vec::new();
    // The server may have closed before everything is sent, and may reset what it does not read.
    let sending = async {
        let _ = writing.write_all(request).await;
        let _ = writing.shutdown().await;
    };
    let ((), _) = tokio::join!(sending, reading.read_to_end(&mut received));
    received
}

/// The status of every answer among the bytes received.
fn statuses(received: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(received);
    let answers = text.split("HTTP/1.1 ").skip(1);
    answers.filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

#[test]
fn no_request_makes_a_server_error_or_a_panic() {
    let cases = cases(CASES * SHARE) / SHARE;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, bases) = runtime.block_on(async {
        let server = Server::dev();
        let bases = bases(&server).await;
        (server, bases)
    });
    let steps = (any::<Index>(), change()).prop_map(|(base, change)| {
        let base = base.index(bases.len());
        let bytes = change.apply(&bases[base].message);
        Step { base, change, bytes }
    });
    let tried = RefCell::new((vec![(0, 0); KINDS.len()], vec![(0, 0); bases.len()]));
    try_batches(cases, &prop::collection::vec(steps, 1..32), |steps| {
        for step in steps {
            let exchange = async { tokio::time::timeout(ANSWER_WAIT_MAX, exchange(&server, &step.bytes)).await };
            let received = runtime.block_on(exchange);
            let Ok(received) = received else { return Err(TestCaseError::fail("the connection stays open")) };
            let statuses = statuses(&received);
            prop_assert!(statuses.iter().all(|status| *status < 500), "{}", received.escape_ascii());
            let (kinds, names) = &mut *tried.borrow_mut();
            for (tried, answered) in [&mut kinds[step.change.kind()], &mut names[step.base]] {
                *tried += 1;
                *answered += usize::from(statuses.first().is_some_and(|status| (200..300).contains(status)));
            }
        }
        Ok(steps.len())
    });

    let (kinds, names) = tried.into_inner();
    println!("{:>8}  {:>8}", "requests", "answered");
    let rows = KINDS.into_iter().zip(&kinds).chain(bases.iter().map(|base| base.name).zip(&names));
    for (name, (tried, answered)) in rows {
        println!("{tried:>8}  {answered:>8}  {name}");
    }
    let all: usize = kinds.iter().map(|(tried, _)| tried).sum();
    assert!(kinds[ONE].0 * 2 >= all, "less than half of the requests have one part changed");
    for (base, (_, answered)) in bases.iter().zip(&names) {
        // A machine's token has nothing to tell of a user.
        assert!(*answered > 0 || base.name == "userInfo", "{} was never answered", base.name);
    }
    let health = async { send(server.connect().await, get("localhost", "/_claviger/health")).await };
    assert_eq!(runtime.block_on(health).status, 200);
    runtime.block_on(server.stop());
}
