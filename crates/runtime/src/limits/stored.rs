//! Counts that are stored: reading all of them back.

use claviger_store::{Key, Record, StoreError, Stored, Transaction};

/// Rows read or written at a time.
pub(super) const PAGE: usize = 1_000;

/// Hands every stored record of a kind to `take`. One bad row must not keep a node from serving: it is left out.
pub(super) async fn each<R: Record>(tx: &mut dyn Transaction, mut take: impl FnMut(R)) -> Result<(), StoreError> {
    let mut after: Option<Key> = None;
    loop {
        let rows = tx.rows_of_kind(R::KIND, after.as_ref(), PAGE).await?;
        for row in &rows {
            match Stored::<R>::from_row(row) {
                Ok(stored) => take(stored.record),
                Err(error) => {
                    tracing::error!(kind = %row.key.kind, id = row.key.id, error = &error as &dyn std::error::Error, "count left out");
                }
            }
        }
        if rows.len() < PAGE {
            return Ok(());
        }
        after = rows.into_iter().next_back().map(|row| row.key);
    }
}
