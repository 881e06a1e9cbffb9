//! Route keys and paths: what matches, and how a liberal server would read it.

use claviger_gateway::request_head::liberal_reading;
use claviger_gateway::roles::CalledPath;
use claviger_gateway::route::Routes;
use claviger_resources::http_api::RouteKey;

use crate::input::texts;

/// Route keys, one on each line, and a path.
pub(super) fn run(data: &[u8]) {
    let Some([keys, path]) = texts(data) else { return };
    let mut routes = Routes::default();
    for key in keys.lines().take(50) {
        let Ok(parsed) = RouteKey::parse(key) else { continue };
        assert_eq!(parsed.to_string(), key, "a route key is written as it was read");
        if let RouteKey::Request { path, .. } = &parsed {
            routes.insert(path, ());
        }
    }
    if let Some(((), parameters)) = routes.find(path) {
        for (_, value) in parameters {
            assert!(path.contains(value), "a variable stands for a part of the path");
        }
    }
    if let Some(reading) = liberal_reading(path) {
        assert!(reading.starts_with('/') && !reading.contains("//"), "{reading}");
    }
    let _ = CalledPath::parse(path);
}
