//! Trying out methods and authorizers: `TestInvokeMethod` and `TestInvokeAuthorizer`, with backends and functions that
//! really answer.

mod authorizers;
mod methods;

use serde_json::{Value, json};

use crate::stack::{Reply, request};
use crate::support::Server;

/// Sends a call of the control plane, written as method and target.
async fn control(server: &Server, line: &str, body: &Value) -> Reply {
    let (method, target) = line.split_once(' ').unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.ask(request(method, target, &[("Content-Type", "application/json")], &body)).await
}

/// What a call answers that must succeed.
async fn made(server: &Server, line: &str, body: Value) -> Value {
    let reply = control(server, line, &body).await;
    assert!(reply.status.is_success(), "{line}: {reply:?}");
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

/// A REST API made call by call.
struct Api<'s> {
    server: &'s Server,
    id: String,
    root: String,
}

impl<'s> Api<'s> {
    async fn new(server: &'s Server) -> Self {
        let api = made(server, "POST /restapis", json!({ "name": "pets" })).await;
        let text = |name: &str| api[name].as_str().unwrap().to_owned();
        Self { server, id: text("id"), root: text("rootResourceId") }
    }

    /// Adds `/pets/{id}` and gives its id.
    async fn pet(&self) -> String {
        let mut parent = self.root.clone();
        for part in ["pets", "{id}"] {
            let line = format!("POST /restapis/{}/resources/{parent}", self.id);
            let resource = made(self.server, &line, json!({ "pathPart": part })).await;
            resource["id"].as_str().unwrap().clone_into(&mut parent);
        }
        parent
    }

    /// Puts a method, its integration and the response 200 of both, whose template is `response`.
    async fn method(&self, resource: &str, verb: &str, method: &Value, integration: &Value, response: &str) {
        let line = format!("PUT /restapis/{}/resources/{resource}/methods/{verb}", self.id);
        let mut guarded = json!({ "authorizationType": "NONE" });
        guarded.as_object_mut().unwrap().extend(method.as_object().unwrap().clone());
        made(self.server, &line, guarded).await;
        made(self.server, &format!("{line}/integration"), integration.clone()).await;
        made(self.server, &format!("{line}/responses/200"), json!({})).await;
        let templates = json!({ "responseTemplates": { "application/json": response } });
        made(self.server, &format!("{line}/integration/responses/200"), templates).await;
    }

    /// Tries a method out.
    async fn try_method(&self, resource: &str, verb: &str, input: &Value) -> Value {
        let line = format!("POST /restapis/{}/resources/{resource}/methods/{verb}", self.id);
        made(self.server, &line, input.clone()).await
    }

    /// Adds an authorizer and gives its id.
    async fn authorizer(&self, authorizer: Value) -> String {
        let line = format!("POST /restapis/{}/authorizers", self.id);
        made(self.server, &line, authorizer).await["id"].as_str().unwrap().to_owned()
    }

    /// Tries an authorizer out.
    async fn try_authorizer(&self, id: &str, input: &Value) -> Value {
        made(self.server, &format!("POST /restapis/{}/authorizers/{id}", self.id), input.clone()).await
    }
}

/// The lines of a log after its first, without their time, which each has.
fn lines(tried: &Value) -> Vec<String> {
    let log = tried["log"].as_str().unwrap();
    assert!(log.ends_with('\n'), "{log}");
    let mut lines = log.lines();
    let first = lines.next().unwrap();
    let id = first.strip_prefix("Execution log for request ").unwrap_or_else(|| panic!("{first}"));
    assert_eq!(id.len(), 36, "{first}");
    lines
        .map(|line| {
            let (time, text) = line.split_once(" : ").unwrap_or_else(|| panic!("{line}"));
            assert!(time.len() == 28 && time.contains(" UTC 2"), "{line}");
            text.replace(id, "ID")
        })
        .collect()
}

/// Asserts which lines a log has, each of which begins with what is expected of it.
fn tells(tried: &Value, expected: &[&str]) {
    let lines = lines(tried);
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line} does not begin with {expected}: {lines:#?}");
    }
}

/// A mock's request template that selects the response 200.
fn mock() -> Value {
    json!({ "type": "MOCK", "requestTemplates": { "application/json": "{\"statusCode\": 200}" } })
}
