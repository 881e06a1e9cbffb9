//! Section 5.4: how an integration fails, and what the client is told.

use claviger_resources::limits::{GATEWAY_BODY_BYTES_MAX, GATEWAY_HEADER_BYTES_MAX};
use serde_json::json;
use tokio::net::TcpListener;

use super::cases;
use super::world::{FORBIDDEN, INTERNAL, MISSING, UNAUTHORIZED, mock, operation, refused, secured};

const ERROR: &str = "InternalServerErrorException";
const NETWORK: &str = r#"{"message": "Network error communicating with endpoint"}"#;
const TIMED_OUT: &str = r#"{"message": "Endpoint request timed out"}"#;

cases! { |w|
    s5_4_too_slow => {
        w.backend.says_nothing();
        let short = json!({ "timeoutInMillis": 50 });
        let (http, proxy) = (w.http(short.clone()), w.http_proxy(short));
        let replies = [
            w.method(operation(http)).await.get("/x", &[]).await,
            w.method(operation(proxy)).await.get("/x", &[]).await,
        ];
        w.backend.answers("200 OK", "{}");
        for reply in replies {
            refused(&reply, 504, TIMED_OUT, ERROR);
        }
        for milliseconds in [49, 29_001] {
            let integration = w.http_proxy(json!({ "timeoutInMillis": milliseconds }));
            let document = w.document(json!({ "/x": { "get": operation(integration) } }));
            assert_eq!(w.control("POST", "/restapis?mode=import", &document).await.status, 400, "{milliseconds}");
        }
    };
    s5_4_network => {
        // A port that was free a moment ago, and one that hangs up.
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let curt = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hanging_up = curt.local_addr().unwrap();
        tokio::spawn(async move { while curt.accept().await.is_ok() {} });
        for uri in [format!("http://{closed}/"), format!("http://{hanging_up}/"), format!("https://{hanging_up}/")] {
            let reply = w.method(operation(w.http_proxy(json!({ "uri": uri })))).await.get("/x", &[]).await;
            refused(&reply, 504, NETWORK, ERROR);
            assert_eq!(reply.header("content-length"), Some("56"), "{uri}");
        }
    };
    s5_4_address => {
        for uri in ["http://${stageVariables.none}/", "${stageVariables.colour}", "http://no-such-host.invalid/"] {
            let reply = w.method(operation(w.http_proxy(json!({ "uri": uri })))).await.get("/x", &[]).await;
            refused(&reply, 500, INTERNAL, ERROR);
            assert_eq!(reply.header("content-length"), Some("36"), "{uri}");
        }
    };
    s5_4_no_match => {
        let only = json!({ "5\\d\\d": { "statusCode": "500" } });
        let api = w.method(operation(w.http(json!({ "responses": only })))).await;
        refused(&api.get("/x", &[]).await, 500, INTERNAL, ERROR);
    };
    s5_4_request_too_large => {
        let api = w.method(mock(&json!({}))).await;
        let body = "x".repeat(GATEWAY_BODY_BYTES_MAX + 1);
        refused(
            &api.ask("POST", "/x", &[], &body).await,
            413,
            r#"{"message":"Request Too Long"}"#,
            "RequestTooLargeException",
        );
        assert_eq!(api.ask("POST", "/x", &[], &body[1..]).await.status, 200);
    };
    s5_4_headers_too_large => {
        let api = w.method(mock(&json!({}))).await;
        // Names and values count, the host's among them.
        let rest = GATEWAY_HEADER_BYTES_MAX - "host".len() - api.host().len() - "x-a".len();
        assert_eq!(api.get("/x", &[("X-A", &"a".repeat(rest))]).await.status, 200);
        refused(
            &api.get("/x", &[("X-A", &"a".repeat(rest + 1))]).await,
            431,
            r#"{"message":"Request Header Fields Too Large"}"#,
            "RequestTooLargeException",
        );
    };
    s5_4_space => {
        let api = w
            .api(json!({
                "/x": { "get": secured(mock(&json!({})), &["weather-api/get"]) },
                "/never": { "post": mock(&json!({ "passthroughBehavior": "never" })) },
                "/unreadable": { "get": mock(&json!({ "requestTemplates": { "application/json": "x" } })) },
            }))
            .await;
        for (method, path, expected) in [
            ("GET", "/x", UNAUTHORIZED),
            ("GET", "/y", MISSING),
            ("GET", "/unreadable", INTERNAL),
            ("POST", "/never", r#"{"message": "Unsupported Media Type"}"#),
        ] {
            assert_eq!(api.ask(method, path, &[("Content-Type", "text/plain")], "").await.body, expected, "{path}");
        }
        let host = [("Host", "unknown999.execute-api.us-east-1.amazonaws.com")];
        assert_eq!(w.server.ask(crate::stack::request("GET", "/prod/x", &host, "")).await.body, FORBIDDEN);
    };
}
