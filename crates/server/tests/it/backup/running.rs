//! A backup is one state of a store on which a server works.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use claviger_store::{Backend as _, Key, Kind, Store as _, keyring_tenant};
use claviger_store_sqlite::{ReadOnlyStore, SqliteStore};
use serde_json::json;

use super::{Data, holds, unpacked};
use crate::stack::{Machine, request};

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_again_and_no_secret_was_in_the_file() {
    let data = Data::new();
    let server = data.serve();
    let machine = server.machine().await;
    let token = machine.token(&server, "").await;
    server.object("PUT", "/reports", "").await;
    server.object("PUT", "/reports/storms/2026.txt", "Dudley, Eunice, Franklin").await;
    server.object("PUT", "/reports/empty", "").await;
    let settings = json!({ "Environment": { "Variables": { "PASSWORD": "a word of the environment" } } });
    server.function_with("storms", "def handler(event, context): return 'Eunice'", &settings).await;
    let body = json!({ "name": "key", "enabled": true, "value": "the-value-of-an-api-key" }).to_string();
    assert_eq!(server.ask(request("POST", "/apikeys", &[], &body)).await.status, 201);
    let saved = data.save().await;
    let held = &saved["holds"];
    assert_eq!((&held["records"]["app_client"], &held["records"]["node"]), (&json!(1), &json!(null)), "{saved}");
    assert_eq!(held["objects"], json!({ "files": 2, "bytes": 24 }));
    assert_eq!(held["functions"]["files"], 1);
    // What is done afterwards is not in it.
    let (late, _) = server.client(&machine.pool, json!({})).await;
    server.object("DELETE", "/reports/storms/2026.txt", "").await;
    server.stop().await;

    let mode = std::fs::metadata(data.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = unpacked(&data.file());
    assert!(holds(&bytes, &machine.client_id));
    let master = std::fs::read_to_string(data.path().join("master.key")).unwrap();
    for secret in [&*machine.secret, "a word of the environment", "the-value-of-an-api-key", master.trim()] {
        assert!(!holds(&bytes, secret), "{secret}");
    }

    let copy = Data::with_key_of(&data);
    let (status, said, complaints) = copy.restore(&data.file()).await;
    assert_eq!((status, &*complaints), (Some(0), ""), "{said}");
    assert!(said.starts_with("Restored revision "), "{said}");
    let server = copy.serve();
    assert!(!machine.token(&server, "").await.is_empty());
    let keys = server.ask(request("GET", &format!("/{}/.well-known/jwks.json", machine.pool), &[], "")).await;
    let kid = super::super::stack::claims(&format!(".{}", token.split('.').next().unwrap()))["kid"].clone();
    assert!(keys.body.contains(kid.as_str().unwrap()), "{keys:?}");
    let described = json!({ "UserPoolId": machine.pool, "ClientId": machine.client_id });
    let described = server.cognito("DescribeUserPoolClient", described).await;
    assert_eq!(described["UserPoolClient"]["ClientSecret"], *machine.secret);
    assert_eq!(server.object("GET", "/reports/storms/2026.txt", "").await.body, "Dudley, Eunice, Franklin");
    assert_eq!(server.object("GET", "/reports/empty", "").await.body, "");
    assert_eq!(server.invoke("storms", &[], &json!({})).await.said(), (200, "\"Eunice\""));
    let late = json!({ "UserPoolId": machine.pool, "ClientId": late });
    let late = server.cognito_as(None, "DescribeUserPoolClient", &late).await;
    assert!(late.body.contains("ResourceNotFoundException"), "{late:?}");
    // It goes on as any other: what is made now is found after the next start.
    let (client_id, secret) = server.client(&machine.pool, json!({})).await;
    copy.stop(server).await;
    let again = copy.serve();
    let newer = Machine { client_id, secret, ..machine };
    assert!(!newer.token(&again, "").await.is_empty());
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_made_meanwhile_are_in_it_whole_or_not_at_all() {
    let data = Data::new();
    let server = Arc::new(data.serve());
    let machine = server.machine().await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut before = Vec::new();
    for _ in 0..20 {
        before.push(server.client(&machine.pool, json!({})).await.0);
    }
    let making = tokio::spawn({
        let (server, pool, is_over) = (Arc::clone(&server), machine.pool.clone(), Arc::clone(&is_over));
        async move {
            let mut made = 0;
            while !is_over.load(Ordering::Relaxed) {
                server.client(&pool, json!({})).await;
                made += 1;
            }
            made
        }
    });
    let mut sizes = Vec::new();
    for _ in 0..3 {
        data.save().await;
        let copy = Data::with_key_of(&data);
        let (status, _, complaints) = copy.restore(&data.file()).await;
        assert_eq!(status, Some(0), "{complaints}");
        let store = ReadOnlyStore::open(copy.path().join("claviger.db")).unwrap();
        assert_eq!(store.examine().await.unwrap().damage, Vec::<String>::new());
        let mut tx = store.read().await.unwrap();
        let rows = tx.named_rows_of_kind(Kind::AppClient, None, 100_000).await.unwrap();
        assert!(before.iter().all(|id| rows.iter().any(|named| named.row.key.id == *id)));
        assert!(rows.iter().all(|named| named.names.len() == 1));
        sizes.push(rows.len());
    }
    is_over.store(true, Ordering::Relaxed);
    assert!(making.await.unwrap() > 0);
    assert!(sizes.is_sorted() && sizes[0] > before.len(), "{sizes:?}");
    Arc::into_inner(server).unwrap().stop().await;
}

#[tokio::test]
async fn a_store_in_use_or_with_something_in_it_is_not_filled() {
    let data = Data::new();
    let server = data.serve();
    server.machine().await;
    data.save().await;
    let (status, _, complaints) = data.restore(&data.file()).await;
    assert_eq!(status, Some(1));
    assert!(complaints.contains("another process has this store open"), "{complaints}");
    data.stop(server).await;
    let (status, _, complaints) = data.restore(&data.file()).await;
    assert_eq!(status, Some(1));
    assert!(complaints.contains("the store is not empty; name one that holds nothing yet"), "{complaints}");
    // A file that is there already is somebody's.
    let (status, _, complaints) =
        crate::support::run(&mut data.command(&["backup", data.file().to_str().unwrap()])).await;
    assert_eq!(status, Some(2));
    assert!(complaints.contains("is there already; name another file"), "{complaints}");
}

#[tokio::test]
async fn nothing_is_restored_without_the_master_key_of_the_store_that_was_saved() {
    let data = Data::new();
    let server = data.serve();
    let machine = server.machine().await;
    data.save().await;
    server.stop().await;
    let copy = Data::new();
    let (status, _, complaints) = copy.restore(&data.file()).await;
    assert_eq!(status, Some(1));
    assert!(complaints.contains("put that in its place first") && complaints.contains("master.key"), "{complaints}");
    assert!(!copy.path().exists());
    let copy = Data::with_key_of(&data);
    std::fs::write(copy.path().join("master.key"), "12".repeat(32)).unwrap();
    let (status, _, complaints) = copy.restore(&data.file()).await;
    assert_eq!(status, Some(1));
    assert!(complaints.contains("the master key is not the one of the store that was saved"), "{complaints}");
    std::fs::copy(data.path().join("master.key"), copy.path().join("master.key")).unwrap();
    assert_eq!(copy.restore(&data.file()).await.0, Some(0));
    let server = copy.serve();
    assert!(!machine.token(&server, "").await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn what_only_a_newer_release_knows_is_not_silently_left_out() {
    let data = Data::new();
    let server = data.serve();
    data.stop(server).await;
    let store = SqliteStore::open(data.path().join("claviger.db")).unwrap();
    let mut tx = store.write().await.unwrap();
    let (tenant, parent) = (keyring_tenant(), String::new());
    let key = Key { kind: Kind::Unknown, tenant, parent, id: "of tomorrow".to_owned() };
    tx.insert_row(&key, &[], "{}").await.unwrap();
    tx.commit().await.unwrap();
    drop(store);
    let (status, _, complaints) =
        crate::support::run(&mut data.command(&["backup", data.file().to_str().unwrap()])).await;
    assert_eq!(status, Some(1));
    assert!(complaints.contains("this one would leave out (unknown)"), "{complaints}");
    let (_, said, _) = crate::support::run(&mut data.command(&["doctor"])).await;
    assert!(said.contains("warning  release: a newer Claviger keeps records of unknown"), "{said}");
}
