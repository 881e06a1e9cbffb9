//! The embedded backend from outside: the contract, the files it opens, its commits and its crashes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crashes;
mod files;
#[cfg(target_os = "linux")]
mod flushes;
mod groups;

/// The contract over a file.
mod on_disk {
    use std::sync::Arc;

    use claviger_store::Store;
    use claviger_store_sqlite::SqliteStore;
    use tempfile::TempDir;

    #[expect(clippy::unused_async, reason = "other backends wait when they open a store")]
    async fn open() -> (Arc<dyn Store>, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("store.db")).unwrap();
        (Arc::new(store), directory)
    }

    claviger_store::contract_tests!(super::open);
    claviger_store::concurrent_reader_tests!(super::open);
}

/// What the contract says of a whole database, over a file and over memory.
mod as_a_whole {
    mod on_disk {
        use std::sync::Arc;

        use claviger_store::Backend;
        use claviger_store_sqlite::SqliteStore;
        use tempfile::TempDir;

        #[expect(clippy::unused_async, reason = "other backends wait when they open a store")]
        async fn open() -> (Arc<dyn Backend>, TempDir) {
            let directory = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(directory.path().join("store.db")).unwrap();
            (Arc::new(store), directory)
        }

        claviger_store::backend_tests!(super::open);
    }

    mod in_memory {
        use std::sync::Arc;

        use claviger_store::Backend;
        use claviger_store_sqlite::SqliteStore;

        #[expect(clippy::unused_async, reason = "other backends wait when they open a store")]
        async fn open() -> (Arc<dyn Backend>, ()) {
            (Arc::new(SqliteStore::in_memory().unwrap()), ())
        }

        claviger_store::backend_tests!(super::open);
    }
}

/// The contract over memory, where readers and writers take turns.
mod in_memory {
    use std::sync::Arc;

    use claviger_store::Store;
    use claviger_store_sqlite::SqliteStore;

    #[expect(clippy::unused_async, reason = "other backends wait when they open a store")]
    async fn open() -> (Arc<dyn Store>, ()) {
        (Arc::new(SqliteStore::in_memory().unwrap()), ())
    }

    claviger_store::contract_tests!(super::open);
}
