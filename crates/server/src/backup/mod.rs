//! Backups: everything that a store holds, with the contents of objects and the code of functions, as one file.
//!
//! The file is the same whatever database the store is in, so it also leads from one to another. It is a tar, compressed as
//! a whole: `format` says what stands in it, `writer` and `reader` put it together and take it apart, `save` and `restore`
//! are the two ways between it and a store. What is sealed in the store is sealed in the file, under keys that the master
//! key wraps, which is not in it.
//!
//! A backup is one state of the store: all records are read in one transaction, and files are held from before it begins. A
//! restore is one transaction as well, and ends only when the whole file was read and is what was written.

mod contents;
mod format;
mod pages;
mod reader;
mod restore;
mod save;
mod writer;

use std::io;

use claviger_runtime::functions::CodeError;
use claviger_runtime::vault::VaultError;
use claviger_store::{FillError, StoreError};

pub use self::contents::Contents;
pub(crate) use self::format::is_known;
pub use self::format::{Amount, Manifest};
pub(crate) use self::pages::Pages;
pub use self::restore::{Target, restore};
pub use self::save::{Source, save};
pub use self::writer::Writer;

/// Why a backup cannot be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file cannot be written.
    #[error("the backup cannot be written")]
    Write(#[source] io::Error),
    /// The file cannot be read: it is cut off, or its compressed bytes were changed.
    #[error("the backup cannot be read, because it is cut off or damaged; nothing was restored")]
    Read(#[source] io::Error),
    /// The file is something else, or was changed.
    #[error("this is no whole backup: {0}; nothing was restored")]
    Malformed(String),
    /// The file is of a later release.
    #[error("the backup was made by a newer Claviger ({program}): {reason}; nothing was restored")]
    Newer {
        /// The release.
        program: String,
        /// What this one does not know.
        reason: String,
    },
    /// There is nothing to save.
    #[error("the store has no keys yet, so there is nothing to save; has a server ever run on it?")]
    Unused,
    /// A newer program has written to the store.
    #[error(
        "a newer Claviger keeps something in the store that this one would leave out ({0}); save it with that release"
    )]
    NewerStore(String),
    /// What an object holds is not there.
    #[error("{0} cannot be saved, because its contents are missing or cut off; delete it, or put it there again")]
    Missing(String),
    /// Files of objects cannot be read or written.
    #[error("the contents of an object cannot be kept or read")]
    Contents(#[source] io::Error),
    /// The code of functions cannot be read or written.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The master key does not fit what was saved.
    #[error("the master key is not the one of the store that was saved; give that one")]
    MasterKey(#[source] VaultError),
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The store cannot be filled.
    #[error("the store cannot be filled; nothing was restored")]
    Fill(#[source] FillError),
}
