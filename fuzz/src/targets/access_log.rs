//! Formats of access logs, and the lines that come of them.

use claviger_gateway::access_log::{Facts, Format};

use crate::gateway::with_exchange;

/// A format.
pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(format) = Format::parse(text) else { return };
    with_exchange(b"", |exchange| {
        let facts =
            Facts { context: exchange.context, status: 200, request_length: 7, integration: None, failure: None };
        let line = format.render(&facts).finish(1000, 20);
        assert!(!line.contains('\n'), "a line is one line");
        assert!(line.len() < 64 * 1024 + 64 * text.len(), "a line is bounded: {}", line.len());
    });
}
