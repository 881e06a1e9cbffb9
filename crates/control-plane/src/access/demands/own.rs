//! This server's own operations.

use std::borrow::Cow;

use claviger_runtime::temporary_credentials::account_of;

use super::{ACT_IN_ACCOUNT, ANYTHING, Asked, Demand, GRANT_ROLE, root};

/// The right to ask why requests were refused.
pub(crate) const EXPLAIN: &str = "claviger:Explain";
/// The right to read what was sent to users: their codes, too.
pub(crate) const READ_MESSAGES: &str = "claviger:ReadMessages";

/// What they need. App clients, APIs and policies are named over all accounts, and so are their ARNs.
pub(super) fn demands(asked: Asked<'_>) -> Vec<Demand> {
    let named = [("ClientId", "app-client"), ("ApiId", "api"), ("PolicyName", "authorization-policy")];
    let named =
        named.iter().find_map(|(member, kind)| Some(format!("arn:aws:claviger:::{kind}/{}", asked.text(member)?)));
    if let Some(resource) = named {
        return vec![asked.demand("claviger", resource)];
    }
    if !asked.operation.contains("AccessKey") {
        return vec![asked.demand("claviger", Cow::Borrowed(ANYTHING))];
    }
    let key = asked.text("AccessKeyId");
    let of_key = key.and_then(account_of).map(|account| account.to_string());
    let account = asked.text("AccountId").map(str::to_owned).or(of_key);
    let account = account.unwrap_or_else(|| asked.tenant.account.to_string());
    let resource = format!("arn:aws:claviger::{account}:access-key/{}", key.unwrap_or(ANYTHING));
    let granted = asked.text("RoleName").map(grant);
    let elsewhere = (account != asked.tenant.account.as_str()).then(|| of_ours(ACT_IN_ACCOUNT, root(&account)));
    std::iter::once(asked.demand("claviger", resource)).chain(granted).chain(elsewhere).collect()
}

/// The right to make a key of this role.
pub(crate) fn grant(role: &str) -> Demand {
    of_ours(GRANT_ROLE, format!("arn:aws:claviger:::role/{role}"))
}

/// A right that roles of IAM never have.
fn of_ours(action: &str, resource: String) -> Demand {
    Demand { is_own: false, ..Demand::own(action, resource) }
}
