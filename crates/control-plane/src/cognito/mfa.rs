//! Multi-factor settings of a pool: `GetUserPoolMfaConfig`, `SetUserPoolMfaConfig`.
//!
//! A second factor is never asked for, because no user can set one up. That is true to `OPTIONAL`. A pool with `ON` serves
//! machines as any other does, and lets none of its users sign in.

use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::configuration::{Configuration, at, text};
use super::errors::Error;
use super::user_pool::{self, UserPoolKey};
use crate::operation::{Access, Context, Operation};

/// Shows a pool's multi-factor settings; Terraform asks for them on every read of a pool.
pub struct GetUserPoolMfaConfig;
/// Sets a pool's multi-factor settings.
pub struct SetUserPoolMfaConfig;

/// The member of a pool's configuration that keeps what only `SetUserPoolMfaConfig` sets; no description shows it.
pub(super) const MEMBER: &str = "UserPoolMfaConfig";

/// The members of `SetUserPoolMfaConfig`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetUserPoolMfaConfigInput {
    user_pool_id: String,
    mfa_configuration: Option<Mfa>,
    sms_mfa_configuration: Option<Configuration>,
    software_token_mfa_configuration: Option<Value>,
    email_mfa_configuration: Option<Value>,
    web_authn_configuration: Option<Value>,
}

/// Whether users are asked for a second factor.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Mfa {
    Off,
    On,
    Optional,
}

/// What both answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MfaConfigOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_mfa_configuration: Option<Configuration>,
    #[serde(flatten)]
    others: Configuration,
    mfa_configuration: String,
}

/// Whether every user of the pool has to give a second factor.
pub(super) fn is_required(configuration: &Configuration) -> bool {
    text(configuration, &["MfaConfiguration"]) == Some("ON")
}

impl Operation for GetUserPoolMfaConfig {
    const NAME: &'static str = "GetUserPoolMfaConfig";
    const ACCESS: Access = Access::Read;
    type Input = UserPoolKey;
    type Output = MfaConfigOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(MfaConfigOutput::new(&user_pool::find(cx, &input.user_pool_id).await?.configuration))
    }
}

impl Operation for SetUserPoolMfaConfig {
    const NAME: &'static str = "SetUserPoolMfaConfig";
    const ACCESS: Access = Access::Write;
    type Input = SetUserPoolMfaConfigInput;
    type Output = MfaConfigOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut pool = user_pool::find(cx, &input.user_pool_id).await?;
        input.apply(&mut pool.configuration);
        pool.modified = cx.now;
        cx.tx.replace(&pool).await?;
        Ok(MfaConfigOutput::new(&pool.configuration))
    }
}

impl SetUserPoolMfaConfigInput {
    /// Writes the settings over a pool's; what is left out stays.
    fn apply(&self, configuration: &mut Configuration) {
        if let Some(mfa) = self.mfa_configuration {
            configuration.insert("MfaConfiguration".to_owned(), json!(mfa));
        }
        // Texts and the way to send them are settings of the pool as well.
        for (member, value) in self.sms_mfa_configuration.iter().flatten() {
            configuration.insert(member.clone(), value.clone());
        }
        let mut kept = at(configuration, &[MEMBER]).and_then(Value::as_object).cloned().unwrap_or_default();
        for (member, given) in [
            ("SoftwareTokenMfaConfiguration", &self.software_token_mfa_configuration),
            ("EmailMfaConfiguration", &self.email_mfa_configuration),
            ("WebAuthnConfiguration", &self.web_authn_configuration),
        ] {
            kept.extend(given.as_ref().map(|given| (member.to_owned(), given.clone())));
        }
        configuration.insert(MEMBER.to_owned(), kept.into());
    }
}

impl MfaConfigOutput {
    fn new(configuration: &Configuration) -> Self {
        let mfa = text(configuration, &["MfaConfiguration"]).unwrap_or("OFF");
        let sms = configuration.get("SmsConfiguration").filter(|_| mfa != "OFF").map(|sms| {
            let mut shown = Configuration::new();
            shown.extend(
                configuration
                    .get("SmsAuthenticationMessage")
                    .map(|message| ("SmsAuthenticationMessage".to_owned(), message.clone())),
            );
            shown.insert("SmsConfiguration".to_owned(), sms.clone());
            shown
        });
        let others = at(configuration, &[MEMBER]).and_then(Value::as_object).cloned().unwrap_or_default();
        Self { sms_mfa_configuration: sms, others, mfa_configuration: mfa.to_owned() }
    }
}
