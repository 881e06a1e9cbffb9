//! Methods, integrations, and what a deployment freezes of them.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

#[tokio::test]
async fn a_deployment_freezes_what_can_be_served() {
    let plane = Plane::new();
    let (api, root) = api(&plane).await;
    let (deploy, bad) = (format!("POST {api}/deployments"), "BadRequestException");
    let input = json!({"stageName": "dev"});
    refused(&plane, &deploy, input.clone(), 400, bad, "The REST API doesn't contain any methods").await;
    let method = json!({"authorizationType": "none"});
    let created = answered(&plane, 201, &format!("PUT {root}/methods/GET"), method).await;
    assert_eq!(created, json!({"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": false}));
    refused(&plane, &deploy, input.clone(), 400, bad, "No integration defined for method").await;
    let integration =
        answered(&plane, 201, &format!("PUT {root}/methods/GET/integration"), json!({"type": "MOCK"})).await;
    assert_eq!((&integration["timeoutInMillis"], &integration["cacheKeyParameters"]), (&json!(29000), &json!([])));
    assert_eq!(integration["passthroughBehavior"], "WHEN_NO_MATCH");
    let deployed = answered(&plane, 201, &deploy, input).await;
    let deployment = format!("{api}/deployments/{}", deployed["id"].as_str().unwrap());
    assert_eq!(deployed["id"].as_str().unwrap().len(), 6);
    let stage = answered(&plane, 200, &format!("GET {api}/stages/dev"), Value::Null).await;
    assert_eq!((&stage["methodSettings"], &stage["tracingEnabled"]), (&json!({}), &json!(false)));

    answered(&plane, 204, &format!("DELETE {root}/methods/GET"), Value::Null).await;
    let frozen = answered(&plane, 200, &format!("GET {deployment}?embed=apisummary"), Value::Null).await;
    assert_eq!(frozen["apiSummary"]["/"]["GET"]["authorizationType"], "NONE");
    let message = "Active stages pointing to this deployment must be moved or deleted";
    refused(&plane, &format!("DELETE {deployment}"), Value::Null, 400, bad, message).await;
    answered(&plane, 202, &format!("DELETE {api}/stages/dev"), Value::Null).await;
    answered(&plane, 202, &format!("DELETE {deployment}"), Value::Null).await;
}
