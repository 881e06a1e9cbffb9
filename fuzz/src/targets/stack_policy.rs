//! Stack policies and references of functions.

use claviger_resources::function::FunctionReference;
use claviger_resources::stack::policy::StackPolicy;

/// A policy, or a reference.
pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = (StackPolicy::parse(text).is_ok(), FunctionReference::parse(text).is_some());
}
