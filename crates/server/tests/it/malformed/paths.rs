//! Paths that a backend could read otherwise than the gate.

use super::World;

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_path_that_leaves_its_place_is_refused() {
    let world = World::start().await;
    for target in [
        "/prod/../secret",
        "/prod/x/../secret",
        "/prod/x/../../secret",
        "/prod/./secret",
        "/prod/x/..",
        "/prod/%2e%2e/secret",
        "/prod/%2E%2E/secret",
        "/prod/.%2e/secret",
        "/prod/x/%2e%2e%2fsecret",
        "/prod/x/..%2fsecret",
        "/prod/x%2f..%2fsecret",
        "/prod/x/..%5csecret",
        "/prod/x\\..\\secret",
        "/prod/..;/secret",
        "/prod/x/..;a=b/secret",
        "/prod/%252e%252e/secret",
        "/prod/x/..%252fsecret",
        "/prod/%c0%ae%c0%ae/secret",
        "/prod/x/..%c0%afsecret",
        "/prod/%e0%80%ae%e0%80%ae/secret",
        "/prod/x%00/secret",
        "/prod/x%0d%0aX-Evil:%201",
        "/prod/x%0aX-Evil:%201",
        "/prod/x%7f",
        "/prod/x%2500",
        "/../prod/secret",
        "/./prod/secret",
    ] {
        world.check(target, get(target), &[400], &[]).await;
    }
}

#[tokio::test]
async fn no_spelling_leads_past_the_authorizer() {
    let world = World::start().await;
    for target in [
        "/prod/secret",
        "/prod/secret/",
        "/prod//secret",
        "//prod/secret",
        "/prod/secret?x=/y",
        "/prod/secret#x",
        "/prod/%73ecret",
        "/prod/%73%65%63%72%65%74",
        "/prod/secre%74/",
    ] {
        world.check(target, get(target), &[401], &[]).await;
    }
    // What is no spelling of it to the gate, but could be one to a backend.
    for target in [
        "/prod/secret%2f",
        "/prod/secret%2F%2F",
        "/prod/%2fsecret",
        "/prod/secret%5c",
        "/prod/secret\\",
        "/prod/\\secret",
        "/prod/secret;",
        "/prod/secret;x=y",
        "/prod/;x/secret",
        "/prod/secret;x=y/",
    ] {
        world.check(target, get(target), &[400], &[]).await;
    }
}

#[tokio::test]
async fn what_means_one_thing_passes_as_it_is() {
    let world = World::start().await;
    for (target, seen) in [
        ("/prod/a//b", "GET /a//b"),
        ("/prod/a%2Fb", "GET /a%2Fb"),
        ("/prod/a%20b", "GET /a%20b"),
        ("/prod/a;b=c", "GET /a;b=c"),
        ("/prod/a%25b", "GET /a%25b"),
        ("/prod/%c3%a9", "GET /%c3%a9"),
        ("/prod/%ff", "GET /%ff"),
        ("/prod/.well-known/x", "GET /.well-known/x"),
        ("/prod/..a/b..", "GET /..a/b.."),
        ("/prod/...", "GET /..."),
        ("/prod/x?a=/../&b=%00", "GET /x?a=/../&b=%00"),
        ("/prod/x?a?b", "GET /x?a?b"),
        ("/prod/x#fragment", "GET /x"),
        ("/prod/x?a#fragment", "GET /x?a"),
        ("/prod/SECRET", "GET /SECRET"),
        ("/prod/x/secret", "GET /x/secret"),
        ("/prod/http://other.example/", "GET /http://other.example"),
        ("/prod/@other.example", "GET /@other.example"),
        ("/prod/:80", "GET /:80"),
    ] {
        world.check(target, get(target), &[200], &[seen]).await;
    }
}
