//! The schema: made, brought up to date while others work, and refused when it is not ours to use.

use std::sync::Arc;

use claviger_store::Store;
use claviger_store_postgres::{PostgresStore, STEPS, Settings, Step};
use tokio::task::JoinSet;

use super::{bare, connect, fresh, has, insert, key, said};

/// What a later release might know: a column that everyone can leave alone, and then one that old programs miss.
const EXPANDED: &[Step] = &[STEPS[0], Step { sql: "ALTER TABLE record ADD COLUMN note text", readable_from: 1 }];
const CONTRACTED: &[Step] =
    &[EXPANDED[0], EXPANDED[1], Step { sql: "ALTER TABLE record RENAME COLUMN body TO text", readable_from: 3 }];

async fn refusal(settings: &Settings, steps: &'static [Step]) -> String {
    match PostgresStore::connect_with(settings, steps).await {
        Ok(_) => panic!("opened"),
        Err(error) => said(&error),
    }
}

#[tokio::test]
async fn is_made_once_by_nodes_that_start_together() {
    let settings = fresh();
    let mut tasks = JoinSet::new();
    for number in 0..6 {
        let settings = settings.clone();
        tasks.spawn(async move {
            let store = connect(&settings).await;
            insert(&store, &key(&number.to_string())).await.unwrap()
        });
    }
    assert_eq!(tasks.join_all().await.len(), 6);
    assert!(has(&connect(&settings).await, &key("5")).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moves_forward_while_older_nodes_write() {
    let settings = fresh();
    let old = Arc::new(connect(&settings).await);
    insert(&*old, &key("before")).await.unwrap();
    let writing = tokio::spawn({
        let old = Arc::clone(&old);
        async move {
            for number in 0..200 {
                insert(&*old, &key(&number.to_string())).await.unwrap();
            }
        }
    });
    let new = PostgresStore::connect_with(&settings, EXPANDED).await.unwrap();
    for number in 1_000..1_050 {
        insert(&new, &key(&number.to_string())).await.unwrap();
    }
    writing.await.unwrap();
    for id in ["before", "199", "1049"] {
        assert!(has(&*old, &key(id)).await && has(&new, &key(id)).await, "{id}");
    }
    // Older nodes may start, too, and nothing is done twice.
    insert(&connect(&settings).await, &key("older")).await.unwrap();
    insert(&PostgresStore::connect_with(&settings, EXPANDED).await.unwrap(), &key("newer")).await.unwrap();
}

#[tokio::test]
async fn is_refused_to_programs_that_know_too_little() {
    let settings = fresh();
    connect(&settings).await;
    PostgresStore::connect_with(&settings, CONTRACTED).await.map(|_| ()).unwrap();
    for (steps, known) in [(STEPS, 1), (EXPANDED, 2)] {
        let refusal = refusal(&settings, steps).await;
        let expected = format!("written by a newer Claviger (schema 3, this one knows {known}); run that release");
        assert!(refusal.contains(&expected), "{refusal}");
    }
}

#[tokio::test]
async fn is_refused_to_nodes_that_outlived_their_release() {
    let settings = fresh();
    let old = connect(&settings).await;
    insert(&old, &key("a")).await.unwrap();
    let bare = bare(&settings).await;
    bare.batch_execute("UPDATE schema_version SET version = 9, readable_from = 9").await.unwrap();
    // Connections that are open go on; new ones find out.
    let mut held = Vec::new();
    let refused = loop {
        match old.read().await {
            Ok(reader) => held.push(reader),
            Err(error) => break error,
        }
    };
    assert!(said(&refused).contains("written by a newer Claviger (schema 9, this one knows 1)"), "{}", said(&refused));
}

#[tokio::test]
async fn is_not_made_among_the_tables_of_others() {
    for table in ["cats (name text)", "schema_version (version integer)", "record (id integer)"] {
        let settings = fresh();
        let bare = bare(&settings).await;
        let schema = &settings.schema;
        bare.batch_execute(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.{table}")).await.unwrap();
        let refusal = refusal(&settings, STEPS).await;
        assert!(
            refusal.contains(&format!("the schema `{schema}` of the database is not a Claviger store")),
            "{refusal}"
        );
        let tables = format!("SELECT count(*) FROM pg_class WHERE relnamespace = '{schema}'::regnamespace");
        assert_eq!(bare.query_one(&tables, &[]).await.unwrap().get::<_, i64>(0), 1);
    }
}

/// Who may not make a schema may be given one.
#[tokio::test]
async fn is_made_in_an_empty_schema() {
    let settings = fresh();
    bare(&settings).await.batch_execute(&format!("CREATE SCHEMA {}", settings.schema)).await.unwrap();
    insert(&connect(&settings).await, &key("a")).await.unwrap();
}
