//! Gateway rules: compile an API to a route table, match, map requests and responses, judge tokens.

pub mod json_path;
