//! The token rules from outside: tokens made here open a method, forged ones do not.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they stand, as tests do")]

mod forgeries;
mod jose;
mod requests;
