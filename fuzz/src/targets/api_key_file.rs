//! Files of API keys.

/// A file.
pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(rows) = claviger_control_plane::fuzzing::api_key_file(text) {
        assert!(rows <= text.lines().count(), "a line is one key");
    }
}
