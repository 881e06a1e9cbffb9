//! The first line, the host, and header lines that are none.

use super::World;

#[tokio::test]
async fn a_request_line_has_three_parts_and_a_known_version() {
    let world = World::start().await;
    let with = |line: &str| format!("{line}\r\nHost: {{host}}\r\nConnection: close\r\n\r\n");
    world.check("as it should be", with("GET /prod/x HTTP/1.1"), &[200], &["GET /x"]).await;
    world.check("in HTTP/1.0", with("GET /prod/x HTTP/1.0"), &[200], &["GET /x"]).await;
    world.check("after an empty line", format!("\r\n{}", with("GET /prod/x HTTP/1.1")), &[200], &["GET /x"]).await;
    let line_feeds = "GET /prod/x HTTP/1.1\nHost: {host}\nConnection: close\n\n";
    world.check("line feeds alone, written anew", line_feeds, &[200], &["GET /x"]).await;
    for (name, line) in [
        ("HTTP/0.9", "GET /prod/x"),
        ("HTTP/1.2", "GET /prod/x HTTP/1.2"),
        ("HTTP/2.0 in text", "GET /prod/x HTTP/2.0"),
        ("HTTP/11", "GET /prod/x HTTP/11"),
        ("a version in lower case", "GET /prod/x http/1.1"),
        ("a version that is none", "GET /prod/x HTTP/one"),
        ("another protocol", "GET /prod/x ICY/1.1"),
        ("four parts", "GET /prod/x /y HTTP/1.1"),
        ("tabs between the parts", "GET\t/prod/x\tHTTP/1.1"),
        ("a tab in the target", "GET /prod/x\ty HTTP/1.1"),
        ("a NUL in the target", "GET /prod/x\0y HTTP/1.1"),
        ("a carriage return in the target", "GET /prod/x\ry HTTP/1.1"),
        ("a delete character in the target", "GET /prod/x\x7f HTTP/1.1"),
        ("a space before the method", " GET /prod/x HTTP/1.1"),
        ("a method with a colon", "GE:T /prod/x HTTP/1.1"),
        ("a method with a NUL", "GE\0T /prod/x HTTP/1.1"),
        ("no method", "/prod/x HTTP/1.1"),
        ("no target", "GET HTTP/1.1"),
        ("a target without a slash", "GET prod/x HTTP/1.1"),
        ("a target that is only a query", "GET ?x HTTP/1.1"),
    ] {
        world.check(name, with(line), &[400], &[]).await;
    }
    // Names of methods have a case, and none of these is a method of the API.
    for line in ["get /prod/x HTTP/1.1", "Get /prod/x HTTP/1.1", "GETX /prod/x HTTP/1.1", "TRACE /prod/x HTTP/1.1"] {
        world.check(line, with(line), &[403], &[]).await;
    }
    world.check("the target of all", with("OPTIONS * HTTP/1.1"), &[403], &[]).await;
    let overridden = "GET /prod/x HTTP/1.1\r\nHost: {host}\r\nX-HTTP-Method-Override: GET /y HTTP/1.1\r\n\r\n";
    world.check("a method in a header that is none", overridden, &[403], &[]).await;
}

#[tokio::test]
async fn a_request_names_one_host() {
    let world = World::start().await;
    let with = |line: &str, hosts: &str| format!("{line}\r\n{hosts}Connection: close\r\n\r\n");
    let get = "GET /prod/x HTTP/1.1";
    for (name, hosts) in [
        ("none", ""),
        ("two", "Host: {host}\r\nHost: other.example\r\n"),
        ("the same twice", "Host: {host}\r\nHost: {host}\r\n"),
        ("two in a line", "Host: {host}, other.example\r\n"),
        ("with a path", "Host: {host}/x\r\n"),
        ("with a user", "Host: user@{host}\r\n"),
        ("with a wrong port", "Host: {host}:99999\r\n"),
        ("with a port that is none", "Host: {host}:x\r\n"),
        ("with a space", "Host: {host} x\r\n"),
        ("with two dots", "Host: x..{host}\r\n"),
        ("with a NUL", "Host: {host}\0\r\n"),
        ("folded", "Host:\r\n {host}\r\n"),
        ("a space before the colon", "Host : {host}\r\n"),
    ] {
        world.check(name, with(get, hosts), &[400], &[]).await;
    }
    for (name, host) in [("upper case", world.host.to_uppercase()), ("a dot at the end", format!("{}.", world.host))] {
        world.check(name, with(get, &format!("Host: {host}\r\n")), &[200], &["GET /x"]).await;
    }
    let absolute = "GET http://{host}/prod/x HTTP/1.1";
    world.check("in the target as well", with(absolute, "Host: {host}\r\n"), &[200], &["GET /x"]).await;
    world.check("another in the target", with(absolute, "Host: other.example\r\n"), &[400], &[]).await;
    let user = "GET http://user@{host}/prod/x HTTP/1.1";
    world.check("a user in the target", with(user, "Host: {host}\r\n"), &[400], &[]).await;
    let other = "GET ftp://{host}/prod/x HTTP/1.1";
    let answers = world.send(with(other, "Host: {host}\r\n").as_bytes()).await;
    assert!(world.backend.take().iter().all(|request| request.what == "GET /x"), "{answers:?}");
    world.check("empty", with(get, "Host:\r\n"), &[404], &[]).await;
    let forwarded = "Host: localhost\r\nX-Forwarded-Host: {host}\r\nForwarded: host={host}\r\n";
    world.check("one that a header claims", with(get, forwarded), &[404], &[]).await;
}

#[tokio::test]
async fn a_header_line_is_a_name_a_colon_and_a_value() {
    let world = World::start().await;
    for (name, line) in [
        ("no colon", "X-A"),
        ("no name", ": x"),
        ("a space in the name", "X A: x"),
        ("a space before the colon", "X-A : x"),
        ("a tab before the colon", "X-A\t: x"),
        ("a NUL in the name", "X\0A: x"),
        ("a NUL in the value", "X-A: a\0b"),
        ("a carriage return in the name", "X\rA: x"),
        ("a carriage return in the value", "X-A: a\rX-Evil: b"),
        ("a control character in the value", "X-A: a\x01b"),
        ("a delete character in the value", "X-A: a\x7fb"),
        ("a separator in the name", "X(A): x"),
        ("a name that is not ASCII", "X-\u{e4}: x"),
        ("a folded line", "X-A: a\r\n b"),
        ("a folded line with a tab", "X-A: a\r\n\tb"),
        ("a first line that is folded", "\tX-A: a"),
    ] {
        let bytes = format!("GET /prod/x HTTP/1.1\r\n{line}\r\nHost: {{host}}\r\n\r\n");
        world.check(name, bytes, &[400], &[]).await;
    }
    let binary = b"GET /prod/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-A: \xe4\xff\r\n\r\n";
    world.check("bytes that are no text", binary, &[200], &["GET /x"]).await;
}

#[tokio::test]
async fn heads_are_bounded() {
    let world = World::start().await;
    let get = |target: &str, headers: &str| {
        format!("GET /prod/{target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n{headers}\r\n")
    };
    world.check("many bytes", get("x", &format!("X-A: {}\r\n", "a".repeat(11_000))), &[431], &[]).await;
    let lines = format!("X-A: {}\r\n", "a".repeat(200)).repeat(60);
    world.check("many bytes in many lines", get("x", &lines), &[431], &[]).await;
    world.check("more than any head has", get("x", &format!("X-A: {}\r\n", "a".repeat(600_000))), &[431], &[]).await;
    world.check("many lines", get("x", &"X-A: b\r\n".repeat(200)), &[431], &[]).await;
    world.check("a long path", get(&"a".repeat(10_300), ""), &[414], &[]).await;
    world.check("a long query", get(&format!("x?{}", "a".repeat(10_300)), ""), &[414], &[]).await;
    world.check("a line longer than any", get(&"a".repeat(100_000), ""), &[431], &[]).await;
}
