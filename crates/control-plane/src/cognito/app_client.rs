//! App clients: `CreateUserPoolClient`, `DescribeUserPoolClient`, `ListUserPoolClients`, `UpdateUserPoolClient`,
//! `DeleteUserPoolClient`.

use claviger_resources::app_client::AppClient;
use claviger_resources::quotas::Quota;
use claviger_resources::revocation::Revocation;
use claviger_resources::token_usage::TokenUsage;
use claviger_resources::{ClientId, Secret, UserPoolId};
use claviger_runtime::revocations::{self, RevokeError};
use claviger_runtime::token_counts;
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::app_client_settings::{self, AppClientSettings};
use super::client_secret;
use super::configuration::Configuration;
use super::errors::Error;
use super::managed_login_branding;
use super::pagination::PageRequest;
use super::quota;
use super::user_pool::{self, ID_ATTEMPTS_MAX};
use crate::operation::{Access, Context, Operation};

/// Adds an app client to a pool.
pub struct CreateUserPoolClient;
/// Shows an app client, with the secret it was created with.
pub struct DescribeUserPoolClient;
/// Lists a pool's app clients by name.
pub struct ListUserPoolClients;
/// Replaces an app client's settings: what is left out returns to its default.
pub struct UpdateUserPoolClient;
/// Deletes an app client.
pub struct DeleteUserPoolClient;

/// The members of `CreateUserPoolClient`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUserPoolClientInput {
    user_pool_id: String,
    client_name: String,
    #[serde(default)]
    generate_secret: bool,
    #[serde(default, deserialize_with = "client_secret::given")]
    client_secret: Option<Secret<String>>,
    #[serde(flatten)]
    settings: AppClientSettings,
}

/// The members of `UpdateUserPoolClient`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUserPoolClientInput {
    user_pool_id: String,
    client_id: String,
    client_name: Option<String>,
    #[serde(flatten)]
    settings: AppClientSettings,
}

/// The members of operations on one app client.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolClientKey {
    user_pool_id: String,
    client_id: String,
}

/// The members of `ListUserPoolClients`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPoolClientsInput {
    user_pool_id: String,
    max_results: Option<u32>,
    next_token: Option<String>,
    client_type: Option<ClientType>,
}

/// How a client came to be: by a call, or by dynamic client registration, which is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum ClientType {
    Regular,
    Dcr,
}

/// What operations that show an app client answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolClientOutput {
    user_pool_client: UserPoolClientDescription,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserPoolClientDescription {
    user_pool_id: UserPoolId,
    client_name: String,
    client_id: ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    last_modified_date: f64,
    creation_date: f64,
    #[serde(flatten)]
    configuration: Configuration,
}

/// What `ListUserPoolClients` answers; AWS shows three members of each client and no more.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPoolClientsOutput {
    user_pool_clients: Vec<UserPoolClientSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserPoolClientSummary {
    client_id: ClientId,
    user_pool_id: UserPoolId,
    client_name: String,
}

impl Operation for CreateUserPoolClient {
    const NAME: &'static str = "CreateUserPoolClient";
    const ACCESS: Access = Access::Write;
    type Input = CreateUserPoolClientInput;
    type Output = UserPoolClientOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let client = create(cx, input).await?;
        UserPoolClientOutput::new(cx, client)
    }
}

impl Operation for DescribeUserPoolClient {
    const NAME: &'static str = "DescribeUserPoolClient";
    const ACCESS: Access = Access::Read;
    type Input = UserPoolClientKey;
    type Output = UserPoolClientOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let client = find(cx, &input.user_pool_id, &input.client_id).await?;
        UserPoolClientOutput::new(cx, client.record)
    }
}

impl Operation for ListUserPoolClients {
    const NAME: &'static str = "ListUserPoolClients";
    const ACCESS: Access = Access::Read;
    type Input = ListUserPoolClientsInput;
    type Output = ListUserPoolClientsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if input.client_type == Some(ClientType::Dcr) {
            user_pool::find(cx, &input.user_pool_id).await?;
            return Ok(ListUserPoolClientsOutput { user_pool_clients: Vec::new(), next_token: None });
        }
        let page = PageRequest {
            operation: Self::NAME,
            pool: &input.user_pool_id,
            max_results: input.max_results,
            max_results_max: 60,
            next_token: input.next_token.as_deref(),
        };
        let read = page.read::<AppClient>(cx).await;
        // Where there are app clients there is their pool.
        if !read.as_ref().is_ok_and(|(clients, _)| !clients.is_empty()) {
            user_pool::find(cx, &input.user_pool_id).await?;
        }
        let (clients, next_token) = read?;
        let user_pool_clients = clients.into_iter().map(UserPoolClientSummary::new).collect();
        Ok(ListUserPoolClientsOutput { user_pool_clients, next_token })
    }
}

impl Operation for UpdateUserPoolClient {
    const NAME: &'static str = "UpdateUserPoolClient";
    const ACCESS: Access = Access::Write;
    type Input = UpdateUserPoolClientInput;
    type Output = UserPoolClientOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let client = update(cx, input).await?;
        UserPoolClientOutput::new(cx, client)
    }
}

impl Operation for DeleteUserPoolClient {
    const NAME: &'static str = "DeleteUserPoolClient";
    const ACCESS: Access = Access::Write;
    type Input = UserPoolClientKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let client = find(cx, &input.user_pool_id, &input.client_id).await?;
        managed_login_branding::delete_of_client(cx, &client.id).await?;
        cx.tx.delete(&client.record).await?;
        if let Some(usage) = cx.tx.find::<TokenUsage>(cx.tenant, client.pool.as_str(), client.id.as_str()).await? {
            cx.tx.delete(&usage.record).await?;
        }
        token_counts::delete_of_client(cx.tx, cx.tenant, &client.pool, &client.id).await?;
        if cx.services.settings.revoke_on_delete {
            let AppClient { pool, tenant, id, .. } = client.record;
            let revocation = Revocation::of_client(pool, tenant, id, cx.now);
            match revocations::revoke(cx.tx, revocation).await {
                // The client goes all the same; its tokens live until they expire, as AWS's do.
                Err(RevokeError::TooMany) => {
                    tracing::warn!(
                        "the tokens of a deleted app client are not revoked: there are too many revocations"
                    );
                }
                Err(RevokeError::Store(error)) => return Err(error.into()),
                Err(RevokeError::Stopping) | Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// Adds an app client.
pub async fn create(cx: &mut Context<'_>, input: &CreateUserPoolClientInput) -> Result<AppClient, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?;
    let secret = match (&input.client_secret, input.generate_secret) {
        (Some(_), true) => return Err(Error::SecretGivenAndGenerated),
        (Some(given), false) => Some(given.clone()),
        (None, true) => Some(client_secret::generate(cx.random)),
        (None, false) => None,
    };
    input.settings.check(cx, &pool, secret.is_some()).await?;
    let clients = cx.tx.count_of::<AppClient>(cx.tenant, pool.id.as_str()).await?;
    quota::check_room(cx, Quota::AppClients, clients)?;
    for _ in 0..ID_ATTEMPTS_MAX {
        let mut client = AppClient {
            id: ClientId::generate(cx.random),
            pool: pool.id.clone(),
            tenant: cx.tenant.clone(),
            name: input.client_name.clone(),
            created: cx.now,
            modified: cx.now,
            secrets: Vec::new(),
            oauth_enabled: false,
            oauth_flows: None,
            oauth_scopes: None,
            access_token_validity: None,
            access_token_unit: None,
            limits: None,
            extra_claims: Configuration::new(),
            configuration: Configuration::new(),
        };
        input.settings.apply(&mut client);
        if let Some(secret) = &secret {
            let secret = client_secret::new(cx, &client, secret, true)?;
            client.secrets.push(secret);
        }
        match cx.tx.insert(&client).await {
            Ok(()) => return Ok(client),
            Err(StoreError::AlreadyExists | StoreError::NameTaken { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::AlreadyExists.into())
}

/// Replaces an app client's settings; its name stays when it is left out, and its secrets always do.
pub async fn update(cx: &mut Context<'_>, input: &UpdateUserPoolClientInput) -> Result<AppClient, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?;
    let mut stored = find(cx, &input.user_pool_id, &input.client_id).await?;
    input.settings.check(cx, &pool, !stored.secrets.is_empty()).await?;
    if let Some(name) = &input.client_name {
        stored.name.clone_from(name);
    }
    stored.modified = cx.now;
    input.settings.apply(&mut stored.record);
    cx.tx.replace(&stored).await?;
    Ok(stored.record)
}

/// The app client of this pool and id. It goes with its pool, so the pool is looked for only where the client is missing.
pub async fn find(cx: &mut Context<'_>, pool: &str, id: &str) -> Result<Stored<AppClient>, Error> {
    if let Some(client) = cx.tx.find(cx.tenant, pool, id).await? {
        return Ok(client);
    }
    user_pool::find(cx, pool).await?;
    Err(Error::AppClientNotFound(id.to_owned()))
}

impl UserPoolClientOutput {
    fn new(cx: &Context<'_>, client: AppClient) -> Result<Self, Error> {
        Ok(Self {
            user_pool_client: UserPoolClientDescription {
                client_secret: client_secret::original(cx, &client)?.map(|secret| secret.expose().clone()),
                last_modified_date: client.modified.fractional_seconds(),
                creation_date: client.created.fractional_seconds(),
                configuration: app_client_settings::shown(&client),
                user_pool_id: client.pool,
                client_name: client.name,
                client_id: client.id,
            },
        })
    }
}

impl UserPoolClientSummary {
    fn new(client: AppClient) -> Self {
        Self { client_id: client.id, user_pool_id: client.pool, client_name: client.name }
    }
}
