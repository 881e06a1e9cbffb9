//! Certificates that sign themselves, each with an RSA key of its own.

use std::future::Future;

use claviger_oauth::jose::generate;
use claviger_resources::signing_key::SigningAlgorithm;
use claviger_resources::{Random, Timestamp};
use rcgen::{
    Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, SerialNumber,
};
use tokio::sync::Semaphore;

/// Certificates are made one at a time: however many are asked for, one processor is busy with them.
static MAKING: Semaphore = Semaphore::const_new(1);

/// What a certificate is to say.
pub(crate) struct Wanted {
    pub(crate) common_name: String,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    /// What its key may be used for beyond signing.
    pub(crate) purposes: Vec<ExtendedKeyUsagePurpose>,
}

/// A certificate and its key.
pub(crate) struct Made {
    pub(crate) certificate: Certificate,
    pub(crate) key: KeyPair,
}

/// Why a certificate could not be made.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Makes a key, which takes long, and a certificate that it signs itself. `is_needed` is awaited once it is this one's turn:
/// whoever was before in the line may have made the same.
pub(crate) async fn make<E: From<Failed>>(
    wanted: Wanted,
    random: Box<dyn Random>,
    is_needed: impl Future<Output = Result<bool, E>>,
) -> Result<Option<Made>, E> {
    let _turn = MAKING.acquire().await;
    if !is_needed.await? {
        return Ok(None);
    }
    let mut serial = [0_u8; 16];
    { random }.fill(&mut serial);
    let made =
        tokio::task::spawn_blocking(move || sign(wanted, serial)).await.map_err(|error| E::from(error.into()))?;
    Ok(Some(made?))
}

fn sign(wanted: Wanted, mut serial: [u8; 16]) -> Result<Made, Failed> {
    let private = generate(SigningAlgorithm::Rs256)?;
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&private.as_slice().into(), &PKCS_RSA_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, wanted.common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = wanted.purposes;
    params.not_before = wanted.from.utc();
    params.not_after = wanted.until.utc();
    // A serial number is positive.
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(Made { certificate: params.self_signed(&key)?, key })
}
