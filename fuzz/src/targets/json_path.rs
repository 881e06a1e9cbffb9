//! JSON paths of templates and parameter mappings, followed through a body.

use claviger_gateway::json_path::JsonPath;
use serde_json::Value;

use crate::input::texts;

/// Nodes that may be visited.
const NODES_MAX: usize = 10_000;

/// A path, and the body.
pub(super) fn run(data: &[u8]) {
    let Some([path, body]) = texts(data) else { return };
    let Ok(parsed) = JsonPath::parse(path) else { return };
    let Ok(body) = serde_json::from_str::<Value>(body) else { return };
    let found = parsed.value(&body, NODES_MAX);
    assert_eq!(found, parsed.value(&body, NODES_MAX), "the same path finds the same");
}
