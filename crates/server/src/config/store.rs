//! Where records are kept.

use std::path::{Path, PathBuf};

use super::Checks;

/// The embedded store's file in the data directory.
const FILE: &str = "claviger.db";

/// Where records are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreAddress {
    /// In this file.
    Sqlite(PathBuf),
}

impl Default for StoreAddress {
    fn default() -> Self {
        Self::Sqlite(PathBuf::new())
    }
}

impl Checks<'_> {
    pub(super) fn store(&mut self, data_dir: Option<&Path>) -> Option<StoreAddress> {
        let Some(given) = self.given.text("store") else {
            return data_dir.map(|directory| StoreAddress::Sqlite(directory.join(FILE)));
        };
        match given.value.strip_prefix("sqlite:") {
            Some("") => self.refuse(&given, "store names no file, as in sqlite:/var/lib/claviger/claviger.db"),
            Some(":memory:") => self.refuse(&given, "a store in memory would lose everything with the process"),
            Some(path) => return Some(StoreAddress::Sqlite(path.into())),
            // The text may hold a password, so it is not shown.
            None => self.refuse(&given, "store is sqlite: and the path of a file"),
        }
        None
    }
}
