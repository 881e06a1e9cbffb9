//! Secrets of app clients: `AddUserPoolClientSecret`, `ListUserPoolClientSecrets`, `DeleteUserPoolClientSecret`.
//!
//! A client has at most two, so that one can be exchanged for another without an interruption. A secret is kept as a digest,
//! against which tokens are granted, and sealed, because `DescribeUserPoolClient` shows the one a client was created with.

use claviger_aws_protocol::failure::Failure;
use claviger_resources::app_client::{AppClient, ClientSecret};
use claviger_resources::quotas::Quota;
use claviger_resources::random::base32_number;
use claviger_resources::{ClientId, Random, Sealed, Secret};
use claviger_runtime::vault::{SealedFor, VaultError};
use claviger_store::{StoreError, TransactionExt};
use serde::{Deserialize, Deserializer, Serialize};

use super::errors::Error;
use super::operations::Empty;
use super::{app_client, quota};
use crate::operation::{Access, Context, Operation, Refusal};

/// Adds a second secret to an app client.
pub struct AddUserPoolClientSecret;
/// Lists an app client's secrets without their values.
pub struct ListUserPoolClientSecrets;
/// Deletes one of an app client's two secrets.
pub struct DeleteUserPoolClientSecret;

/// The members of `AddUserPoolClientSecret`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddUserPoolClientSecretInput {
    user_pool_id: String,
    client_id: String,
    #[serde(default, deserialize_with = "given")]
    client_secret: Option<Secret<String>>,
}

/// The members of `ListUserPoolClientSecrets`; its pages never end before the list does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPoolClientSecretsInput {
    user_pool_id: String,
    client_id: String,
    next_token: Option<String>,
}

/// The members of `DeleteUserPoolClientSecret`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
pub struct DeleteUserPoolClientSecretInput {
    user_pool_id: String,
    client_id: String,
    client_secret_id: String,
}

/// A secret as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
struct ClientSecretDescriptor {
    client_secret_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_value: Option<String>,
    client_secret_create_date: f64,
}

/// What `AddUserPoolClientSecret` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddUserPoolClientSecretOutput {
    client_secret_descriptor: ClientSecretDescriptor,
}

/// What `ListUserPoolClientSecrets` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPoolClientSecretsOutput {
    client_secrets: Vec<ClientSecretDescriptor>,
}

/// How these three operations refuse: as all others of Cognito, but with another exception for what is not the caller's
/// fault (their service description declares `InternalServerException`).
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ClientSecretError(#[from] Error);

impl From<StoreError> for ClientSecretError {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<ClientSecretError> for Failure {
    fn from(ClientSecretError(error): ClientSecretError) -> Self {
        error.failure("InternalServerException")
    }
}

impl Refusal for ClientSecretError {
    fn is_contention(&self) -> bool {
        self.0.is_contention()
    }

    fn setting(&self) -> Option<String> {
        self.0.setting()
    }
}

impl Operation for AddUserPoolClientSecret {
    const NAME: &'static str = "AddUserPoolClientSecret";
    const ACCESS: Access = Access::Write;
    type Input = AddUserPoolClientSecretInput;
    type Output = AddUserPoolClientSecretOutput;
    type Error = ClientSecretError;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, ClientSecretError> {
        let mut client = app_client::find(cx, &input.user_pool_id, &input.client_id).await?;
        if client.secrets.is_empty() {
            return Err(Error::PublicClient.into());
        }
        quota::check_room(cx, Quota::SecretsOfAppClient, client.secrets.len() as u64)?;
        let value = input.client_secret.clone().unwrap_or_else(|| generate(cx.random));
        let secret = new(cx, &client, &value, false)?;
        let shown = input.client_secret.is_none().then(|| value.expose().clone());
        let client_secret_descriptor = ClientSecretDescriptor::new(&secret, shown);
        client.secrets.push(secret);
        cx.tx.replace(&client).await?;
        Ok(AddUserPoolClientSecretOutput { client_secret_descriptor })
    }
}

impl Operation for ListUserPoolClientSecrets {
    const NAME: &'static str = "ListUserPoolClientSecrets";
    const ACCESS: Access = Access::Read;
    type Input = ListUserPoolClientSecretsInput;
    type Output = ListUserPoolClientSecretsOutput;
    type Error = ClientSecretError;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, ClientSecretError> {
        let client = app_client::find(cx, &input.user_pool_id, &input.client_id).await?;
        if input.next_token.is_some() {
            return Err(Error::PaginationToken.into());
        }
        let client_secrets = client.secrets.iter().map(|secret| ClientSecretDescriptor::new(secret, None)).collect();
        Ok(ListUserPoolClientSecretsOutput { client_secrets })
    }
}

impl Operation for DeleteUserPoolClientSecret {
    const NAME: &'static str = "DeleteUserPoolClientSecret";
    const ACCESS: Access = Access::Write;
    type Input = DeleteUserPoolClientSecretInput;
    type Output = Empty;
    type Error = ClientSecretError;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, ClientSecretError> {
        let mut client = app_client::find(cx, &input.user_pool_id, &input.client_id).await?;
        if !client.secrets.iter().any(|secret| secret.id == input.client_secret_id) {
            return Err(Error::ClientSecretNotFound(input.client_secret_id.clone()).into());
        }
        if client.secrets.len() == 1 {
            return Err(Error::LastSecret.into());
        }
        client.secrets.retain(|secret| secret.id != input.client_secret_id);
        cx.tx.replace(&client).await?;
        Ok(Empty {})
    }
}

/// A new random secret: 256 bits in base 32, 52 characters as most of AWS's have.
pub(super) fn generate(random: &mut dyn Random) -> Secret<String> {
    let mut bytes = [0_u8; 32];
    random.fill(&mut bytes);
    // The first bit decides the 52nd digit; a zero there would be dropped and make the secret shorter.
    if let Some(first) = bytes.first_mut() {
        *first |= 0x80;
    }
    Secret::new(base32_number(&bytes))
}

/// A secret of a client in its stored form.
pub(super) fn new(
    cx: &mut Context<'_>,
    client: &AppClient,
    value: &Secret<String>,
    original: bool,
) -> Result<ClientSecret, Error> {
    let bytes = value.expose().as_bytes();
    let vault = &cx.services.vault;
    // Two secrets of one millisecond still get two ids.
    let ids = (cx.now.milliseconds()..).map(|milliseconds| format!("{}--{milliseconds}", client.id));
    let mut free = ids.filter(|id| client.secrets.iter().all(|secret| secret.id != *id));
    Ok(ClientSecret {
        id: free.next().unwrap_or_default(),
        created: cx.now,
        digest: Sealed::from_bytes(vault.digest(&client.id, bytes).0),
        sealed: vault.seal(SealedFor::ClientSecret(&client.id), bytes, cx.random)?,
        original,
    })
}

/// The value of the secret a client was created with, while it has it: the only one `DescribeUserPoolClient` shows.
pub(super) fn original(cx: &Context<'_>, client: &AppClient) -> Result<Option<Secret<String>>, Error> {
    let original = client.secrets.iter().find(|secret| secret.original);
    original.map(|secret| open(cx, &client.id, secret)).transpose()
}

pub(super) fn open(cx: &Context<'_>, client: &ClientId, secret: &ClientSecret) -> Result<Secret<String>, Error> {
    let bytes = cx.services.vault.open_sealed(SealedFor::ClientSecret(client), &secret.sealed)?;
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| VaultError::Unreadable)?;
    Ok(Secret::new(text.to_owned()))
}

/// Reads a secret without leaving a copy that can be printed.
pub(super) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

impl ClientSecretDescriptor {
    fn new(secret: &ClientSecret, value: Option<String>) -> Self {
        Self {
            client_secret_id: secret.id.clone(),
            client_secret_value: value,
            client_secret_create_date: secret.created.fractional_seconds(),
        }
    }
}
