//! Pages of lists: `limit` and `position`.

use claviger_resources::limits::{API_GATEWAY_PAGE_DEFAULT, API_GATEWAY_PAGE_MAX};
use claviger_store::{Record, Stored, Transaction, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use claviger_resources::Tenant;

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageInput {
    /// At most so many items; 25 unless given, 500 at most.
    pub limit: Option<i64>,
    /// Where the last page ended.
    pub position: Option<String>,
}

/// A page of a list, in the wire's words.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    item: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl PageInput {
    fn size(&self) -> Result<usize, Error> {
        match self.limit {
            None | Some(0) => Ok(API_GATEWAY_PAGE_DEFAULT),
            Some(limit) => usize::try_from(limit)
                .map(|limit| limit.min(API_GATEWAY_PAGE_MAX))
                .map_err(|_| Error::bad("Invalid limit specified")),
        }
    }

    /// A page of items that are all at hand, in their order.
    pub(super) fn of<T>(&self, items: impl IntoIterator<Item = T>) -> Result<Page<T>, Error> {
        let size = self.size()?;
        let start: usize = match &self.position {
            None => 0,
            Some(position) => position.parse().map_err(|_| Error::bad("Invalid position specified"))?,
        };
        let mut rest = items.into_iter().skip(start);
        let item: Vec<T> = rest.by_ref().take(size).collect();
        let position = rest.next().map(|_| (start + item.len()).to_string());
        Ok(Page { item, position })
    }

    /// A page of the records under a parent, ordered by id and read from the store page by page.
    pub(super) async fn read<R: Record, T>(
        &self,
        tx: &mut dyn Transaction,
        tenant: &Tenant,
        parent: &str,
        show: impl Fn(&R) -> T,
    ) -> Result<Page<T>, Error> {
        let size = self.size()?;
        let mut records: Vec<Stored<R>> = tx.list(tenant, parent, self.position.as_deref(), size + 1).await?;
        let more = records.len() > size;
        records.truncate(size);
        let position = records.last().filter(|_| more).map(|last| last.record.id().to_owned());
        Ok(Page { item: records.iter().map(|stored| show(&stored.record)).collect(), position })
    }
}
