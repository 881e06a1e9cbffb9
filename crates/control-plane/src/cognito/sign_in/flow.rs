//! Starting a sign-in: `InitiateAuth`, `AdminInitiateAuth`, and which flows a client may use.

use claviger_resources::app_client::AppClient;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::configuration::texts;
use super::super::errors::Error;
use super::attempt::{Look, Through};
use super::error::SignInError;
use super::outcome::AuthOutput;
use super::parameters::Parameters;
use super::{choice, password, refresh, srp};
use crate::operation::{Access, Caller, Procedure};
use crate::services::Services;

/// Starts a sign-in, or renews tokens.
pub struct InitiateAuth;
/// Starts a sign-in on a user's behalf.
pub struct AdminInitiateAuth;

/// The members of `InitiateAuth`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InitiateAuthInput {
    auth_flow: AuthFlow,
    #[serde(default)]
    auth_parameters: Parameters,
    client_id: String,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "UserContextData")]
    _user_context_data: IgnoredAny,
    #[serde(default, rename = "Session")]
    _session: IgnoredAny,
}

/// The members of `AdminInitiateAuth`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminInitiateAuthInput {
    user_pool_id: String,
    client_id: String,
    auth_flow: AuthFlow,
    #[serde(default)]
    auth_parameters: Parameters,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "ContextData")]
    _context_data: IgnoredAny,
    #[serde(default, rename = "Session")]
    _session: IgnoredAny,
}

/// A way to tokens (`AuthFlow`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum AuthFlow {
    UserSrpAuth,
    RefreshTokenAuth,
    RefreshToken,
    CustomAuth,
    AdminNoSrpAuth,
    UserPasswordAuth,
    AdminUserPasswordAuth,
    UserAuth,
}

impl Procedure for InitiateAuth {
    const NAME: &'static str = "InitiateAuth";
    const ACCESS: Access = Access::Write;
    type Input = InitiateAuthInput;
    type Output = AuthOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<AuthOutput, Error> {
        let through = Through { pool: None, client: &input.client_id };
        start(services, caller, through, input.auth_flow, &input.auth_parameters).await
    }
}

impl Procedure for AdminInitiateAuth {
    const NAME: &'static str = "AdminInitiateAuth";
    const ACCESS: Access = Access::Write;
    type Input = AdminInitiateAuthInput;
    type Output = AuthOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<AuthOutput, Error> {
        let through = Through { pool: Some(&input.user_pool_id), client: &input.client_id };
        start(services, caller, through, input.auth_flow, &input.auth_parameters).await
    }
}

async fn start(
    services: &Services,
    caller: &Caller,
    through: Through<'_>,
    flow: AuthFlow,
    parameters: &Parameters,
) -> Result<AuthOutput, Error> {
    match flow {
        AuthFlow::CustomAuth => return Err(SignInError::CustomFlow.into()),
        AuthFlow::RefreshTokenAuth | AuthFlow::RefreshToken => {
            return refresh::renew(services, caller, through, parameters).await;
        }
        _ => {}
    }
    let look = Look {
        through,
        flow: Some(flow),
        username: parameters.required("USERNAME")?,
        secret_hash: parameters.secret("SECRET_HASH"),
    };
    match flow {
        AuthFlow::UserSrpAuth => srp::challenge(services, caller, look, parameters.required("SRP_A")?).await,
        AuthFlow::UserAuth => choice::start(services, caller, look, parameters).await,
        _ => password::sign_in(services, caller, look, parameters.required_secret("PASSWORD")?).await,
    }
}

impl AuthFlow {
    /// Refuses a flow that the client may not use (`ExplicitAuthFlows`), or that is only for administrators.
    pub(super) fn check(self, client: &AppClient, is_administrator: bool) -> Result<(), SignInError> {
        if !is_administrator && matches!(self, Self::AdminUserPasswordAuth | Self::AdminNoSrpAuth) {
            return Err(SignInError::FlowForAdministrators);
        }
        let flows: Vec<&str> = texts(&client.configuration, "ExplicitAuthFlows").collect();
        if self.is_allowed(&flows) {
            return Ok(());
        }
        Err(match self {
            Self::UserPasswordAuth => SignInError::PasswordFlowDisabled,
            Self::UserSrpAuth => SignInError::SrpFlowDisabled,
            _ => SignInError::FlowDisabled,
        })
    }

    /// Whether these flows, of the names with `ALLOW_` or of those before them, hold this one. None at all are SRP, challenges
    /// of functions, and renewal.
    fn is_allowed(self, flows: &[&str]) -> bool {
        let is_legacy = !flows.iter().any(|flow| flow.starts_with("ALLOW_"));
        let has = |name: &str| flows.contains(&name);
        match self {
            Self::UserSrpAuth if is_legacy => !has("CUSTOM_AUTH_FLOW_ONLY"),
            Self::UserSrpAuth => has("ALLOW_USER_SRP_AUTH"),
            Self::RefreshTokenAuth | Self::RefreshToken => is_legacy || has("ALLOW_REFRESH_TOKEN_AUTH"),
            Self::CustomAuth => is_legacy || has("ALLOW_CUSTOM_AUTH"),
            Self::AdminUserPasswordAuth | Self::AdminNoSrpAuth => {
                has("ALLOW_ADMIN_USER_PASSWORD_AUTH") || has("ADMIN_NO_SRP_AUTH")
            }
            Self::UserPasswordAuth => has("ALLOW_USER_PASSWORD_AUTH") || has("USER_PASSWORD_AUTH"),
            Self::UserAuth => has("ALLOW_USER_AUTH"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_the_flows_it_names() {
        use AuthFlow::{
            AdminNoSrpAuth, AdminUserPasswordAuth, CustomAuth, RefreshToken, RefreshTokenAuth, UserAuth,
            UserPasswordAuth, UserSrpAuth,
        };
        let all = [
            UserSrpAuth,
            RefreshTokenAuth,
            RefreshToken,
            CustomAuth,
            AdminNoSrpAuth,
            UserPasswordAuth,
            AdminUserPasswordAuth,
            UserAuth,
        ];
        let check = |flows: &[&str], expected: &[AuthFlow]| {
            let allowed: Vec<AuthFlow> = all.into_iter().filter(|flow| flow.is_allowed(flows)).collect();
            assert_eq!(allowed, expected, "{flows:?}");
        };
        check(&[], &[UserSrpAuth, RefreshTokenAuth, RefreshToken, CustomAuth]);
        check(&["ALLOW_USER_SRP_AUTH"], &[UserSrpAuth]);
        check(&["ALLOW_REFRESH_TOKEN_AUTH"], &[RefreshTokenAuth, RefreshToken]);
        check(&["ALLOW_USER_PASSWORD_AUTH"], &[UserPasswordAuth]);
        check(&["ALLOW_ADMIN_USER_PASSWORD_AUTH"], &[AdminNoSrpAuth, AdminUserPasswordAuth]);
        check(&["ALLOW_USER_AUTH"], &[UserAuth]);
        check(
            &["ADMIN_NO_SRP_AUTH"],
            &[UserSrpAuth, RefreshTokenAuth, RefreshToken, CustomAuth, AdminNoSrpAuth, AdminUserPasswordAuth],
        );
        check(&["CUSTOM_AUTH_FLOW_ONLY"], &[RefreshTokenAuth, RefreshToken, CustomAuth]);
        check(&["ALLOW_CLIENT_TOKEN_AUTH"], &[]);
    }
}
