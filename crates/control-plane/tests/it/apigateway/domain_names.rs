//! Custom domain names and what they are mapped to, by both versions of the control plane.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

const ARN: &str = "arn:aws:acm:us-east-1:000000000000:certificate/c";
const BAD: &str = "BadRequestException";
const NOT_FOUND: &str = "NotFoundException";
const CONFLICT: &str = "ConflictException";

/// A regional domain for the other version of the control plane.
fn regional() -> Value {
    json!({ "domainName": "shop.example.com", "domainNameConfigurations": [{ "certificateArn": ARN }] })
}

/// The id of a REST API with the stage `live`.
async fn rest_api(plane: &Plane) -> String {
    let (api, root) = api(plane).await;
    answered(plane, 201, &format!("PUT {root}/methods/GET"), json!({"authorizationType": "NONE"})).await;
    answered(plane, 201, &format!("PUT {root}/methods/GET/integration"), json!({"type": "MOCK"})).await;
    answered(plane, 201, &format!("POST {api}/deployments"), json!({"stageName": "live"})).await;
    api.trim_start_matches("/restapis/").to_owned()
}

/// The id of an HTTP API with the stage `$default`.
async fn http_api(plane: &Plane) -> String {
    let input = json!({"name": "storms", "protocolType": "HTTP", "target": "https://backend.example"});
    let made = answered(plane, 201, "POST /v2/apis", input).await;
    made["apiId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_regional_domain_is_shown_by_both_versions() {
    let plane = Plane::new();
    let input = json!({
        "domainName": "Api.Example.com", "regionalCertificateArn": ARN, "regionalCertificateName": "c",
        "endpointConfiguration": {"types": ["REGIONAL"]}, "tags": {"team": "weather"},
    });
    let made = answered(&plane, 201, "POST /domainnames", input).await;
    let regional = made["regionalDomainName"].as_str().unwrap();
    let target = regional.strip_suffix(".execute-api.us-east-1.amazonaws.com").unwrap();
    let random = target.strip_prefix("d-").unwrap();
    assert!(random.len() == 10 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{regional}");
    assert_eq!(
        made,
        json!({
            "domainName": "api.example.com",
            "domainNameArn": "arn:aws:apigateway:us-east-1::/domainnames/api.example.com",
            "certificateUploadDate": 1_893_456_000, "regionalDomainName": regional,
            "regionalHostedZoneId": "Z1UJRXOUMOOFQ8", "regionalCertificateName": "c", "regionalCertificateArn": ARN,
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, "domainNameStatus": "AVAILABLE",
            "securityPolicy": "TLS_1_2", "tags": {"team": "weather"}, "routingMode": "BASE_PATH_MAPPING_ONLY",
        })
    );
    assert_eq!(answered(&plane, 200, "GET /domainnames/api.example.com", Value::Null).await, made);
    assert_eq!(answered(&plane, 200, "GET /domainnames", Value::Null).await["item"], json!([made]));
    let shown = json!({
        "apiMappingSelectionExpression": "$request.basepath", "domainName": "api.example.com",
        "domainNameArn": "arn:aws:apigateway:us-east-1::/domainnames/api.example.com",
        "domainNameConfigurations": [{
            "apiGatewayDomainName": regional, "certificateArn": ARN, "certificateName": "c",
            "certificateUploadDate": "2030-01-01T00:00:00Z", "domainNameStatus": "AVAILABLE",
            "endpointType": "REGIONAL", "hostedZoneId": "Z1UJRXOUMOOFQ8", "ipAddressType": "ipv4",
            "securityPolicy": "TLS_1_2",
        }],
        "routingMode": "API_MAPPING_ONLY", "tags": {"team": "weather"},
    });
    assert_eq!(answered(&plane, 200, "GET /v2/domainnames/api.example.com", Value::Null).await, shown);
    assert_eq!(answered(&plane, 200, "GET /v2/domainnames", Value::Null).await["items"], json!([shown]));
    answered(&plane, 204, "DELETE /v2/domainnames/api.example.com", Value::Null).await;
    let gone = "Invalid domain name identifier specified";
    refused(&plane, "GET /domainnames/api.example.com", Value::Null, 404, NOT_FOUND, gone).await;
}

#[tokio::test]
async fn what_no_domain_can_be_is_refused() {
    let plane = Plane::new();
    let exists = "The domain name you provided already exists.";
    answered(&plane, 201, "POST /v2/domainnames", regional()).await;
    refused(&plane, "POST /v2/domainnames", regional(), 400, BAD, exists).await;
    let v1 = |name: &str, members: Value| {
        let base = json!({"domainName": name, "certificateArn": ARN});
        crate::plane::with(base, members)
    };
    refused(&plane, "POST /domainnames", v1("SHOP.example.com", json!({})), 400, BAD, exists).await;
    for name in ["localhost", "x.amazonaws.com", "com", "*.com", "10.0.0.1", "a_b.example.com", "*.localstack.cloud"] {
        let message = format!(
            "Invalid domain name {name}: it must be a host name of your own, not one under which this server is reached"
        );
        refused(&plane, "POST /domainnames", v1(name, json!({})), 400, BAD, &message).await;
    }
    for (members, message) in [
        (json!({"certificateArn": null}), "A certificate was not provided for the endpoint type EDGE."),
        (
            json!({"endpointConfiguration": {"types": ["REGIONAL"]}}),
            "A certificate was not provided for the endpoint type REGIONAL.",
        ),
        (
            json!({"endpointConfiguration": {"types": ["PRIVATE"]}}),
            "Endpoint type PRIVATE of domain names is not served; valid options are EDGE, REGIONAL",
        ),
        (json!({"certificateArn": "c"}), "Invalid ARN specified in the request"),
        (
            json!({"mutualTlsAuthentication": {"truststoreUri": "s3://b/k"}}),
            "Mutual TLS authentication is not served: no client certificate would be asked for. Leave mutualTlsAuthentication \
             out, and let a proxy in front of the server ask for certificates",
        ),
        (
            json!({"certificateBody": "x"}),
            "Certificates are not taken in: name one with certificateArn or regionalCertificateArn",
        ),
        (json!({"policy": "{}"}), "Resource policies of private domain names are not served"),
        (
            json!({"routingMode": "ROUTING_RULE_ONLY"}),
            "Routing rules are not served: routingMode must be BASE_PATH_MAPPING_ONLY",
        ),
    ] {
        refused(&plane, "POST /domainnames", v1("b.example.com", members), 400, BAD, message).await;
    }
    let none = json!({"domainName": "b.example.com"});
    let message = "Exactly one domain name configuration is needed";
    refused(&plane, "POST /v2/domainnames", none, 400, BAD, message).await;
    let edge = json!({"domainName": "b.example.com", "domainNameConfigurations": [{"endpointType": "EDGE"}]});
    let message = "Only REGIONAL domain names can be managed through the API Gateway V2 API. For EDGE domain names, please \
                   use the API Gateway V1 API. Also note that only REST APIs can be attached to EDGE domain names.";
    refused(&plane, "POST /v2/domainnames", edge, 400, BAD, message).await;
}

#[tokio::test]
async fn a_domain_of_one_account_is_taken_for_all() {
    let plane = Plane::new();
    answered(&plane, 201, "POST /v2/domainnames", regional()).await;
    let pool = plane.pool().await;
    let input = json!({
        "Domain": "shop.example.com", "UserPoolId": pool, "CustomDomainConfig": {"CertificateArn": ARN},
    });
    plane
        .refused(
            "CreateUserPoolDomain",
            input,
            "InvalidParameterException",
            "Domain already associated with another user pool.",
        )
        .await;
}

#[tokio::test]
async fn a_domain_moves_from_the_edge_to_its_region() {
    let plane = Plane::new();
    let made =
        answered(&plane, 201, "POST /domainnames", json!({"domainName": "b.example.com", "certificateArn": ARN})).await;
    assert_eq!(made["endpointConfiguration"]["types"], json!(["EDGE"]));
    assert_eq!(made["distributionHostedZoneId"], "Z2FDTNDATAQYW2");
    assert!(made["distributionDomainName"].as_str().unwrap().ends_with(".cloudfront.net"), "{made}");
    assert_eq!(made.get("regionalDomainName"), None);
    let patch = |operations: Value| json!({ "patchOperations": operations });
    let url = "PATCH /domainnames/b.example.com";
    let both = patch(json!([
        {"op": "add", "path": "/endpointConfiguration/types", "value": "REGIONAL"},
        {"op": "add", "path": "/regionalCertificateArn", "value": ARN},
    ]));
    let moved = answered(&plane, 200, url, both).await;
    assert_eq!(moved["endpointConfiguration"]["types"], json!(["EDGE", "REGIONAL"]));
    assert_eq!(moved["distributionDomainName"], made["distributionDomainName"]);
    let done = patch(json!([
        {"op": "remove", "path": "/endpointConfiguration/types", "value": "EDGE"},
        {"op": "replace", "path": "/securityPolicy", "value": "TLS_1_0"},
    ]));
    let done = answered(&plane, 200, url, done).await;
    assert_eq!(
        (&done["endpointConfiguration"]["types"], &done["securityPolicy"]),
        (&json!(["REGIONAL"]), &json!("TLS_1_0"))
    );
    let back = patch(json!([{"op": "replace", "path": "/endpointConfiguration/types/REGIONAL", "value": "EDGE"}]));
    assert_eq!(answered(&plane, 200, url, back).await["endpointConfiguration"]["types"], json!(["EDGE"]));
    for (operation, message) in [
        (
            json!({"op": "remove", "path": "/endpointConfiguration/types", "value": "EDGE"}),
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ),
        (json!({"op": "replace", "path": "/domainName", "value": "x"}), "Invalid patch path /domainName"),
        (
            json!({"op": "add", "path": "/mutualTlsAuthentication/truststoreUri", "value": "s3://b/k"}),
            "Mutual TLS authentication is not served: no client certificate would be asked for. Leave mutualTlsAuthentication \
             out, and let a proxy in front of the server ask for certificates",
        ),
    ] {
        refused(&plane, url, patch(json!([operation])), 400, BAD, message).await;
    }
}

#[tokio::test]
async fn mappings_of_both_versions_are_the_same_ones() {
    let plane = Plane::new();
    let (rest, http) = (rest_api(&plane).await, http_api(&plane).await);
    answered(&plane, 201, "POST /v2/domainnames", regional()).await;
    let (v1, v2) = ("/domainnames/shop.example.com/basepathmappings", "/v2/domainnames/shop.example.com/apimappings");
    let input = json!({"basePath": "orders", "restApiId": rest, "stage": "live"});
    assert_eq!(answered(&plane, 201, &format!("POST {v1}"), input.clone()).await, input);
    let none = answered(&plane, 201, &format!("POST {v1}"), json!({"restApiId": rest})).await;
    assert_eq!(none, json!({"basePath": "(none)", "restApiId": rest}));
    let input = json!({"apiId": http, "stage": "$default", "apiMappingKey": "orders/v1/items"});
    let made = answered(&plane, 201, &format!("POST {v2}"), input.clone()).await;
    let id = made["apiMappingId"].as_str().unwrap();
    assert_eq!(made, crate::plane::with(input, json!({"apiMappingId": id})));
    assert_eq!(answered(&plane, 200, &format!("GET {v2}/{id}"), Value::Null).await, made);
    let listed = answered(&plane, 200, &format!("GET {v1}"), Value::Null).await;
    assert_eq!(listed["item"].as_array().unwrap().len(), 3);
    let listed = answered(&plane, 200, &format!("GET {v2}"), Value::Null).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    assert_eq!(answered(&plane, 200, &format!("GET {v1}/(none)"), Value::Null).await, none);

    let patches = json!({"patchOperations": [
        {"op": "replace", "path": "/basePath", "value": "sales"}, {"op": "replace", "path": "/stage", "value": "(none)"},
    ]});
    let changed = answered(&plane, 200, &format!("PATCH {v1}/orders"), patches).await;
    assert_eq!(changed, json!({"basePath": "sales", "restApiId": rest}));
    let input = json!({"apiId": rest, "stage": "live", "apiMappingKey": "orders"});
    let changed = answered(&plane, 200, &format!("PATCH {v2}/{id}"), input.clone()).await;
    assert_eq!(changed, crate::plane::with(input, json!({"apiMappingId": id})));

    answered(&plane, 202, &format!("DELETE {v1}/sales"), Value::Null).await;
    answered(&plane, 204, &format!("DELETE {v2}/{id}"), Value::Null).await;
    let gone = "Invalid base path mapping identifier specified";
    for verb in ["GET", "PATCH", "DELETE"] {
        refused(&plane, &format!("{verb} {v1}/sales"), Value::Null, 404, NOT_FOUND, gone).await;
    }
}

#[tokio::test]
async fn what_no_mapping_can_be_is_refused() {
    let plane = Plane::new();
    let (rest, http) = (rest_api(&plane).await, http_api(&plane).await);
    answered(&plane, 201, "POST /v2/domainnames", regional()).await;
    answered(&plane, 201, "POST /domainnames", json!({"domainName": "edge.example.com", "certificateArn": ARN})).await;
    let (v1, v2) =
        ("POST /domainnames/shop.example.com/basepathmappings", "POST /v2/domainnames/shop.example.com/apimappings");
    answered(&plane, 201, v1, json!({"basePath": "a", "restApiId": rest})).await;
    let slash = "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base \
                 path mapping, use API Gateway V2.";
    for (input, status, exception, message) in [
        (json!({"basePath": "a", "restApiId": rest}), 409, CONFLICT, "Base path already exists for this domain name"),
        (json!({"basePath": "a/b", "restApiId": rest}), 400, BAD, slash),
        (json!({"basePath": "b", "restApiId": http}), 400, BAD, "Invalid REST API identifier specified"),
        (json!({"basePath": "b", "restApiId": rest, "stage": "none"}), 400, BAD, "Invalid stage identifier specified"),
    ] {
        refused(&plane, v1, input, status, exception, message).await;
    }
    let form = "API mapping key should not start with a '/' or have consecutive '/'s, and may have only letters, numbers and \
                $-_.+!*'()/";
    let stage = "Invalid stage identifier specified";
    for (input, status, exception, message) in [
        (json!({"apiMappingKey": "a"}), 409, CONFLICT, "ApiMapping key already exists for this domain name"),
        (json!({"apiMappingKey": "/b"}), 400, BAD, form),
        (json!({"apiMappingKey": "b//c"}), 400, BAD, form),
        (json!({"apiMappingKey": "b/"}), 400, BAD, form),
        (json!({"apiMappingKey": "b?c"}), 400, BAD, form),
        (json!({"apiMappingKey": "b", "stage": "none"}), 400, BAD, stage),
        (json!({"apiMappingKey": "b", "apiId": http}), 400, BAD, stage),
    ] {
        let input = crate::plane::with(json!({"apiId": rest, "stage": "live"}), input);
        refused(&plane, v2, input, status, exception, message).await;
    }
    let input = json!({"apiId": "nosuchapi0", "stage": "live"});
    let unknown = "Invalid API identifier specified 000000000000:nosuchapi0";
    let (status, exception, body) = plane.rest(v2, input).await;
    assert_eq!((status, &*exception, &body["message"]), (404, NOT_FOUND, &json!(unknown)));
    let edge = "Only REGIONAL domain names can be managed through the API Gateway V2 API. For EDGE domain names, please use \
                the API Gateway V1 API. Also note that only REST APIs can be attached to EDGE domain names.";
    let input = json!({"apiId": rest, "stage": "live"});
    refused(&plane, "POST /v2/domainnames/edge.example.com/apimappings", input, 400, BAD, edge).await;
    let levels = json!({"patchOperations": [{"op": "replace", "path": "/securityPolicy", "value": "TLS_1_0"}]});
    answered(&plane, 200, "PATCH /domainnames/shop.example.com", levels).await;
    let input = json!({"apiId": rest, "stage": "live", "apiMappingKey": "b/c"});
    let message = "API mapping keys with multiple levels need a regional domain name with the security policy TLS_1_2";
    refused(&plane, v2, input, 400, BAD, message).await;
}

#[tokio::test]
async fn what_a_domain_leads_to_is_not_deleted() {
    let plane = Plane::new();
    let (rest, http) = (rest_api(&plane).await, http_api(&plane).await);
    answered(&plane, 201, "POST /v2/domainnames", regional()).await;
    let v2 = "POST /v2/domainnames/shop.example.com/apimappings";
    answered(&plane, 201, v2, json!({"apiId": rest, "stage": "live"})).await;
    answered(&plane, 201, v2, json!({"apiId": http, "stage": "$default", "apiMappingKey": "storms"})).await;
    for (request, message) in [
        (
            format!("DELETE /restapis/{rest}"),
            format!(
                "Deleting RestApi {rest} failed. Please remove all base path mappings related to the RestApi in your \
                 domains: shop.example.com"
            ),
        ),
        (
            format!("DELETE /restapis/{rest}/stages/live"),
            "Deleting stage live failed. Please remove all base path mappings related to the stage in your domains: \
             shop.example.com"
                .to_owned(),
        ),
        (
            format!("DELETE /v2/apis/{http}"),
            format!(
                "Deleting API {http} failed. Please remove all API mappings for the API from your custom domain names."
            ),
        ),
        (
            format!("DELETE /v2/apis/{http}/stages/$default"),
            "Deleting stage $default failed. Please remove all API mappings for the stage from your custom domain names."
                .to_owned(),
        ),
    ] {
        refused(&plane, &request, Value::Null, 400, BAD, &message).await;
    }
    answered(&plane, 202, "DELETE /domainnames/shop.example.com", Value::Null).await;
    answered(&plane, 202, &format!("DELETE /restapis/{rest}"), Value::Null).await;
    answered(&plane, 204, &format!("DELETE /v2/apis/{http}"), Value::Null).await;
}

#[tokio::test]
async fn domains_have_tags() {
    let plane = Plane::new();
    answered(&plane, 201, "POST /v2/domainnames", regional()).await;
    let arn = "arn:aws:apigateway:us-east-1::%2Fdomainnames%2Fshop.example.com";
    answered(&plane, 204, &format!("PUT /tags/{arn}"), json!({"tags": {"a": "1", "b": "2"}})).await;
    answered(&plane, 204, &format!("DELETE /v2/tags/{arn}?tagKeys=a"), Value::Null).await;
    answered(&plane, 201, &format!("POST /v2/tags/{arn}"), json!({"tags": {"c": "3"}})).await;
    let expected = json!({"tags": {"b": "2", "c": "3"}});
    assert_eq!(answered(&plane, 200, &format!("GET /tags/{arn}"), Value::Null).await, expected);
    assert_eq!(answered(&plane, 200, &format!("GET /v2/tags/{arn}"), Value::Null).await, expected);
}
