//! Where a request ends: lengths, transfer codings and chunks.

use super::World;

/// A `POST` with these header lines and this body.
fn post(headers: &str, body: &str) -> String {
    format!("POST /prod/x HTTP/1.1\r\nHost: {{host}}\r\n{headers}\r\n\r\n{body}")
}

const SMUGGLED: &str = "GET /prod/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n";

#[tokio::test]
async fn a_length_is_one_number() {
    let world = World::start().await;
    world.check("one", post("Content-Length: 3\r\nConnection: close", "abc"), &[200], &["POST /x abc"]).await;
    let twice = post("Content-Length: 3\r\nContent-Length: 3\r\nConnection: close", "abc");
    world.check("the same twice", twice, &[200], &["POST /x abc"]).await;
    for (name, headers) in [
        ("two", "Content-Length: 3\r\nContent-Length: 4"),
        ("two, the first none", "Content-Length: 0\r\nContent-Length: 4"),
        ("a list", "Content-Length: 3, 3"),
        ("a list of two", "Content-Length: 3, 4"),
        ("a sign", "Content-Length: +3"),
        ("negative", "Content-Length: -3"),
        ("hexadecimal", "Content-Length: 0x3"),
        ("with a point", "Content-Length: 3.0"),
        ("two numbers", "Content-Length: 3 3"),
        ("empty", "Content-Length:"),
        ("too large for any number", "Content-Length: 99999999999999999999999"),
        ("digits of another script", "Content-Length: \u{0663}"),
        ("quoted", "Content-Length: \"3\""),
        ("a space before the colon", "Content-Length : 3"),
        ("a tab before the colon", "Content-Length\t: 3"),
        ("a folded line", "Content-Length:\r\n 3"),
    ] {
        world.check(name, post(headers, &format!("abc{SMUGGLED}")), &[400], &[]).await;
    }
}

#[tokio::test]
async fn a_transfer_coding_is_chunked_and_nothing_else() {
    let world = World::start().await;
    let body = "3\r\nabc\r\n0\r\n\r\n";
    for (name, headers) in [
        ("chunked", "Transfer-Encoding: chunked"),
        ("whatever its case", "transfer-encoding: CHUNKED"),
        ("after a tab", "Transfer-Encoding:\tchunked"),
    ] {
        let closing = format!("{headers}\r\nConnection: close");
        world.check(name, post(&closing, body), &[200], &["POST /x abc"]).await;
    }
    for (name, headers) in [
        ("unknown", "Transfer-Encoding: xchunked"),
        ("not last", "Transfer-Encoding: chunked, identity"),
        ("not alone", "Transfer-Encoding: identity, chunked"),
        ("after another", "Transfer-Encoding: gzip, chunked"),
        ("after another line", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        ("before another line", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        ("twice", "Transfer-Encoding: chunked, chunked"),
        ("in two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        ("with parameters", "Transfer-Encoding: chunked;q=1"),
        ("quoted", "Transfer-Encoding: \"chunked\""),
        ("empty", "Transfer-Encoding:"),
        ("with a comma", "Transfer-Encoding: ,chunked"),
        ("after a vertical tab", "Transfer-Encoding: \x0bchunked"),
        ("with a NUL", "Transfer-Encoding: chunked\0"),
        ("a space before the colon", "Transfer-Encoding : chunked"),
        ("a folded line", "Transfer-Encoding:\r\n chunked"),
        ("a folded line of another header", "X-A: b\r\n Transfer-Encoding: chunked"),
        ("a line that begins with a space", " Transfer-Encoding: chunked"),
    ] {
        world.check(name, post(headers, &format!("{body}{SMUGGLED}")), &[400], &[]).await;
        let with_length = format!("Content-Length: 3\r\n{headers}");
        world.check(name, post(&with_length, &format!("{body}{SMUGGLED}")), &[400], &[]).await;
    }
    let old = format!("POST /prod/x HTTP/1.0\r\nHost: {{host}}\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    world.check("in HTTP/1.0", old, &[400], &[]).await;
}

#[tokio::test]
async fn a_length_beside_a_coding_is_ignored_and_the_connection_ends() {
    let world = World::start().await;
    let empty = "0\r\n\r\n";
    // Whoever goes by the length sees another request; whoever goes by the coding must not.
    let first = post("Content-Length: 5\r\nTransfer-Encoding: chunked", &format!("{empty}{SMUGGLED}"));
    world.check("the length first", first, &[200], &["POST /x"]).await;
    let last = post("Transfer-Encoding: chunked\r\nContent-Length: 5", &format!("{empty}{SMUGGLED}"));
    world.check("the length last", last, &[200], &["POST /x"]).await;
    let short = post("Content-Length: 1\r\nTransfer-Encoding: chunked", &format!("3\r\nabc\r\n{empty}"));
    world.check("a length that is too short", short, &[200], &["POST /x abc"]).await;
    let inside = post("Content-Length: 100\r\nTransfer-Encoding: chunked", &format!("{empty}G"));
    world.check("half a request behind", inside, &[200], &["POST /x"]).await;
}

#[tokio::test]
async fn a_name_that_looks_like_framing_frames_nothing() {
    let world = World::start().await;
    let body = "0\r\n\r\n";
    let headers = "Content-Length: 5\r\nTransfer_Encoding: chunked\r\nContent_Length: 1\r\nConnection: close";
    world.check("underscores", post(headers, body), &[200], &["POST /x 0"]).await;
    let underscores = "Transfer_Encoding: chunked\r\nContent_Length: 9\r\nX_Amzn_Apigateway_Api_Id: x\r\n";
    world.brings("underscores", underscores, &[], &["transfer_encoding", "content_length", "x_amzn"]).await;
}

#[tokio::test]
async fn chunks_are_read_by_the_letter() {
    let world = World::start().await;
    let coding = "Transfer-Encoding: chunked\r\nConnection: close";
    for (name, body, seen) in [
        ("an extension is not passed on", "3;a=b\r\nabc\r\n0\r\n\r\n", "POST /x abc"),
        ("trailers end at the gate", "3\r\nabc\r\n0\r\nX-Evil: 1\r\nTransfer-Encoding: x\r\n\r\n", "POST /x abc"),
        ("zeros before the size", "003\r\nabc\r\n0\r\n\r\n", "POST /x abc"),
        ("a chunk that looks like a request", "13\r\nGET /evil HTTP/1.1\n\r\n0\r\n\r\n", "POST /x GET /evil HTTP/1.1"),
    ] {
        world.check(name, post(coding, body), &[200], &[seen]).await;
    }
    let long = format!("3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(20_000));
    for (name, body) in [
        ("a size beyond any number", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        ("a size of sixteen digits", "ffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        ("a negative size", "-3\r\nabc\r\n0\r\n\r\n"),
        ("a size with a sign", "+3\r\nabc\r\n0\r\n\r\n"),
        ("a size with a prefix", "0x3\r\nabc\r\n0\r\n\r\n"),
        ("a size that is none", "xyz\r\nabc\r\n0\r\n\r\n"),
        ("no size", "\r\nabc\r\n0\r\n\r\n"),
        ("a bare line feed after the size", "3\nabc\r\n0\r\n\r\n"),
        ("a bare carriage return after the size", "3\rabc\r\n0\r\n\r\n"),
        ("a line feed in an extension", "3;a\nb\r\nabc\r\n0\r\n\r\n"),
        ("more than its size", "3\r\nabcd\r\n0\r\n\r\n"),
        ("less than its size", "5\r\nabc\r\n0\r\n\r\n"),
        ("no line end behind a chunk", "3\r\nabc0\r\n\r\n"),
        ("no last chunk", "3\r\nabc\r\n"),
        ("extensions without end", &long),
    ] {
        let answers = world.send(post(coding, body).as_bytes()).await;
        assert!(matches!(answers.as_slice(), [400] | []), "{name}: {answers:?}");
        assert!(world.backend.take().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_follows_a_request_is_the_next_and_nothing_else() {
    let world = World::start().await;
    let get = "GET /prod/x HTTP/1.1\r\nHost: {host}\r\n\r\n";
    let close = "GET /prod/y HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    world.check("two requests", format!("{get}{close}"), &[200, 200], &["GET /x", "GET /y"]).await;
    world.check("one behind the last", format!("{close}{SMUGGLED}"), &[200], &["GET /y"]).await;
    world
        .check(
            "a malformed one behind",
            format!("{get}GET /prod/y HTTP/1.1\r\nHost : x\r\n\r\n"),
            &[200, 400],
            &["GET /x"],
        )
        .await;
    world.check("one behind a malformed", format!("G ET / HTTP/1.1\r\n\r\n{SMUGGLED}"), &[400], &[]).await;
    // The body of a GET does not go to the backend, and is no request either.
    let length = SMUGGLED.replace("{host}", &world.host).len();
    let hiding = format!(
        "GET /prod/x HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{SMUGGLED}"
    );
    world.check("one in the body of a GET", hiding, &[200], &["GET /x"]).await;
    let hiding = format!("GET /prod/x HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}{close}");
    let answers = world.send(hiding.as_bytes()).await;
    let seen: Vec<_> = world.backend.take().into_iter().map(|request| request.what).collect();
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert!(seen.iter().all(|what| what == "GET /x" || what == "GET /y") && !seen.is_empty(), "{seen:?}");
    world.check("a body that ends early", post("Content-Length: 10", "abc"), &[400], &[]).await;
}
