//! The embedded backend: SQLite in WAL mode, one writer that commits in groups.
