//! Functions that are stored, run by real interpreters in real processes.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::function::{Alias, Function, LATEST, Permission, Policy, Principal, Qualified, UsedLayer};
use claviger_resources::{Clock, FunctionName, Secret, Timestamp};
use claviger_runtime::functions::{
    CodeStore, FunctionError, Functions, Invocation, Invoked, Invoker, Stored, Surroundings, Wishes,
};
use claviger_runtime::issuers::Issuers;
use claviger_runtime::log_events::{Keeper, LogEvents};
use claviger_runtime::snapshot::{Builder, CurrentSnapshot};
use claviger_runtime::temporary_credentials;
use claviger_runtime::vault::{KEY_BYTES, MasterKey, SealedFor, Vault};
use claviger_store::{Store, TransactionExt};
use claviger_testkit::{SeededRandom, memory_store};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::tenant;

/// Longer than anything here may take, on a machine however busy.
const LONG: Duration = Duration::from_mins(2);

/// The system's time, which processes compare with their own.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "processes know no other time")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_milliseconds(since.as_millis().try_into().unwrap())
    }
}

/// A node that has functions and nothing else.
struct Node {
    store: Arc<dyn Store>,
    current: Arc<CurrentSnapshot>,
    vault: Arc<Vault>,
    code: CodeStore,
    functions: Functions,
}

impl Node {
    fn new() -> Self {
        Self::with_path(std::env::var_os("PATH").unwrap())
    }

    fn with_path(path: std::ffi::OsString) -> Self {
        let (store, current) = (memory_store(), CurrentSnapshot::empty());
        let (follower, feed) = (Arc::clone(&current), Arc::clone(&store));
        let (keyless, _) = mpsc::unbounded_channel();
        tokio::spawn(async move { follower.follow(&*feed, Builder::new(Issuers::Aws), keyless).await });
        let master = MasterKey::new(&Secret::new(vec![7; KEY_BYTES])).unwrap();
        let vault = Arc::new(Vault::create(&master, &mut SeededRandom::new(0)).unwrap().0);
        let code = CodeStore::temporary().unwrap();
        let (store_of_logs, clock) = (Arc::clone(&store), Arc::new(SystemClock));
        let keeper = Keeper { store: store_of_logs, clock, threads: tokio::runtime::Handle::current() };
        let log_events = Arc::new(LogEvents::temporary(keeper).unwrap());
        let functions = Functions::default().with_stored(Stored {
            are_run: true,
            log_events,
            current: Arc::clone(&current),
            vault: Arc::clone(&vault),
            code: code.clone(),
            clock: Arc::new(SystemClock),
            world: Arc::new(SystemClock),
            random: || Box::new(SeededRandom::new(3)),
            surroundings: Surroundings {
                path,
                endpoint: Some("http://127.0.0.1:1".to_owned()),
                program: None,
                libraries: Vec::new(),
            },
            threads: tokio::runtime::Handle::current(),
        });
        Self { store, current, vault, code, functions }
    }

    /// Stores a function of these files, or a new state of it.
    async fn put(&self, runtime: &str, handler: &str, files: &[(&str, &str)]) -> Function {
        self.put_changed(runtime, handler, files, |_| {}).await
    }

    async fn put_changed(
        &self,
        runtime: &str,
        handler: &str,
        files: &[(&str, &str)],
        change: impl FnOnce(&mut Function),
    ) -> Function {
        let code = self.code.keep(zipped(files).into()).await.unwrap();
        let mut function = Function {
            name: FunctionName::parse("storms").unwrap(),
            tenant: tenant(),
            runtime: runtime.to_owned(),
            handler: handler.to_owned(),
            role: "arn:aws:iam::000000000000:role/storms".to_owned(),
            description: String::new(),
            timeout_seconds: 60,
            memory_mib: 128,
            environment: None,
            code,
            last_modified: Timestamp::default(),
            revision_id: format!("{}{handler}", code.sha256),
            version: LATEST.to_owned(),
            layers: Vec::new(),
            reserved_concurrency: None,
            qualified: Qualified::default(),
            tags: BTreeMap::new(),
            permissions: Vec::new(),
            policy_revision_id: String::new(),
            configuration: serde_json::Map::new(),
        };
        change(&mut function);
        let mut tx = self.store.write().await.unwrap();
        tx.delete(&function).await.unwrap();
        tx.insert(&function).await.unwrap();
        let revision = tx.commit().await.unwrap();
        self.current.applied().wait_for(|applied| *applied >= revision).await.unwrap();
        function
    }

    async fn call(&self, event: Value) -> Result<Value, FunctionError> {
        self.call_as(Invoker::Caller, event, LONG).await
    }

    async fn call_as(
        &self,
        invoker: Invoker<'_>,
        event: Value,
        duration_max: Duration,
    ) -> Result<Value, FunctionError> {
        let invocation = Invocation { arn: &arn(), event: event.to_string().into(), duration_max, invoker };
        self.functions.call(invocation).await.map(|result| serde_json::from_slice(&result).unwrap())
    }

    /// The error that the function, or its runtime, told.
    async fn failed(&self, event: Value) -> Value {
        match self.call(event).await {
            Err(FunctionError::Failed(failure)) => serde_json::from_slice(&failure.json).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn invoke(&self, event: Value, wishes: Wishes) -> Invoked {
        let (event, invoker) = (event.to_string().into(), Invoker::Caller);
        let invocation = Invocation { arn: &format!("{}:$LATEST", arn()), event, duration_max: LONG, invoker };
        self.functions.invoke(invocation, wishes).await.unwrap()
    }
}

fn arn() -> String {
    claviger_resources::function::arn(&tenant(), "storms")
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const PYTHON: &str = r#"
import decimal, os, sys

calls = 0

def handler(event, context):
    global calls
    calls += 1
    do = event.get("do")
    if do == "raise":
        raise ValueError("no storms")
    if do == "exit":
        sys.exit(3)
    if do == "die":
        os.kill(os.getpid(), 9)
    if do == "hang":
        while True:
            pass
    if do == "large":
        return "x" * (7 * 1024 * 1024)
    if do == "unmarshal":
        return {1, 2}
    if do == "print":
        print("on stdout")
        print("on stderr", file=sys.stderr)
    if do == "environment":
        return dict(os.environ)
    if do == "context":
        return {
            "function_name": context.function_name, "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb, "log_group": context.log_group_name,
            "version": context.function_version, "left": context.get_remaining_time_in_millis(),
            "request": len(context.aws_request_id), "custom": context.client_context and context.client_context.custom,
        }
    return {"calls": calls, "pid": os.getpid(), "event": event, "half": decimal.Decimal("0.5")}
"#;

#[tokio::test]
async fn a_python_function_answers_and_is_kept_warm() {
    let node = Node::new();
    node.put("python3.12", "lib/storms.handler", &[("lib/storms.py", PYTHON)]).await;
    let first = node.call(json!({ "name": "Eunice" })).await.unwrap();
    assert_eq!((&first["calls"], &first["event"]["name"], &first["half"]), (&json!(1), &json!("Eunice"), &json!(0.5)));
    let second = node.call(json!({})).await.unwrap();
    assert_eq!((&second["calls"], &second["pid"]), (&json!(2), &first["pid"]));
    // Two at a time need two processes.
    let (one, other) = tokio::join!(node.call(json!({})), node.call(json!({})));
    assert_ne!(one.unwrap()["pid"], other.unwrap()["pid"]);
    let context = Wishes { client_context: Some(r#"{"custom":{"a":1}}"#.to_owned()), ..Wishes::default() };
    let invoked = node.invoke(json!({ "do": "context" }), context).await;
    let context: Value = serde_json::from_slice(&invoked.result.unwrap()).unwrap();
    let left = context["left"].as_u64().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
    assert_eq!(
        context,
        json!({
            "function_name": "storms", "arn": format!("{}:$LATEST", arn()), "memory": "128",
            "log_group": "/aws/lambda/storms", "version": "$LATEST", "left": left, "request": 36, "custom": { "a": 1 },
        })
    );
    node.functions.close().await;
}

#[tokio::test]
async fn what_goes_wrong_in_python_is_told_in_lambdas_words() {
    let node = Node::new();
    node.put("python3.12", "storms.handler", &[("storms.py", PYTHON)]).await;
    let raised = node.failed(json!({ "do": "raise" })).await;
    assert_eq!((&raised["errorMessage"], &raised["errorType"]), (&json!("no storms"), &json!("ValueError")));
    let trace = raised["stackTrace"].as_array().unwrap();
    assert!(trace.len() == 1 && trace[0].as_str().unwrap().contains("in handler\n    raise ValueError"), "{trace:?}");
    // The process goes on after its function's own error, and a new one is started after its end.
    assert_eq!(node.call(json!({})).await.unwrap()["calls"], 2);
    for (event, error_type, end) in [
        (
            "unmarshal",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        ("exit", "Runtime.ExitError", " Error: Runtime exited with error: exit status 3"),
        ("die", "Runtime.ExitError", " Error: Runtime exited with error: signal: killed"),
        (
            "large",
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ] {
        let failed = node.failed(json!({ "do": event })).await;
        assert_eq!(failed["errorType"], error_type);
        assert!(failed["errorMessage"].as_str().unwrap().ends_with(end), "{failed}");
    }
    assert_eq!(node.call(json!({})).await.unwrap()["calls"], 2);
    for (handler, file, error_type, message) in [
        (
            "storms",
            "",
            "Runtime.MalformedHandlerName",
            "Bad handler 'storms': not enough values to unpack (expected 2, got 1)",
        ),
        ("other.handler", "", "Runtime.ImportModuleError", "Unable to import module 'other': No module named 'other'"),
        ("storms.other", "", "Runtime.HandlerNotFound", "Handler 'other' missing on module 'storms'"),
        ("storms.handler", "raise KeyError('x')", "KeyError", "'x'"),
    ] {
        node.put("python3.12", handler, &[("storms.py", file)]).await;
        let failed = node.failed(json!({})).await;
        assert_eq!((&failed["errorType"], &failed["errorMessage"]), (&json!(error_type), &json!(message)));
    }
    node.put("python3.12", "storms.handler", &[("storms.py", "def handler(:")]).await;
    let failed = node.failed(json!({})).await;
    assert_eq!(failed["errorType"], "Runtime.UserCodeSyntaxError");
    node.functions.close().await;
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_ended() {
    let node = Node::new();
    let function = |function: &mut Function| function.timeout_seconds = 1;
    node.put_changed("python3.12", "storms.handler", &[("storms.py", PYTHON)], function).await;
    let first = node.call(json!({})).await.unwrap();
    let failed = node.failed(json!({ "do": "hang" })).await;
    assert_eq!(failed["errorType"], "Sandbox.Timedout");
    let message = failed["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("RequestId: ") && message.ends_with(" Error: Task timed out after 1.00 seconds"),
        "{message}"
    );
    let next = node.call(json!({})).await.unwrap();
    assert_ne!(next["pid"], first["pid"]);
    // A caller who does not wait so long is told so, and the function has its time all the same.
    let limit = Duration::from_millis(10);
    let outcome = node.call_as(Invoker::Caller, json!({ "do": "hang" }), limit).await;
    assert_eq!(outcome, Err(FunctionError::TimedOut(limit)));
    node.functions.close().await;
}

#[tokio::test]
async fn what_a_function_prints_comes_with_the_answer_when_asked_for() {
    let node = Node::new();
    node.put("python3.12", "storms.handler", &[("storms.py", PYTHON)]).await;
    let wishes = Wishes { log_tail: true, ..Wishes::default() };
    for round in 0..3 {
        let invoked = node.invoke(json!({ "do": "print" }), wishes.clone()).await;
        let tail = String::from_utf8(invoked.log_tail).unwrap();
        let lines: Vec<&str> = tail.lines().collect();
        assert_eq!(lines.len(), 5, "{tail}");
        assert!(lines[0].starts_with("START RequestId: ") && lines[0].ends_with(" Version: $LATEST"), "{tail}");
        assert!(lines[1..3].contains(&"on stdout") && lines[1..3].contains(&"on stderr"), "{tail}");
        assert!(lines[3].starts_with("END RequestId: ") && lines[4].starts_with("REPORT RequestId: "), "{tail}");
        assert_eq!(lines[4].contains("Init Duration"), round == 0, "{tail}");
    }
    let failed = node.invoke(json!({ "do": "raise" }), wishes).await;
    assert!(String::from_utf8(failed.log_tail).unwrap().contains("[ERROR] ValueError: no storms\nTraceback"));
    node.functions.close().await;
}

#[tokio::test]
async fn a_function_sees_its_own_environment_and_nothing_of_the_servers() {
    let node = Node::new();
    let sealed = node.vault.seal(
        SealedFor::FunctionEnvironment(&arn()),
        br#"{"DATABASE":"north","TZ":"Europe/Berlin"}"#,
        &mut SeededRandom::new(1),
    );
    let sealed = sealed.unwrap();
    let change = |function: &mut Function| function.environment = Some(sealed);
    node.put_changed("python3.12", "storms.handler", &[("storms.py", PYTHON)], change).await;
    let seen = node.call(json!({ "do": "environment" })).await.unwrap();
    for (name, value) in [
        ("DATABASE", "north"),
        ("TZ", "Europe/Berlin"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "storms"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.12"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("_HANDLER", "storms.handler"),
    ] {
        assert_eq!(seen[name], value, "{name}");
    }
    let text = |name: &str| seen[name].as_str().unwrap();
    let session = temporary_credentials::read(&node.vault, text("AWS_SESSION_TOKEN")).unwrap();
    let key = (&*session.access_key_id, &**session.secret.expose());
    assert_eq!(key, (text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY")));
    assert_eq!(session.principal.arn, "arn:aws:sts::000000000000:assumed-role/storms/storms");
    let (day, stream) = text("AWS_LAMBDA_LOG_STREAM_NAME").split_at(11);
    assert!(day.ends_with('/') && stream.starts_with("[$LATEST]") && stream.len() == 9 + 32, "{day}{stream}");
    let is_expected = |name: &str| {
        ["AWS_", "LAMBDA_", "_X_AMZN_", "LC_"].iter().any(|prefix| name.starts_with(prefix))
            || ["PATH", "LANG", "TZ", "_HANDLER", "DATABASE", "PWD"].contains(&name)
    };
    let others: Vec<_> = seen.as_object().unwrap().keys().filter(|name| !is_expected(name)).collect();
    assert!(others.is_empty(), "{others:?}");
    node.functions.close().await;
}

const NODE: &str = r#"
exports.handler = async (event, context) => {
    if (event.do === "throw") throw new TypeError("no storms");
    if (event.do === "text") throw "only text";
    if (event.do === "exit") process.exit(4);
    if (event.do === "later") { setImmediate(() => { throw new RangeError("too late"); }); return new Promise(() => {}); }
    console.log("seen", event);
    return { event, name: context.functionName, left: context.getRemainingTimeInMillis() > 0, pid: process.pid };
};
exports.nested = { callback: (event, context, callback) => callback(event.fail ? new Error("called back") : null, "done") };
exports.quiet = () => {};
"#;

#[tokio::test]
async fn a_node_function_answers_in_each_of_its_ways() {
    let node = Node::new();
    node.put("nodejs22.x", "index.handler", &[("index.js", NODE)]).await;
    let wishes = Wishes { log_tail: true, ..Wishes::default() };
    let invoked = node.invoke(json!({ "name": "Eunice" }), wishes).await;
    let answer: Value = serde_json::from_slice(&invoked.result.unwrap()).unwrap();
    assert_eq!(
        (&answer["event"]["name"], &answer["name"], &answer["left"]),
        (&json!("Eunice"), &json!("storms"), &json!(true))
    );
    let tail = String::from_utf8(invoked.log_tail).unwrap();
    assert!(tail.contains("\tINFO\tseen { name: 'Eunice' }\n"), "{tail}");
    assert_eq!(node.call(json!({})).await.unwrap()["pid"], answer["pid"]);
    for (handler, file, expected) in [
        ("index.nested.callback", "index.js", json!("done")),
        ("index.quiet", "index.js", Value::Null),
        ("src/index.quiet", "src/index.cjs", Value::Null),
    ] {
        node.put("nodejs22.x", handler, &[(file, NODE)]).await;
        assert_eq!(node.call(json!({})).await.unwrap(), expected, "{handler}");
    }
    let module = "import { storms } from './data.mjs'; export const handler = async () => storms;";
    let data = ("data.mjs", "export const storms = ['Dudley'];");
    let package = ("package.json", r#"{"type":"module"}"#);
    for files in [&[("index.mjs", module), data][..], &[("index.js", module), data, package]] {
        node.put("nodejs22.x", "index.handler", files).await;
        assert_eq!(node.call(json!({})).await.unwrap(), json!(["Dudley"]));
    }
    node.functions.close().await;
}

#[tokio::test]
async fn what_goes_wrong_in_node_is_told_in_lambdas_words() {
    let node = Node::new();
    node.put("nodejs22.x", "index.handler", &[("index.js", NODE)]).await;
    for (event, error_type, message) in
        [("throw", "TypeError", "no storms"), ("text", "string", "only text"), ("later", "RangeError", "too late")]
    {
        let failed = node.failed(json!({ "do": event })).await;
        assert_eq!((&failed["errorType"], &failed["errorMessage"]), (&json!(error_type), &json!(message)));
        assert!(failed["trace"].is_array());
    }
    let ended = node.failed(json!({ "do": "exit" })).await;
    assert!(ended["errorMessage"].as_str().unwrap().ends_with("exit status 4"), "{ended}");
    node.put("nodejs22.x", "index.nested.callback", &[("index.js", NODE)]).await;
    assert_eq!(node.failed(json!({ "fail": true })).await["errorMessage"], "called back");
    for (handler, file, error_type) in [
        ("index.other", NODE, "Runtime.HandlerNotFound"),
        ("other.handler", NODE, "Runtime.ImportModuleError"),
        ("index", NODE, "Runtime.MalformedHandlerName"),
        ("index.handler", "exports.handler = (", "Runtime.UserCodeSyntaxError"),
        ("index.handler", "require('nothing')", "Runtime.ImportModuleError"),
        ("index.handler", "throw new TypeError('early')", "TypeError"),
    ] {
        node.put("nodejs22.x", handler, &[("index.js", file)]).await;
        assert_eq!(node.failed(json!({})).await["errorType"], error_type, "{handler} {file}");
    }
    node.functions.close().await;
}

const BOOTSTRAP: &str = r#"#!/bin/sh
set -eu
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
    HEADERS="$(mktemp)"
    EVENT="$(curl -sS -D "$HEADERS" "$API/invocation/next")"
    ID="$(grep -i '^lambda-runtime-aws-request-id:' "$HEADERS" | tr -d '\r' | cut -d' ' -f2)"
    rm "$HEADERS"
    curl -sS -o /dev/null -d "{\"saw\":$EVENT}" "$API/invocation/$ID/response"
done
"#;

#[tokio::test]
async fn a_bootstrap_of_its_own_speaks_the_runtime_api() {
    let node = Node::new();
    node.put("provided.al2023", "none", &[("bootstrap", BOOTSTRAP)]).await;
    for number in 0..2 {
        assert_eq!(node.call(json!({ "n": number })).await.unwrap(), json!({ "saw": { "n": number } }));
    }
    node.put("provided.al2023", "none", &[("other", BOOTSTRAP)]).await;
    let failed = node.failed(json!({})).await;
    assert_eq!(failed["errorType"], "Runtime.InvalidEntrypoint");
    assert!(failed["errorMessage"].as_str().unwrap().contains("Couldn't find valid bootstrap(s)"), "{failed}");
    node.put("provided.al2023", "none", &[("bootstrap", "#!/bin/sh\n")]).await;
    let ended = node.failed(json!({})).await;
    assert!(ended["errorMessage"].as_str().unwrap().ends_with("Runtime exited without providing a reason"), "{ended}");
    node.functions.close().await;
}

#[tokio::test]
async fn a_changed_function_runs_as_it_is_now() {
    let node = Node::new();
    let answers = |text: &str| format!("import os\ndef handler(event, context):\n    return ['{text}', os.getpid()]\n");
    node.put("python3.12", "storms.handler", &[("storms.py", &answers("before"))]).await;
    let before = node.call(json!({})).await.unwrap();
    node.put("python3.12", "storms.handler", &[("storms.py", &answers("after"))]).await;
    let after = node.call(json!({})).await.unwrap();
    assert_eq!((&before[0], &after[0]), (&json!("before"), &json!("after")));
    // The old process ends.
    let gone = std::path::PathBuf::from(format!("/proc/{}", before[1]));
    while gone.exists() && !std::fs::read_to_string(gone.join("stat")).unwrap_or_default().contains(") Z ") {
        tokio::task::yield_now().await;
    }
    node.functions.close().await;
}

#[tokio::test]
async fn processes_end_with_everything_they_started() {
    let node = Node::new();
    let file = "import os, subprocess\ndef handler(event, context):\n    child = subprocess.Popen(['sleep', '1000'])\n    \
                return [os.getpid(), child.pid]\n";
    node.put("python3.12", "storms.handler", &[("storms.py", file)]).await;
    let processes = node.call(json!({})).await.unwrap();
    node.functions.close().await;
    for process in processes.as_array().unwrap() {
        let place = std::path::PathBuf::from(format!("/proc/{process}"));
        // One that is dead stays until it is reaped by whoever inherits it.
        while place.exists() && !std::fs::read_to_string(place.join("stat")).unwrap_or_default().contains(") Z ") {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_service_calls_only_what_its_policy_allows() {
    let node = Node::new();
    let gateway = |source_arn| Invoker::Service { principal: "apigateway.amazonaws.com", source_arn };
    let method = "arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/user";
    let files = [("storms.py", "def handler(event, context):\n    return 'called'\n")];
    node.put("python3.12", "storms.handler", &files).await;
    let refused = node.call_as(gateway(method), json!({}), LONG).await;
    let expected = FunctionError::NotPermitted {
        function: arn(),
        principal: "apigateway.amazonaws.com".to_owned(),
        source_arn: method.to_owned(),
    };
    assert_eq!(refused, Err(expected));
    let permission = Permission {
        statement_id: "gateway".to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: Principal::Service("apigateway.amazonaws.com".to_owned()),
        source_arn: Some("arn:aws:execute-api:us-east-1:000000000000:api/*/GET/user".to_owned()),
        source_account: None,
        event_source_token: None,
        principal_org_id: None,
        function_url_auth_type: None,
        invoked_via_function_url: None,
    };
    let change = |function: &mut Function| function.permissions.push(permission);
    node.put_changed("python3.12", "storms.handler", &files, change).await;
    assert_eq!(node.call_as(gateway(method), json!({}), LONG).await, Ok(json!("called")));
    let other = node.call_as(gateway("arn:aws:execute-api:us-east-1:000000000000:api/prod/POST/user"), json!({}), LONG);
    assert!(matches!(other.await, Err(FunctionError::NotPermitted { .. })));
    node.functions.close().await;
}

#[tokio::test]
async fn what_cannot_be_run_here_says_what_to_install() {
    let empty = tempfile::tempdir().unwrap();
    let node = Node::with_path(empty.path().as_os_str().to_owned());
    for (runtime, expected) in [
        ("python3.12", "python3 does not start from the PATH of the server; install Python 3, which runs python3.12"),
        ("nodejs22.x", "node does not start from the PATH of the server; install Node.js, which runs nodejs22.x"),
        ("java21", "the runtime java21 is not run here"),
    ] {
        node.put(runtime, "storms.handler", &[("storms.py", PYTHON)]).await;
        match node.call(json!({})).await {
            Err(FunctionError::Unavailable { reason }) => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{runtime}: {other:?}"),
        }
    }
    let unknown = Invocation {
        arn: "arn:aws:lambda:us-east-1:0:function:x",
        event: Bytes::new(),
        duration_max: LONG,
        invoker: Invoker::Caller,
    };
    assert!(matches!(node.functions.call(unknown).await, Err(FunctionError::NotFound(_))));
}

/// Stores what a version of the function answers, without making it the latest.
async fn publish(node: &Node, answer: &str) {
    let files =
        [("storms.py", &*format!("def handler(event, context):\n    return ['{answer}', context.function_version]\n"))];
    let mut function = node.put("python3.12", "storms.handler", &files).await;
    function.qualified.versions_made = answer.parse::<u64>().unwrap() - 1;
    let version = function.publish(None, answer.to_owned());
    let mut tx = node.store.write().await.unwrap();
    tx.insert(&version).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn versions_and_aliases_lead_to_what_was_published() {
    let node = Node::new();
    publish(&node, "1").await;
    publish(&node, "2").await;
    let alias = |version: &str, weights: &[(&str, f64)]| Alias {
        version: version.to_owned(),
        description: String::new(),
        weights: weights.iter().map(|(version, weight)| ((*version).to_owned(), *weight)).collect(),
        revision_id: String::new(),
    };
    let source = "arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/user";
    let permission = Permission {
        statement_id: "gateway".to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: Principal::Service("apigateway.amazonaws.com".to_owned()),
        source_arn: None,
        source_account: None,
        event_source_token: None,
        principal_org_id: None,
        function_url_auth_type: None,
        invoked_via_function_url: None,
    };
    let code = "def handler(event, context):\n    return ['latest', context.function_version]\n";
    let change = |function: &mut Function| {
        function.qualified.aliases.insert("live".to_owned(), alias("1", &[]));
        function.qualified.aliases.insert("moving".to_owned(), alias("1", &[("2", 1.0)]));
        function.qualified.aliases.insert("head".to_owned(), alias("$LATEST", &[]));
        let policy = Policy { permissions: vec![permission], revision_id: "1".to_owned() };
        function.qualified.policies.insert("live".to_owned(), policy);
    };
    node.put_changed("python3.12", "storms.handler", &[("storms.py", code)], change).await;
    let call = async |qualifier: &str, invoker: Invoker<'_>| {
        let arn = format!("{}{qualifier}", arn());
        let invocation = Invocation { arn: &arn, event: Bytes::from_static(b"{}"), duration_max: LONG, invoker };
        let invoked = node.functions.invoke(invocation, Wishes::default()).await?;
        let answer: Value = serde_json::from_slice(&invoked.result.unwrap()).unwrap();
        assert_eq!(answer[1], invoked.version);
        Ok::<_, FunctionError>(answer[0].as_str().unwrap().to_owned())
    };
    for (qualifier, expected) in [
        ("", "latest"),
        (":$LATEST", "latest"),
        (":1", "1"),
        (":2", "2"),
        (":live", "1"),
        (":moving", "2"),
        (":head", "latest"),
    ] {
        assert_eq!(call(qualifier, Invoker::Caller).await.as_deref(), Ok(expected), "{qualifier}");
    }
    for unknown in [":3", ":none"] {
        assert!(matches!(call(unknown, Invoker::Caller).await, Err(FunctionError::NotFound(_))), "{unknown}");
    }
    // The policy of an alias is its own.
    let gateway = Invoker::Service { principal: "apigateway.amazonaws.com", source_arn: source };
    assert_eq!(call(":live", gateway).await.as_deref(), Ok("1"));
    for closed in ["", ":1", ":moving"] {
        assert!(matches!(call(closed, gateway).await, Err(FunctionError::NotPermitted { .. })), "{closed}");
    }
    node.functions.close().await;
}

#[tokio::test]
async fn layers_are_found_and_those_of_others_left_out() {
    let node = Node::new();
    let layer = node.code.keep(zipped(&[("python/weather.py", "wind = 'strong'\n")]).into()).await.unwrap();
    let code = "import weather\ndef handler(event, context):\n    return weather.wind\n";
    let change = |function: &mut Function| {
        function.layers = vec![
            UsedLayer { arn: "arn:aws:lambda:us-east-1:000000000000:layer:weather:1".to_owned(), code: Some(layer) },
            UsedLayer { arn: "arn:aws:lambda:us-east-1:017000801446:layer:Others:52".to_owned(), code: None },
        ];
    };
    node.put_changed("python3.12", "storms.handler", &[("storms.py", code)], change).await;
    assert_eq!(node.call(json!({})).await.unwrap(), "strong");
    node.functions.close().await;
}

#[tokio::test]
async fn a_function_has_no_more_events_than_are_reserved_for_it() {
    let node = Node::new();
    let change = |function: &mut Function| function.reserved_concurrency = Some(0);
    node.put_changed("python3.12", "storms.handler", &[("storms.py", PYTHON)], change).await;
    assert_eq!(node.call(json!({})).await, Err(FunctionError::ReservationFull));
    node.functions.close().await;
}
