//! Renewing tokens: the flow `REFRESH_TOKEN_AUTH`, and `GetTokensFromRefreshToken`.

use claviger_resources::Secret;
use claviger_runtime::sessions::refresh_token::RefreshToken;
use claviger_runtime::sessions::{self, Found, Renewal};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::super::errors::Error;
use super::super::user_error::UserError;
use super::super::{calling_client, client_secret};
use super::attempt::Through;
use super::error::SignInError;
use super::flow::AuthFlow;
use super::outcome::{AuthOutput, AuthenticationResult, issue};
use super::parameters::Parameters;
use super::secret;
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Exchanges a refresh token for new tokens.
pub struct GetTokensFromRefreshToken;

/// The members of `GetTokensFromRefreshToken`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTokensFromRefreshTokenInput {
    refresh_token: String,
    client_id: String,
    #[serde(default, deserialize_with = "client_secret::given")]
    client_secret: Option<Secret<String>>,
    #[serde(default, rename = "DeviceKey")]
    _device_key: IgnoredAny,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// What `GetTokensFromRefreshToken` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTokensFromRefreshTokenOutput {
    authentication_result: AuthenticationResult,
}

impl Procedure for GetTokensFromRefreshToken {
    const NAME: &'static str = "GetTokensFromRefreshToken";
    const ACCESS: Access = Access::Write;
    type Input = GetTokensFromRefreshTokenInput;
    type Output = GetTokensFromRefreshTokenOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let step =
            Exchange { client: &input.client_id, secret: input.client_secret.as_ref(), token: &input.refresh_token };
        let Renewal { grant, exchanged } = perform(services, &caller.tenant(), &step).await?;
        Ok(GetTokensFromRefreshTokenOutput { authentication_result: issue(services, &grant, exchanged).await? })
    }
}

/// Renews tokens in a sign-in's flow.
pub(super) async fn renew(
    services: &Services,
    caller: &Caller,
    through: Through<'_>,
    parameters: &Parameters,
) -> Result<AuthOutput, Error> {
    let step =
        Renew { through, secret_hash: parameters.secret("SECRET_HASH"), token: parameters.required("REFRESH_TOKEN")? };
    let Renewal { grant, .. } = perform(services, &caller.tenant(), &step).await?;
    Ok(issue(services, &grant, None::<RefreshToken>).await?.into())
}

/// Takes a refresh token of a client that keeps it.
struct Renew<'a> {
    through: Through<'a>,
    secret_hash: Option<&'a Secret<String>>,
    token: &'a str,
}

impl Step for Renew<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Renewal;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Renewal, Error> {
        let (client, _) = self.through.find(cx).await?;
        if client.refresh_token_rotation().is_some() {
            return Err(SignInError::RotationEnabled.into());
        }
        AuthFlow::RefreshToken.check(&client, self.through.pool.is_some())?;
        if !client.secrets.is_empty() && self.secret_hash.is_none() {
            return Err(UserError::SecretHashMissing(client.id.to_string()).into());
        }
        let found = sessions::find(cx.tx, &cx.services.vault, self.token, &client, cx.now).await?;
        check_secret_hash(cx, &client, self.secret_hash, &found)?;
        Ok(found.renew(cx.tx, &client, cx.now).await?)
    }
}

/// The refresh token names the user; clients make the hash with any name of that user they know.
fn check_secret_hash(
    cx: &Context<'_>,
    client: &claviger_resources::app_client::AppClient,
    given: Option<&Secret<String>>,
    found: &Found,
) -> Result<(), Error> {
    let user = &found.user;
    let aliases = user.aliases.iter().filter_map(|alias| alias.split_once('/').map(|(_, value)| value));
    let names = [user.username.as_str(), user.sub.as_str()].into_iter().chain(aliases);
    let mut outcome = Ok(());
    for name in names {
        outcome = calling_client::check_secret_hash(cx, client, given, name);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Takes a refresh token, and gives a new one in its place where the client's are exchanged.
struct Exchange<'a> {
    client: &'a str,
    secret: Option<&'a Secret<String>>,
    token: &'a str,
}

impl Step for Exchange<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Renewal;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Renewal, Error> {
        let (client, _) = calling_client::find(cx, self.client).await?;
        secret::check(cx, &client, self.secret)?;
        let found = sessions::find(cx.tx, &cx.services.vault, self.token, &client, cx.now).await?;
        Ok(found.renew(cx.tx, &client, cx.now).await?)
    }
}
