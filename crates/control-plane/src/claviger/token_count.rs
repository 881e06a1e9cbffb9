//! `ListTokenCounts`: how many tokens app clients were issued and refused, day by day.

use claviger_resources::app_client::AppClient;
use claviger_resources::token_count::{Day, TokenCount, id, months};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{AccountId, ClientId, Region, Tenant, UserPoolId};
use claviger_store::{Key, Kind, Name, Namespace, Record as _, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Lists the counts of an app client, of those of a user pool, or of all.
pub struct ListTokenCounts;

/// The members of `ListTokenCounts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTokenCountsInput {
    user_pool_id: Option<String>,
    client_id: Option<String>,
    days: Option<u16>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// The answer of `ListTokenCounts`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTokenCountsOutput {
    token_counts: Vec<TokenCountShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// What was counted of an app client on one day.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TokenCountShown {
    date: String,
    user_pool_id: UserPoolId,
    client_id: ClientId,
    issued: u64,
    refused: u64,
}

/// Days that are told of when nobody says how many.
const DAYS: u16 = 30;
/// The largest page, in months of app clients, and the page when nobody says how large.
const PAGE_MAX: usize = 100;

impl Operation for ListTokenCounts {
    const NAME: &'static str = "ListTokenCounts";
    const ACCESS: Access = Access::Read;
    type Input = ListTokenCountsInput;
    type Output = ListTokenCountsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let today = Day::of(cx.now);
        let since = today.before(input.days.unwrap_or(DAYS).saturating_sub(1));
        let size = input.max_results.unwrap_or(PAGE_MAX);
        let (pool, after) = (input.user_pool_id.as_deref(), input.next_token.as_deref());
        let (counts, next_token) = match (input.client_id.as_deref(), pool) {
            (Some(client), pool) => (of_client(cx, client, pool, since, today).await?, None),
            (None, Some(pool)) => of_pool(cx, pool, after, size).await?,
            (None, None) => of_all(cx, after, size).await?,
        };
        let shown = counts.into_iter().flat_map(|count| {
            let TokenCount { client, pool, days, .. } = count.record;
            let days = days.into_iter().filter(move |count| (since..=today).contains(&count.day));
            days.map(move |count| TokenCountShown {
                date: count.day.to_string(),
                user_pool_id: pool.clone(),
                client_id: client.clone(),
                issued: count.issued,
                refused: count.refused,
            })
        });
        Ok(ListTokenCountsOutput { token_counts: shown.collect(), next_token })
    }
}

type Page = (Vec<Stored<TokenCount>>, Option<String>);

async fn of_client(
    cx: &mut Context<'_>,
    client: &str,
    pool: Option<&str>,
    since: Day,
    today: Day,
) -> Result<Vec<Stored<TokenCount>>, Error> {
    let found = cx.tx.find_named::<AppClient>(&Name::new(Namespace::ClientId, client)).await?;
    let found = found.filter(|found| pool.is_none_or(|pool| found.pool.as_str() == pool));
    let AppClient { id: client, pool, tenant, .. } =
        found.ok_or_else(|| Error::AppClientNotFound(client.to_owned()))?.record;
    let mut counts = Vec::new();
    for month in months(since, today) {
        counts.extend(cx.tx.find::<TokenCount>(&tenant, pool.as_str(), &id(&client, &month)).await?);
    }
    Ok(counts)
}

async fn of_pool(cx: &mut Context<'_>, pool: &str, after: Option<&str>, size: usize) -> Result<Page, Error> {
    let found = cx.tx.find_named::<UserPool>(&Name::new(Namespace::UserPoolId, pool)).await?;
    let UserPool { id, tenant, .. } = found.ok_or_else(|| Error::UserPoolNotFound(pool.to_owned()))?.record;
    let mut page = cx.tx.list::<TokenCount>(&tenant, id.as_str(), after, size + 1).await?;
    let more = page.len() > size;
    page.truncate(size);
    let next = page.last().filter(|_| more).map(|last| last.id().to_owned());
    Ok((page, next))
}

async fn of_all(cx: &mut Context<'_>, after: Option<&str>, size: usize) -> Result<Page, Error> {
    let after = after.map(|token| key(token).ok_or(Error::NextToken)).transpose()?;
    let mut rows = cx.tx.rows_of_kind(Kind::TokenCount, after.as_ref(), size + 1).await?;
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(|last| token(&last.key));
    let page = rows.iter().map(Stored::from_row).collect::<Result<_, _>>()?;
    Ok((page, next))
}

/// Where a page ended that goes over all user pools.
fn token(Key { tenant, parent, id, .. }: &Key) -> String {
    format!("{}/{}/{parent}/{id}", tenant.account, tenant.region)
}

fn key(token: &str) -> Option<Key> {
    let mut parts = token.split('/');
    let tenant = Tenant { account: AccountId::parse(parts.next()?).ok()?, region: Region::parse(parts.next()?).ok()? };
    let (parent, id) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    parts.next().is_none().then_some(Key { kind: Kind::TokenCount, tenant, parent, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_page_ended_is_read_back() {
        let token_of = |text: &str| key(text).map(|key| token(&key));
        let text = "000000000000/us-east-1/us-east-1_AbCdEfGhI/abc123.2026-01";
        assert_eq!(token_of(text).as_deref(), Some(text));
        for wrong in ["", "a/b/c/d", "000000000000/us-east-1/a", "000000000000/us-east-1/a/b/c"] {
            assert_eq!(token_of(wrong), None, "{wrong}");
        }
    }
}
