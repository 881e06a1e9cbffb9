//! Resource servers: `CreateResourceServer`, `DescribeResourceServer`, `ListResourceServers`, `UpdateResourceServer`,
//! `DeleteResourceServer`.
//!
//! Deleting one, or a scope of one, is allowed while app clients still list its scopes: those scopes go inactive, tokens
//! leave them out, and they come back with the scope (Amazon Cognito, "Scopes, M2M, and resource servers").

use claviger_resources::quotas::Quota;
use claviger_resources::resource_server::{ResourceServer, Scope};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::pagination::PageRequest;
use super::{quota, user_pool};
use crate::operation::{Access, Context, Operation};

/// Adds a resource server to a pool.
pub struct CreateResourceServer;
/// Shows a resource server.
pub struct DescribeResourceServer;
/// Lists a pool's resource servers with their scopes.
pub struct ListResourceServers;
/// Replaces a resource server's name and scopes.
pub struct UpdateResourceServer;
/// Deletes a resource server.
pub struct DeleteResourceServer;

/// The members of `CreateResourceServer` and `UpdateResourceServer`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerInput {
    user_pool_id: String,
    identifier: String,
    name: String,
    #[serde(default)]
    scopes: Vec<ScopeDescription>,
}

/// The members of operations on one resource server.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerKey {
    user_pool_id: String,
    identifier: String,
}

/// The members of `ListResourceServers`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListResourceServersInput {
    user_pool_id: String,
    max_results: Option<u32>,
    next_token: Option<String>,
}

/// A scope as callers see it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScopeDescription {
    scope_name: String,
    scope_description: String,
}

/// A resource server as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceServerDescription {
    user_pool_id: String,
    identifier: String,
    name: String,
    scopes: Vec<ScopeDescription>,
}

/// What operations on one resource server answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerOutput {
    resource_server: ResourceServerDescription,
}

/// What `ListResourceServers` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListResourceServersOutput {
    resource_servers: Vec<ResourceServerDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The most resource servers on a page (`ListResourceServersLimitType`); every other list of Cognito has 60.
const MAX_RESULTS_MAX: u32 = 50;

impl Operation for CreateResourceServer {
    const NAME: &'static str = "CreateResourceServer";
    const ACCESS: Access = Access::Write;
    type Input = ResourceServerInput;
    type Output = ResourceServerOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ResourceServerOutput::new(&create(cx, input).await?))
    }
}

impl Operation for DescribeResourceServer {
    const NAME: &'static str = "DescribeResourceServer";
    const ACCESS: Access = Access::Read;
    type Input = ResourceServerKey;
    type Output = ResourceServerOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ResourceServerOutput::new(&*find(cx, &input.user_pool_id, &input.identifier).await?))
    }
}

impl Operation for ListResourceServers {
    const NAME: &'static str = "ListResourceServers";
    const ACCESS: Access = Access::Read;
    type Input = ListResourceServersInput;
    type Output = ListResourceServersOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let pool = user_pool::find(cx, &input.user_pool_id).await?;
        let page = PageRequest {
            operation: Self::NAME,
            pool: pool.id.as_str(),
            max_results: input.max_results,
            max_results_max: MAX_RESULTS_MAX,
            next_token: input.next_token.as_deref(),
        };
        let (servers, next_token) = page.read::<ResourceServer>(cx).await?;
        let resource_servers = servers.iter().map(ResourceServerDescription::new).collect();
        Ok(ListResourceServersOutput { resource_servers, next_token })
    }
}

impl Operation for UpdateResourceServer {
    const NAME: &'static str = "UpdateResourceServer";
    const ACCESS: Access = Access::Write;
    type Input = ResourceServerInput;
    type Output = ResourceServerOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ResourceServerOutput::new(&update(cx, input).await?))
    }
}

impl Operation for DeleteResourceServer {
    const NAME: &'static str = "DeleteResourceServer";
    const ACCESS: Access = Access::Write;
    type Input = ResourceServerKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let server = find(cx, &input.user_pool_id, &input.identifier).await?;
        cx.tx.delete(&server.record).await?;
        Ok(())
    }
}

/// Adds a resource server.
pub async fn create(cx: &mut Context<'_>, input: &ResourceServerInput) -> Result<ResourceServer, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?;
    let servers = cx.tx.count_of::<ResourceServer>(cx.tenant, pool.id.as_str()).await?;
    quota::check_room(cx, Quota::ResourceServers, servers)?;
    let server = ResourceServer {
        pool: pool.id.clone(),
        tenant: cx.tenant.clone(),
        identifier: input.identifier.clone(),
        name: input.name.clone(),
        scopes: scopes(cx, &input.scopes)?,
        created: cx.now,
    };
    match cx.tx.insert(&server).await {
        Ok(()) => Ok(server),
        Err(StoreError::AlreadyExists) => {
            Err(Error::ResourceServerExists { pool: server.pool, identifier: server.identifier })
        }
        Err(error) => Err(error.into()),
    }
}

/// Replaces a resource server's name and scopes; scopes left out are scopes taken away.
pub async fn update(cx: &mut Context<'_>, input: &ResourceServerInput) -> Result<ResourceServer, Error> {
    let mut server = find(cx, &input.user_pool_id, &input.identifier).await?;
    server.name.clone_from(&input.name);
    server.scopes = scopes(cx, &input.scopes)?;
    cx.tx.replace(&server).await?;
    Ok(server.record)
}

/// The resource server of this pool and identifier.
pub async fn find(cx: &mut Context<'_>, pool: &str, identifier: &str) -> Result<Stored<ResourceServer>, Error> {
    let pool = user_pool::find(cx, pool).await?;
    let server = cx.tx.find(cx.tenant, pool.id.as_str(), identifier).await?;
    server.ok_or_else(|| Error::ResourceServerNotFound(identifier.to_owned()))
}

fn scopes(cx: &Context<'_>, given: &[ScopeDescription]) -> Result<Vec<Scope>, Error> {
    quota::check_len(cx, Quota::ScopesOfResourceServer, given.len())?;
    let mut scopes: Vec<Scope> = Vec::with_capacity(given.len());
    for scope in given {
        if scopes.iter().any(|other| other.name == scope.scope_name) {
            return Err(Error::ScopeTwice(scope.scope_name.clone()));
        }
        scopes.push(Scope { name: scope.scope_name.clone(), description: scope.scope_description.clone() });
    }
    Ok(scopes)
}

impl ResourceServerOutput {
    fn new(server: &ResourceServer) -> Self {
        Self { resource_server: ResourceServerDescription::new(server) }
    }
}

impl ResourceServerDescription {
    fn new(server: &ResourceServer) -> Self {
        let scope = |scope: &Scope| ScopeDescription {
            scope_name: scope.name.clone(),
            scope_description: scope.description.clone(),
        };
        Self {
            user_pool_id: server.pool.to_string(),
            identifier: server.identifier.clone(),
            name: server.name.clone(),
            scopes: server.scopes.iter().map(scope).collect(),
        }
    }
}
