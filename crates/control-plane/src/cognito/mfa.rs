//! Multi-factor settings of a pool: `GetUserPoolMfaConfig`.

use serde::Serialize;

use super::configuration::{Configuration, text};
use super::errors::Error;
use super::user_pool::{self, UserPoolKey};
use crate::operation::{Access, Context, Operation};

/// Shows a pool's multi-factor settings; Terraform asks for them on every read of a pool.
pub struct GetUserPoolMfaConfig;

/// What `GetUserPoolMfaConfig` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MfaConfigOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_mfa_configuration: Option<Configuration>,
    mfa_configuration: String,
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
        Self { sms_mfa_configuration: sms, mfa_configuration: mfa.to_owned() }
    }
}
