//! Section 5.2 for `HTTP` and `HTTP_PROXY`, and 5.6: what becomes of a backend's answer, and of bodies that are no text.

use serde_json::{Value, json};

use super::cases;
use super::world::{World, operation};
use crate::stack::Reply;

cases! { |w|
    s5_2_remapped => {
        let head = "200 OK\r\nConnection: keep-alive\r\nDate: now\r\nServer: own\r\nVia: 1.1 own\r\nX-Own: 1\r\n\
                    x-amzn-RequestId: own";
        let reply = passed(&w, head, "body").await;
        let remapped = ["connection", "content-length", "date", "server", "x-amzn-requestid"]
            .map(|name| reply.header(&format!("x-amzn-remapped-{name}")));
        assert_eq!(remapped, [Some("keep-alive"), Some("4"), Some("now"), Some("own"), Some("own")], "{reply:?}");
        assert_eq!(["via", "server", "x-own"].map(|name| reply.header(name)), [None, None, Some("1")]);
        assert_ne!(reply.header("date"), Some("now"));
        let mapped =
            mapped(&w, "200 OK\r\nDate: now\r\nServer: own", &["Connection", "Content-Length", "Date", "Server"]).await;
        let remapped = ["date", "server"].map(|name| mapped.header(&format!("x-amzn-remapped-{name}")));
        assert_eq!(remapped, [Some("now"), Some("own")], "{mapped:?}");
    };
    s5_2_remapped_when_mapped => {
        let names = [
            "Authorization",
            "Content-MD5",
            "Expect",
            "Host",
            "Max-Forwards",
            "Proxy-Authenticate",
            "Trailer",
            "Upgrade",
            "User-Agent",
            "WWW-Authenticate",
        ];
        let head = names.iter().fold("200 OK".to_owned(), |head, name| format!("{head}\r\n{name}: own"));
        let reply = mapped(&w, &head, &names).await;
        for name in names {
            assert_eq!(
                (reply.header(name), reply.header(&format!("x-amzn-remapped-{name}"))),
                (None, Some("own")),
                "{name}"
            );
        }
    };
    s5_2_www_authenticate => {
        let reply = passed(&w, "401 Unauthorized\r\nWWW-Authenticate: Basic", "").await;
        let names = ["www-authenticate", "x-amzn-remapped-www-authenticate"].map(|name| reply.header(name));
        assert_eq!(names, [None, Some("Basic")]);
    };
    s5_2_content_type => {
        assert_eq!(passed(&w, "200 OK", "a").await.header("content-type"), Some("application/json"));
        assert_eq!(
            passed(&w, "200 OK\r\nContent-Type: text/html", "a").await.header("content-type"),
            Some("text/html")
        );
        assert_eq!(
            mapped(&w, "200 OK\r\nContent-Type: text/html", &[]).await.header("content-type"),
            Some("application/json")
        );
    };

    s5_6_media_types => {
        for (types, content_type, expected) in [
            (json!(["image/png"]), "image/png", "aGk="),
            (json!(["image/png"]), "text/plain", "hi"),
            (json!(["*/*"]), "text/plain", "aGk="),
            (json!([]), "image/png", "hi"),
        ] {
            let seen = converted(&w, &types, "CONVERT_TO_TEXT", content_type, "hi").await;
            assert_eq!(seen, Ok(expected.to_owned()), "{types} {content_type}");
        }
    };
    s5_6_content_handling => {
        let png = json!(["image/png"]);
        for (handling, content_type, body, expected) in [
            ("", "image/png", "hi", Ok("hi")),
            ("", "text/plain", "hi", Ok("hi")),
            ("CONVERT_TO_TEXT", "image/png", "hi", Ok("aGk=")),
            ("CONVERT_TO_BINARY", "text/plain", "aGk=", Ok("hi")),
            ("CONVERT_TO_BINARY", "image/png", "hi", Ok("hi")),
            ("CONVERT_TO_BINARY", "text/plain", "%", Err(500)),
        ] {
            let seen = converted(&w, &png, handling, content_type, body).await;
            assert_eq!(seen, expected.map(str::to_owned), "{handling} {content_type} {body}");
        }
    };
    s5_6_accept => {
        let mut response = json!({ "statusCode": "200", "contentHandling": "CONVERT_TO_BINARY" });
        response["responseParameters"] = json!({ "method.response.header.Content-Type": "'image/png'" });
        let mut document =
            w.document(json!({ "/x": { "get": operation(w.http(json!({ "responses": { "default": response } }))) } }));
        document["x-amazon-apigateway-binary-media-types"] = json!(["image/png"]);
        let api = w.serve(&document).await;
        w.backend.answers("200 OK\r\nContent-Type: text/plain", "aGk=");
        for (accept, expected) in [("image/png", "hi"), ("image/png, text/html", "hi"), ("text/html, image/png", "hi")]
        {
            assert_eq!(api.get("/x", &[("Accept", accept)]).await.body, expected, "{accept}");
        }
        w.backend.answers("200 OK", "{}");
    };
}

/// The answer of an `HTTP_PROXY` integration whose backend answers this.
async fn passed(w: &World, head: &str, body: &str) -> Reply {
    let api = w.method(operation(w.http_proxy(json!({})))).await;
    w.backend.answers(head, body);
    let reply = api.get("/x", &[]).await;
    w.backend.answers("200 OK", "{}");
    reply
}

/// The answer of an `HTTP` integration that maps these headers of its backend, which answers this.
async fn mapped(w: &World, head: &str, names: &[&str]) -> Reply {
    let headers: serde_json::Map<_, _> = names
        .iter()
        .map(|name| (format!("method.response.header.{name}"), json!(format!("integration.response.header.{name}"))))
        .collect();
    let response = json!({ "statusCode": "200", "responseParameters": headers });
    let api = w.method(operation(w.http(json!({ "responses": { "default": response } })))).await;
    w.backend.answers(head, "body");
    let reply = api.get("/x", &[]).await;
    w.backend.answers("200 OK", "{}");
    reply
}

/// The body that the backend gets, or the status of a refusal.
async fn converted(w: &World, types: &Value, handling: &str, content_type: &str, body: &str) -> Result<String, u16> {
    let handling = Some(handling).filter(|handling| !handling.is_empty());
    let method = operation(w.http(json!({ "contentHandling": handling })));
    let mut document = w.document(json!({ "/x": { "post": method } }));
    document["x-amazon-apigateway-binary-media-types"] = types.clone();
    let reply = w.serve(&document).await.ask("POST", "/x", &[("Content-Type", content_type)], body).await;
    if reply.status == 200 { Ok(w.backend.seen().body) } else { Err(reply.status.as_u16()) }
}
