//! What a user's tokens say of the user: groups, roles, attributes.

use claviger_oauth::user_claims::{ACCOUNT_SCOPE, UserGrant};
use claviger_resources::app_client::AppClient;
use claviger_resources::group::Group;
use claviger_resources::session::Session;
use claviger_resources::user::User;
use claviger_store::{StoreError, Transaction, TransactionExt};

/// What the tokens of a session say now: of the user as the store has it, through the eyes of the session's client.
pub async fn grant(
    tx: &mut dyn Transaction,
    client: &AppClient,
    user: &User,
    session: &Session,
) -> Result<UserGrant, StoreError> {
    let groups = groups(tx, user).await?;
    let readable = user.attributes.iter().filter(|(name, _)| client.reads(name));
    Ok(UserGrant {
        pool: user.pool.clone(),
        sub: user.sub.clone(),
        username: user.username.clone(),
        roles: groups.iter().filter_map(|group| group.role_arn.clone()).collect(),
        preferred_role: preferred_role(&groups).map(str::to_owned),
        groups: groups.into_iter().map(|group| group.name).collect(),
        attributes: readable.map(|(name, value)| (name.clone(), value.clone())).collect(),
        client_id: client.id.as_str().to_owned(),
        scope: ACCOUNT_SCOPE.to_owned(),
        signed_in_at: session.began.seconds(),
        session: client.token_revocation().then(|| session.id.clone()),
        event: session.event.clone(),
        access_token_seconds: client.access_token_seconds(),
        id_token_seconds: client.id_token_seconds(),
    })
}

/// The groups a user is in, the one with the lowest precedence first and those without one last.
async fn groups(tx: &mut dyn Transaction, user: &User) -> Result<Vec<Group>, StoreError> {
    let mut groups = Vec::with_capacity(user.groups.len());
    for membership in &user.groups {
        let found = tx.find::<Group>(&user.tenant, user.pool.as_str(), &membership.group).await?;
        groups.extend(found.map(|found| found.record).filter(|group| group.generation == membership.generation));
    }
    sort(&mut groups);
    Ok(groups)
}

fn sort(groups: &mut [Group]) {
    groups.sort_by(|one, other| {
        let place = |group: &Group| (group.precedence.is_none(), group.precedence);
        place(one).cmp(&place(other)).then_with(|| one.name.cmp(&other.name))
    });
}

/// The role of the group that comes first. Two groups that come first together, with different roles, leave none (Amazon
/// Cognito, "Adding groups to a user pool").
fn preferred_role(sorted: &[Group]) -> Option<&str> {
    let first = sorted.first()?;
    let mut firsts = sorted.iter().take_while(|group| group.precedence == first.precedence);
    let role = first.role_arn.as_deref()?;
    firsts.all(|group| group.role_arn.as_deref() == Some(role)).then_some(role)
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region, Tenant, Timestamp, UserPoolId};

    use super::*;

    #[test]
    fn the_lowest_precedence_decides_the_role() {
        fn check(groups: &[(&str, Option<i64>, Option<&str>)], names: &[&str], role: Option<&str>) {
            let group = |(name, precedence, role): &(&str, Option<i64>, Option<&str>)| Group {
                pool: UserPoolId::parse("us-east-1_pool").unwrap(),
                tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
                name: (*name).to_owned(),
                generation: String::new(),
                description: None,
                role_arn: role.map(str::to_owned),
                precedence: *precedence,
                created: Timestamp::default(),
                modified: Timestamp::default(),
            };
            let mut groups: Vec<Group> = groups.iter().map(group).collect();
            sort(&mut groups);
            assert_eq!(groups.iter().map(|group| &*group.name).collect::<Vec<_>>(), names);
            assert_eq!(preferred_role(&groups), role, "{names:?}");
        }
        check(&[], &[], None);
        check(
            &[("a", None, Some("x")), ("b", Some(2), Some("y")), ("c", Some(1), Some("z"))],
            &["c", "b", "a"],
            Some("z"),
        );
        check(&[("b", Some(1), Some("x")), ("a", Some(1), Some("x"))], &["a", "b"], Some("x"));
        check(&[("b", Some(1), Some("x")), ("a", Some(1), Some("y"))], &["a", "b"], None);
        check(&[("a", Some(0), None), ("b", Some(1), Some("y"))], &["a", "b"], None);
    }
}
