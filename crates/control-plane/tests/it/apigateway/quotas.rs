//! Quotas of REST APIs as an operator has set them.

use claviger_control_plane::services::Settings;
use claviger_resources::quotas::Quotas;
use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

fn document(paths: usize) -> Value {
    let get = json!({ "responses": {}, "x-amazon-apigateway-integration": { "type": "mock" } });
    let paths: serde_json::Map<String, Value> =
        (0..paths).map(|number| (format!("/storm{number}"), json!({ "get": get }))).collect();
    json!({ "openapi": "3.0.1", "info": { "title": "weather", "version": "1" }, "paths": paths })
}

#[tokio::test]
async fn resources_of_a_rest_api_are_as_many_as_the_quota_allows() {
    let quotas = Quotas::default().with("resources-per-rest-api=3").unwrap();
    let plane = Plane::with_settings(Settings { quotas, ..Settings::default() });
    let used_up = "Maximum number of resources for this API has been reached. Please contact AWS if you need additional resources.";
    let not_imported = async |request: &str, input: Value, path: &str| {
        let message = format!("Unable to create resource at path '{path}': {used_up}");
        let (status, exception, body) = plane.rest(request, input).await;
        assert_eq!((status, &*exception), (400, "BadRequestException"));
        assert!(body["message"].as_str().unwrap().contains(&message), "{body}");
    };
    let (path, root) = api(&plane).await;
    for part in ["one", "two"] {
        answered(&plane, 201, &format!("POST {root}"), json!({ "pathPart": part })).await;
    }
    let three = json!({ "pathPart": "three" });
    refused(&plane, &format!("POST {root}"), three, 429, "LimitExceededException", used_up).await;
    // The root is one of them, and so is what was there before a document is merged.
    answered(&plane, 201, "POST /restapis?mode=import", document(2)).await;
    not_imported("POST /restapis?mode=import", document(3), "/storm2").await;
    not_imported(&format!("PUT {path}?mode=merge"), document(1), "/storm0").await;
    answered(&plane, 200, &format!("PUT {path}?mode=overwrite"), document(2)).await;
}
