//! Lists of secrets: `ListSecrets`.

use std::collections::BTreeMap;

use claviger_resources::kept_secret::KeptSecret;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::filter::{Filter, FilterInput};
use super::secret::{SecretEntry, stages};
use crate::operation::{Access, Context, Operation};

/// Lists secrets.
pub struct ListSecrets;

/// Secrets on a page unless the caller says otherwise (AWS Secrets Manager API, `ListSecrets`).
const PAGE_MAX: usize = 100;

/// The members of `ListSecrets`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSecretsInput {
    #[serde(default)]
    include_planned_deletion: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
    #[serde(default)]
    filters: Vec<FilterInput>,
    #[serde(default)]
    sort_by: SortBy,
    sort_order: Option<SortOrder>,
}

/// What a list is in the order of. When a value was last read is not kept, because reading writes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SortBy {
    #[default]
    CreatedDate,
    LastAccessedDate,
    LastChangedDate,
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SortOrder {
    Asc,
    Desc,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    by: SortBy,
    is_reversed: bool,
}

/// A page of secrets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSecretsOutput {
    secret_list: Vec<ListedSecret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedSecret {
    #[serde(flatten)]
    known: SecretEntry,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secret_versions_to_stages: BTreeMap<String, Vec<String>>,
}

impl Operation for ListSecrets {
    const NAME: &'static str = "ListSecrets";
    const ACCESS: Access = Access::Read;
    type Input = ListSecretsInput;
    type Output = ListSecretsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let filters: Vec<_> = input.filters.iter().map(Filter::parse).collect();
        let order = Order { by: input.sort_by, is_reversed: input.sort_order == Some(SortOrder::Desc) };
        let (after, size) = (input.next_token.as_deref(), input.max_results.unwrap_or(PAGE_MAX));
        let (page, next_token) = page(cx, &filters, order, input.include_planned_deletion, after, size).await?;
        let show = |secret: KeptSecret| ListedSecret {
            known: SecretEntry::of(&secret),
            secret_versions_to_stages: stages(&secret),
        };
        Ok(ListSecretsOutput { secret_list: page.into_iter().map(show).collect(), next_token })
    }
}

/// The secrets after one of this name that pass the filters, no more than a page of them, and where the next page starts.
pub(super) async fn page(
    cx: &mut Context<'_>,
    filters: &[Filter],
    order: Order,
    with_scheduled: bool,
    after: Option<&str>,
    size: usize,
) -> Result<(Vec<KeptSecret>, Option<String>), Error> {
    // There is a bound on how many there may be.
    let all = cx.tx.list_all::<KeptSecret>(cx.tenant, "").await?;
    let mut secrets: Vec<KeptSecret> = all.into_iter().map(|stored| stored.record).collect();
    secrets.retain(|secret| secret.deletion.is_none_or(|deletion| with_scheduled && deletion > cx.now));
    match order.by {
        SortBy::CreatedDate => secrets.sort_by_key(|secret| secret.created),
        SortBy::LastChangedDate => secrets.sort_by_key(|secret| secret.last_changed),
        // They come by name.
        SortBy::Name | SortBy::LastAccessedDate => {}
    }
    if order.is_reversed {
        secrets.reverse();
    }
    let begin = match after {
        Some(after) => secrets.iter().position(|secret| secret.name == after).ok_or(Error::NextToken)? + 1,
        None => 0,
    };
    let passing = |secret: &KeptSecret| filters.iter().all(|filter| filter.passes(secret));
    let mut page: Vec<_> = secrets.into_iter().skip(begin).filter(passing).take(size.saturating_add(1)).collect();
    let more = page.len() > size;
    page.truncate(size);
    let next_token = page.last().filter(|_| more).map(|last| last.name.clone());
    Ok((page, next_token))
}

#[cfg(test)]
mod tests {
    use claviger_aws_protocol::shape::differences;
    use claviger_resources::kept_secret::{CURRENT, Rotation};
    use claviger_resources::{AccountId, Region, Tenant, Timestamp};
    use serde_json::{Map, to_value};

    use super::super::output_shapes::OUTPUTS;
    use super::*;

    #[test]
    fn secrets_are_listed_as_aws_lists_them() {
        let secret = KeptSecret {
            name: "storms".to_owned(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            suffix: "AbCdEf".to_owned(),
            created: Timestamp::default(),
            last_changed: Timestamp::default(),
            description: Some("of wind".to_owned()),
            kms_key_id: Some("alias/wind".to_owned()),
            tags: BTreeMap::from([("team".to_owned(), "sky".to_owned())]),
            policy: None,
            stages: BTreeMap::from([(CURRENT.to_owned(), "0".repeat(32))]),
            deletion: Some(Timestamp::default()),
            rotation: Some(Rotation {
                function: "arn:aws:lambda:us-east-1:000000000000:function:rotate".to_owned(),
                rules: Map::from_iter([("AutomaticallyAfterDays".to_owned(), 30.into())]),
                enabled: true,
            }),
            last_rotated: Some(Timestamp::default()),
        };
        let listed = ListedSecret { known: SecretEntry::of(&secret), secret_versions_to_stages: stages(&secret) };
        let output = ListSecretsOutput { secret_list: vec![listed], next_token: Some("storms".to_owned()) };
        let shape = OUTPUTS.iter().find(|(name, _)| *name == "ListSecrets").and_then(|(_, shape)| *shape).unwrap();
        let shown = to_value(output).unwrap();
        assert_eq!(differences(shape, &shown), Vec::<String>::new(), "{shown}");
        assert_eq!(shown["SecretList"][0].as_object().unwrap().len(), 13);
    }
}
