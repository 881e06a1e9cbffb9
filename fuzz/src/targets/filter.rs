//! What lists of users and log events are filtered by.

use claviger_control_plane::fuzzing::{filter_pattern, user_filter};

use crate::input::texts;

/// A filter, and a message that it may fit.
pub(super) fn run(data: &[u8]) {
    let Some([filter, message]) = texts(data) else { return };
    let _ = user_filter(filter);
    assert_eq!(filter_pattern(filter, message), filter_pattern(filter, message), "a pattern fits the same each time");
}
