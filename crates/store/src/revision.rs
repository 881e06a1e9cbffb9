//! The revision feed: which records each commit changed.

use std::fmt;

use crate::key::Key;

/// The number of a commit that changed something; each is greater than the last. A backend may leave numbers out, but whoever
/// sees one has seen or will see none below it appear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How many revisions the feed reaches back, those that were left out among them: enough for a node that was away for a
/// while, and little to keep.
pub const FEED_REVISIONS: u64 = 10_000;

/// A record that a commit inserted, replaced or deleted. Reading the record now tells which: the feed says where to look,
/// never what was there, so applying a change twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// The commit.
    pub revision: Revision,
    /// The record.
    pub key: Key,
}

/// What the feed answers to "what has changed since?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// The changes, oldest first, whole revisions only.
    Since(Vec<Change>),
    /// The feed does not reach back that far, or the store never had that revision: load everything anew.
    TooOld,
}
