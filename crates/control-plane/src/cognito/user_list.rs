//! Finding users among many: `ListUsers`.

use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_store::{Name, Namespace, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::pagination::PageRequest;
use super::sign_in_name::holder;
use super::user::UserDescription;
use super::user_attributes::SUB;
use super::user_error::UserError;
use super::user_filter::{OneUser, UserFilter};
use super::{schema, user_pool};
use crate::operation::{Access, Context, Operation};

/// Lists a pool's users, or those that a filter names.
pub struct ListUsers;

/// The members of `ListUsers`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsersInput {
    user_pool_id: String,
    attributes_to_get: Option<Vec<String>>,
    limit: Option<u32>,
    pagination_token: Option<String>,
    filter: Option<String>,
}

/// What `ListUsers` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsersOutput {
    users: Vec<UserDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_token: Option<String>,
}

/// The most users on a page.
pub(super) const PAGE_MAX: u32 = 60;
/// Users looked at in one call; a filter that few match is answered with a short page and a token, as AWS may do too.
const LOOKED_AT_MAX: usize = 1_000;
/// Users read at a time.
const READ: usize = 250;

impl Operation for ListUsers {
    const NAME: &'static str = "ListUsers";
    const ACCESS: Access = Access::Read;
    type Input = ListUsersInput;
    type Output = ListUsersOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let pool = user_pool::find(cx, &input.user_pool_id).await?.record;
        check_attributes(&pool, input.attributes_to_get.as_deref())?;
        // An empty filter is none.
        let filter = input.filter.as_deref().filter(|filter| !filter.is_empty());
        let filter = filter.map(UserFilter::parse).transpose()?;
        let page = PageRequest {
            operation: Self::NAME,
            pool: pool.id.as_str(),
            max_results: input.limit.filter(|limit| *limit > 0),
            max_results_max: PAGE_MAX,
            next_token: input.pagination_token.as_deref(),
        };
        let (users, pagination_token) = match filter {
            None => page.read::<User>(cx).await?,
            Some(filter) => match filter.one_user(&pool) {
                Some(name) => (one_user(cx, &pool, &name).await?.into_iter().collect(), None),
                None => search(cx, &pool, &filter, &page).await?,
            },
        };
        let shown = |user: &User| described(user, input.attributes_to_get.as_deref());
        Ok(ListUsersOutput { users: users.iter().map(shown).collect(), pagination_token })
    }
}

fn check_attributes(pool: &UserPool, wanted: Option<&[String]>) -> Result<(), UserError> {
    let has = |name: &String| schema::has(&pool.configuration, name);
    if wanted.unwrap_or_default().iter().all(has) { Ok(()) } else { Err(UserError::AttributesToGet) }
}

/// A user with those of its attributes that are asked for; without any asked for, with all.
fn described(user: &User, wanted: Option<&[String]>) -> UserDescription {
    let mut description = UserDescription::new(user);
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        description.attributes.retain(|attribute| attribute.name == SUB || wanted.contains(&attribute.name));
    }
    description
}

async fn one_user(cx: &mut Context<'_>, pool: &UserPool, name: &OneUser) -> Result<Option<User>, Error> {
    let found: Option<Stored<User>> = match name {
        OneUser::Key(key) => cx.tx.find(&pool.tenant, pool.id.as_str(), key).await?,
        OneUser::Sub(sub) => cx.tx.find_named(&Name::new(Namespace::UserSub, format!("{}/{sub}", pool.id))).await?,
        OneUser::Alias(alias) => holder(cx, pool, alias).await?,
    };
    Ok(found.map(|found| found.record))
}

async fn search(
    cx: &mut Context<'_>,
    pool: &UserPool,
    filter: &UserFilter,
    page: &PageRequest<'_>,
) -> Result<(Vec<User>, Option<String>), Error> {
    let (size, mut after) = (page.size(), page.after()?);
    let (mut found, mut looked_at) = (Vec::new(), 0);
    loop {
        let users = cx.tx.list::<User>(&pool.tenant, pool.id.as_str(), after.as_deref(), READ).await?;
        let is_end = users.len() < READ;
        for user in users {
            // What came before this user is the page; whoever asks on begins here.
            if found.len() == size || looked_at == LOOKED_AT_MAX {
                return Ok((found, after.map(|last| page.token(&last))));
            }
            looked_at += 1;
            after = Some(user.key.clone());
            if filter.matches(pool, &user) {
                found.push(user.record);
            }
        }
        if is_end {
            return Ok((found, None));
        }
    }
}
