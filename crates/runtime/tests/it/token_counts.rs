//! How many tokens app clients were issued and refused: counted by day, added up by all nodes, and gone with their client.

use std::sync::Arc;

use claviger_resources::Timestamp;
use claviger_resources::token_count::{Day, TokenCount};
use claviger_runtime::token_counts::{self, TokenCounts};
use claviger_store::{Kind, Store, Stored};
use claviger_testkit::{FakeClock, memory_store};

use super::usage::{limited, store_with_client};
use super::{client, commit, pool, tenant};

/// The hour before a month ends.
const NOW: Timestamp = Timestamp::from_seconds(1_896_130_800);

struct Node {
    counts: TokenCounts,
    clock: Arc<FakeClock>,
}

impl Node {
    fn new() -> Self {
        let clock = Arc::new(FakeClock::at(NOW));
        Self { counts: TokenCounts::new(Arc::clone(&clock) as _), clock }
    }

    fn count(&self, issued: u64, refused: u64) {
        let client = limited(None);
        for number in 0..issued + refused {
            self.counts.count(&client, &tenant(), number < issued);
        }
    }
}

/// What is stored, as a line for each record.
async fn stored(store: &dyn Store) -> Vec<String> {
    let rows = store.read().await.unwrap().rows_of_kind(Kind::TokenCount, None, 100).await.unwrap();
    let shown = |row| {
        let count = Stored::<TokenCount>::from_row(row).unwrap();
        let days = count.days.iter().map(|it| format!(" {}: {}, {}", it.day, it.issued, it.refused));
        days.fold(count.id.clone(), |line, day| line + &day)
    };
    rows.iter().map(shown).collect()
}

#[tokio::test]
async fn counts_of_several_nodes_and_days_are_added_up() {
    let store = store_with_client().await;
    let (one, two) = (Node::new(), Node::new());
    one.count(3, 1);
    two.count(2, 0);
    assert!(stored(&*store).await.is_empty());
    one.counts.flush(&*store).await.unwrap();
    two.counts.flush(&*store).await.unwrap();
    assert_eq!(stored(&*store).await, ["client.2030-01 2030-01-31: 5, 1"]);
    two.clock.advance_seconds(3_600);
    two.count(1, 1);
    one.count(0, 7);
    two.clock.advance_seconds(24 * 3_600);
    two.count(4, 0);
    for node in [&one, &two, &one] {
        node.counts.flush(&*store).await.unwrap();
    }
    let expected = ["client.2030-01 2030-01-31: 5, 8", "client.2030-02 2030-02-01: 1, 1 2030-02-02: 4, 0"];
    assert_eq!(stored(&*store).await, expected);
}

#[tokio::test]
async fn nothing_is_written_when_nothing_was_counted() {
    let store = store_with_client().await;
    let before = *store.revisions().borrow();
    Node::new().counts.flush(&*store).await.unwrap();
    assert_eq!(*store.revisions().borrow(), before);
}

#[tokio::test]
async fn what_could_not_be_stored_is_stored_later() {
    let store = store_with_client().await;
    let node = Node::new();
    node.count(3, 1);
    // A month that is there already, in a form that nobody can read.
    let key = claviger_store::Key {
        kind: Kind::TokenCount,
        tenant: tenant(),
        parent: pool().id.to_string(),
        id: "client.2030-01".to_owned(),
    };
    commit(&*store, async |tx: &mut dyn claviger_store::Transaction| tx.insert_row(&key, &[], "{}").await).await;
    assert!(node.counts.flush(&*store).await.is_err());
    node.count(1, 0);
    commit(&*store, async |tx: &mut dyn claviger_store::Transaction| tx.delete_row(&key).await.map(drop)).await;
    node.counts.flush(&*store).await.unwrap();
    assert_eq!(stored(&*store).await, ["client.2030-01 2030-01-31: 4, 1"]);
}

#[tokio::test]
async fn counts_go_with_their_client_and_when_they_are_old() {
    let store = memory_store();
    let node = Node::new();
    node.count(1, 0);
    node.counts.flush(&*store).await.unwrap();
    assert!(stored(&*store).await.is_empty(), "of no client, nothing is stored");

    let store = store_with_client().await;
    for _ in 0..3 {
        node.count(1, 0);
        node.counts.flush(&*store).await.unwrap();
        node.clock.advance_seconds(24 * 3_600);
    }
    let counted = ["client.2030-01 2030-01-31: 1, 0", "client.2030-02 2030-02-01: 1, 0 2030-02-02: 1, 0"];
    assert_eq!(stored(&*store).await, counted);
    let last = Day::of(NOW);
    for (days, left) in [(400, 2), (401, 1), (402, 1), (403, 0)] {
        let today = Day::of(Timestamp::from_seconds(NOW.seconds() + days * 24 * 3_600));
        assert!(today > last);
        token_counts::forget(&*store, today).await.unwrap();
        assert_eq!(stored(&*store).await.len(), left, "{days}");
    }

    let store = store_with_client().await;
    node.count(2, 0);
    node.counts.flush(&*store).await.unwrap();
    assert_eq!(stored(&*store).await.len(), 1);
    commit(&*store, async |tx: &mut dyn claviger_store::Transaction| {
        token_counts::delete_of_client(tx, &tenant(), &pool().id, &client(&[]).id).await
    })
    .await;
    assert!(stored(&*store).await.is_empty());
}
