//! All rows of a kind with their names, so many at a time that they fit into memory whatever they hold.

use claviger_store::{Key, Kind, NamedRow, StoreError, Transaction};

/// The most rows of a page.
const ROWS_MAX: usize = 1_000;
/// Rows of a first page, of which nothing is known yet.
const ROWS_FIRST: usize = 16;
/// About how many bytes a page should have.
const BYTES: usize = 2 * 1024 * 1024;

/// The pages of a kind.
pub(crate) struct Pages {
    kind: Kind,
    after: Option<Key>,
    limit: usize,
    is_over: bool,
}

impl Pages {
    pub(crate) fn of(kind: Kind) -> Self {
        Self { kind, after: None, limit: ROWS_FIRST, is_over: false }
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next(&mut self, tx: &mut dyn Transaction) -> Result<Option<Vec<NamedRow>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let rows = tx.named_rows_of_kind(self.kind, self.after.as_ref(), self.limit).await?;
        self.is_over = rows.len() < self.limit;
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = Some(last.row.key.clone());
        let bytes: usize = rows.iter().map(|named| named.row.body.len()).sum();
        self.limit = (BYTES / (bytes / rows.len()).max(1)).clamp(1, (self.limit * 4).min(ROWS_MAX));
        Ok(Some(rows))
    }
}
