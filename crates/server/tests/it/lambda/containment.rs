//! Functions that take too much, end badly or look where they should not: what a caller at the gate is told, and what is
//! left of them.

use std::path::{Path, PathBuf};

use claviger_server::node::{Options, Place};
use serde_json::json;

use super::uri;
use crate::stack::{Reply, request};
use crate::support::Server;

const INTERNAL: &str = r#"{"message": "Internal server error"}"#;
const TIMED_OUT: &str = r#"{"message": "Endpoint request timed out"}"#;

/// A function that does what the path says.
const WILD: &str = r#"
import json, os, signal

MIB = 1024 * 1024


def answer(value):
    return {"statusCode": 200, "body": json.dumps(value)}


def outcome(attempt):
    try:
        return repr(attempt())
    except OSError as error:
        return type(error).__name__


def leave_behind(forks):
    """Leaves a process that belongs to no group or session of ours and whose parent is gone."""
    if os.fork() == 0:
        os.setsid()
        for _ in range(forks):
            if os.fork() != 0:
                os._exit(0)
        signal.pause()
        os._exit(0)


def handler(event, context):
    do, asked = event["pathParameters"]["do"], event["queryStringParameters"] or {}
    if do == "loop":
        while True:
            pass
    if do == "memory":
        held = []
        while True:
            held.append(bytearray(os.urandom(MIB)) * 8)
    if do == "memory-of-many":
        for _ in range(16):
            if os.fork() == 0:
                held = bytearray(os.urandom(MIB)) * 16
                signal.pause()
        signal.pause()
    if do == "forks":
        while True:
            try:
                os.fork()
            except OSError:
                pass
    if do == "hidden-forks":
        while True:
            try:
                leave_behind(2)
            except OSError:
                pass
    if do == "large":
        return answer("x" * (7 * MIB))
    if do == "left-behind":
        leave_behind(1)
        os._exit(3)
    if do == "large-file":
        with open(os.path.join(os.environ["TMPDIR"], "large"), "wb") as file:
            file.truncate(513 * MIB)
    if do == "look":
        folder, server = asked["folder"], int(asked["server"])
        def write(path):
            with open(path, "w") as file:
                return file.write("mine")
        return answer({
            "store": outcome(lambda: open(folder + "/claviger.db", "rb").read(1)),
            "master key": outcome(lambda: open(folder + "/master.key", "rb").read(1)),
            "data directory": outcome(lambda: os.listdir(folder)),
            "zips": outcome(lambda: os.listdir(folder + "/functions")),
            "environment": outcome(lambda: open(f"/proc/{server}/environ", "rb").read(1)),
            "memory": outcome(lambda: open(f"/proc/{server}/mem", "rb").read(1)),
            "open files": outcome(lambda: os.listdir(f"/proc/{server}/fd")),
            "signal": outcome(lambda: os.kill(server, 0)),
            "other function's folder": outcome(lambda: os.listdir(asked["code"])),
            "other function's code": outcome(lambda: open(asked["code"] + "/index.py").read(1)),
            "other function's process": outcome(lambda: os.kill(int(asked["process"]), 0)),
            "other function's variables": outcome(lambda: open(f"/proc/{asked['process']}/environ").read(1)),
            "own code": outcome(lambda: write(os.environ["LAMBDA_TASK_ROOT"] + "/index.py")),
            "beside it": outcome(lambda: write(os.environ["LAMBDA_TASK_ROOT"] + "/other.py")),
            "own folder": outcome(lambda: write(os.environ["TMPDIR"] + "/mine")),
        })
    return answer([os.getpid(), os.environ["LAMBDA_TASK_ROOT"], os.environ["TMPDIR"]])
"#;

/// A server with a function of its own kind behind each of its API's paths: `/wild/{do}`, `/other/{do}`, which may take
/// long, `/broken/{do}`, and `/hasty/{do}`, where the gateway waits for `wild` a tenth of a second.
struct Zoo {
    server: Server,
    _parent: tempfile::TempDir,
    folder: PathBuf,
    api: String,
    mark: String,
}

impl Zoo {
    async fn open() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        let server = Server::with_node(&Place::Directory(folder.clone()), Options::default());
        let mark = format!("mark-{}-{}", std::process::id(), server.address.port());
        let settings = |timeout: u32| {
            let environment = json!({ "Variables": { "MARK": mark } });
            json!({ "Timeout": timeout, "MemorySize": 128, "Environment": environment })
        };
        let other = format!("# another\n{WILD}");
        let broken = "raise RuntimeError('at import')";
        for (name, code, timeout) in [("wild", WILD, 2), ("other", &*other, 120), ("broken", broken, 2)] {
            server.function_with(name, code, &settings(timeout)).await;
            let permission = json!({
                "StatementId": "gate", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
            });
            let target = format!("/2015-03-31/functions/{name}/policy");
            assert_eq!(server.ask(request("POST", &target, &[], &permission.to_string())).await.status, 201);
        }
        let path = |name: &str, timeout: u32| {
            let integration =
                json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": uri(name), "timeoutInMillis": timeout });
            json!({ "get": { "responses": {}, "x-amazon-apigateway-integration": integration } })
        };
        let document = json!({
            "openapi": "3.0.1", "info": { "title": "zoo", "version": "1" },
            "paths": {
                "/wild/{do}": path("wild", 29_000), "/other/{do}": path("other", 29_000),
                "/broken/{do}": path("broken", 29_000), "/hasty/{do}": path("wild", 100),
            },
        });
        let made = server.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
        let api = made.json()["id"].as_str().unwrap().to_owned();
        let target = format!("/restapis/{api}/deployments");
        let deployed = server.ask(request("POST", &target, &[], r#"{"stageName":"prod"}"#)).await;
        assert_eq!(deployed.status, 201, "{deployed:?}");
        Self { server, _parent: parent, folder, api, mark }
    }

    async fn ask(&self, path: &str) -> Reply {
        let host = format!("{}.execute-api.us-east-1.amazonaws.com", self.api);
        self.server.ask(request("GET", &format!("/prod{path}"), &[("Host", &host)], "")).await
    }

    /// Holds an answer to what is expected, waits until so many processes of functions are left, and sees that the server
    /// and its functions go on.
    async fn check(&self, path: &str, expected: (u16, &str), reason: &str, left: usize) {
        let reply = self.ask(path).await;
        assert_eq!(reply.said(), expected, "{path}");
        assert_eq!(reply.header("x-amzn-errortype"), Some("InternalServerErrorException"), "{path}");
        let why = self.server.explain(&reply).await;
        assert!(why["reason"].as_str().unwrap().contains(reason), "{reason:?} in {why}");
        while processes_with(&self.mark).len() != left {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.ask("/wild/well").await.status, 200, "after {path}");
    }
}

/// The processes that have a variable of this value, who hides wherever.
fn processes_with(mark: &str) -> Vec<PathBuf> {
    let has_mark = |process: &PathBuf| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == format!("MARK={mark}").as_bytes())
    };
    std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()).filter(has_mark).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_function_takes_up_the_gate_answers_and_nothing_is_left_behind() {
    let zoo = Zoo::open().await;
    let error = "customer function error: ";
    zoo.check("/wild/loop", (502, INTERNAL), &format!("{error}RequestId: "), 0).await;
    zoo.check("/hasty/loop", (504, TIMED_OUT), "the endpoint did not answer within 100 ms", 0).await;
    for greedy in ["memory", "memory-of-many", "forks", "hidden-forks"] {
        zoo.check(&format!("/wild/{greedy}"), (502, INTERNAL), &format!("{error}RequestId: "), 0).await;
    }
    zoo.check("/wild/large", (502, INTERNAL), "Response payload size exceeded maximum allowed payload size", 1).await;
    zoo.check("/wild/large-file", (502, INTERNAL), "File too large", 1).await;
    zoo.check("/wild/left-behind", (502, INTERNAL), "Runtime exited with error: exit status 3", 0).await;
    zoo.check("/broken/import", (502, INTERNAL), &format!("{error}at import"), 1).await;
    zoo.server.stop().await;
    assert_eq!(processes_with(&zoo.mark), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_a_function_is_told_in_lambdas_words() {
    let zoo = Zoo::open().await;
    let invoke = async |function: &str, what: &str| {
        let event = json!({ "pathParameters": { "do": what }, "queryStringParameters": null });
        let failed = zoo.server.invoke(function, &[], &event).await;
        assert_eq!((failed.status.as_u16(), failed.header("x-amz-function-error")), (200, Some("Unhandled")));
        let error = failed.json();
        let text = |member: &str| error[member].as_str().unwrap().to_owned();
        (text("errorType"), text("errorMessage").split_once(" Error: ").unwrap().1.to_owned())
    };
    let killed = ("Runtime.ExitError".to_owned(), "Runtime exited with error: signal: killed".to_owned());
    assert_eq!(invoke("other", "memory").await, killed);
    assert_eq!(invoke("other", "memory-of-many").await, killed);
    let timed_out = ("Sandbox.Timedout".to_owned(), "Task timed out after 2.00 seconds".to_owned());
    assert_eq!(invoke("wild", "loop").await, timed_out);
    zoo.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_sees_and_reaches_nothing_of_the_server_or_of_another_function() {
    let zoo = Zoo::open().await;
    let other = zoo.ask("/other/well").await.json();
    let folder = zoo.folder.display();
    assert!(zoo.folder.join("claviger.db").exists() && zoo.folder.join("functions").is_dir());
    let path = format!(
        "/wild/look?folder={folder}&server={}&process={}&code={}",
        std::process::id(),
        other[0],
        other[1].as_str().unwrap()
    );
    let seen = zoo.ask(&path).await.json();
    let denied: Vec<&String> = seen
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, outcome)| *outcome == "PermissionError")
        .map(|(what, _)| what)
        .collect();
    let mut expected: Vec<&String> = seen.as_object().unwrap().keys().filter(|what| *what != "own folder").collect();
    expected.sort();
    assert_eq!((sorted(denied), &seen["own folder"]), (expected, &json!("4")), "{seen}");
    // What it wrote goes with it.
    let own = zoo.ask("/wild/well").await.json();
    let own: &Path = own[2].as_str().unwrap().as_ref();
    assert_eq!(std::fs::read_to_string(own.join("mine")).unwrap(), "mine");
    let own = own.to_owned();
    zoo.server.stop().await;
    while own.exists() {
        tokio::task::yield_now().await;
    }
}

fn sorted(mut names: Vec<&String>) -> Vec<&String> {
    names.sort();
    names
}
