//! Signatures that were made rightly and then changed: every part of a signed call, of every protocol, and of bodies in chunks.
//! None is answered, and nothing is done.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use bytes::Bytes;
use claviger_server::node::{Options, Place};
use claviger_testkit::FakeMonotonic;
use http::{HeaderName, Method, Request, Uri};
use http_body_util::Full;
use serde_json::json;

use crate::locked::{Key, Signing, element, now};
use crate::stack::Reply;
use crate::support::Server;

/// A signed call, whole.
type Call = Request<Bytes>;
/// A change of one; `false` where there is nothing that it could change.
type Change = fn(&mut Call) -> bool;

/// Changes by name.
type Changes = &'static [(&'static str, Change)];

/// Changes of what a signature in the header covers, or says.
const CHANGES: Changes = &[
    ("another method", |call| {
        let other = if call.method() == Method::DELETE { Method::PUT } else { Method::DELETE };
        *call.method_mut() = other;
        true
    }),
    ("a longer path", |call| path(call, |path| format!("{}/more", path.trim_end_matches('/')))),
    ("a trailing slash", |call| path(call, |path| if path.ends_with('/') { path.into() } else { format!("{path}/") })),
    ("an empty segment", |call| path(call, |path| format!("/{path}"))),
    ("a dot segment", |call| path(call, |path| format!("/.{path}"))),
    ("a segment that is taken back", |call| path(call, |path| format!("/up/..{path}"))),
    ("letters of a path in another case", |call| path(call, str::to_ascii_uppercase)),
    ("a letter of a path encoded", |call| {
        // S3 reads and signs one key, however it is encoded.
        !is_s3(call) && path(call, |path| path.replacen('r', "%72", 1))
    }),
    ("one more parameter", |call| query(call, |query| join(query, "more=1"))),
    ("a parameter gone", |call| query(call, |query| query.split_once('&').map_or("", |(_, rest)| rest).to_owned())),
    ("a parameter twice", |call| query(call, |query| join(query, query))),
    ("a parameter of another value", |call| query(call, |query| query.replacen('=', "=0", 1))),
    ("a parameter of another name", |call| query(call, |query| query.replacen('=', "s=", 1))),
    ("a parameter without its value", |call| query(call, |query| query.split('=').next().unwrap().to_owned())),
    ("values that changed places", |call| {
        query(call, |query| match query.split('&').collect::<Vec<_>>()[..] {
            [one, other, ..] => {
                let ((a, x), (b, y)) = (one.split_once('=').unwrap(), other.split_once('=').unwrap());
                format!("{a}={y}&{b}={x}")
            }
            _ => query.to_owned(),
        })
    }),
    ("a byte of the body", |call| body(call, |body| *body.last_mut().unwrap() ^= 1)),
    ("a byte behind the body", |call| body(call, |body| body.push(b' '))),
    ("a byte before the body", |call| body(call, |body| body.insert(0, b' '))),
    ("a body that ends early", |call| body(call, |body| body.truncate(body.len() - 1))),
    ("no body", |call| body(call, Vec::clear)),
    ("another host", |call| header(call, "host", |_| "localhost".to_owned())),
    ("a host without its port", |call| header(call, "host", |host| host.split(':').next().unwrap().to_owned())),
    ("a second later", |call| header(call, "x-amz-date", |date| shifted(date, 1))),
    ("a second earlier", |call| header(call, "x-amz-date", |date| shifted(date, -1))),
    ("a day later", |call| header(call, "x-amz-date", |date| shifted(date, 86_400))),
    ("a date of another form", |call| header(call, "x-amz-date", |date| date.replace('T', " "))),
    ("no date", |call| call.headers_mut().remove("x-amz-date").is_some()),
    ("the date twice", |call| twice(call, "x-amz-date")),
    ("another type", |call| header(call, "content-type", |kind| format!("{kind};x=y"))),
    ("the type twice", |call| twice(call, "content-type")),
    ("no type", |call| call.headers_mut().remove("content-type").is_some()),
    ("another type that is accepted", |call| header(call, "accept", |kind| format!("{kind}, */*"))),
    ("another operation", |call| header(call, "x-amz-target", |target| target.replace("List", "Describe"))),
    ("another service", |call| header(call, "x-amz-target", |_| "AmazonSSM.DescribeParameters".to_owned())),
    ("no operation", |call| call.headers_mut().remove("x-amz-target").is_some()),
    ("another operation behind the first", |call| twice(call, "x-amz-target")),
    ("another hash of the body", |call| header(call, "x-amz-content-sha256", |hash| hash.replace(['0', '1'], "2"))),
    ("an unsigned body", |call| header(call, "x-amz-content-sha256", |_| "UNSIGNED-PAYLOAD".to_owned())),
    ("a body that claims to be unsigned", |call| !is_s3(call) && add(call, "x-amz-content-sha256", "UNSIGNED-PAYLOAD")),
    ("a body that claims to come in chunks", |call| {
        header(call, "x-amz-content-sha256", |_| "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned())
    }),
    ("a hash that is none", |call| header(call, "x-amz-content-sha256", |_| "abc".to_owned())),
    ("a header that says what is done", |call| is_s3(call) && add(call, "x-amz-copy-source", "other/key")),
    ("a header that says who may", |call| is_s3(call) && add(call, "x-amz-acl", "public-read")),
    ("a header of metadata", |call| is_s3(call) && add(call, "x-amz-meta-owner", "eve")),
    ("a signed header of another value", |call| header(call, "x-extra", |_| "other".to_owned())),
    ("a signed header in another case", |call| header(call, "x-extra", str::to_ascii_uppercase)),
    ("a signed header gone", |call| call.headers_mut().remove("x-extra").is_some()),
    ("a signed header twice", |call| twice(call, "x-extra")),
    ("a token that nobody signed", |call| add(call, "x-amz-security-token", "FwoGZXIvYXdzEBYaDPcQ")),
    ("the host left open", |call| claim(call, "SignedHeaders", |names| without(names, "host"))),
    ("the date left open", |call| claim(call, "SignedHeaders", |names| without(names, "x-amz-date"))),
    ("a header left open", |call| claim(call, "SignedHeaders", |names| without(names, "x-extra"))),
    ("the operation left open", |call| claim(call, "SignedHeaders", |names| without(names, "x-amz-target"))),
    ("the type left open", |call| claim(call, "SignedHeaders", |names| without(names, "content-type"))),
    ("one more header in the claim", |call| claim(call, "SignedHeaders", |names| format!("{names};x-more"))),
    ("no header in the claim", |call| claim(call, "SignedHeaders", |_| String::new())),
    ("no list of headers", |call| authorization(call, |text| cut(text, "SignedHeaders="))),
    ("another digit of the signature", |call| claim(call, "Signature", |it| flipped(it, 0))),
    ("another last digit of the signature", |call| claim(call, "Signature", |it| flipped(it, 63))),
    ("a signature in capitals", |call| claim(call, "Signature", |it| it.to_ascii_uppercase() + "A")),
    ("a signature that ends early", |call| claim(call, "Signature", |it| it[..62].to_owned())),
    ("a signature that goes on", |call| claim(call, "Signature", |it| format!("{it}00"))),
    ("an empty signature", |call| claim(call, "Signature", |_| String::new())),
    ("a signature of noughts", |call| claim(call, "Signature", |it| "0".repeat(it.len()))),
    ("no signature", |call| authorization(call, |text| cut(text, "Signature="))),
    ("a key that nobody has", |call| scope(call, 0, |_| "AKIAQAAAAAAAAAAAAAAA".to_owned())),
    ("a key that is none", |call| scope(call, 0, |_| "test".to_owned())),
    ("an account in place of a key", |call| scope(call, 0, |_| "000000000000".to_owned())),
    ("a key in small letters", |call| scope(call, 0, str::to_ascii_lowercase)),
    ("another day", |call| scope(call, 1, |day| shifted(&format!("{day}T000000Z"), 86_400)[..8].to_owned())),
    ("a day that is none", |call| scope(call, 1, |_| "yesterday".to_owned())),
    ("another region", |call| scope(call, 2, |_| "eu-west-1".to_owned())),
    ("a region that is none", |call| scope(call, 2, |_| "nowhere!".to_owned())),
    ("the name of another service", |call| scope(call, 3, |name| if name == "iam" { "sts" } else { "iam" }.to_owned())),
    ("the name of no service", |call| scope(call, 3, |_| "weather".to_owned())),
    ("another end of the scope", |call| scope(call, 4, |_| "aws5_request".to_owned())),
    ("a scope without its region", |call| claim(call, "Credential", |text| text.replacen("us-east-1/", "", 1))),
    ("no scope", |call| authorization(call, |text| cut(text, "Credential="))),
    ("another algorithm", |call| authorization(call, |text| text.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"))),
    ("an algorithm of two curves", |call| {
        authorization(call, |text| text.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"))
    }),
    ("a part without a value", |call| authorization(call, |text| text.replace("Signature=", "Signature"))),
    ("a bearer of the signature", |call| authorization(call, |text| text.replace("AWS4-HMAC-SHA256", "Bearer"))),
    ("an empty authorization", |call| authorization(call, |_| String::new())),
    ("no authorization", |call| call.headers_mut().remove("authorization").is_some()),
];

/// Changes of what a presigned URL says.
const PRESIGNED: Changes = &[
    ("another method", |call| {
        *call.method_mut() = if call.method() == Method::GET { Method::PUT } else { Method::GET };
        true
    }),
    ("a longer path", |call| path(call, |path| format!("{}/more", path.trim_end_matches('/')))),
    ("a dot segment", |call| path(call, |path| format!("/.{path}"))),
    ("one more parameter", |call| query(call, |query| join(query, "versionId=null"))),
    ("a parameter before the others", |call| query(call, |query| format!("list-type=2&{query}"))),
    ("another host", |call| header(call, "host", |_| "localhost".to_owned())),
    ("a longer life", |call| parameter(call, "X-Amz-Expires", |_| "604800".to_owned())),
    ("a life that is too long", |call| parameter(call, "X-Amz-Expires", |_| "604801".to_owned())),
    ("a life of less than nothing", |call| parameter(call, "X-Amz-Expires", |_| "-1".to_owned())),
    ("no end", |call| query(call, |query| without_parameter(query, "X-Amz-Expires"))),
    ("a second end", |call| query(call, |query| format!("X-Amz-Expires=604800&{query}"))),
    ("another date", |call| parameter(call, "X-Amz-Date", |date| shifted(date, 60))),
    ("no date", |call| query(call, |query| without_parameter(query, "X-Amz-Date"))),
    ("another day", |call| parameter(call, "X-Amz-Date", |date| shifted(date, 86_400))),
    ("another key", |call| parameter(call, "X-Amz-Credential", |it| it.replacen("AKIA", "AKIB", 1))),
    ("another region", |call| parameter(call, "X-Amz-Credential", |it| it.replace("us-east-1", "us-east-2"))),
    ("another end of the scope", |call| parameter(call, "X-Amz-Credential", |it| it.replace("aws4", "aws5"))),
    ("no credential", |call| query(call, |query| without_parameter(query, "X-Amz-Credential"))),
    ("no signed headers", |call| query(call, |query| without_parameter(query, "X-Amz-SignedHeaders"))),
    ("one more signed header", |call| parameter(call, "X-Amz-SignedHeaders", |it| format!("{it}%3Bx-more"))),
    ("the host left open", |call| parameter(call, "X-Amz-SignedHeaders", |_| "x-amz-date".to_owned())),
    ("another algorithm", |call| parameter(call, "X-Amz-Algorithm", |_| "AWS4-HMAC-SHA1".to_owned())),
    ("no algorithm", |call| query(call, |query| without_parameter(query, "X-Amz-Algorithm"))),
    ("another signature", |call| parameter(call, "X-Amz-Signature", |it| flipped(it, 5))),
    ("no signature", |call| query(call, |query| without_parameter(query, "X-Amz-Signature"))),
    ("a signature of another before it", |call| {
        query(call, |query| format!("X-Amz-Signature={}&{query}", "0".repeat(64)))
    }),
    ("names of parameters in small letters", |call| query(call, |query| query.replace("X-Amz-", "x-amz-"))),
    ("a token behind it", |call| query(call, |query| join(query, "X-Amz-Security-Token=FwoG"))),
    ("a header that wins over it", |call| {
        add(call, "authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request")
    }),
    ("a plus for a space", |call| query(call, |query| join(query, "prefix=a+b"))),
];

/// Changes of a body in chunks that are signed.
const CHUNKED: Changes = &[
    ("a byte of the first chunk", |call| body(call, |body| replace(body, b"aaaa", b"aaab"))),
    ("a byte of the last chunk", |call| body(call, |body| replace(body, b"cccc", b"cccd"))),
    ("chunks that changed places", |call| chunks(call, |chunks| chunks.swap(0, 1))),
    ("a chunk gone", |call| chunks(call, |chunks| drop(chunks.remove(1)))),
    ("a chunk twice", |call| chunks(call, |chunks| chunks.insert(1, chunks[0].clone()))),
    ("a chunk of nobody's", |call| {
        chunks(call, |it| it.insert(2, format!("1;chunk-signature={}\r\nx\r\n", "0".repeat(64))))
    }),
    ("no last chunk", |call| chunks(call, |chunks| drop(chunks.pop()))),
    ("a chunk without a signature", |call| chunks(call, |it| it[1] = it[1].replace(";chunk-signature=", ";x="))),
    ("a chunk of another size", |call| chunks(call, |chunks| chunks[0] = chunks[0].replacen("10;", "11;", 1))),
    ("the signature of the chunk before", |call| {
        chunks(call, |chunks| {
            let signature = |chunk: &str| chunk.split(['=', '\r']).nth(1).unwrap().to_owned();
            let (first, second) = (signature(&chunks[0]), signature(&chunks[1]));
            chunks[1] = chunks[1].replace(&second, &first);
        })
    }),
    ("another signature of the request", |call| claim(call, "Signature", |it| flipped(it, 1))),
    ("another length", |call| header(call, "x-amz-decoded-content-length", |_| "1".to_owned())),
    ("unsigned chunks", |call| {
        header(call, "x-amz-content-sha256", |_| "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned())
    }),
    ("chunks as they are", |call| {
        let whole = call.body().clone();
        header(call, "x-amz-content-sha256", |_| hex(digest(&SHA256, &whole).as_ref()))
    }),
    ("trailers that nobody signed", |call| {
        !has_trailers(call)
            && body(call, |body| {
                body.truncate(body.len() - 2);
                body.extend_from_slice(b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n");
            })
    }),
    ("another trailer", |call| has_trailers(call) && body(call, |body| replace(body, b"crc32:", b"crc32c:"))),
    ("another value of a trailer", |call| has_trailers(call) && body(call, |body| replace(body, b"==\r\n", b"=A\r\n"))),
    ("no trailer", |call| has_trailers(call) && lines(call, |line| !line.starts_with("x-amz-checksum"))),
    ("no signature of the trailers", |call| {
        has_trailers(call) && lines(call, |line| !line.starts_with("x-amz-trailer"))
    }),
    ("a trailer behind the signature", |call| {
        has_trailers(call)
            && body(call, |body| {
                body.truncate(body.len() - 2);
                body.extend_from_slice(b"x-amz-meta-owner:eve\r\n\r\n");
            })
    }),
    ("a trailer more", |call| {
        has_trailers(call) && body(call, |body| replace(body, b"x-amz-checksum", b"x-more:1\r\nx-amz-checksum"))
    }),
    ("no word of trailers", |call| has_trailers(call) && call.headers_mut().remove("x-amz-trailer").is_some()),
    ("the body without its trailers", |call| {
        has_trailers(call) && header(call, "x-amz-content-sha256", |_| "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned())
    }),
];

/// Codes of refusals that are about who signed what.
const CODES: &[&str] = &[
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidArgument",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "XAmzContentSHA256Mismatch",
];

#[tokio::test]
async fn no_signature_that_was_changed_opens_anything() {
    let world = World::start().await;
    let (mut seen, mut answered) = (BTreeSet::new(), Vec::new());
    for (name, call, changes) in world.calls() {
        let reply = world.send(call.clone()).await;
        assert!(reply.status.is_success() || name == "a presigned download", "{name}: {reply:?}");
        for (change, apply) in changes {
            let mut changed = call.clone();
            if !apply(&mut changed) {
                continue;
            }
            assert!(seen.insert((name, *change)), "{name}: {change} twice");
            let reply = world.send(changed).await;
            let code = code(&reply);
            let is_refused = reply.status.is_client_error() && CODES.contains(&&*code);
            if !is_refused && !is_elsewhere(change, &reply) {
                answered.push(format!("{name}: {change}: {code} {reply:?}"));
            }
        }
    }
    assert!(answered.is_empty(), "{answered:#?}");
    assert!(seen.len() >= 300, "{} changes", seen.len());
    world.nothing_was_done().await;
}

/// Whether what is left of a request is none of the control plane's, because nothing in it names a service, or no body of the
/// kind that it says it is.
fn is_elsewhere(change: &str, reply: &Reply) -> bool {
    let unnamed = [
        "another algorithm",
        "another end of the scope",
        "a bearer of the signature",
        "a scope without its region",
        "an empty authorization",
        "names of parameters in small letters",
        "no authorization",
        "no credential",
        "no scope",
    ];
    let is_page = reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let framing = ["EntityTooLarge", "IncompleteBody", "InvalidRequest", "MalformedTrailerError"];
    (unnamed.contains(&change) && (reply.status == 404 || is_page)) || framing.contains(&&*code(reply))
}

struct World {
    server: Server,
    key: Key,
    time: Arc<FakeMonotonic>,
    _directory: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = Key::first(&directory, "admin", "ada").await;
        let time = Arc::new(FakeMonotonic::default());
        let options = Options { monotonic: Some(time.clone()), ..Options::default() };
        let server = Server::locked(&Place::Directory(directory.path().to_owned()), options, 0);
        let world = Self { server, key, time, _directory: directory };
        let made = world.send(world.signed("s3", "PUT", "/bucket", &[], b"")).await;
        assert_eq!(made.status, 200, "{made:?}");
        world
    }

    fn signed(&self, service: &'static str, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Call {
        self.signed_as(&self.key.signing(service), method, target, headers, body)
    }

    fn signed_as(&self, signing: &Signing, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Call {
        let host = self.server.address.to_string();
        let (parts, _) = signing.request(&host, method, target, headers, body).into_parts();
        Request::from_parts(parts, Bytes::copy_from_slice(body))
    }

    /// Calls of every protocol, and what is changed of each.
    fn calls(&self) -> Vec<(&'static str, Call, Changes)> {
        let extra = ("x-extra", "signed, too");
        let json = [("content-type", "application/x-amz-json-1.1"), extra];
        let target = ("x-amz-target", "AWSCognitoIdentityProviderService.ListUserPools");
        let form = [("content-type", "application/x-www-form-urlencoded"), extra];
        let who = "Action=GetCallerIdentity&Version=2011-06-15";
        let presigned = |service| Signing { is_presigned: true, ..self.key.signing(service) };
        let object = "/bucket/folder/object";
        vec![
            (
                "a call of awsJson",
                self.signed("cognito-idp", "POST", "/", &[json[0], target, extra], br#"{"MaxResults":10}"#),
                CHANGES,
            ),
            (
                "a call of restJson",
                self.signed(
                    "apigateway",
                    "GET",
                    "/restapis?limit=5&position=10",
                    &[("accept", "application/json"), extra],
                    b"",
                ),
                CHANGES,
            ),
            (
                "a call of restJson with a body",
                self.signed(
                    "apigateway",
                    "POST",
                    "/restapis",
                    &[("content-type", "application/json"), extra],
                    br#"{"name":"kept"}"#,
                ),
                CHANGES,
            ),
            ("a form", self.signed("sts", "POST", "/", &form, who.as_bytes()), CHANGES),
            (
                "an upload",
                self.signed(
                    "s3",
                    "PUT",
                    &format!("{object}?x-id=PutObject"),
                    &[("content-type", "text/plain"), extra],
                    b"kept",
                ),
                CHANGES,
            ),
            ("a presigned form", self.signed_as(&presigned("sts"), "GET", &format!("/?{who}"), &[], b""), PRESIGNED),
            (
                "a presigned download",
                self.signed_as(
                    &Signing { payload: Some("UNSIGNED-PAYLOAD"), ..presigned("s3") },
                    "GET",
                    "/bucket/folder/nothing",
                    &[],
                    b"",
                ),
                PRESIGNED,
            ),
            ("an upload in signed chunks", self.chunked(false), CHUNKED),
            ("an upload in signed chunks with trailers", self.chunked(true), CHUNKED),
        ]
    }

    /// An upload of three chunks, each signed, with a checksum behind them or not.
    fn chunked(&self, trailers: bool) -> Call {
        let kind =
            if trailers { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" } else { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" };
        let signing = Signing { payload: Some(kind), ..self.key.signing("s3") };
        let mut headers = vec![("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "48")];
        headers.extend(trailers.then_some(("x-amz-trailer", "x-amz-checksum-crc32")));
        let mut call = self.signed_as(&signing, "PUT", "/bucket/chunks", &headers, b"");
        let header = |name: &str| call.headers()[name].to_str().unwrap().to_owned();
        let (authorization, date) = (header("authorization"), header("x-amz-date"));
        let scope = authorization.split("Credential=").nth(1).unwrap().split(',').next().unwrap();
        let scope = scope.split_once('/').unwrap().1.to_owned();
        let mut previous = authorization.rsplit('=').next().unwrap().to_owned();
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{}", self.key.secret).as_bytes());
        for part in scope.split('/') {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        let sign = |text: String| hex(hmac::sign(&key, text.as_bytes()).as_ref());
        let mut body = Vec::new();
        for chunk in ["a".repeat(16), "b".repeat(16), "c".repeat(16), String::new()] {
            let (nothing, hash) = (hex(digest(&SHA256, b"").as_ref()), hex(digest(&SHA256, chunk.as_bytes()).as_ref()));
            previous = sign(format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{previous}\n{nothing}\n{hash}"));
            let end = if chunk.is_empty() { "" } else { "\r\n" };
            body.extend_from_slice(format!("{:x};chunk-signature={previous}\r\n{chunk}{end}", chunk.len()).as_bytes());
        }
        if trailers {
            let trailer = format!("x-amz-checksum-crc32:{CRC32}");
            let hash = hex(digest(&SHA256, format!("{trailer}\n").as_bytes()).as_ref());
            let signature = sign(format!("AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{previous}\n{hash}"));
            body.extend_from_slice(format!("{trailer}\r\nx-amz-trailer-signature:{signature}\r\n").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        *call.body_mut() = body.into();
        call
    }

    /// Sends a call, a minute after the last one.
    async fn send(&self, call: Call) -> Reply {
        self.time.advance_milliseconds(60_000);
        let (parts, body) = call.into_parts();
        self.server.ask(Request::from_parts(parts, Full::new(body))).await
    }

    /// What the rightly signed calls did is done, once, and nothing else.
    async fn nothing_was_done(&self) {
        let apis = self.send(self.signed("apigateway", "GET", "/restapis", &[], b"")).await.json();
        assert_eq!(apis["item"].as_array().unwrap().len(), 1, "{apis}");
        let listed = self.send(self.signed("s3", "GET", "/bucket?list-type=2", &[], b"")).await;
        let keys: Vec<&str> = listed.body.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
        assert_eq!(keys, ["chunks", "folder/object"]);
        for (key, content) in
            [("folder/object", "kept".to_owned()), ("chunks", ["a", "b", "c"].map(|it| it.repeat(16)).concat())]
        {
            let read = self.send(self.signed("s3", "GET", &format!("/bucket/{key}"), &[], b"")).await;
            assert_eq!(read.said(), (200, &*content));
        }
        let headers = [("x-amz-target", "AWSCognitoIdentityProviderService.ListUserPools")];
        let body = json!({ "MaxResults": 10 }).to_string();
        let pools = self.send(self.signed("cognito-idp", "POST", "/", &headers, body.as_bytes())).await;
        assert_eq!(pools.json(), json!({ "UserPools": [] }));
    }
}

/// The CRC-32 of the chunks' content.
const CRC32: &str = "k28WFw==";

fn code(reply: &Reply) -> String {
    match reply.header("x-amzn-errortype") {
        Some(code) => code.to_owned(),
        None => element(&reply.body, "Code").to_owned(),
    }
}

fn is_s3(call: &Call) -> bool {
    call.headers().get("authorization").is_some_and(|value| value.to_str().unwrap().contains("/s3/"))
}

fn has_trailers(call: &Call) -> bool {
    call.headers().contains_key("x-amz-trailer")
}

fn with_uri(call: &mut Call, changed: &str) -> bool {
    let is_other = *call.uri() != *changed;
    *call.uri_mut() = changed.parse::<Uri>().unwrap();
    is_other
}

fn path(call: &mut Call, change: impl Fn(&str) -> String) -> bool {
    let query = call.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let changed = change(call.uri().path()) + &query;
    with_uri(call, &changed)
}

fn query(call: &mut Call, change: impl Fn(&str) -> String) -> bool {
    let Some(query) = call.uri().query().map(str::to_owned) else { return false };
    let changed = format!("{}?{}", call.uri().path(), change(&query));
    with_uri(call, &changed)
}

/// Another value for a parameter of the query.
fn parameter(call: &mut Call, name: &str, change: impl Fn(&str) -> String) -> bool {
    query(call, |query| {
        let parts = query.split('&').map(|part| match part.split_once('=') {
            Some((known, value)) if known == name => format!("{name}={}", change(value)),
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("&")
    })
}

fn without_parameter(query: &str, name: &str) -> String {
    query.split('&').filter(|part| !part.starts_with(name)).collect::<Vec<_>>().join("&")
}

fn join(query: &str, more: &str) -> String {
    if query.is_empty() { more.to_owned() } else { format!("{query}&{more}") }
}

fn body(call: &mut Call, change: impl Fn(&mut Vec<u8>)) -> bool {
    if call.body().is_empty() {
        return false;
    }
    let mut changed = call.body().to_vec();
    change(&mut changed);
    let is_other = changed != *call.body();
    *call.body_mut() = changed.into();
    is_other
}

fn header(call: &mut Call, name: &str, change: impl Fn(&str) -> String) -> bool {
    let Some(value) = call.headers().get(name).map(|value| value.to_str().unwrap().to_owned()) else { return false };
    let changed = change(&value);
    let is_other = changed != value;
    call.headers_mut().insert(name.parse::<HeaderName>().unwrap(), changed.parse().unwrap());
    is_other
}

fn add(call: &mut Call, name: &'static str, value: &str) -> bool {
    call.headers_mut().insert(name, value.parse().unwrap()).is_none()
}

fn twice(call: &mut Call, name: &'static str) -> bool {
    let Some(value) = call.headers().get(name).cloned() else { return false };
    call.headers_mut().append(name, value);
    true
}

fn authorization(call: &mut Call, change: impl Fn(&str) -> String) -> bool {
    header(call, "authorization", change)
}

/// Another value for a part of the `Authorization` header.
fn claim(call: &mut Call, name: &str, change: impl Fn(&str) -> String) -> bool {
    authorization(call, |text| {
        let (before, rest) = text.split_once(&format!("{name}=")).unwrap();
        let end = rest.find(',').unwrap_or(rest.len());
        format!("{before}{name}={}{}", change(&rest[..end]), &rest[end..])
    })
}

/// Another value for a part of the credential.
fn scope(call: &mut Call, place: usize, change: impl Fn(&str) -> String) -> bool {
    claim(call, "Credential", |credential| {
        let mut parts: Vec<String> = credential.split('/').map(str::to_owned).collect();
        parts[place] = change(&parts[place]);
        parts.join("/")
    })
}

fn without(names: &str, name: &str) -> String {
    names.split(';').filter(|known| *known != name).collect::<Vec<_>>().join(";")
}

/// A header without the part that starts so.
fn cut(text: &str, part: &str) -> String {
    let (scheme, parts) = text.split_once(' ').unwrap();
    let kept: Vec<&str> = parts.split(", ").filter(|known| !known.starts_with(part)).collect();
    format!("{scheme} {}", kept.join(", "))
}

fn flipped(digits: &str, place: usize) -> String {
    let other = if &digits[place..=place] == "0" { "1" } else { "0" };
    format!("{}{other}{}", &digits[..place], &digits[place + 1..])
}

/// The moment so many seconds later.
fn shifted(date: &str, seconds: i64) -> String {
    use time::macros::format_description;
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let moment = time::PrimitiveDateTime::parse(date, form).unwrap();
    (moment + time::Duration::seconds(seconds)).format(form).unwrap()
}

/// The chunks of a body, each with its head, and what comes behind them as the last.
fn chunks(call: &mut Call, change: impl Fn(&mut Vec<String>)) -> bool {
    body(call, |body| {
        let text = String::from_utf8(body.clone()).unwrap();
        let mut chunks: Vec<String> = Vec::new();
        for line in text.split_inclusive("\r\n") {
            match chunks.last_mut() {
                Some(chunk) if !line.contains("chunk-signature=") => chunk.push_str(line),
                _ => chunks.push(line.to_owned()),
            }
        }
        change(&mut chunks);
        *body = chunks.concat().into_bytes();
    })
}

fn lines(call: &mut Call, keep: impl Fn(&str) -> bool) -> bool {
    body(call, |body| {
        let text = String::from_utf8(body.clone()).unwrap();
        *body = text.split_inclusive("\r\n").filter(|line| keep(line)).collect::<String>().into_bytes();
    })
}

fn replace(body: &mut Vec<u8>, from: &[u8], to: &[u8]) {
    let text = String::from_utf8(body.clone()).unwrap();
    let (from, to) = (std::str::from_utf8(from).unwrap(), std::str::from_utf8(to).unwrap());
    *body = text.replacen(from, to, 1).into_bytes();
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).unwrap()).collect()
}

#[tokio::test]
async fn a_signature_is_good_for_as_long_as_aws_takes_it() {
    let world = World::start().await;
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    for (service, seconds_ago, expected) in [
        ("sts", 280, 200),
        ("sts", 320, 403),
        ("sts", -280, 200),
        ("sts", -320, 403),
        ("s3", 880, 200),
        ("s3", 920, 403),
        ("s3", -880, 200),
        ("s3", -920, 403),
    ] {
        let signing = Signing { seconds_ago, ..world.key.signing(service) };
        let call = match service {
            "s3" => world.signed_as(&signing, "GET", "/bucket?list-type=2", &[], b""),
            _ => world.signed_as(&signing, "POST", "/", &headers, form.as_bytes()),
        };
        let reply = world.send(call).await;
        assert_eq!(reply.status, expected, "{service} {seconds_ago} at {}: {reply:?}", now());
    }
    let presigned = Signing { is_presigned: true, seconds_ago: 70, ..world.key.signing("sts") };
    let reply = world.send(world.signed_as(&presigned, "GET", &format!("/?{form}"), &[], b"")).await;
    assert_eq!((reply.status.as_u16(), element(&reply.body, "Code")), (403, "SignatureDoesNotMatch"));
    let presigned = Signing { payload: Some("UNSIGNED-PAYLOAD"), service: "s3", ..presigned };
    let reply = world.send(world.signed_as(&presigned, "GET", "/bucket/folder/object", &[], b"")).await;
    assert_eq!((reply.status.as_u16(), element(&reply.body, "Message")), (403, "Request has expired"));
}
