//! Section 8.2: CORS, which REST APIs leave to a MOCK integration.

use serde_json::json;

use super::cases;
use super::world::{UNAUTHORIZED, mock, refused, secured, with};

cases! { |w|
    s8_2_options => {
        let headers = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Amz-User-Agent";
        let parameters = json!({
            "method.response.header.Access-Control-Allow-Headers": format!("'{headers}'"),
            "method.response.header.Access-Control-Allow-Methods": "'OPTIONS,GET'",
            "method.response.header.Access-Control-Allow-Origin": "'*'",
        });
        let response = json!({ "statusCode": "204", "responseParameters": parameters });
        let templates = json!({ "application/json": "{ statusCode: 200 }" });
        let options = mock(&json!({ "requestTemplates": templates, "responses": { "default": response } }));
        let api = w.api(json!({ "/x": { "options": options, "get": mock(&json!({})) } })).await;
        let reply = api.ask("OPTIONS", "/x", &[("Origin", "https://weather.example")], "").await;
        let names = ["access-control-allow-headers", "access-control-allow-methods", "access-control-allow-origin"];
        assert_eq!(names.map(|name| reply.header(name)), [Some(headers), Some("OPTIONS,GET"), Some("*")]);
        assert_eq!(reply.said(), (204, ""));
        let none = w.api(json!({ "/x": { "get": mock(&json!({})) } })).await;
        assert_eq!(none.ask("OPTIONS", "/x", &[("Origin", "https://weather.example")], "").await.status, 403);
    };
    s8_2_refusals => {
        let paths = json!({ "/x": { "get": secured(mock(&json!({})), &["weather-api/get"]) } });
        let origin = [("Origin", "https://weather.example")];
        let reply = w.api(paths.clone()).await.get("/x", &origin).await;
        assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (401, None));
        let any_origin = json!({ "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" });
        let own = json!({ "DEFAULT_4XX": { "responseParameters": any_origin } });
        let document = with(w.document(paths), json!({ "x-amazon-apigateway-gateway-responses": own }));
        let reply = w.serve(&document).await.get("/x", &origin).await;
        assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (401, Some("*")));
    };
    s8_2_under_authorizer => {
        let guarded = secured(mock(&json!({})), &["weather-api/get"]);
        let api = w.api(json!({ "/x": { "options": guarded }, "/open": { "options": mock(&json!({})) } })).await;
        refused(&api.ask("OPTIONS", "/x", &[], "").await, 401, UNAUTHORIZED, "UnauthorizedException");
        assert_eq!(api.ask("OPTIONS", "/open", &[], "").await.status, 200);
    };
}
