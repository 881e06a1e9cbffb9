//! Pages of lists: `maxResults` and `nextToken`.

use claviger_resources::Tenant;
use claviger_resources::limits::{API_GATEWAY_PAGE_DEFAULT, API_GATEWAY_PAGE_MAX};
use claviger_store::{Record, Stored, Transaction, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::shown::Shown;

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageInput {
    /// At most so many items; 25 unless given, 500 at most.
    #[serde(rename = "MaxResults")]
    max_results: Option<String>,
    /// Where the last page ended.
    #[serde(rename = "NextToken")]
    next_token: Option<String>,
}

/// The members of a list of what belongs to an API.
#[derive(Debug, Deserialize)]
pub struct ListInput {
    #[serde(rename = "ApiId")]
    pub(super) api_id: String,
    #[serde(flatten)]
    pub(super) page: PageInput,
}

/// A page of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl PageInput {
    /// A page of the records under a parent, ordered by id and read from the store page by page.
    pub(super) async fn read<R: Record>(
        &self,
        tx: &mut dyn Transaction,
        tenant: &Tenant,
        parent: &str,
        show: impl Fn(&R) -> Shown,
    ) -> Result<Page, Error> {
        let size = match &self.max_results {
            None => API_GATEWAY_PAGE_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| *size > 0)
                .map(|size: usize| size.min(API_GATEWAY_PAGE_MAX))
                .ok_or_else(|| Error::bad("Invalid value specified for maxResults"))?,
        };
        let mut records: Vec<Stored<R>> = tx.list(tenant, parent, self.next_token.as_deref(), size + 1).await?;
        let more = records.len() > size;
        records.truncate(size);
        let next_token = records.last().filter(|_| more).map(|last| last.record.id().to_owned());
        Ok(Page { items: records.iter().map(|stored| show(&stored.record)).collect(), next_token })
    }
}
