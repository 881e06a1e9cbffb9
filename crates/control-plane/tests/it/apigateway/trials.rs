//! Trying out without a data plane: what is refused before one is asked.

use serde_json::json;

use super::{answered, api, refused};
use crate::plane::Plane;

#[tokio::test]
async fn what_is_tried_must_be_there_and_well_formed() {
    let plane = Plane::new();
    let (api, root) = api(&plane).await;
    answered(&plane, 201, &format!("PUT {root}/methods/ANY"), json!({ "authorizationType": "NONE" })).await;
    let authorizer = json!({ "name": "gate", "type": "COGNITO_USER_POOLS",
        "providerARNs": ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_AbCdEf123"],
        "identitySource": "method.request.header.Authorization" });
    let made = answered(&plane, 201, &format!("POST {api}/authorizers"), authorizer).await;
    let authorizer = format!("POST {api}/authorizers/{}", made["id"].as_str().unwrap());
    let method = format!("POST {root}/methods/GET");
    let check = async |request: &str, input, status: u16, exception: &str, message: &str| {
        refused(&plane, request, input, status, exception, message).await;
    };
    let (missing, bad) = ("NotFoundException", "BadRequestException");
    let none = json!({});
    check(
        &format!("POST {api}/resources/none/methods/GET"),
        none.clone(),
        404,
        missing,
        "Invalid Resource identifier specified",
    )
    .await;
    check(&format!("POST {root}/methods/FLY"), none.clone(), 404, missing, "Invalid Method identifier specified").await;
    check(
        &format!("POST {api}/authorizers/none"),
        none.clone(),
        404,
        missing,
        "Invalid Authorizer identifier specified",
    )
    .await;
    let certificate = json!({ "clientCertificateId": "none00" });
    check(&method, certificate, 404, missing, "Invalid Client Certificate identifier specified").await;
    for request in [&method, &authorizer] {
        let header = json!({ "headers": { "X-A": "1\r\nX-B: 2" } });
        check(request, header, 400, bad, "Invalid header specified: X-A").await;
        let several = json!({ "multiValueHeaders": { "é": ["1"] } });
        check(request, several, 400, bad, "Invalid header specified: é").await;
        let path = json!({ "pathWithQueryString": "/a b?c" });
        check(request, path, 400, bad, "Invalid path with query string specified: /a b?c").await;
        // A data plane that has too much to try says so.
        check(request, none.clone(), 429, "TooManyRequestsException", "Too Many Requests").await;
    }
}
