//! Pages of lists: `MaxResults` and `NextToken`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_store::{Record, TransactionExt};

use super::errors::Error;
use crate::operation::Context;

/// Which page of which list is wanted.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'a> {
    /// The operation that lists; its tokens are good for no other.
    pub operation: &'static str,
    /// The pool whose things are listed, empty when pools are; tokens of one pool are good for no other.
    pub pool: &'a str,
    /// At most so many items.
    pub max_results: Option<u32>,
    /// The most that may be asked for, and what is shown when nothing is.
    pub max_results_max: u32,
    /// Where the last page ended.
    pub next_token: Option<&'a str>,
}

impl PageRequest<'_> {
    /// The page's records, ordered by id, and the token of the next page when there is one.
    pub(super) async fn read<R: Record>(&self, cx: &mut Context<'_>) -> Result<(Vec<R>, Option<String>), Error> {
        let (size, after) = (self.size(), self.after()?);
        let mut records = cx.tx.list::<R>(cx.tenant, self.pool, after.as_deref(), size + 1).await?;
        let more = records.len() > size;
        records.truncate(size);
        let next_token = records.last().filter(|_| more).map(|last| self.token(last.id()));
        Ok((records.into_iter().map(|stored| stored.record).collect(), next_token))
    }

    /// How many items the page has at most.
    pub(super) fn size(&self) -> usize {
        self.max_results.unwrap_or(self.max_results_max).clamp(1, self.max_results_max) as usize
    }

    /// The id that the page begins after.
    pub(super) fn after(&self) -> Result<Option<String>, Error> {
        self.next_token.map(|token| self.decode(token)).transpose()
    }

    /// The token of the page that begins after this id. Ids hold no NUL, and neither do operations and pools.
    pub(super) fn token(&self, last: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}\0{}\0{last}", self.operation, self.pool))
    }

    fn decode(&self, token: &str) -> Result<String, Error> {
        let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = decoded.ok_or(Error::PaginationToken)?;
        let mut parts = text.split('\0');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(operation), Some(pool), Some(last), None) if operation == self.operation && pool == self.pool => {
                Ok(last.to_owned())
            }
            _ => Err(Error::PaginationToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_list_only() {
        let request =
            |operation, pool| PageRequest { operation, pool, max_results: None, max_results_max: 60, next_token: None };
        let token = request("ListUserPoolClients", "us-east-1_a").token("client");
        assert!(!token.contains(char::is_whitespace));
        let check = |operation, pool, token: &str, expected: Option<&str>| {
            assert_eq!(request(operation, pool).decode(token).ok().as_deref(), expected, "{operation} {pool} {token}");
        };
        check("ListUserPoolClients", "us-east-1_a", &token, Some("client"));
        check("ListUserPoolClients", "us-east-1_b", &token, None);
        check("ListResourceServers", "us-east-1_a", &token, None);
        check("ListUserPoolClients", "us-east-1_a", "", None);
        check("ListUserPoolClients", "us-east-1_a", "!", None);
        check("ListUserPoolClients", "us-east-1_a", "_w", None);
        check("ListUserPoolClients", "us-east-1_a", &format!("{token}AGE"), None);
    }
}
