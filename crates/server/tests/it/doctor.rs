//! `claviger doctor`: one thing is broken at a time, and one check says so.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use claviger_store::{Kind, Name, NamedRow, Namespace, Store as _};
use claviger_store_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::backup::Data;
use crate::stack::request;
use crate::support::run;

/// Every check with how it went, the exit status, and what it all says.
async fn examined(data: &Data) -> (Vec<(String, String)>, Option<i32>, String) {
    let (status, said, complaints) = run(&mut data.command(&["--output", "json", "doctor"])).await;
    assert_eq!(complaints, "");
    let checks: Vec<Value> = serde_json::from_str(&said).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let outcomes = checks.iter().map(|check| (text(check, "check"), text(check, "outcome"))).collect();
    for check in &checks {
        assert_eq!(check["next"].is_string(), check["outcome"] != "ok", "{check}");
    }
    (outcomes, status, said)
}

/// Asserts that one check is not ok, and says this.
async fn assert_found(data: &Data, name: &str, expected: &str, saying: &str) {
    let (outcomes, status, said) = examined(data).await;
    let others: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome != "ok").collect();
    assert_eq!(others, [&(name.to_owned(), expected.to_owned())], "{said}");
    assert_eq!(status, Some(i32::from(expected == "failed")), "{said}");
    assert!(said.contains(saying), "{saying} in {said}");
}

/// A store with some of everything that is looked at.
async fn filled() -> Data {
    let data = Data::new();
    let server = data.serve();
    let machine = server.machine().await;
    machine.token(&server, "").await;
    server.object("PUT", "/reports", "").await;
    server.object("PUT", "/reports/storms.txt", "Eunice").await;
    let settings = json!({ "Environment": { "Variables": { "STORM": "b" } } });
    server.function_with("storms", "def handler(event, context): return 1", &settings).await;
    let body = json!({ "name": "key", "enabled": true }).to_string();
    assert_eq!(server.ask(request("POST", "/apikeys", &[], &body)).await.status, 201);
    let secret = [("X-Amz-Target", "secretsmanager.CreateSecret"), ("Content-Type", "application/x-amz-json-1.1")];
    let body = json!({ "Name": "word", "SecretString": "storm", "ClientRequestToken": "0".repeat(32) }).to_string();
    let made = server.ask(request("POST", "/", &secret, &body)).await;
    assert_eq!(made.status, 200, "{made:?}");
    let parameter = [("X-Amz-Target", "AmazonSSM.PutParameter"), ("Content-Type", "application/x-amz-json-1.1")];
    for overwrite in [false, true] {
        let body = json!({ "Name": "/a", "Value": "b", "Type": "SecureString", "Overwrite": overwrite }).to_string();
        let made = server.ask(request("POST", "/", &parameter, &body)).await;
        assert_eq!(made.status, 200, "{made:?}");
    }
    let (outcomes, status, said) = examined(&data).await;
    assert!(status == Some(0) && outcomes.iter().all(|(_, outcome)| outcome == "ok"), "beside a server: {said}");
    data.stop(server).await;
    data
}

/// What becomes of a record.
type Change = fn(&mut NamedRow);

/// Changes the first record of a kind behind everyone's back; without a change it goes.
async fn change(data: &Data, kind: Kind, change: Option<Change>) {
    let store = SqliteStore::open(data.path().join("claviger.db")).unwrap();
    let mut tx = store.write().await.unwrap();
    let mut named = tx.named_rows_of_kind(kind, None, 1).await.unwrap().remove(0);
    assert!(tx.delete_row(&named.row.key).await.unwrap());
    if let Some(change) = change {
        let before = named.clone();
        change(&mut named);
        assert_ne!(named, before);
        tx.insert_row(&named.row.key, &named.names, &named.row.body).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await.unwrap();
}

/// Another first digit for a sealed value, or a digest.
fn flip(named: &mut NamedRow, member: &str) {
    let body = &mut named.row.body;
    let member = format!("\"{member}\":\"");
    let place = body.find(&member).unwrap() + member.len();
    let other = if body[place..].starts_with('0') { "1" } else { "0" };
    body.replace_range(place..=place, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_broken_is_found_by_the_check_for_it() {
    let data = filled().await;
    let whole = tempfile::tempdir().unwrap();
    copy(&data.path(), whole.path());
    let again = || {
        fs::remove_dir_all(data.path()).unwrap();
        copy(whole.path(), &data.path());
    };
    let changes: [(&str, Kind, Option<Change>, &str); 11] = [
        ("secrets", Kind::AppClient, Some(|it| flip(it, "sealed")), "1 of app_client"),
        ("secrets", Kind::AppClient, Some(|it| flip(it, "digest")), "1 of app_client"),
        ("secrets", Kind::ApiKey, Some(|it| flip(it, "sealed")), "1 of api_key"),
        ("secrets", Kind::SigningKeys, Some(|it| flip(it, "sealed")), "1 of signing_keys"),
        ("secrets", Kind::SecretVersion, Some(|it| flip(it, "text")), "1 of secret_version"),
        ("secrets", Kind::ParameterVersion, Some(|it| flip(it, "sealed")), "1 of parameter_version"),
        ("names", Kind::AppClient, Some(|it| it.names.clear()), "lacks 1 of its names and holds 0 others"),
        (
            "names",
            Kind::Bucket,
            Some(|it| it.names.push(Name::new(Namespace::ApiId, "x"))),
            "lacks 0 of its names and holds 1 others",
        ),
        ("records", Kind::ApiKey, Some(|it| it.row.body.truncate(5)), "stored api_key"),
        ("records", Kind::SigningKeys, Some(|it| it.row.key.id.push('x')), "says it is signing_keys"),
        ("parents", Kind::Bucket, None, "belongs to the missing bucket reports"),
    ];
    for (check, kind, wrong, saying) in changes {
        change(&data, kind, wrong).await;
        assert_found(&data, check, "failed", saying).await;
        again();
    }
    for folder in ["objects", "functions"] {
        let file =
            fs::read_dir(data.path().join(folder)).unwrap().map(|entry| entry.unwrap().path()).find(|it| it.is_file());
        fs::write(file.unwrap(), "x").unwrap();
        assert_found(
            &data,
            "files",
            "failed",
            if folder == "objects" { "what object" } else { "the code of function" },
        )
        .await;
        again();
    }
    fs::write(data.path().join("master.key"), "12".repeat(32)).unwrap();
    assert_found(&data, "master key", "failed", "does not fit this store").await;
    again();
    fs::set_permissions(data.path().join("claviger.db"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_found(&data, "permissions", "failed", "others may read").await;
    again();
    fs::remove_file(data.path().join("claviger.db")).unwrap();
    assert_found(&data, "store", "failed", "cannot open").await;
    again();
    let (outcomes, status, said) = examined(&data).await;
    assert!(status == Some(0) && outcomes.iter().all(|(_, outcome)| outcome == "ok"), "{said}");
}

#[tokio::test]
async fn a_page_that_was_overwritten_is_found_by_the_engine() {
    let data = filled().await;
    let file = data.path().join("claviger.db");
    let mut bytes = fs::read(&file).unwrap();
    // The middle of the file is some tree of an index or a table.
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 4096].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let (outcomes, status, said) = examined(&data).await;
    assert_eq!(status, Some(1), "{said}");
    assert!(outcomes.contains(&("integrity".to_owned(), "failed".to_owned())), "{said}");
}

/// Copies a folder with all that is in it, modes and all.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
