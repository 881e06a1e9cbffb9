//! The language as AWS documents it, case by case, and that no input harms.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a malformed case fails the test")]

mod case;
mod conformance;
mod instance;
mod properties;
