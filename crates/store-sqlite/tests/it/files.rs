//! Database files: made, opened again, and refused when they are not ours to open.

use std::error::Error;
use std::path::Path;

use claviger_resources::Tenant;
use claviger_store::{Backend as _, FillError, Key, Kind, Revision, Store, StoreError, keyring_tenant};
use claviger_store_sqlite::{ReadOnlyStore, SqliteStore};
use rusqlite::Connection;

fn tenant() -> Tenant {
    keyring_tenant()
}

fn key(id: &str) -> Key {
    Key { kind: Kind::UserPool, tenant: tenant(), parent: String::new(), id: id.to_owned() }
}

async fn insert(store: &SqliteStore, id: &str) -> Result<Revision, StoreError> {
    let mut tx = store.write().await?;
    tx.insert_row(&key(id), &[], "{}").await?;
    tx.commit().await
}

/// The messages of the error with which a file is refused, outermost first.
fn refusal(file: &Path) -> Vec<String> {
    let Err(error) = SqliteStore::open(file) else { return Vec::new() };
    let mut messages = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        messages.push(error.to_string());
        source = error.source();
    }
    messages
}

fn assert_refused(file: &Path, expected: &str) {
    let messages = refusal(file);
    assert!(messages.iter().any(|message| message.contains(expected)), "{messages:?} should say {expected:?}");
}

#[tokio::test]
async fn finds_everything_when_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    for (opening, id) in (1..).zip(["a", "b", "c"]) {
        let store = SqliteStore::open(&file).unwrap();
        assert_eq!(*store.revisions().borrow(), Revision(opening - 1));
        assert_eq!(insert(&store, id).await.unwrap(), Revision(opening));
        assert_eq!(store.read().await.unwrap().count(Kind::UserPool, &tenant(), "").await.unwrap(), opening);
    }
}

#[tokio::test]
async fn leaves_one_file_and_its_lock_when_it_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("store.db")).unwrap();
    insert(&store, "a").await.unwrap();
    store.close().await.unwrap();
    insert(&store, "b").await.unwrap();
    store.close().await.unwrap();
    assert_eq!(std::fs::metadata(directory.path().join("store.db-wal")).unwrap().len(), 0);
    assert!(store.read().await.unwrap().row(&key("b")).await.unwrap().is_some());
    drop(store);
    let mut names: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.lock"]);
}

#[tokio::test]
async fn is_read_beside_whoever_writes_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let missing = ReadOnlyStore::open(&file).map(|_| ()).unwrap_err();
    assert!(matches!(missing, StoreError::Unavailable(_)) && !file.exists(), "{missing:?}");
    let store = SqliteStore::open(&file).unwrap();
    insert(&store, "a").await.unwrap();
    let reading = ReadOnlyStore::open(&file).unwrap();
    let mut tx = reading.read().await.unwrap();
    insert(&store, "b").await.unwrap();
    assert!(tx.row(&key("b")).await.unwrap().is_none(), "it sees one state");
    assert!(reading.read().await.unwrap().row(&key("b")).await.unwrap().is_some());
    assert!(matches!(reading.write().await, Err(StoreError::ReadOnly)));
    assert!(matches!(reading.fill().await, Err(FillError::Store(StoreError::ReadOnly))));
    drop((tx, store));
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 0).unwrap();
    let older = ReadOnlyStore::open(&file).map(|_| ()).unwrap_err();
    assert!(older.source().unwrap().to_string().contains("written by an older Claviger"), "{older:?}");
}

#[tokio::test]
async fn tells_of_kinds_that_only_a_newer_program_knows() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let store = SqliteStore::open(&file).unwrap();
    insert(&store, "a").await.unwrap();
    Connection::open(&file).unwrap().execute_batch("UPDATE record SET kind = 'thing of tomorrow'").unwrap();
    assert_eq!(ReadOnlyStore::open(&file).unwrap().kinds().await.unwrap(), ["thing of tomorrow"]);
}

#[tokio::test]
async fn finds_names_of_no_record_and_counts_that_are_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let store = SqliteStore::open(&file).unwrap();
    insert(&store, "a").await.unwrap();
    let bare = Connection::open(&file).unwrap();
    bare.pragma_update(None, "foreign_keys", false).unwrap();
    for (change, expected) in [
        ("UPDATE tally SET count = 7", &["1 counts of records are wrong"][..]),
        (
            "UPDATE tally SET count = 1; INSERT INTO tally VALUES ('stage', '0', 'a', '', 1)",
            &["1 counts of records are wrong"],
        ),
        ("DELETE FROM tally WHERE kind = 'stage'", &[]),
        ("INSERT INTO name VALUES ('client_id', 'one', 77)", &["1 names are of no record"]),
    ] {
        bare.execute_batch(change).unwrap();
        assert_eq!(store.examine().await.unwrap().damage, expected, "{change}");
    }
}

#[test]
fn refuses_a_store_that_is_open_already() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let store = SqliteStore::open(&file).unwrap();
    assert_refused(&file, "another process has this store open");
    assert_refused(&file, &format!("{}.lock", file.display()));
    drop(store);
    assert_eq!(refusal(&file), Vec::<String>::new());
}

#[test]
fn refuses_a_directory_that_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    assert_refused(&directory.path().join("missing").join("store.db"), "check that the directory exists");
}

#[test]
fn refuses_a_store_of_a_newer_release() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    drop(SqliteStore::open(&file).unwrap());
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 1_000).unwrap();
    assert_refused(&file, "written by a newer Claviger (schema 1000, this one knows 1); run that release");
}

#[test]
fn refuses_the_database_of_another_program_and_leaves_it_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE cats (name TEXT)").unwrap();
    let before = std::fs::read(&file).unwrap();
    assert_refused(&file, "is not a Claviger store");
    assert_eq!(std::fs::read(&file).unwrap(), before);

    Connection::open(&file).unwrap().execute_batch("DROP TABLE cats; PRAGMA application_id = 77").unwrap();
    assert_refused(&file, "is not a Claviger store");
}

#[test]
fn refuses_a_file_that_is_no_database_and_leaves_it_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let letter = "Dear reader, this is not a database at all. ".repeat(100);
    std::fs::write(&file, &letter).unwrap();
    assert_refused(&file, "is not a Claviger store");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), letter);
}

#[tokio::test]
async fn says_that_a_damaged_file_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let store = SqliteStore::open(&file).unwrap();
    let mut tx = store.write().await.unwrap();
    for number in 0..500 {
        tx.insert_row(&key(&format!("pool{number}")), &[], &"x".repeat(500)).await.unwrap();
    }
    tx.commit().await.unwrap();
    drop(store);

    let mut bytes = std::fs::read(&file).unwrap();
    let pages = bytes.chunks_mut(4096).skip(1);
    pages.for_each(|page| page[..64].fill(0xff));
    std::fs::write(&file, &bytes).unwrap();

    let found = async {
        let store = SqliteStore::open(&file)?;
        let mut tx = store.read().await?;
        tx.rows_of_kind(Kind::UserPool, None, 1_000).await
    };
    let error = found.await.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { what, .. } if what == "database file"), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn keeps_its_files_from_other_users() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("store.db")).unwrap();
    insert(&store, "a").await.unwrap();
    for name in ["store.db", "store.db-wal", "store.db-shm", "store.db.lock"] {
        let mode = std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
