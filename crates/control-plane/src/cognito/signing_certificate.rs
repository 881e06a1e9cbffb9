//! The certificate with which a pool would sign its requests to SAML providers: `GetSigningCertificate`.
//!
//! It has nothing to do with the keys of tokens. Making its RSA key takes long, so a pool gets one when somebody first
//! asks; from then on it stays.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_oauth::jose::generate;
use claviger_resources::signing_certificate::SigningCertificate;
use claviger_resources::signing_key::SigningAlgorithm;
use claviger_resources::{Timestamp, UserPoolId};
use claviger_runtime::vault::SealedFor;
use claviger_store::{StoreError, TransactionExt};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, SerialNumber};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::errors::Error;
use super::user_pool::{self, UserPoolKey};
use crate::operation::{Access, Caller, Context, Operation, Step, perform};
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
/// Certificates are made one at a time: however many are asked for, one processor is busy with them.
static MAKING: Semaphore = Semaphore::const_new(1);

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
        let _turn = MAKING.acquire().await;
        // Whoever was before in the line may have asked for the same one.
        if perform(services, &tenant, &find).await?.is_some() {
            return Ok(());
        }
        let pool =
            UserPoolId::parse(&input.user_pool_id).map_err(|_| Error::UserPoolNotFound(input.user_pool_id.clone()))?;
        let mut serial = [0_u8; 16];
        services.random().fill(&mut serial);
        let (name, created) = (pool.to_string(), services.clock.now());
        let work = move || make(&name, created, serial);
        let made =
            tokio::task::spawn_blocking(work).await.map_err(|error| Error::SigningCertificate(error.into()))??;
        let sealed = services.vault.seal(
            SealedFor::SigningCertificate(&pool),
            made.key.serialized_der(),
            &mut *services.random(),
        )?;
        let record =
            SigningCertificate { pool, tenant: tenant.clone(), certificate: made.certificate, sealed, created };
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

struct Made {
    certificate: String,
    key: KeyPair,
}

/// Makes a key and a certificate that it signs itself.
fn make(pool: &str, now: Timestamp, mut serial: [u8; 16]) -> Result<Made, Error> {
    let failed = |error: rcgen::Error| Error::SigningCertificate(error.into());
    let private = generate(SigningAlgorithm::Rs256).map_err(|error| Error::SigningCertificate(error.into()))?;
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&private.as_slice().into(), &PKCS_RSA_SHA256).map_err(failed)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, pool);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.not_before = now.utc();
    params.not_after = Timestamp::from_milliseconds(now.milliseconds().saturating_add(VALID_MILLISECONDS)).utc();
    // A serial number is positive.
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let certificate = STANDARD.encode(params.self_signed(&key).map_err(failed)?.der());
    Ok(Made { certificate, key })
}
