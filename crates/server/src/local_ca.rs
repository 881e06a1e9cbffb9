//! The local certificate authority: makes a certificate for each name that a client asks for, on the spot.
//!
//! It exists so that hard-coded `https://…amazonaws.com` addresses can be answered on a laptop. Its key never leaves the
//! data directory, and nothing installs its certificate anywhere: `claviger exec` hands it to one command.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType, SerialNumber,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use time::{Duration, OffsetDateTime};

use crate::certificates::server_config;

/// How many names' certificates are remembered.
const REMEMBERED_MAX: usize = 1024;
/// Clients whose clock runs behind must not find a certificate from the future.
const BACK_DATED: Duration = Duration::days(2);
const AUTHORITY_VALID: Duration = Duration::days(3650);
/// Below the 398 days that Apple's clients accept.
const LEAF_VALID: Duration = Duration::days(397);

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum LocalAuthorityError {
    /// A file of the data directory could not be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The stored key is no key.
    #[error("{} holds no usable private key; delete it and a new authority is made", path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The key could not be made ready for TLS.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}

/// A certificate authority for this machine.
pub struct LocalAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    leaf_key: KeyPair,
    leaf_signer: Arc<dyn SigningKey>,
    remembered: Mutex<HashMap<Box<str>, Arc<CertifiedKey>>>,
    unnamed: Arc<CertifiedKey>,
}

impl LocalAuthority {
    /// Opens the authority kept in `directory` (`ca.pem`, and `ca.key` with mode 0600), or makes it.
    pub fn open(directory: &Path) -> Result<Self, LocalAuthorityError> {
        let key_path = directory.join("ca.key");
        let key = match std::fs::read_to_string(&key_path) {
            Ok(pem) => KeyPair::from_pem(&pem).map_err(|_| LocalAuthorityError::Key { path: key_path })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = KeyPair::generate()?;
                write(&key_path, key.serialize_pem().as_bytes(), 0o600)?;
                key
            }
            Err(source) => return Err(LocalAuthorityError::File { path: key_path, source }),
        };
        let params = authority_params(&key);
        let certificate_path = directory.join("ca.pem");
        let certificate_pem = match std::fs::read_to_string(&certificate_path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = params.self_signed(&key)?.pem();
                write(&certificate_path, pem.as_bytes(), 0o644)?;
                pem
            }
            Err(source) => return Err(LocalAuthorityError::File { path: certificate_path, source }),
        };
        Self::new(Issuer::new(params, key), certificate_pem)
    }

    /// Makes an authority that is gone with the process.
    pub fn ephemeral() -> Result<Self, LocalAuthorityError> {
        let key = KeyPair::generate()?;
        let params = authority_params(&key);
        let certificate_pem = params.self_signed(&key)?.pem();
        Self::new(Issuer::new(params, key), certificate_pem)
    }

    fn new(issuer: Issuer<'static, KeyPair>, certificate_pem: String) -> Result<Self, LocalAuthorityError> {
        let leaf_key = KeyPair::generate()?;
        let leaf_der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let leaf_signer = provider::sign::any_supported_type(&leaf_der)?;
        let unnamed = certify(&issuer, &leaf_key, &leaf_signer, vec!["localhost".to_owned()])?;
        Ok(Self { issuer, certificate_pem, leaf_key, leaf_signer, remembered: Mutex::default(), unnamed })
    }

    /// The authority's own certificate, for trust bundles.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The TLS configuration that answers for every name.
    pub fn tls(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        server_config(Arc::clone(self) as Arc<dyn ResolvesServerCert>)
    }

    /// The certificate for exactly this name; `None` when the name cannot stand in one.
    fn certificate_for(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        if name == "localhost" {
            return Some(Arc::clone(&self.unnamed));
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = remembered.get(name) {
            return Some(Arc::clone(known));
        }
        let made = certify(&self.issuer, &self.leaf_key, &self.leaf_signer, vec![name.to_owned()])
            .inspect_err(|error| tracing::warn!(%error, name, "no certificate for this name"))
            .ok()?;
        // A laptop sees a handful of names; whoever asks for thousands pays for making them anew.
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(name.into(), Arc::clone(&made));
        Some(made)
    }
}

impl ResolvesServerCert for LocalAuthority {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match hello.server_name() {
            Some(name) => self.certificate_for(&name.to_ascii_lowercase()),
            None => Some(Arc::clone(&self.unnamed)),
        }
    }
}

impl fmt::Debug for LocalAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAuthority").finish_non_exhaustive()
    }
}

/// The authority's parameters follow from its key alone, so that a stored certificate and a reopened key agree.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let identifier: String =
        params.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    // Verifiers look authorities up by name, and a machine may trust several of ours.
    params.distinguished_name.push(DnType::CommonName, format!("Claviger local authority {identifier}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = now();
    params.not_before = now - BACK_DATED;
    params.not_after = now + AUTHORITY_VALID;
    params
}

/// Makes a certificate for `names`; one for `localhost` also names the loopback addresses.
fn certify(
    issuer: &Issuer<'static, KeyPair>,
    key: &KeyPair,
    signer: &Arc<dyn SigningKey>,
    names: Vec<String>,
) -> Result<Arc<CertifiedKey>, LocalAuthorityError> {
    let is_localhost = names.iter().any(|name| name == "localhost");
    let mut params = CertificateParams::new(names)?;
    if is_localhost {
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
    }
    params.distinguished_name.push(DnType::CommonName, "Claviger");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    // All leaves share one key, and a number derived from it would make them look like one certificate.
    let mut serial = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| rcgen::Error::RingUnspecified)?;
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let now = now();
    params.not_before = now - BACK_DATED;
    params.not_after = now + LEAF_VALID;
    let certificate: CertificateDer<'static> = params.signed_by(key, issuer)?.into();
    Ok(Arc::new(CertifiedKey::new(vec![certificate], Arc::clone(signer))))
}

/// The clients' clock decides whether a certificate is valid, so this is the machine's own time and never the one that
/// `dev` can move.
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Writes a file that is whole or not there, with its mode from the first moment.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), LocalAuthorityError> {
    let attempt = || {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let unfinished = path.with_extension("new");
        let _ = std::fs::remove_file(&unfinished);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    };
    attempt().map_err(|source| LocalAuthorityError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn reopens_the_same_authority() {
        let directory = tempfile::tempdir().unwrap();
        let first = LocalAuthority::open(directory.path()).unwrap();
        let second = LocalAuthority::open(directory.path()).unwrap();
        assert_eq!(first.certificate_pem(), second.certificate_pem());
        let mode = std::fs::metadata(directory.path().join("ca.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn says_which_key_file_is_broken() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.key"), "no key").unwrap();
        let error = LocalAuthority::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains("ca.key") && error.contains("delete it"), "{error}");
    }

    #[test]
    fn remembers_certificates_up_to_a_bound() {
        let authority = LocalAuthority::ephemeral().unwrap();
        let first = authority.certificate_for("a.example").unwrap();
        assert!(Arc::ptr_eq(&first, &authority.certificate_for("a.example").unwrap()));
        for number in 0..REMEMBERED_MAX {
            authority.certificate_for(&format!("n{number}.example")).unwrap();
        }
        assert!(authority.remembered.lock().unwrap().len() <= REMEMBERED_MAX);
    }
}
