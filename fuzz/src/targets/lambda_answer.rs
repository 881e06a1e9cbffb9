//! What functions answer to REST and HTTP APIs.

use std::sync::LazyLock;

use claviger_gateway::content_handling::BinaryMediaTypes;
use claviger_gateway::http_api::lambda::LambdaProxy as HttpApiProxy;
use claviger_gateway::lambda::LambdaProxy;
use serde_json::json;

use crate::gateway::with_exchange;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

/// An answer.
pub(super) fn run(data: &[u8]) {
    static REST: LazyLock<Option<LambdaProxy>> = LazyLock::new(rest_api);
    static HTTP: LazyLock<Vec<HttpApiProxy>> =
        LazyLock::new(|| ["1.0", "2.0"].into_iter().filter_map(http_api).collect());
    with_exchange(b"", |exchange| {
        let Some(rest) = &*REST else { return };
        if let Ok(reply) = rest.reply(exchange, data) {
            assert!(reply.body.len() <= data.len().max(2), "no body is longer than the answer that holds it");
        }
        for proxy in &*HTTP {
            if let Ok(answer) = proxy.answer(exchange, data) {
                assert!(answer.body.len() <= data.len(), "no body is longer than the answer that holds it");
            }
        }
    });
}

fn rest_api() -> Option<LambdaProxy> {
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations");
    let integration = json!({ "type": "AWS_PROXY", "httpMethod": "POST", "uri": uri, "cacheNamespace": "r" });
    let integration = serde_json::from_value(integration).ok()?;
    LambdaProxy::compile(&integration, &BinaryMediaTypes::new(&["image/png".to_owned()])).ok()
}

fn http_api(format: &str) -> Option<HttpApiProxy> {
    let parameters =
        json!({ "200": { "append:header.x": "$response.body.a.b", "overwrite:statuscode": "$response.header.s" } });
    let integration = json!({ "integrationId": "abcdef1", "apiId": "a1b2c3d4e5",
        "tenant": { "account": "000000000000", "region": "us-east-1" }, "integrationType": "AWS_PROXY",
        "integrationUri": FUNCTION, "connectionType": "INTERNET", "payloadFormatVersion": format,
        "timeoutInMillis": 30000, "responseParameters": parameters });
    HttpApiProxy::compile(&serde_json::from_value(integration).ok()?).ok()
}
