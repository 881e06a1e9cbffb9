//! What can go wrong in a store, in the store's own words.

use crate::key::Namespace;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A record with this key exists already.
    #[error("the record exists already")]
    AlreadyExists,
    /// Another record holds the name.
    #[error("the name is taken (in {namespace})")]
    NameTaken {
        /// What the name is a name of.
        namespace: Namespace,
    },
    /// The record has changed, or gone, since it was read.
    #[error("the record was changed by someone else meanwhile")]
    Conflict,
    /// Transactions got in each other's way; running this one again will help.
    #[error("the transaction collided with another one; run it again")]
    Contention,
    /// A write was tried in a transaction opened for reading.
    #[error("the transaction was opened for reading")]
    ReadOnly,
    /// A key or name holds a character that not every backend can keep.
    #[error("U+0000 cannot be kept in a key or a name")]
    NulCharacter,
    /// The database did not answer, or answered with an error that says nothing about the request.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read back.
    #[error("stored {what} cannot be read")]
    Corrupt {
        /// What was read.
        what: String,
        /// Why it cannot be.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
