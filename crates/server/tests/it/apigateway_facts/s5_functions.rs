//! Sections 1.4, 1.5, 5.1, 5.4, 5.5 and 5.6, as far as they are about functions behind methods.

use serde_json::{Value, json};

use super::cases;
use super::world::{INTERNAL, refused};
use crate::claims_hook::Reaction;
use crate::lambda::{Node, Pets, answers, fails, integration, uri};
use crate::stack::Reply;

const ERROR: &str = "InternalServerErrorException";

impl Node {
    /// Serves an API with a proxy function behind it.
    async fn proxied(self: &std::sync::Arc<Self>) -> Pets {
        self.serve(&integration("aws_proxy", &json!({})), None, &json!({})).await
    }
}

impl Pets {
    /// What the client hears of what the function says.
    async fn hears(&self, reaction: Reaction) -> Reply {
        self.backend.reacts(reaction);
        self.ask("GET", "/pets/7", &[], "").await
    }

    /// The event of a request with these headers and this body.
    async fn event(&self, headers: &[(&str, &str)], body: &str) -> Value {
        self.seen();
        assert_eq!(self.ask("POST", "/pets/7", headers, body).await.status, 200);
        self.seen().0.remove(0)
    }
}

cases! { Node, |w|
    s1_4_trace_value => {
        let pets = w.proxied().await;
        let root = "Root=1-6a464ef8-6ae629315d45f81e58ee5a15";
        let reply = pets.ask("GET", "/pets/7", &[("X-Amzn-Trace-Id", &format!("{root};Sampled=1"))], "").await;
        let trace = reply.header("x-amzn-trace-id").unwrap();
        let parent = trace.strip_prefix(&format!("{root};Parent=")).unwrap().strip_suffix(";Sampled=0").unwrap();
        assert!(parent.len() == 16 && parent.bytes().all(|byte| byte.is_ascii_hexdigit()), "{trace}");
        assert_eq!(w.seen().0[0]["headers"]["X-Amzn-Trace-Id"], root);
        let reply = pets.ask("GET", "/pets/7", &[], "").await;
        assert!(reply.header("x-amzn-trace-id").unwrap().starts_with("Root=1-"), "{reply:?}");
    };
    s1_5_event => {
        let pets = w.proxied().await;
        let machine = w.server.machine().await;
        pets.guard_by_pool(&machine).await;
        let token = machine.token(&w.server, "").await;
        assert_eq!(pets.pet("7", &token).await.status, 200);
        let authorizer = w.seen().0[0]["requestContext"]["authorizer"].take();
        let names: Vec<_> = authorizer.as_object().unwrap().keys().collect();
        assert_eq!(names, ["claims"]);
        assert_eq!(authorizer["claims"]["sub"], *machine.client_id);
    };
    s1_5_event_of_a_machine => {
        let pets = w.proxied().await;
        let machine = w.server.machine().await;
        pets.guard_by_pool(&machine).await;
        let token = machine.token(&w.server, "").await;
        let reply = pets.ask("GET", "/pets/7", &[("User-Agent", "curl/8.13.0"), ("Authorization", &token)], "").await;
        assert_eq!(reply.status, 200);
        let event = w.seen().0.remove(0);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let expected = ["resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
            "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body", "isBase64Encoded"];
        assert_eq!(keys(&event), expected);
        let expected = ["resourceId", "authorizer", "resourcePath", "httpMethod", "extendedRequestId", "requestTime", "path",
            "accountId", "protocol", "stage", "domainPrefix", "requestTimeEpoch", "requestId", "identity", "domainName",
            "deploymentId", "apiId"];
        assert_eq!(keys(&event["requestContext"]), expected);
        let expected = ["Authorization", "Host", "User-Agent", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port",
            "X-Forwarded-Proto"];
        assert_eq!(keys(&event["headers"]), expected);
        let identity = json!({
            "cognitoIdentityPoolId": null, "accountId": null, "cognitoIdentityId": null, "caller": null,
            "sourceIp": "127.0.0.1", "principalOrgId": null, "accessKey": null, "cognitoAuthenticationType": null,
            "cognitoAuthenticationProvider": null, "userArn": null, "userAgent": "curl/8.13.0", "user": null,
        });
        assert_eq!(event["requestContext"]["identity"].to_string(), identity.to_string());
        assert_eq!((&event["body"], &event["isBase64Encoded"], &event["queryStringParameters"]), (&json!(null), &json!(false), &json!(null)));
    };
    s5_1_event => {
        let pets = w.proxied().await;
        let headers = [
            ("Accept", "text/html"), ("User-Agent", "curl"), ("Content-Type", "text/plain"), ("Authorization", "Bearer x"),
            ("Content-Encoding", "gzip"), ("Via", "1.1 x"), ("Connection", "keep-alive"), ("Content-MD5", "x"), ("Expect", "x"),
            ("Max-Forwards", "1"), ("Proxy-Authenticate", "x"), ("Server", "x"), ("TE", "trailers"), ("Trailer", "x"),
            ("Upgrade", "x"), ("WWW-Authenticate", "x"), ("X-Forwarded-For", "203.0.113.1"),
        ];
        let event = pets.event(&headers, "").await;
        let host = format!("{}.execute-api.us-east-1.amazonaws.com", pets.api);
        let expected = json!({
            "Accept": "text/html", "Authorization": "Bearer x", "Content-Encoding": "gzip", "Content-Type": "text/plain",
            "Host": host, "User-Agent": "curl", "Via": "1.1 x", "X-Amzn-Trace-Id": event["headers"]["X-Amzn-Trace-Id"],
            "X-Forwarded-For": "203.0.113.1, 127.0.0.1", "X-Forwarded-Port": "80", "X-Forwarded-Proto": "http",
        });
        assert_eq!(event["headers"], expected);
    };
    s5_1_event_names => {
        let pets = w.proxied().await;
        let event = pets.event(&[("authorization", "x"), ("user-agent", "curl"), ("X-Own", "1")], "").await;
        for name in ["Authorization", "User-Agent", "X-Own", "Host"] {
            assert!(event["headers"].get(name).is_some() && event["multiValueHeaders"].get(name).is_some(), "{name}: {event}");
        }
    };
    s5_1_illegal_for_aws => {
        for kind in ["aws", "aws_proxy"] {
            for name in ["authorization", "connection", "expect", "proxy-authenticate", "te", "content-length", "x-amzn-trace-id"] {
                let mapping = json!({ "requestParameters": { format!("integration.request.header.{name}"): "'x'" } });
                let pets = w.serve(&integration(kind, &mapping), None, &json!({})).await;
                refused(&pets.hears(answers(&json!({}))).await, 500, INTERNAL, ERROR);
            }
        }
        assert_eq!(w.seen().0, [0; 0]);
    };
    s5_4_not_permitted => {
        for kind in ["aws", "aws_proxy"] {
            let pets = w.serve(&integration(kind, &json!({ "uri": uri("unknown") })), None, &json!({})).await;
            refused(&pets.hears(answers(&json!({}))).await, 500, INTERNAL, ERROR);
        }
    };
    s5_4_function_error => {
        let pets = w.proxied().await;
        refused(&pets.hears(fails("no such pet")).await, 502, INTERNAL, ERROR);
    };
    s5_4_malformed => {
        let pets = w.proxied().await;
        refused(&pets.hears(answers(&json!({ "message": "hello" }))).await, 502, INTERNAL, ERROR);
    };
    s5_4_not_post => {
        for kind in ["aws", "aws_proxy"] {
            let pets = w.serve(&integration(kind, &json!({ "httpMethod": "GET" })), None, &json!({})).await;
            refused(&pets.hears(answers(&json!({}))).await, 500, INTERNAL, ERROR);
        }
        assert_eq!(w.seen().0, [0; 0]);
    };
    s5_4_function_answer_too_large => {
        let pets = w.proxied().await;
        let large = Reaction::Fixed(200, "", vec![b' '; 6 * 1024 * 1024 + 1].into());
        refused(&pets.hears(large).await, 502, INTERNAL, ERROR);
    };
    s5_5_members => {
        let pets = w.proxied().await;
        for (answer, expected) in [
            (json!({}), (200, "")),
            (json!({ "statusCode": 202 }), (202, "")),
            (json!({ "body": "x" }), (200, "x")),
            (json!({ "headers": null, "multiValueHeaders": null, "body": null, "isBase64Encoded": null }), (200, "")),
            (json!({ "statusCode": 400, "headers": {}, "multiValueHeaders": {}, "body": "x", "isBase64Encoded": false }), (400, "x")),
        ] {
            assert_eq!(pets.hears(answers(&answer)).await.said(), expected, "{answer}");
        }
    };
    s5_5_other_members => {
        let pets = w.proxied().await;
        for answer in ["", "null", "\"text\"", "[]", "7", r#"{"other":1}"#, r#"{"statusCode":200,"cookies":[]}"#, "<html>"] {
            refused(&pets.hears(Reaction::Fixed(200, "", answer.into())).await, 502, INTERNAL, ERROR);
        }
    };
    s5_5_status_code => {
        let pets = w.proxied().await;
        assert_eq!(pets.hears(answers(&json!({ "statusCode": "404" }))).await.status, 404);
        for status in [json!("ok"), json!({}), json!(true)] {
            refused(&pets.hears(answers(&json!({ "statusCode": status }))).await, 502, INTERNAL, ERROR);
        }
    };
    s5_5_header_values => {
        let pets = w.proxied().await;
        let reply = pets.hears(answers(&json!({ "headers": { "x-yes": true, "x-no": false } }))).await;
        assert_eq!((reply.header("x-yes"), reply.header("x-no")), (Some("true"), Some("false")));
        for value in [json!(1), json!({}), json!(["a"])] {
            refused(&pets.hears(answers(&json!({ "headers": { "x": value } }))).await, 502, INTERNAL, ERROR);
        }
    };
    s5_5_multi_value_headers => {
        let pets = w.proxied().await;
        let reply = pets.hears(answers(&json!({ "multiValueHeaders": { "x": ["a", "b"] } }))).await;
        assert_eq!(reply.headers.get_all("x").iter().collect::<Vec<_>>(), ["a", "b"]);
        for value in [json!("a"), json!({}), json!(1)] {
            refused(&pets.hears(answers(&json!({ "multiValueHeaders": { "x": value } }))).await, 502, INTERNAL, ERROR);
        }
    };
    s5_5_both => {
        let pets = w.proxied().await;
        let both = json!({ "headers": { "X-A": "value-solo" }, "multiValueHeaders": { "x-a": ["value-multi"] } });
        let reply = pets.hears(answers(&both)).await;
        assert_eq!(reply.headers.get_all("x-a").iter().collect::<Vec<_>>(), ["value-multi", "value-solo"]);
    };
    s5_5_base64 => {
        let encoded = json!({ "isBase64Encoded": true, "body": "aGk=", "headers": { "content-type": "image/png" } });
        assert_eq!(w.proxied().await.hears(answers(&encoded)).await.said(), (200, "aGk="));
        let api = json!({ "x-amazon-apigateway-binary-media-types": ["image/png"] });
        let pets = w.serve(&integration("aws_proxy", &json!({})), None, &api).await;
        assert_eq!(pets.hears(answers(&encoded)).await.said(), (200, "aGk="));
        let reply = pets.ask("GET", "/pets/7", &[("Accept", "image/png")], "").await;
        assert_eq!(reply.said(), (200, "hi"));
    };
    s5_5_content_type => {
        let pets = w.proxied().await;
        let reply = pets.hears(answers(&json!({ "body": "<p>" }))).await;
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let reply = pets.hears(answers(&json!({ "headers": { "Content-Type": "text/html" } }))).await;
        assert_eq!(reply.header("content-type"), Some("text/html"));
    };
    s5_6_event => {
        let pets = w.proxied().await;
        let event = pets.event(&[("Content-Type", "text/plain")], "text \u{e9}").await;
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("text \u{e9}"), &json!(false)));
        let api = json!({ "x-amazon-apigateway-binary-media-types": ["image/*"] });
        let pets = w.serve(&integration("aws_proxy", &json!({})), None, &api).await;
        let event = pets.event(&[("Content-Type", "image/png")], "hi").await;
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("aGk="), &json!(true)));
        let target = format!("/_aws/execute-api/{}/prod/pets/7", pets.api);
        let no_text = http::Request::post(target).header("Content-Type", "text/plain");
        let no_text = no_text.body(http_body_util::Full::from(b"\xff\xfe".to_vec())).unwrap();
        assert_eq!(w.server.ask(no_text).await.status, 200);
        let event = w.seen().0.remove(0);
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("//4="), &json!(true)));
    };
}
