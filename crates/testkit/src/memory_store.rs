//! A store for one test.

use std::sync::Arc;

use claviger_store::Store;
use claviger_store_sqlite::SqliteStore;

/// An empty store that lives in memory. A task must end one transaction before it opens the next.
///
/// # Panics
/// When SQLite cannot allocate memory.
#[expect(clippy::expect_used, reason = "without its store a test has nothing to say")]
pub fn memory_store() -> Arc<dyn Store> {
    Arc::new(SqliteStore::in_memory().expect("memory for an empty database"))
}
