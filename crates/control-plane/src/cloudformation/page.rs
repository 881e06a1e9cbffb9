//! Pages of lists: a token is the id of the last record that was shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_store::{Record, Stored, TransactionExt};

use super::errors::Error;
use crate::operation::Context;

/// Records on a page.
const SIZE: usize = 100;

/// A page of records.
pub(super) struct Page<R> {
    pub(super) records: Vec<Stored<R>>,
    pub(super) next_token: Option<String>,
}

impl<R: Record> Page<R> {
    /// The page that a token names; the first without one.
    pub(super) async fn read(cx: &mut Context<'_>, parent: &str, token: Option<&str>) -> Result<Self, Error> {
        let after = token.filter(|token| !token.is_empty()).map(decode).transpose()?;
        let mut records: Vec<Stored<R>> = cx.tx.list(cx.tenant, parent, after.as_deref(), SIZE + 1).await?;
        let more = records.len() > SIZE;
        records.truncate(SIZE);
        let next_token = records.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(last.id()));
        Ok(Self { records, next_token })
    }
}

fn decode(token: &str) -> Result<String, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| Error::invalid("NextToken is invalid"))
}
