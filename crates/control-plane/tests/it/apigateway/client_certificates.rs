//! Client certificates.

use serde_json::{Value, json};

use super::{answered, refused};
use crate::plane::Plane;

#[tokio::test]
async fn a_certificate_is_made_shown_named_by_a_stage_and_deleted() {
    let plane = Plane::new();
    let input = json!({"description": "for the stations", "tags": {"team": "weather"}});
    let made = answered(&plane, 201, "POST /clientcertificates", input).await;
    let id = made["clientCertificateId"].as_str().unwrap();
    assert!(made["pemEncodedCertificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"), "{made}");
    assert!(!made.to_string().contains("PRIVATE KEY"), "{made}");
    assert_eq!(
        (&made["createdDate"], &made["expirationDate"]),
        (&json!(1_893_456_000), &json!(1_893_456_000 + 365 * 86_400))
    );
    let one = format!("/clientcertificates/{id}");
    assert_eq!(answered(&plane, 200, &format!("GET {one}"), Value::Null).await, made);
    assert_eq!(answered(&plane, 200, "GET /clientcertificates", Value::Null).await, json!({"item": [made]}));
    let patch = |path: &str, value: &str| json!({"patchOperations": [{"op": "replace", "path": path, "value": value}]});
    let changed = answered(&plane, 200, &format!("PATCH {one}"), patch("/description", "for all")).await;
    assert_eq!(changed["description"], "for all");

    let mock = json!({"get": {"x-amazon-apigateway-integration": {"type": "mock"}}});
    let document = json!({"openapi": "3.0.1", "info": {"title": "t"}, "paths": {"/": mock}});
    let api = answered(&plane, 201, "POST /restapis?mode=import", document).await;
    let api = format!("/restapis/{}", api["id"].as_str().unwrap());
    answered(&plane, 201, &format!("POST {api}/deployments"), json!({"stageName": "dev"})).await;
    let stage = format!("PATCH {api}/stages/dev");
    let message = "Invalid Client Certificate identifier specified";
    refused(&plane, &stage, patch("/clientCertificateId", "none"), 404, "NotFoundException", message).await;
    let stage = answered(&plane, 200, &stage, patch("/clientCertificateId", id)).await;
    assert_eq!(stage["clientCertificateId"], id);
    let stage = format!("PATCH {api}/stages/dev");
    assert_eq!(answered(&plane, 200, &stage, patch("/clientCertificateId", "")).await.get("clientCertificateId"), None);

    answered(&plane, 202, &format!("DELETE {one}"), Value::Null).await;
    for method in ["GET", "DELETE"] {
        refused(&plane, &format!("{method} {one}"), Value::Null, 404, "NotFoundException", message).await;
    }
    let bad = json!({"tags": {"aws:team": "weather"}});
    let message = "Invalid tag key: aws:team. A tag key must be of 1 to 128 characters and must not start with aws:";
    refused(&plane, "POST /clientcertificates", bad, 400, "BadRequestException", message).await;
}
