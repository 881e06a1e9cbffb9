//! The pre token generation trigger (Amazon Cognito, "Pre token generation Lambda trigger"): the event a function is sent,
//! how its answer is read, and what the answer does to the claims of a token.
//!
//! Calling the function is not here. Whoever issues a token decides what would be in it, makes an [`Event`] of that, has
//! the function called, [`read`]s the answer and lets the [`Changes`] work on the claims before they are signed.

mod answer;
mod changes;
mod event;

pub use answer::{AnswerError, CHANGES_MAX, read};
pub use changes::{CLAIMS_BYTES_MAX, Changes, ClaimChanges, GroupChanges, TokenKind, to_json};
pub use event::{ClientMetadata, Event, EventUser, EventVersion, Trigger};

#[cfg(test)]
mod tests;
