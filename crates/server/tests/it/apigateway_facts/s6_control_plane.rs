//! Section 6: gateway responses, as the control plane shows and changes them.

use serde_json::{Value, json};

use super::cases;
use super::world::World;

cases! { |w|
    s6_fallback => {
        let api = api(&w).await;
        let own = json!({
            "statusCode": "404", "responseTemplates": { "text/plain": "own" },
            "responseParameters": { "gatewayresponse.header.x": "'1'" },
        });
        w.controls("PUT", &format!("{api}/DEFAULT_4XX"), own).await;
        let inherited = w.controls("GET", &format!("{api}/UNAUTHORIZED"), Value::Null).await;
        assert_eq!(
            inherited,
            json!({
                "responseType": "UNAUTHORIZED", "statusCode": "404", "responseTemplates": { "text/plain": "own" },
                "responseParameters": { "gatewayresponse.header.x": "'1'" }, "defaultResponse": true,
            })
        );
        let other = w.controls("GET", &format!("{api}/API_CONFIGURATION_ERROR"), Value::Null).await;
        assert_eq!((&other["statusCode"], &other["defaultResponse"]), (&json!("500"), &json!(true)));
    };
    s6_put => {
        let unauthorized = format!("{}/UNAUTHORIZED", api(&w).await);
        let full = json!({ "statusCode": "418", "responseTemplates": { "text/plain": "own" } });
        let reply = w.control("PUT", &unauthorized, &full).await;
        assert_eq!((reply.status.as_u16(), reply.json()["defaultResponse"].take()), (201, json!(false)));
        let parameters = json!({ "gatewayresponse.header.x": "'1'" });
        let replaced = w.controls("PUT", &unauthorized, json!({ "responseParameters": parameters })).await;
        assert_eq!(
            replaced,
            json!({
                "responseType": "UNAUTHORIZED", "statusCode": "401", "responseParameters": parameters,
                "responseTemplates": { "application/json": r#"{"message":$context.error.messageString}"# },
                "defaultResponse": false,
            })
        );
    };
    s6_delete => {
        let unauthorized = format!("{}/UNAUTHORIZED", api(&w).await);
        w.controls("PUT", &unauthorized, json!({ "statusCode": "418" })).await;
        assert_eq!(w.control("DELETE", &unauthorized, &Value::Null).await.status, 202);
        let back = w.controls("GET", &unauthorized, Value::Null).await;
        assert_eq!((&back["statusCode"], &back["defaultResponse"]), (&json!("401"), &json!(true)));
        let message = "Gateway response type not defined on api";
        w.refuses("DELETE", &unauthorized, Value::Null, "NotFoundException", message).await;
    };
    s6_get => {
        let shown = w.controls("GET", &format!("{}/THROTTLED", api(&w).await), Value::Null).await;
        assert_eq!(
            shown,
            json!({
                "responseType": "THROTTLED", "statusCode": "429", "responseParameters": {}, "defaultResponse": true,
                "responseTemplates": { "application/json": r#"{"message":$context.error.messageString}"# },
            })
        );
    };
    s6_update => {
        let throttled = format!("{}/THROTTLED", api(&w).await);
        let patch = json!({ "op": "replace", "path": "/statusCode", "value": "503" });
        let updated = w.controls("PATCH", &throttled, json!({ "patchOperations": [patch] })).await;
        assert_eq!((&updated["statusCode"], &updated["defaultResponse"]), (&json!("503"), &json!(false)));
        assert_eq!(w.controls("GET", &throttled, Value::Null).await, updated);
    };
}

/// The path of a new API's gateway responses.
async fn api(w: &World) -> String {
    let api = w.controls("POST", "/restapis", json!({ "name": "responses" })).await;
    format!("/restapis/{}/gatewayresponses", api["id"].as_str().unwrap())
}
