//! Deleting the records of a kind whose time is over.

use claviger_store::{Key, Kind, Row, Store, StoreError};

/// Deletes every record of a kind that is over, a page and a transaction at a time.
pub(crate) async fn forget_rows(
    store: &dyn Store,
    kind: Kind,
    page: usize,
    is_over: impl Fn(&Row) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut after: Option<Key> = None;
    loop {
        let rows = store.read().await?.rows_of_kind(kind, after.as_ref(), page).await?;
        let is_full = rows.len() == page;
        let mut over = Vec::new();
        for row in rows {
            if is_over(&row)? {
                over.push(row.key.clone());
            }
            after = Some(row.key);
        }
        if !over.is_empty() {
            let mut tx = store.write().await?;
            for key in over {
                tx.delete_row(&key).await?;
            }
            tx.commit().await?;
        }
        if !is_full {
            return Ok(());
        }
    }
}
