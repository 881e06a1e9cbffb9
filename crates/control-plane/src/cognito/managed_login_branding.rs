//! Managed login branding: `CreateManagedLoginBranding`, `DescribeManagedLoginBranding`,
//! `DescribeManagedLoginBrandingByClient`, `UpdateManagedLoginBranding`, `DeleteManagedLoginBranding`.
//!
//! Styles are kept and shown for the tools that set them. There are no login pages to wear them, and no defaults of
//! Cognito's to merge in: what was not customised is shown as empty.

use claviger_resources::managed_login_branding::ManagedLoginBranding;
use claviger_resources::quotas::Quota;
use claviger_resources::{ClientId, UserPoolId, random};
use claviger_store::{Name, Namespace, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::Error;
use super::{app_client, quota, user_pool};
use crate::operation::{Access, Context, Operation};

/// Gives an app client a branding style.
pub struct CreateManagedLoginBranding;
/// Shows a branding style.
pub struct DescribeManagedLoginBranding;
/// Shows the branding style of an app client.
pub struct DescribeManagedLoginBrandingByClient;
/// Changes a branding style.
pub struct UpdateManagedLoginBranding;
/// Takes a branding style from its app client.
pub struct DeleteManagedLoginBranding;

/// The members of `CreateManagedLoginBranding`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateManagedLoginBrandingInput {
    user_pool_id: String,
    client_id: String,
    #[serde(flatten)]
    style: Style,
}

/// The members of `UpdateManagedLoginBranding`. AWS's shapes require none; the operation needs the first two.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateManagedLoginBrandingInput {
    user_pool_id: Option<String>,
    managed_login_branding_id: Option<String>,
    #[serde(flatten)]
    style: Style,
}

/// How pages are to look.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Style {
    use_cognito_provided_values: Option<bool>,
    settings: Option<Value>,
    assets: Option<Vec<Value>>,
}

/// The members of `DescribeManagedLoginBranding`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeManagedLoginBrandingInput {
    user_pool_id: String,
    managed_login_branding_id: String,
    #[serde(default)]
    return_merged_resources: bool,
}

/// The members of `DescribeManagedLoginBrandingByClient`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeManagedLoginBrandingByClientInput {
    user_pool_id: String,
    client_id: String,
    #[serde(default)]
    return_merged_resources: bool,
}

/// The members of `DeleteManagedLoginBranding`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedLoginBrandingKey {
    user_pool_id: String,
    managed_login_branding_id: String,
}

/// What operations that show a branding style answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedLoginBrandingOutput {
    managed_login_branding: Description,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    managed_login_branding_id: String,
    user_pool_id: UserPoolId,
    use_cognito_provided_values: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assets: Option<Vec<Value>>,
    creation_date: f64,
    last_modified_date: f64,
}

impl Operation for CreateManagedLoginBranding {
    const NAME: &'static str = "CreateManagedLoginBranding";
    const ACCESS: Access = Access::Write;
    type Input = CreateManagedLoginBrandingInput;
    type Output = ManagedLoginBrandingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ManagedLoginBrandingOutput::new(create(cx, input).await?, false))
    }
}

impl Operation for DescribeManagedLoginBranding {
    const NAME: &'static str = "DescribeManagedLoginBranding";
    const ACCESS: Access = Access::Read;
    type Input = DescribeManagedLoginBrandingInput;
    type Output = ManagedLoginBrandingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let branding = find(cx, &input.user_pool_id, &input.managed_login_branding_id).await?;
        Ok(ManagedLoginBrandingOutput::new(branding.record, input.return_merged_resources))
    }
}

impl Operation for DescribeManagedLoginBrandingByClient {
    const NAME: &'static str = "DescribeManagedLoginBrandingByClient";
    const ACCESS: Access = Access::Read;
    type Input = DescribeManagedLoginBrandingByClientInput;
    type Output = ManagedLoginBrandingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let client = app_client::find(cx, &input.user_pool_id, &input.client_id).await?;
        let branding = find_of_client(cx, &client.id).await?;
        let branding = branding.ok_or_else(|| Error::AppClientUnbranded(client.id.to_string()))?;
        Ok(ManagedLoginBrandingOutput::new(branding.record, input.return_merged_resources))
    }
}

impl Operation for UpdateManagedLoginBranding {
    const NAME: &'static str = "UpdateManagedLoginBranding";
    const ACCESS: Access = Access::Write;
    type Input = UpdateManagedLoginBrandingInput;
    type Output = ManagedLoginBrandingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ManagedLoginBrandingOutput::new(update(cx, input).await?, false))
    }
}

impl Operation for DeleteManagedLoginBranding {
    const NAME: &'static str = "DeleteManagedLoginBranding";
    const ACCESS: Access = Access::Write;
    type Input = ManagedLoginBrandingKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let branding = find(cx, &input.user_pool_id, &input.managed_login_branding_id).await?;
        cx.tx.delete(&branding.record).await?;
        Ok(())
    }
}

/// Gives an app client a branding style.
pub async fn create(
    cx: &mut Context<'_>,
    input: &CreateManagedLoginBrandingInput,
) -> Result<ManagedLoginBranding, Error> {
    let client = app_client::find(cx, &input.user_pool_id, &input.client_id).await?.record;
    input.style.check()?;
    if find_of_client(cx, &client.id).await?.is_some() {
        return Err(Error::BrandingExists(client.id.to_string()));
    }
    let brandings = cx.tx.count_of::<ManagedLoginBranding>(cx.tenant, client.pool.as_str()).await?;
    quota::check_room(cx, Quota::Brandings, brandings)?;
    let mut branding = ManagedLoginBranding {
        id: random::uuid(cx.random),
        pool: client.pool,
        client: client.id,
        tenant: cx.tenant.clone(),
        created: cx.now,
        modified: cx.now,
        use_cognito_provided_values: false,
        settings: None,
        assets: Vec::new(),
    };
    input.style.apply(&mut branding);
    match cx.tx.insert(&branding).await {
        Ok(()) => Ok(branding),
        Err(StoreError::NameTaken { .. }) => Err(Error::BrandingExists(branding.client.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Changes a branding style; what is left out stays, and Cognito's own style replaces everything.
pub async fn update(
    cx: &mut Context<'_>,
    input: &UpdateManagedLoginBrandingInput,
) -> Result<ManagedLoginBranding, Error> {
    let pool = input.user_pool_id.as_deref().ok_or(Error::MemberRequired("userPoolId"))?;
    let id = input.managed_login_branding_id.as_deref().ok_or(Error::MemberRequired("managedLoginBrandingId"))?;
    let mut branding = find(cx, pool, id).await?;
    input.style.check()?;
    input.style.apply(&mut branding.record);
    branding.modified = cx.now;
    cx.tx.replace(&branding).await?;
    Ok(branding.record)
}

/// The branding style of this pool and id.
pub async fn find(cx: &mut Context<'_>, pool: &str, id: &str) -> Result<Stored<ManagedLoginBranding>, Error> {
    let pool = user_pool::find(cx, pool).await?;
    let branding = cx.tx.find(cx.tenant, pool.id.as_str(), id).await?;
    branding.ok_or_else(|| Error::BrandingNotFound(id.to_owned()))
}

/// Deletes the branding style of an app client, where it has one.
pub(super) async fn delete_of_client(cx: &mut Context<'_>, client: &ClientId) -> Result<(), Error> {
    if let Some(branding) = find_of_client(cx, client).await? {
        cx.tx.delete(&branding.record).await?;
    }
    Ok(())
}

async fn find_of_client(
    cx: &mut Context<'_>,
    client: &ClientId,
) -> Result<Option<Stored<ManagedLoginBranding>>, Error> {
    Ok(cx.tx.find_named(&Name::new(Namespace::BrandedClient, client.as_str())).await?)
}

impl Style {
    fn check(&self) -> Result<(), Error> {
        let customised = self.settings.is_some() || self.assets.is_some();
        if self.use_cognito_provided_values == Some(true) && customised { Err(Error::BrandingProvided) } else { Ok(()) }
    }

    fn apply(&self, branding: &mut ManagedLoginBranding) {
        if self.use_cognito_provided_values == Some(true) {
            branding.settings = None;
            branding.assets.clear();
        }
        branding.settings = self.settings.clone().or_else(|| branding.settings.take());
        branding.assets = self.assets.clone().unwrap_or_else(|| std::mem::take(&mut branding.assets));
        branding.use_cognito_provided_values = branding.settings.is_none() && branding.assets.is_empty();
    }
}

impl ManagedLoginBrandingOutput {
    /// What was customised; `merged` shows the rest too, which is empty.
    fn new(branding: ManagedLoginBranding, merged: bool) -> Self {
        let assets = Some(branding.assets).filter(|assets| merged || !assets.is_empty());
        Self {
            managed_login_branding: Description {
                managed_login_branding_id: branding.id,
                user_pool_id: branding.pool,
                use_cognito_provided_values: branding.use_cognito_provided_values,
                settings: branding.settings.or_else(|| merged.then(|| json!({}))),
                assets,
                creation_date: branding.created.fractional_seconds(),
                last_modified_date: branding.modified.fractional_seconds(),
            },
        }
    }
}
