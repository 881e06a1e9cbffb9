//! User pools: `CreateUserPool`, `DescribeUserPool`, `ListUserPools`, `UpdateUserPool`, `DeleteUserPool`.
//!
//! A pool is answered without signing keys, because one takes long to make: the node's key maker sees a pool that has none
//! and adds them. A pool's id may be pinned by a tag (see [`ID_TAGS`]), so that issuers survive a pool made anew.

use std::collections::BTreeMap;

use claviger_resources::app_client::AppClient;
use claviger_resources::correspondence::{Correspondence, Message};
use claviger_resources::group::{Group, GroupMember};
use claviger_resources::managed_login_branding::ManagedLoginBranding;
use claviger_resources::quotas::Quota;
use claviger_resources::resource_server::ResourceServer;
use claviger_resources::revocation::Revocation;
use claviger_resources::session::Session;
use claviger_resources::signing_certificate::SigningCertificate;
use claviger_resources::signing_key::SigningKeys;
use claviger_resources::token_count::TokenCount;
use claviger_resources::token_usage::TokenUsage;
use claviger_resources::user::User;
use claviger_resources::user_pool::{IssuerType, UserPool};
use claviger_resources::user_pool_domain::UserPoolDomain;
use claviger_resources::{Region, UserPoolId};
use claviger_store::{Name, Namespace, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::configuration::Configuration;
use super::errors::Error;
use super::operations::Empty;
use super::pagination::PageRequest;
use super::schema::{self, Attribute};
use super::{quota, tags, user_pool_settings};
use crate::operation::{Access, Context, Operation};

/// Adds a user pool.
pub struct CreateUserPool;
/// Shows a user pool.
pub struct DescribeUserPool;
/// Lists the user pools.
pub struct ListUserPools;
/// Replaces a user pool's settings: what is left out returns to its default.
pub struct UpdateUserPool;
/// Deletes a user pool with all that belongs to it.
pub struct DeleteUserPool;

/// The tags by which a caller may pin a new pool's id, to `{letters and digits}` or to the whole `{region}_…`: the first is
/// ours, the second the one that users of emulators write.
pub const ID_TAGS: [&str; 2] = ["claviger:id", "_custom_id_"];

/// How often a new id is drawn; even a second draw, from 62⁹ ids or 2¹²⁵, will not be seen often.
pub(super) const ID_ATTEMPTS_MAX: u32 = 8;

/// Users read at a time when a pool is deleted.
const USERS_READ: usize = 1_000;

/// The members of `CreateUserPool`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUserPoolInput {
    pool_name: String,
    #[serde(default)]
    schema: Vec<Attribute>,
    #[serde(flatten)]
    settings: Settings,
}

/// The members of `UpdateUserPool`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUserPoolInput {
    user_pool_id: String,
    pool_name: Option<String>,
    #[serde(flatten)]
    settings: Settings,
}

/// What an update sets anew.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    #[serde(default)]
    deletion_protection: DeletionProtection,
    #[serde(default)]
    issuer_configuration: IssuerConfiguration,
    #[serde(default)]
    user_pool_tags: BTreeMap<String, String>,
    #[serde(flatten)]
    configuration: Configuration,
}

/// Whether `DeleteUserPool` is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum DeletionProtection {
    Active,
    #[default]
    Inactive,
}

/// Which form of issuer tokens carry.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct IssuerConfiguration {
    #[serde(rename = "Type")]
    issuer: IssuerType,
}

/// The one member of operations on a pool as a whole.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolKey {
    pub(super) user_pool_id: String,
}

/// The members of `ListUserPools`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPoolsInput {
    max_results: u32,
    next_token: Option<String>,
}

/// What operations that show a pool answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolOutput {
    user_pool: UserPoolDescription,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserPoolDescription {
    id: UserPoolId,
    name: String,
    deletion_protection: DeletionProtection,
    last_modified_date: f64,
    creation_date: f64,
    estimated_number_of_users: u64,
    user_pool_tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_domain: Option<String>,
    arn: String,
    issuer_configuration: IssuerConfiguration,
    #[serde(flatten)]
    configuration: Configuration,
}

/// What `ListUserPools` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPoolsOutput {
    user_pools: Vec<UserPoolSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserPoolSummary {
    id: UserPoolId,
    name: String,
    lambda_config: Value,
    last_modified_date: f64,
    creation_date: f64,
}

impl Operation for CreateUserPool {
    const NAME: &'static str = "CreateUserPool";
    const ACCESS: Access = Access::Write;
    type Input = CreateUserPoolInput;
    type Output = UserPoolOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let pool = create(cx, input).await?;
        UserPoolOutput::new(cx, &pool).await
    }
}

impl Operation for DescribeUserPool {
    const NAME: &'static str = "DescribeUserPool";
    const ACCESS: Access = Access::Read;
    type Input = UserPoolKey;
    type Output = UserPoolOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let pool = find(cx, &input.user_pool_id).await?;
        UserPoolOutput::new(cx, &pool).await
    }
}

impl Operation for ListUserPools {
    const NAME: &'static str = "ListUserPools";
    const ACCESS: Access = Access::Read;
    type Input = ListUserPoolsInput;
    type Output = ListUserPoolsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let page = PageRequest {
            operation: Self::NAME,
            pool: "",
            max_results: Some(input.max_results),
            max_results_max: 60,
            next_token: input.next_token.as_deref(),
        };
        let (pools, next_token) = page.read::<UserPool>(cx).await?;
        Ok(ListUserPoolsOutput { user_pools: pools.into_iter().map(UserPoolSummary::new).collect(), next_token })
    }
}

impl Operation for UpdateUserPool {
    const NAME: &'static str = "UpdateUserPool";
    const ACCESS: Access = Access::Write;
    type Input = UpdateUserPoolInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        update(cx, input).await?;
        Ok(Empty {})
    }
}

impl Operation for DeleteUserPool {
    const NAME: &'static str = "DeleteUserPool";
    const ACCESS: Access = Access::Write;
    type Input = UserPoolKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        delete(cx, &input.user_pool_id).await
    }
}

/// Adds a user pool.
pub async fn create(cx: &mut Context<'_>, input: &CreateUserPoolInput) -> Result<UserPool, Error> {
    let settings = &input.settings;
    settings.check(cx)?;
    let pools = cx.tx.count_of::<UserPool>(cx.tenant, "").await?;
    quota::check_room(cx, Quota::UserPools, pools)?;
    let pinned = pinned_id(&settings.user_pool_tags, &cx.tenant.region)?;
    let mut pool = UserPool {
        id: pinned.clone().unwrap_or_else(|| UserPoolId::generate(&cx.tenant.region, cx.random)),
        tenant: cx.tenant.clone(),
        name: input.pool_name.clone(),
        created: cx.now,
        modified: cx.now,
        deletion_protection: settings.deletion_protection == DeletionProtection::Active,
        issuer: settings.issuer_configuration.issuer,
        tags: settings.user_pool_tags.clone(),
        configuration: settings.configuration.clone(),
    };
    let customs_max = cx.services.settings.quotas.of(Quota::CustomAttributes);
    schema::define(&mut pool.configuration, &input.schema, customs_max)?;
    for _ in 0..ID_ATTEMPTS_MAX {
        match (cx.tx.insert(&pool).await, &pinned) {
            (Ok(()), _) => return Ok(pool),
            (Err(StoreError::AlreadyExists | StoreError::NameTaken { .. }), Some(pinned)) => {
                return Err(Error::PinnedIdTaken(pinned.clone()));
            }
            (Err(StoreError::AlreadyExists | StoreError::NameTaken { .. }), None) => {
                pool.id = UserPoolId::generate(&cx.tenant.region, cx.random);
            }
            (Err(error), _) => return Err(error.into()),
        }
    }
    Err(StoreError::AlreadyExists.into())
}

/// Replaces a pool's settings; name, schema and how users are named stay when they are left out.
pub async fn update(cx: &mut Context<'_>, input: &UpdateUserPoolInput) -> Result<UserPool, Error> {
    let mut stored = find(cx, &input.user_pool_id).await?;
    let settings = &input.settings;
    settings.check(cx)?;
    let pool = &mut stored.record;
    if let Some(name) = &input.pool_name {
        pool.name.clone_from(name);
    }
    pool.modified = cx.now;
    pool.deletion_protection = settings.deletion_protection == DeletionProtection::Active;
    pool.issuer = settings.issuer_configuration.issuer;
    pool.tags.clone_from(&settings.user_pool_tags);
    let old = std::mem::replace(&mut pool.configuration, settings.configuration.clone());
    pool.configuration
        .extend(old.into_iter().filter(|(member, _)| user_pool_settings::IMMUTABLE.contains(&member.as_str())));
    cx.tx.replace(&stored).await?;
    Ok(stored.record)
}

/// Deletes a pool with its keys, resource servers, app clients, users and groups.
pub async fn delete(cx: &mut Context<'_>, id: &str) -> Result<(), Error> {
    let pool = find(cx, id).await?;
    let (tenant, parent) = (cx.tenant, pool.id.as_str());
    if pool.deletion_protection {
        return Err(Error::UserPoolProtected);
    }
    if cx.tx.count_of::<UserPoolDomain>(tenant, parent).await? > 0 {
        return Err(Error::UserPoolHasDomain);
    }
    cx.tx.delete_all::<AppClient>(tenant, parent).await?;
    cx.tx.delete_all::<TokenUsage>(tenant, parent).await?;
    cx.tx.delete_all::<TokenCount>(tenant, parent).await?;
    cx.tx.delete_all::<ResourceServer>(tenant, parent).await?;
    cx.tx.delete_all::<Revocation>(tenant, parent).await?;
    delete_users(cx, &pool).await?;
    cx.tx.delete_all::<ManagedLoginBranding>(tenant, parent).await?;
    if let Some(certificate) = cx.tx.find::<SigningCertificate>(tenant, "", parent).await? {
        cx.tx.delete(&certificate.record).await?;
    }
    if let Some(keys) = cx.tx.find::<SigningKeys>(tenant, "", parent).await? {
        cx.tx.delete(&keys.record).await?;
    }
    cx.tx.delete(&pool.record).await?;
    Ok(())
}

/// Deletes a pool's users and groups, and what is filed under each of them.
async fn delete_users(cx: &mut Context<'_>, pool: &UserPool) -> Result<(), Error> {
    let (tenant, parent) = (cx.tenant, pool.id.as_str());
    let mut after: Option<String> = None;
    loop {
        let users = cx.tx.list::<User>(tenant, parent, after.as_deref(), USERS_READ).await?;
        for user in &users {
            cx.tx.delete_all::<Session>(tenant, &Session::owner(&pool.id, &user.sub)).await?;
        }
        after = users.last().map(|last| last.key.clone());
        if users.len() < USERS_READ {
            break;
        }
    }
    for group in cx.tx.list_all::<Group>(tenant, parent).await? {
        cx.tx.delete_all::<GroupMember>(tenant, &group.members()).await?;
    }
    cx.tx.delete_all::<Correspondence>(tenant, parent).await?;
    cx.tx.delete_all::<Message>(tenant, parent).await?;
    cx.tx.delete_all::<User>(tenant, parent).await?;
    cx.tx.delete_all::<Group>(tenant, parent).await?;
    Ok(())
}

/// The pool of this id.
pub async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<UserPool>, Error> {
    cx.tx.find(cx.tenant, "", id).await?.ok_or_else(|| Error::UserPoolNotFound(id.to_owned()))
}

fn pinned_id(tags: &BTreeMap<String, String>, region: &Region) -> Result<Option<UserPoolId>, Error> {
    let Some((tag, value)) = ID_TAGS.iter().find_map(|tag| tags.get(*tag).map(|value| (*tag, value))) else {
        return Ok(None);
    };
    let suffix = value.strip_prefix(&format!("{region}_")).unwrap_or(value);
    let well_formed = suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let id = UserPoolId::parse(&format!("{region}_{suffix}")).ok().filter(|_| well_formed);
    let malformed = || Error::PinnedIdMalformed { tag, value: value.clone(), region: region.to_string() };
    id.map(Some).ok_or_else(malformed)
}

impl Settings {
    fn check(&self, cx: &Context<'_>) -> Result<(), Error> {
        tags::check(cx, &self.user_pool_tags).map_err(Error::UserPoolTags)?;
        user_pool_settings::check(&self.configuration)
    }
}

impl UserPoolOutput {
    async fn new(cx: &mut Context<'_>, pool: &UserPool) -> Result<Self, Error> {
        let domain = domain_name(cx, Namespace::PoolPrefixDomain, pool).await?;
        let custom_domain = domain_name(cx, Namespace::PoolCustomDomain, pool).await?;
        Ok(Self {
            user_pool: UserPoolDescription {
                id: pool.id.clone(),
                name: pool.name.clone(),
                deletion_protection: if pool.deletion_protection {
                    DeletionProtection::Active
                } else {
                    DeletionProtection::Inactive
                },
                last_modified_date: pool.modified.fractional_seconds(),
                creation_date: pool.created.fractional_seconds(),
                estimated_number_of_users: cx.tx.count_of::<User>(&pool.tenant, pool.id.as_str()).await?,
                user_pool_tags: pool.tags.clone(),
                domain,
                custom_domain,
                arn: pool.arn(),
                issuer_configuration: IssuerConfiguration { issuer: pool.issuer },
                configuration: user_pool_settings::shown(pool),
            },
        })
    }
}

async fn domain_name(cx: &mut Context<'_>, kind: Namespace, pool: &UserPool) -> Result<Option<String>, Error> {
    let found = cx.tx.find_named::<UserPoolDomain>(&Name::new(kind, pool.id.as_str())).await?;
    Ok(found.map(|found| found.record.domain))
}

impl UserPoolSummary {
    fn new(pool: UserPool) -> Self {
        Self {
            lambda_config: pool.configuration.get("LambdaConfig").cloned().unwrap_or_else(|| json!({})),
            last_modified_date: pool.modified.fractional_seconds(),
            creation_date: pool.created.fractional_seconds(),
            id: pool.id,
            name: pool.name,
        }
    }
}
