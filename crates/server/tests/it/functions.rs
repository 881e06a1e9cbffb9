//! Functions made and called as any AWS tool does, and called by a pool's hook.

use std::io::{Cursor, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::stack::{Reply, claims, request};
use crate::support::Server;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:claims";

const CLAIMS: &str = r#"
import json, os, socket

def handler(event, context):
    if "fail" in event:
        raise LookupError("no tenant")
    if "port" in event:
        with socket.create_connection(("127.0.0.1", event["port"])) as caller:
            caller.sendall(context.invoked_function_arn.encode())
        return
    if "response" not in event:
        print("called")
        return {"accessKeyId": os.environ["AWS_ACCESS_KEY_ID"], "event": event}
    generation = {"claimsToAddOrOverride": {"tenant": "north"}}
    event["response"]["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": generation}
    return event
"#;

impl Server {
    /// Makes a Python function of this name.
    pub(crate) async fn function(&self, name: &str, code: &str) {
        self.function_with(name, code, &json!({})).await;
    }

    /// Makes a Python function of this name with these settings.
    pub(crate) async fn function_with(&self, name: &str, code: &str, settings: &Value) {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("index.py", SimpleFileOptions::default()).unwrap();
        zip.write_all(code.as_bytes()).unwrap();
        let zip = STANDARD.encode(zip.finish().unwrap().into_inner());
        let mut input = json!({
            "FunctionName": name, "Runtime": "python3.12", "Handler": "index.handler", "Timeout": 60,
            "Role": "arn:aws:iam::000000000000:role/claims", "Code": { "ZipFile": zip },
        });
        for (setting, value) in settings.as_object().unwrap() {
            input[setting] = value.clone();
        }
        let made = self.ask(request("POST", "/2015-03-31/functions", &[], &input.to_string())).await;
        assert_eq!(made.status.as_u16(), 201, "{made:?}");
    }

    pub(crate) async fn invoke(&self, name: &str, headers: &[(&str, &str)], event: &Value) -> Reply {
        let target = format!("/2015-03-31/functions/{name}/invocations");
        self.ask(request("POST", &target, headers, &event.to_string())).await
    }
}

#[tokio::test]
async fn a_function_is_called_with_its_result_in_the_body_and_the_rest_in_headers() {
    let server = Server::dev();
    server.function("claims", CLAIMS).await;
    let reply = server.invoke("claims", &[("X-Amz-Log-Type", "Tail")], &json!({ "name": "Eunice" })).await;
    assert_eq!(reply.status.as_u16(), 200, "{reply:?}");
    assert_eq!(reply.json()["event"], json!({ "name": "Eunice" }));
    let access_key_id = reply.json()["accessKeyId"].as_str().unwrap().to_owned();
    assert!(access_key_id.starts_with("ASIA"), "{access_key_id}");
    assert_eq!(reply.header("x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(reply.header("x-amz-function-error"), None);
    let log = String::from_utf8(STANDARD.decode(reply.header("x-amz-log-result").unwrap()).unwrap()).unwrap();
    assert!(log.contains("\ncalled\nEND RequestId: "), "{log}");
    let failed = server.invoke("claims", &[], &json!({ "fail": true })).await;
    assert_eq!((failed.status.as_u16(), failed.header("x-amz-function-error")), (200, Some("Unhandled")));
    assert_eq!(failed.header("x-amz-log-result"), None);
    assert_eq!(
        (&failed.json()["errorType"], &failed.json()["errorMessage"]),
        (&json!("LookupError"), &json!("no tenant"))
    );
    let tried = server.invoke("claims", &[("X-Amz-Invocation-Type", "DryRun")], &json!({})).await;
    assert_eq!(tried.said(), (204, ""));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let event = json!({ "port": listener.local_addr().unwrap().port() });
    let taken = server.invoke("claims", &[("X-Amz-Invocation-Type", "Event")], &event).await;
    assert_eq!(taken.said(), (202, ""));
    let mut told = String::new();
    listener.accept().await.unwrap().0.read_to_string(&mut told).await.unwrap();
    assert_eq!(told, ARN);
    let text = server.ask(request("POST", "/2015-03-31/functions/claims/invocations", &[], "no json")).await;
    assert_eq!(text.header("x-amzn-errortype"), Some("InvalidRequestContentException"), "{text:?}");
}

#[tokio::test]
async fn a_pools_hook_calls_a_stored_function_that_allows_it() {
    let server = Server::dev();
    server.function("claims", CLAIMS).await;
    let machine = server.machine().await;
    let config = json!({ "PreTokenGenerationConfig": { "LambdaVersion": "V3_0", "LambdaArn": ARN } });
    server.cognito("UpdateUserPool", json!({ "UserPoolId": machine.pool, "LambdaConfig": config })).await;
    let reply = machine.ask(&server, "").await;
    let description = format!(
        "PreTokenGeneration invocation failed due to error: the policy of the function {ARN} does not let \
         cognito-idp.amazonaws.com invoke it for {}.",
        machine.arn
    );
    let expected = json!({ "error": "invalid_request", "error_description": description });
    assert_eq!((reply.status.as_u16(), reply.json()), (400, expected));
    let permission = json!({
        "StatementId": "pool", "Action": "lambda:InvokeFunction", "Principal": "cognito-idp.amazonaws.com",
        "SourceArn": machine.arn,
    });
    let target = "/2015-03-31/functions/claims/policy";
    let added = server.ask(request("POST", target, &[], &permission.to_string())).await;
    assert_eq!(added.status.as_u16(), 201, "{added:?}");
    // A hook has five seconds, in which a busy machine may not manage to start an interpreter: one is started before.
    assert_eq!(server.invoke("claims", &[], &json!({})).await.status.as_u16(), 200);
    let token = machine.token(&server, "").await;
    assert_eq!(claims(&token)["tenant"], "north");
}

#[tokio::test]
async fn a_function_is_the_callers_own() {
    let server = Server::dev();
    server.function("claims", CLAIMS).await;
    let other = crate::stack::signed("111111111111", "us-east-1", "lambda");
    let listed = server.ask(request("GET", "/2015-03-31/functions", &[("Authorization", &other)], "")).await;
    assert_eq!(listed.json(), json!({ "Functions": [] }));
    let reply = server.invoke("claims", &[("Authorization", &other)], &json!({})).await;
    assert_eq!(reply.json()["Message"], "Function not found: arn:aws:lambda:us-east-1:111111111111:function:claims");
    let reply = server.invoke(&ARN.replace(':', "%3A"), &[("Authorization", &other)], &json!({})).await;
    assert_eq!((reply.status.as_u16(), reply.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
}
