//! Where records are kept.

use std::fmt;
use std::path::{Path, PathBuf};

use claviger_store_postgres::Settings;

use super::Checks;

/// The embedded store's file in the data directory.
const FILE: &str = "claviger.db";

/// Where records are kept.
#[derive(Clone)]
pub(crate) enum StoreAddress {
    /// In this file.
    Sqlite(PathBuf),
    /// In this database.
    Postgres(Box<Settings>),
}

impl Default for StoreAddress {
    fn default() -> Self {
        Self::Sqlite(PathBuf::new())
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // The address of a database may hold a password.
            Self::Postgres(_) => f.write_str("postgres:…"),
        }
    }
}

impl Checks<'_> {
    pub(super) fn store(&mut self, data_dir: Option<&Path>) -> Option<StoreAddress> {
        let Some(given) = self.given.text("store") else {
            return data_dir.map(|directory| StoreAddress::Sqlite(directory.join(FILE)));
        };
        let (scheme, rest) = given.value.split_once(':').unwrap_or((&given.value, ""));
        match (scheme, rest) {
            ("sqlite", "") => self.refuse(&given, "store names no file, as in sqlite:/var/lib/claviger/claviger.db"),
            ("sqlite", ":memory:") => self.refuse(&given, "a store in memory would lose everything with the process"),
            ("sqlite", path) => return Some(StoreAddress::Sqlite(path.into())),
            ("postgres" | "postgresql", _) => match Settings::parse(&given.value) {
                Ok(settings) => return Some(StoreAddress::Postgres(Box::new(settings))),
                Err(error) => self.refuse(&given, format!("store: {error}")),
            },
            // The text may hold a password, so it is not shown.
            _ => self.refuse(&given, "store is sqlite: and the path of a file, or a postgres:// URL"),
        }
        None
    }
}
