//! Where a node keeps its data.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_resources::Clock;
use claviger_runtime::access_logs::AccessLogs;
use claviger_runtime::audit::{self, AuditLog};
use claviger_runtime::blobs::BlobStore;
use claviger_runtime::functions::CodeStore;
use claviger_runtime::log_events::{Keeper, LogEvents};
use claviger_runtime::vault::MasterKeys;
use claviger_store::{Backend, Store, StoreError};
use claviger_store_postgres::PostgresStore;
use claviger_store_sqlite::{ReadOnlyStore, SqliteStore};

use super::StartError;
use crate::backup::Contents;
use crate::config::{Config, StoreAddress};
use crate::failpoint::{KillAt, KilledStore};
use crate::master_key::{self, MasterKeyError, MasterKeySource};
use crate::random::SystemRandom;

/// The store's file in a data directory.
const STORE_FILE: &str = "claviger.db";
/// The master key's file in a data directory.
const MASTER_KEY_FILE: &str = "master.key";

/// Where a node keeps its data.
#[derive(Clone, Debug)]
pub enum Place {
    /// In this directory, all of it.
    Directory(PathBuf),
    /// Where the operator of `claviger serve` has chosen.
    Served(Served),
    /// Nowhere.
    Memory,
}

/// Where `claviger serve` keeps its data.
#[derive(Clone, Debug)]
pub struct Served {
    /// What is kept in files.
    pub(crate) directory: PathBuf,
    /// Records.
    pub(crate) store: StoreAddress,
    /// The key to their secrets.
    pub(crate) master_key: MasterKeySource,
}

impl Place {
    /// Where a configuration says.
    pub(crate) fn served(config: &Config) -> Self {
        Self::Served(Served {
            directory: config.data_dir.clone(),
            store: config.store.clone(),
            master_key: config.master_key.clone(),
        })
    }

    /// The directory for what is kept in files; `None` when that is nowhere.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(path) | Self::Served(Served { directory: path, .. }) => Some(path),
            Self::Memory => None,
        }
    }

    /// Whether other nodes may have the store open.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Served(Served { store: StoreAddress::Postgres(_), .. }))
    }

    /// The store, and the key to its secrets.
    pub(super) async fn open(&self, kill_at: Option<KillAt>) -> Result<(Arc<dyn Store>, MasterKeys), StartError> {
        let mut random = SystemRandom;
        if let Some(path) = self.directory() {
            create_private(path).map_err(|source| StartError::Directory { path: path.to_owned(), source })?;
        }
        let (store, master): (Arc<dyn Store>, MasterKeys) = match self {
            Self::Memory => (Arc::new(SqliteStore::in_memory()?), master_key::ephemeral(&mut random)?.into()),
            Self::Directory(path) => {
                let store = SqliteStore::open(path.join(STORE_FILE))?;
                (Arc::new(store), master_key::open_or_create(&path.join(MASTER_KEY_FILE), &mut random)?.into())
            }
            Self::Served(Served { store, master_key, .. }) => {
                // The key comes first: without it, no store should be made.
                let master = master_key.read()?;
                let store: Arc<dyn Store> = match store {
                    StoreAddress::Sqlite(file) => Arc::new(SqliteStore::open(file)?),
                    StoreAddress::Postgres(settings) => {
                        let store = PostgresStore::connect(settings).await;
                        Arc::new(store.map_err(StoreError::from)?)
                    }
                };
                (store, master)
            }
        };
        let store: Arc<dyn Store> = match kill_at {
            Some(at) => Arc::new(KilledStore::new(store, at)),
            None => store,
        };
        Ok((store, master))
    }

    /// The store, to be read beside a server that may be running on it.
    pub(crate) async fn open_for_reading(&self) -> Result<Arc<dyn Backend>, StartError> {
        Ok(match self {
            Self::Memory => Arc::new(SqliteStore::in_memory()?),
            Self::Directory(path) => Arc::new(ReadOnlyStore::open(path.join(STORE_FILE))?),
            Self::Served(Served { store, .. }) => match store {
                StoreAddress::Sqlite(file) => Arc::new(ReadOnlyStore::open(file)?),
                StoreAddress::Postgres(settings) => {
                    let store = PostgresStore::connect_for_reading(settings).await;
                    Arc::new(store.map_err(StoreError::from)?)
                }
            },
        })
    }

    /// The store, to be filled while no server runs on it; with the key to the secrets that it will hold, which must be
    /// there already.
    pub(crate) async fn open_to_fill(&self) -> Result<(Arc<dyn Backend>, MasterKeys), StartError> {
        let master = self.master_keys()?;
        if let Some(path) = self.directory() {
            create_private(path).map_err(|source| StartError::Directory { path: path.to_owned(), source })?;
        }
        let store: Arc<dyn Backend> = match self {
            Self::Memory => Arc::new(SqliteStore::in_memory()?),
            Self::Directory(path) => Arc::new(SqliteStore::open(path.join(STORE_FILE))?),
            Self::Served(Served { store, .. }) => match store {
                StoreAddress::Sqlite(file) => Arc::new(SqliteStore::open(file)?),
                StoreAddress::Postgres(settings) => {
                    let store = PostgresStore::connect(settings).await;
                    Arc::new(store.map_err(StoreError::from)?)
                }
            },
        };
        Ok((store, master))
    }

    /// The master keys; none is made.
    pub(crate) fn master_keys(&self) -> Result<MasterKeys, MasterKeyError> {
        match self {
            Self::Memory => Ok(master_key::ephemeral(&mut SystemRandom)?.into()),
            Self::Directory(path) => MasterKeySource::File(path.join(MASTER_KEY_FILE)).read(),
            Self::Served(Served { master_key, .. }) => master_key.read(),
        }
    }

    /// Where the contents of objects and functions are, for whoever looks after the store as a whole.
    pub(crate) fn contents(&self) -> Contents {
        match self.directory() {
            Some(path) if !self.is_shared() => Contents::in_files(path),
            _ => Contents::in_records(),
        }
    }

    pub(super) fn code_store(&self, store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<CodeStore, StartError> {
        match self.directory() {
            Some(path) if self.is_shared() => Ok(CodeStore::shared(path, Arc::clone(store), clock)),
            Some(path) => Ok(CodeStore::at(path)),
            None => CodeStore::temporary().map_err(StartError::Scratch),
        }
    }

    pub(super) fn access_logs(&self) -> AccessLogs {
        self.directory().map_or_else(AccessLogs::temporary, AccessLogs::at)
    }

    pub(super) fn audit_log(&self, settings: audit::Settings, clock: Arc<dyn Clock>) -> AuditLog {
        match self.directory() {
            Some(path) => AuditLog::at(path, settings, clock),
            None => AuditLog::off(clock),
        }
    }

    pub(super) fn log_events(&self, keeper: Keeper) -> Result<LogEvents, StartError> {
        match self.directory() {
            Some(path) => Ok(LogEvents::at(path, keeper)),
            None => LogEvents::temporary(keeper).map_err(StartError::Scratch),
        }
    }

    pub(super) fn blob_store(&self, store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<BlobStore, StartError> {
        match self.directory() {
            _ if self.is_shared() => Ok(BlobStore::shared(Arc::clone(store), clock)),
            Some(path) => Ok(BlobStore::at(path)),
            None => BlobStore::temporary().map_err(StartError::Scratch),
        }
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
