//! What growth must not cost.

use std::time::{Duration, Instant};

use super::{Shared, key, name};
use crate::{Listing, StoreError};

const FEW: usize = 10;
const MANY: usize = 10_000;
/// The most that a write may take beside many records, as a multiple of what it takes beside few. Rebuilding or counting
/// anything would show as hundreds.
const RATIO_MAX: u32 = 10;

/// Inserting, finding by name, counting, paging, replacing and deleting take as long beside ten records as beside ten thousand.
pub async fn writes_cost_the_same_beside_many_records(store: Shared) -> Result<(), StoreError> {
    fill(&store, 0, FEW).await?;
    let beside_few = fastest(&store).await?;
    fill(&store, FEW, MANY).await?;
    let beside_many = fastest(&store).await?;
    assert!(beside_many < beside_few * RATIO_MAX, "{beside_few:?} beside {FEW}, {beside_many:?} beside {MANY}");
    Ok(())
}

async fn fill(store: &Shared, from: usize, to: usize) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    for number in from..to {
        tx.insert_row(&key("pool", &format!("record{number}")), &[name(&number.to_string())], "{}").await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The fastest of many rounds, which is the one that nothing else on the machine held up. The commit is left out, because
/// it takes what the disk takes.
async fn fastest(store: &Shared) -> Result<Duration, StoreError> {
    let mut fastest = Duration::MAX;
    for _ in 0..50 {
        let mut tx = store.write().await?;
        let started = Instant::now();
        let new = key("pool", "new");
        tx.insert_row(&new, &[name("new")], "{}").await?;
        tx.row_named(&name("new")).await?;
        tx.count(new.kind, &new.tenant, "pool").await?;
        let (kind, tenant, after) = (new.kind, &new.tenant, Some("record5"));
        tx.rows(&Listing { kind, tenant, parent: "pool", after, limit: 3 }).await?;
        tx.rows_of_kind(kind, Some(&key("pool", "record5")), 3).await?;
        tx.replace_row(&new, 1, &[name("newer")], "{}").await?;
        tx.delete_row(&new).await?;
        fastest = fastest.min(started.elapsed());
        tx.commit().await?;
    }
    Ok(fastest)
}
