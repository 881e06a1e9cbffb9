//! The configuration file of the server.

/// A file.
pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(problems) = claviger_server::fuzzing::config(text) {
        assert!(!problems.is_empty(), "a file that is refused is told why");
    }
}
