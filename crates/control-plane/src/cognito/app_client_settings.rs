//! What an app client's settings may say together, and how they are shown.

use claviger_resources::app_client::{AppClient, OAuthFlow, ValidityUnit};
use claviger_resources::quotas::Quota;
use claviger_resources::resource_server::ResourceServer;
use claviger_resources::user_pool::UserPool;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::configuration::{Configuration, at, fill, is_true, number, text, texts};
use super::errors::Error;
use super::quota;
use super::schema;
use crate::operation::Context;

/// What creating and updating an app client set alike.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppClientSettings {
    #[serde(rename = "AllowedOAuthFlowsUserPoolClient", default)]
    oauth_enabled: bool,
    #[serde(rename = "AllowedOAuthFlows")]
    oauth_flows: Option<Vec<OAuthFlow>>,
    #[serde(rename = "AllowedOAuthScopes")]
    oauth_scopes: Option<Vec<String>>,
    access_token_validity: Option<u32>,
    #[serde(default)]
    token_validity_units: TokenValidityUnits,
    #[serde(flatten)]
    configuration: Configuration,
}

/// The units in which validities are given.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
struct TokenValidityUnits {
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<ValidityUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<ValidityUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<ValidityUnit>,
}

/// The scopes that say something about a user, and so nothing to a machine.
const USER_SCOPES: [&str; 5] = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];
/// The auth flow of `GetClientToken`.
const CLIENT_TOKEN_AUTH: &str = "ALLOW_CLIENT_TOKEN_AUTH";
/// Seconds an access or ID token may live (Amazon Cognito, "Understanding user pool JSON web tokens").
const TOKEN_SECONDS: std::ops::RangeInclusive<u64> = 300..=86_400;
/// Seconds a refresh token may live: 60 minutes to 3,650 days.
const REFRESH_TOKEN_SECONDS: std::ops::RangeInclusive<u64> = 3_600..=315_360_000;
/// The validity of a refresh token that names none, in its unit.
const REFRESH_TOKEN_VALIDITY: u32 = 30;
/// The validity of an access or ID token that names a unit and no number.
const TOKEN_VALIDITY: u32 = 1;

impl AppClientSettings {
    /// Refuses settings that contradict each other or name what the pool does not have.
    pub(super) async fn check(&self, cx: &mut Context<'_>, pool: &UserPool, has_secret: bool) -> Result<(), Error> {
        self.check_quotas(cx)?;
        self.check_validities()?;
        check_auth_flows(&self.configuration, has_secret)?;
        check_attributes(&self.configuration, pool)?;
        check_analytics(&self.configuration)?;
        check_providers(&self.configuration, pool)?;
        self.check_flows(has_secret)?;
        self.check_redirects()?;
        self.check_scopes(cx, pool).await
    }

    /// Writes the settings over a client's old ones: what is left out returns to its default.
    pub(super) fn apply(&self, client: &mut AppClient) {
        let units = self.token_validity_units;
        client.oauth_enabled = self.oauth_enabled;
        client.oauth_flows = self.oauth_flows.as_deref().map(distinct);
        client.oauth_scopes = self.oauth_scopes.as_deref().map(distinct);
        client.access_token_validity = self.access_token_validity.or(units.access_token.map(|_| TOKEN_VALIDITY));
        client.access_token_unit = units.access_token;
        client.configuration.clone_from(&self.configuration);
        if units.id_token.is_some() {
            fill(&mut client.configuration, json!({"IdTokenValidity": TOKEN_VALIDITY}));
        }
        client
            .configuration
            .insert("TokenValidityUnits".to_owned(), json!(TokenValidityUnits { access_token: None, ..units }));
        // Zero has always meant the default.
        if number(&client.configuration, &["RefreshTokenValidity"]) == Some(0) {
            client.configuration.remove("RefreshTokenValidity");
        }
    }

    fn check_quotas(&self, cx: &Context<'_>) -> Result<(), Error> {
        quota::check_len(cx, Quota::ScopesOfAppClient, self.scopes().len())?;
        quota::check_len(cx, Quota::CallbackUrls, texts(&self.configuration, "CallbackURLs").count())?;
        quota::check_len(cx, Quota::LogoutUrls, texts(&self.configuration, "LogoutURLs").count())
    }

    fn check_validities(&self) -> Result<(), Error> {
        let units = self.token_validity_units;
        let configured =
            |member| number(&self.configuration, &[member]).map(|validity| u32::try_from(validity).unwrap_or(u32::MAX));
        let seconds = |validity: Option<u32>, unit: Option<ValidityUnit>| {
            (validity.is_some() || unit.is_some()).then(|| {
                u64::from(validity.unwrap_or(TOKEN_VALIDITY)) * u64::from(unit.unwrap_or(ValidityUnit::Hours).seconds())
            })
        };
        let refresh = configured("RefreshTokenValidity").filter(|validity| *validity != 0);
        let refresh_seconds = u64::from(refresh.unwrap_or(REFRESH_TOKEN_VALIDITY))
            * u64::from(units.refresh_token.unwrap_or(ValidityUnit::Days).seconds());
        let in_range = [
            seconds(self.access_token_validity, units.access_token),
            seconds(configured("IdTokenValidity"), units.id_token),
        ]
        .into_iter()
        .flatten()
        .all(|seconds| TOKEN_SECONDS.contains(&seconds))
            && REFRESH_TOKEN_SECONDS.contains(&refresh_seconds);
        if in_range { Ok(()) } else { Err(Error::TokenValidity) }
    }

    fn check_flows(&self, has_secret: bool) -> Result<(), Error> {
        let (flows, scopes) = (self.flows(), self.scopes());
        if self.oauth_enabled && (flows.is_empty() || scopes.is_empty()) {
            return Err(Error::OAuthFlowsAndScopesRequired);
        }
        if !flows.contains(&OAuthFlow::ClientCredentials) {
            return Ok(());
        }
        if flows.iter().any(|flow| *flow != OAuthFlow::ClientCredentials) {
            return Err(Error::ClientCredentialsAlone);
        }
        if !has_secret {
            return Err(Error::ClientCredentialsSecret);
        }
        match scopes.iter().find(|scope| USER_SCOPES.contains(&scope.as_str())) {
            Some(scope) => Err(Error::ClientCredentialsScope(scope.clone())),
            None => Ok(()),
        }
    }

    fn check_redirects(&self) -> Result<(), Error> {
        let mut callbacks = texts(&self.configuration, "CallbackURLs").peekable();
        let users_return = self.flows().iter().any(|flow| matches!(flow, OAuthFlow::Code | OAuthFlow::Implicit));
        if users_return && callbacks.peek().is_none() {
            return Err(Error::CallbackUrlsRequired);
        }
        let default = text(&self.configuration, &["DefaultRedirectURI"]);
        if default.is_some_and(|default| !texts(&self.configuration, "CallbackURLs").any(|url| url == default)) {
            return Err(Error::DefaultRedirectUri);
        }
        match callbacks.chain(texts(&self.configuration, "LogoutURLs")).find(|url| is_clear_text_abroad(url)) {
            Some(url) => Err(Error::HttpUrl(url.to_owned())),
            None => Ok(()),
        }
    }

    /// Scopes that were there once and are gone now are refused too, when a client is updated.
    async fn check_scopes(&self, cx: &mut Context<'_>, pool: &UserPool) -> Result<(), Error> {
        let mut known: Option<ResourceServer> = None;
        for scope in self.scopes().iter().filter(|scope| !USER_SCOPES.contains(&scope.as_str())) {
            let undefined = || Error::ScopeNotDefined(scope.clone());
            // Names of scopes hold no slash, identifiers may.
            let (identifier, name) = scope.rsplit_once('/').ok_or_else(undefined)?;
            if known.as_ref().is_none_or(|server| server.identifier != identifier) {
                let found = cx.tx.find::<ResourceServer>(cx.tenant, pool.id.as_str(), identifier).await?;
                known = found.map(|found| found.record);
            }
            let defined = known.as_ref().is_some_and(|server| server.scopes.iter().any(|scope| scope.name == name));
            if !defined {
                return Err(undefined());
            }
        }
        Ok(())
    }

    fn flows(&self) -> &[OAuthFlow] {
        self.oauth_flows.as_deref().unwrap_or_default()
    }

    fn scopes(&self) -> &[String] {
        self.oauth_scopes.as_deref().unwrap_or_default()
    }
}

/// A client's settings as a description shows them.
pub(super) fn shown(client: &AppClient) -> Configuration {
    let mut shown = client.configuration.clone();
    let typed = [
        ("AllowedOAuthFlows", client.oauth_flows.as_ref().map(|flows| json!(flows))),
        ("AllowedOAuthScopes", client.oauth_scopes.as_ref().map(|scopes| json!(scopes))),
        ("AccessTokenValidity", client.access_token_validity.map(Value::from)),
        ("TokenValidityUnits", client.access_token_unit.map(|unit| json!({"AccessToken": unit}))),
    ];
    for (member, value) in typed {
        if let Some(value) = value {
            fill(&mut shown, json!({ member: value }));
        }
    }
    fill(
        &mut shown,
        json!({
            "RefreshTokenValidity": REFRESH_TOKEN_VALIDITY,
            "TokenValidityUnits": {},
            "AllowedOAuthFlowsUserPoolClient": client.oauth_enabled,
            "EnableTokenRevocation": true,
            "EnablePropagateAdditionalUserContextData": false,
            "AuthSessionValidity": 3,
            "ClientType": "REGULAR",
        }),
    );
    shown
}

fn check_auth_flows(configuration: &Configuration, has_secret: bool) -> Result<(), Error> {
    let flows: Vec<&str> = texts(configuration, "ExplicitAuthFlows").collect();
    let named_anew = flows.iter().filter(|flow| flow.starts_with("ALLOW_")).count();
    if named_anew != 0 && named_anew != flows.len() {
        return Err(Error::LegacyAuthFlows);
    }
    if flows.contains(&CLIENT_TOKEN_AUTH) {
        if flows.iter().any(|flow| *flow != CLIENT_TOKEN_AUTH) {
            return Err(Error::ClientTokenAuthAlone);
        }
        if !has_secret {
            return Err(Error::SecretRequired(CLIENT_TOKEN_AUTH));
        }
    }
    if is_true(configuration, &["EnablePropagateAdditionalUserContextData"]) && !has_secret {
        return Err(Error::SecretRequired("EnablePropagateAdditionalUserContextData"));
    }
    Ok(())
}

fn check_attributes(configuration: &Configuration, pool: &UserPool) -> Result<(), Error> {
    let unknown = |member| texts(configuration, member).any(|name| !schema::has(&pool.configuration, name));
    if unknown("ReadAttributes") {
        return Err(Error::ReadAttributes);
    }
    if unknown("WriteAttributes") { Err(Error::WriteAttributes) } else { Ok(()) }
}

fn check_analytics(configuration: &Configuration) -> Result<(), Error> {
    let has = |member| at(configuration, &["AnalyticsConfiguration", member]).is_some();
    let by_id = [has("ApplicationId"), has("RoleArn"), has("ExternalId")];
    match (configuration.contains_key("AnalyticsConfiguration"), has("ApplicationArn"), by_id) {
        (false, _, _) | (true, true, [false, _, false]) | (true, false, [true, true, true]) => Ok(()),
        _ => Err(Error::Analytics),
    }
}

/// A pool has no provider but itself.
fn check_providers(configuration: &Configuration, pool: &UserPool) -> Result<(), Error> {
    match texts(configuration, "SupportedIdentityProviders").find(|provider| *provider != "COGNITO") {
        Some(provider) => Err(Error::ProviderNotFound { provider: provider.to_owned(), pool: pool.id.clone() }),
        None => Ok(()),
    }
}

/// Whether a redirect would cross a network in clear.
fn is_clear_text_abroad(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    if !scheme.eq_ignore_ascii_case("http") {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let name = match host.strip_prefix("[::1]") {
        Some(_) => "[::1]",
        None => host.split(':').next().unwrap_or_default(),
    };
    !["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

/// The values in their order, each once: AWS keeps these lists as sets.
fn distinct<T: Clone + PartialEq>(given: &[T]) -> Vec<T> {
    let mut kept = Vec::with_capacity(given.len());
    for value in given {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redirects_to_this_machine_may_be_in_clear() {
        let check = |url, expected| assert_eq!(is_clear_text_abroad(url), expected, "{url}");
        check("https://example.com/callback", false);
        check("myapp://callback", false);
        check("http://localhost", false);
        check("http://localhost:3000/callback?a=b", false);
        check("http://127.0.0.1:8080/", false);
        check("http://[::1]:8080/", false);
        check("http://example.com", true);
        check("HTTP://example.com", true);
        check("http://localhost.example.com", true);
        check("http://localhost@example.com/", true);
        check("http://example.com/@localhost", true);
        check("http://[::2]/", true);
        check("http://", true);
        check("no url", false);
    }
}
