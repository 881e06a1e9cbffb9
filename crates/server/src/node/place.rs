//! Where a node keeps its data.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_runtime::access_logs::AccessLogs;
use claviger_runtime::blobs::BlobStore;
use claviger_runtime::functions::CodeStore;
use claviger_runtime::log_events::{Keeper, LogEvents};
use claviger_runtime::vault::MasterKey;
use claviger_store::Store;
use claviger_store_sqlite::SqliteStore;

use super::StartError;
use crate::failpoint::{KillAt, KilledStore};
use crate::master_key;
use crate::random::SystemRandom;

/// The store's file in a data directory.
const STORE_FILE: &str = "claviger.db";
/// The master key's file in a data directory.
const MASTER_KEY_FILE: &str = "master.key";

/// Where a node keeps its data.
#[derive(Clone, Debug)]
pub enum Place {
    /// In this directory.
    Directory(PathBuf),
    /// Nowhere.
    Memory,
}

impl Place {
    /// The store, and the key to its secrets.
    pub(super) fn open(&self, kill_at: Option<KillAt>) -> Result<(Arc<dyn Store>, MasterKey), StartError> {
        let mut random = SystemRandom;
        let (store, master) = match self {
            Self::Memory => (SqliteStore::in_memory()?, master_key::ephemeral(&mut random)?),
            Self::Directory(path) => {
                create_private(path).map_err(|source| StartError::Directory { path: path.clone(), source })?;
                let store = SqliteStore::open(path.join(STORE_FILE))?;
                (store, master_key::open_or_create(&path.join(MASTER_KEY_FILE), &mut random)?)
            }
        };
        let store: Arc<dyn Store> = match kill_at {
            Some(at) => Arc::new(KilledStore::new(Arc::new(store), at)),
            None => Arc::new(store),
        };
        Ok((store, master))
    }

    pub(super) fn code_store(&self) -> Result<CodeStore, StartError> {
        match self {
            Self::Directory(path) => Ok(CodeStore::at(path)),
            Self::Memory => CodeStore::temporary().map_err(StartError::Scratch),
        }
    }

    pub(super) fn access_logs(&self) -> AccessLogs {
        match self {
            Self::Directory(path) => AccessLogs::at(path),
            Self::Memory => AccessLogs::temporary(),
        }
    }

    pub(super) fn log_events(&self, keeper: Keeper) -> Result<LogEvents, StartError> {
        match self {
            Self::Directory(path) => Ok(LogEvents::at(path, keeper)),
            Self::Memory => LogEvents::temporary(keeper).map_err(StartError::Scratch),
        }
    }

    pub(super) fn blob_store(&self) -> Result<BlobStore, StartError> {
        match self {
            Self::Directory(path) => Ok(BlobStore::at(path)),
            Self::Memory => BlobStore::temporary().map_err(StartError::Scratch),
        }
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
