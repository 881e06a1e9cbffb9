//! The certificate with which a pool would sign its requests to SAML providers: `GetSigningCertificate`.
//!
//! It has nothing to do with the keys of tokens. Making its RSA key takes long, so a pool gets one when somebody first
//! asks; from then on it stays.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::signing_certificate::SigningCertificate;
use claviger_resources::{Timestamp, UserPoolId};
use claviger_runtime::vault::SealedFor;
use claviger_store::{StoreError, TransactionExt};
use serde::Serialize;

use super::errors::Error;
use super::user_pool::{self, UserPoolKey};
use crate::operation::{Access, Caller, Context, Operation, Step, perform};
use crate::self_signed::{self, Wanted};
use crate::services::Services;

/// Shows a pool's signing certificate.
pub struct GetSigningCertificate;

/// What `GetSigningCertificate` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SigningCertificateOutput {
    certificate: String,
}

/// How long a certificate is valid: ten years of 365.25 days, in milliseconds (Amazon Cognito, "SAML signing and
/// encryption").
const VALID_MILLISECONDS: i64 = 10 * 31_557_600_000;

impl Operation for GetSigningCertificate {
    const NAME: &'static str = "GetSigningCertificate";
    const ACCESS: Access = Access::Read;
    type Input = UserPoolKey;
    type Output = SigningCertificateOutput;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut UserPoolKey) -> Result<(), Error> {
        let (tenant, find) = (caller.tenant(), Find(&input.user_pool_id));
        if perform(services, &tenant, &find).await?.is_some() {
            return Ok(());
        }
        let pool =
            UserPoolId::parse(&input.user_pool_id).map_err(|_| Error::UserPoolNotFound(input.user_pool_id.clone()))?;
        let created = services.clock.now();
        let wanted = Wanted {
            common_name: pool.to_string(),
            from: created,
            until: Timestamp::from_milliseconds(created.milliseconds().saturating_add(VALID_MILLISECONDS)),
            purposes: Vec::new(),
        };
        let is_missing = async { Ok::<_, Error>(perform(services, &tenant, &find).await?.is_none()) };
        let Some(made) = self_signed::make(wanted, services.random(), is_missing).await? else { return Ok(()) };
        let sealed = services.vault.seal(
            SealedFor::SigningCertificate(&pool),
            made.key.serialized_der(),
            &mut *services.random(),
        )?;
        let certificate = STANDARD.encode(made.certificate.der());
        let record = SigningCertificate { pool, tenant: tenant.clone(), certificate, sealed, created };
        perform(services, &tenant, &Keep(record)).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let found = Find(&input.user_pool_id).run(cx).await?;
        let certificate = found.ok_or_else(|| Error::UserPoolNotFound(input.user_pool_id.clone()))?;
        Ok(SigningCertificateOutput { certificate })
    }
}

/// Looks for a pool's certificate.
struct Find<'a>(&'a str);

impl Step for Find<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Option<String>, Error> {
        let pool = user_pool::find(cx, self.0).await?;
        let found = cx.tx.find::<SigningCertificate>(cx.tenant, "", pool.id.as_str()).await?;
        Ok(found.map(|found| found.record.certificate))
    }
}

/// Keeps a new certificate, unless the pool is gone or another node was quicker.
struct Keep(SigningCertificate);

impl Step for Keep {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        user_pool::find(cx, self.0.pool.as_str()).await?;
        match cx.tx.insert(&self.0).await {
            Ok(()) | Err(StoreError::AlreadyExists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
