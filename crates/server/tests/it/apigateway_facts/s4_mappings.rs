//! Section 4.5: mappings of parameters, towards the backend and towards the client.

use serde_json::json;

use super::cases;
use super::world::{EXAMPLE, operation, refused};

cases! { |w|
    s4_5_request_sources => {
        let seen = w
            .sent(json!({ "requestParameters": {
            "integration.request.header.a": "method.request.header.X-Thing",
            "integration.request.header.b": "method.request.querystring.q",
            "integration.request.header.c": "method.request.path.id",
            "integration.request.header.d": "method.request.multivalueheader.X-Thing",
            "integration.request.header.e": "method.request.multivaluequerystring.page",
            "integration.request.header.f": "method.request.body.address.city",
            "integration.request.header.g": "method.request.body.tags",
            "integration.request.header.h": "context.httpMethod",
            "integration.request.header.i": "stageVariables.colour",
            "integration.request.header.j": "'literal text'",
            "integration.request.header.k": "method.request.querystring.absent",
            "integration.request.header.l": "method.request.body",
            "integration.request.querystring.from": "method.request.body.$.name",
            "integration.request.path.part": "method.request.path.id",
        }, "uri": w.backend.url("/{part}/c") }))
            .await;
        let headers = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"].map(|name| seen.header(name));
        let expected = [
            Some("two"),
            Some("c d"),
            Some("a b"),
            Some("one, two"),
            Some("1, 2"),
            Some("London"),
            Some(r#"["x","y"]"#),
            Some("POST"),
            Some("blue"),
            Some("literal text"),
            None,
            Some(EXAMPLE),
        ];
        assert_eq!(headers.each_ref().map(Option::as_deref), expected);
        assert_eq!(seen.line, "POST /a%20b/c?from=Ada");
    };
    s4_5_response_sources => {
        let mapped = json!({
            "method.response.header.a": "integration.response.header.x-one",
            "method.response.header.b": "integration.response.multivalueheader.x-many",
            "method.response.header.c": "integration.response.body.wind.speed",
            "method.response.header.d": "integration.response.body",
            "method.response.header.e": "context.stage",
            "method.response.header.f": "stageVariables.colour",
            "method.response.header.g": "'*'",
            "method.response.header.h": "integration.response.header.absent",
        });
        let responses = json!({ "default": { "statusCode": "200", "responseParameters": mapped } });
        let api = w.method(operation(w.http(json!({ "responses": responses })))).await;
        w.backend.answers("200 OK\r\nX-One: 1\r\nX-Many: 2\r\nX-Many: 3", r#"{"wind":{"speed":7}}"#);
        let reply = api.get("/x", &[]).await;
        w.backend.answers("200 OK", "{}");
        assert_eq!(w.backend.seen().line, "POST /b");
        let headers = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| {
            let values: Vec<&str> = reply.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
            values.join(", ")
        });
        assert_eq!(headers, ["1", "2, 3", "7", r#"{"wind":{"speed":7}}"#, "prod", "blue", "*", ""]);
    };
    s4_5_invalid_json => {
        let mapped = json!({ "integration.request.header.a": "method.request.body.name" });
        let api = w.method(operation(w.http(json!({ "requestParameters": mapped })))).await;
        let reply = api.ask("POST", "/x", &[("Content-Type", "application/json")], "{").await;
        refused(&reply, 400, r#"{"message": "Invalid JSON in request body"}"#, "BadRequestException");
        assert!(!w.backend.was_asked());
    };
    s4_5_boolean => {
        let api = w.controls("POST", "/restapis", json!({ "name": "booleans" })).await;
        let (id, root) = (api["id"].as_str().unwrap(), api["rootResourceId"].as_str().unwrap());
        let method = format!("/restapis/{id}/resources/{root}/methods/GET");
        w.controls("PUT", &method, json!({ "authorizationType": "NONE" })).await;
        let mapped = json!({ "type": "MOCK", "requestParameters": { "integration.request.header.a": true } });
        let reply = w.control("PUT", &format!("{method}/integration"), &mapped).await;
        assert_eq!((reply.status.as_u16(), reply.header("x-amzn-errortype")), (400, Some("SerializationException")));
        let expected = json!("class java.lang.Boolean can not be converted to an String");
        assert_eq!(reply.json()["message"].take(), expected);
    };
}
