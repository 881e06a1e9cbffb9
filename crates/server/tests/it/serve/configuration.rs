//! What is refused at the start, and what is answered at which address.

use super::{Home, command_for};
use crate::support::get;

const SIGNED: (&str, &str) = (
    "authorization",
    "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=00",
);

#[tokio::test]
async fn an_unsafe_configuration_is_refused_with_its_line() {
    let home = Home::new();
    let (status, said) = home.refused("listen.data = ['0.0.0.0:4566']", &[]).await;
    assert_eq!(status, Some(2), "{said}");
    assert!(said.starts_with("claviger: the configuration cannot be used\n"), "{said}");
    assert!(said.contains("claviger.toml:4: 0.0.0.0:4566 would take secrets in plain HTTP"), "{said}");
    assert!(!home.path("data").exists(), "nothing is made for a configuration that cannot be used");
    let (status, said) = home.refused("", &["--drain-seconds", "x"]).await;
    assert_eq!((status, said.contains("--drain-seconds: this must be a whole number")), (Some(2), true), "{said}");
    let (status, said) = home.refused("", &["--nonsense"]).await;
    assert_eq!((status, said.contains("--nonsense")), (Some(2), true), "{said}");
}

#[tokio::test]
async fn a_configuration_can_be_checked_without_starting() {
    let home = Home::new();
    assert_eq!(home.refused("", &["--check"]).await, (Some(0), String::new()));
    assert_eq!(home.refused("nonsense = 1", &["--check"]).await.0, Some(2));
    assert!(!home.path("data").exists());
    let missing = command_for("/does/not/exist".as_ref()).output().await.unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

#[tokio::test]
async fn each_address_answers_what_it_is_for() {
    let home = Home::new();
    let lines = "[listen]\ndata = ['127.0.0.1:0']\ncontrol = ['127.0.0.1:0']\noperations = ['127.0.0.1:0']";
    let served = home.serve(lines).await;
    assert_eq!(served.addresses.len(), 3);
    for place in 0..3 {
        assert_eq!(served.get(place, "/_claviger/health").await.0, 200);
        assert_eq!(served.get(place, "/_claviger/ready").await.0, 200);
    }
    let elsewhere = "not answered at this address";
    for (place, path, expected) in [
        (0, "/oauth2/nothing", false),
        (1, "/oauth2/nothing", true),
        (2, "/oauth2/nothing", true),
        (0, "/_aws/execute-api/abcdefghij/prod", false),
        (1, "/_aws/execute-api/abcdefghij/prod", true),
    ] {
        let (_, body) = served.get(place, path).await;
        assert_eq!(body.contains(elsewhere), expected, "{path} at {place}: {body}");
    }
    for (place, expected) in [(0, true), (1, false), (2, true)] {
        let mut request = get("127.0.0.1", "/");
        request.headers_mut().insert(SIGNED.0, SIGNED.1.parse().unwrap());
        let answer = served.ask(place, request).await;
        assert_eq!(answer.body.contains(elsewhere), expected, "{place}: {answer:?}");
        assert_ne!(answer.status, 200);
    }
    served.stop().await;
}

#[tokio::test]
async fn what_only_a_laptop_may_do_is_not_there() {
    let home = Home::new();
    let served = home.serve("listen.data = ['127.0.0.1:0']").await;
    for path in ["/_claviger/clock", "/_claviger/messages", "/_claviger/reset", "/_claviger/ca.pem"] {
        let (status, body) = served.get(0, path).await;
        assert!((400..500).contains(&status), "{path}: {status} {body}");
    }
    served.stop().await;
}
