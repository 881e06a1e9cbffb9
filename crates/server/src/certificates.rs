//! Certificates from files: found by the name that a client asks for, and read again when the files change.

use std::collections::HashMap;
use std::fmt;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use claviger_resources::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::CertificateFiles;

/// How long before its end a certificate is complained about.
const WARNING: Duration = Duration::from_hours(14 * 24);

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A file holds nothing of what it should.
    #[error("{} holds no {what} in PEM form", path.display())]
    Malformed { path: PathBuf, what: &'static str },
    /// Others may read the key.
    #[error("{} can be read by others (mode {mode:o}); run: chmod 600 {}", path.display(), path.display())]
    Exposed { path: PathBuf, mode: u32 },
    /// TLS cannot work with the key.
    #[error("the key in {} is of a kind that TLS does not use", path.display())]
    UnknownKey { path: PathBuf },
    /// The two do not belong together.
    #[error("the key in {} is not that of the certificate in {}", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    /// The certificate names nothing that clients could ask for.
    #[error("the certificate in {} names no host (subjectAltName)", path.display())]
    Nameless { path: PathBuf },
    /// Its time is over, or has not begun.
    #[error("the certificate in {} {}", path.display(), if *is_over { "has expired" } else { "is not valid yet" })]
    Dates { path: PathBuf, is_over: bool },
}

/// A certificate with its chain and key.
pub(crate) struct Loaded {
    path: PathBuf,
    names: Vec<String>,
    key: Arc<CertifiedKey>,
    not_before: i64,
    not_after: i64,
}

/// The certificates of a server.
pub(crate) struct Certificates {
    files: Vec<CertificateFiles>,
    current: ArcSwap<ByName>,
    /// What the files looked like when they were read.
    seen: Mutex<Vec<Option<Appearance>>>,
}

/// What changes with a file's contents.
type Appearance = (u64, i64, i64, u64);

#[derive(Default)]
struct ByName {
    /// Host names in lower case, `*.` in front of those that stand for one label more.
    names: HashMap<String, Arc<CertifiedKey>>,
    first: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads all of them.
    pub(crate) fn read(files: Vec<CertificateFiles>, now: Timestamp) -> Result<Arc<Self>, CertificateError> {
        let seen = Mutex::new(appearances(&files));
        let current = ArcSwap::from_pointee(ByName::read(&files, now)?);
        Ok(Arc::new(Self { files, current, seen }))
    }

    /// Reads all of them again if one of the files has changed; tells whether that was so. When one of them cannot be used,
    /// all stay as they were.
    pub(crate) fn renew(&self, now: Timestamp) -> Result<bool, CertificateError> {
        let found = appearances(&self.files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == found {
            return Ok(false);
        }
        // What cannot be used is not tried again before it has changed once more.
        *seen = found;
        self.current.store(Arc::new(ByName::read(&self.files, now)?));
        Ok(true)
    }

    /// The TLS configuration that shows them.
    pub(crate) fn tls(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        server_config(Arc::clone(self) as Arc<dyn ResolvesServerCert>)
    }
}

/// The TLS configuration of a server whose certificates are found there.
pub(crate) fn server_config(certificates: Arc<dyn ResolvesServerCert>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = provider::Ticketer::new()?;
    Ok(Arc::new(config))
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current.load().find(hello.server_name())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ByName {
    fn read(files: &[CertificateFiles], now: Timestamp) -> Result<Self, CertificateError> {
        let mut all = Self::default();
        for files in files {
            let loaded = load(files)?;
            loaded.warn(now);
            let Loaded { names, key, .. } = loaded;
            all.first.get_or_insert_with(|| Arc::clone(&key));
            for name in names {
                // Of two for one name the earlier counts.
                all.names.entry(name).or_insert_with(|| Arc::clone(&key));
            }
        }
        Ok(all)
    }

    /// The certificate for a name, with `*` for its first label where there is none of its own; the first of all for
    /// clients that ask for no name, or for one that nobody has.
    fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let named = name.and_then(|name| {
            let name = name.to_ascii_lowercase();
            let parent = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
            self.names.get(&name).or_else(|| self.names.get(&parent?))
        });
        named.or(self.first.as_ref()).cloned()
    }
}

impl Loaded {
    /// That its time has come and is not over.
    pub(crate) fn check_dates(&self, now: Timestamp) -> Result<(), CertificateError> {
        let now = now.seconds();
        if now > self.not_after || now < self.not_before {
            return Err(CertificateError::Dates { path: self.path.clone(), is_over: now > self.not_after });
        }
        Ok(())
    }

    /// How long it is still good for.
    pub(crate) fn seconds_left(&self, now: Timestamp) -> i64 {
        self.not_after - now.seconds()
    }

    /// Complains when it will soon be of no use, or is of none already.
    fn warn(&self, now: Timestamp) {
        let (certificate, left) = (self.path.display(), self.seconds_left(now));
        if left < WARNING.as_secs().cast_signed() {
            let days = left.div_euclid(24 * 60 * 60);
            tracing::warn!(%certificate, days, "a certificate expires soon; renew it");
        }
    }
}

/// Reads a certificate with its chain and its key, and holds the one against the other.
pub(crate) fn load(files: &CertificateFiles) -> Result<Loaded, CertificateError> {
    let CertificateFiles { certificate, key } = files;
    let unreadable = |path: &Path, source| CertificateError::Unreadable { path: path.to_owned(), source };
    let pem = std::fs::read(certificate).map_err(|error| unreadable(certificate, error))?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, pem::Error>>().unwrap_or_default();
    let malformed = |path: &Path, what| CertificateError::Malformed { path: path.to_owned(), what };
    let leaf = chain.first().ok_or_else(|| malformed(certificate, "certificate"))?;
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| malformed(certificate, "certificate"))?;
    let names = host_names(&parsed);
    if names.is_empty() {
        return Err(CertificateError::Nameless { path: certificate.clone() });
    }
    let (not_before, not_after) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    let mode = std::fs::metadata(key).map_err(|error| unreadable(key, error))?.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(CertificateError::Exposed { path: key.clone(), mode });
    }
    let pem = zeroize::Zeroizing::new(std::fs::read(key).map_err(|error| unreadable(key, error))?);
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| malformed(key, "private key"))?;
    let signer =
        provider::sign::any_supported_type(&private).map_err(|_| CertificateError::UnknownKey { path: key.clone() })?;
    let certified = CertifiedKey::new(chain.clone(), signer);
    if certified.keys_match().is_err() {
        return Err(CertificateError::Mismatch { certificate: certificate.clone(), key: key.clone() });
    }
    Ok(Loaded { path: certificate.clone(), names, key: Arc::new(certified), not_before, not_after })
}

/// The host names and addresses that a certificate is for.
fn host_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = alternative.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        // Clients that connect to an address ask for no name, so nobody looks for it.
        GeneralName::IPAddress(_) => Some(String::new()),
        _ => None,
    });
    names.collect()
}

fn appearances(files: &[CertificateFiles]) -> Vec<Option<Appearance>> {
    let look = |path: &Path| {
        let found: Option<Metadata> = std::fs::metadata(path).ok();
        found.map(|it| (it.ino(), it.mtime(), it.mtime_nsec(), it.len()))
    };
    files.iter().flat_map(|files| [look(&files.certificate), look(&files.key)]).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair};
    use tempfile::TempDir;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    /// Writes a certificate for these names, and its key, under a name of their own.
    fn write(directory: &TempDir, name: &str, hosts: &[&str]) -> CertificateFiles {
        let key = KeyPair::generate().unwrap();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let certificate = CertificateParams::new(hosts).unwrap().self_signed(&key).unwrap();
        let files = CertificateFiles {
            certificate: directory.path().join(format!("{name}.pem")),
            key: directory.path().join(format!("{name}.key")),
        };
        fs::write(&files.certificate, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
        files
    }

    fn leaf(certificates: &Certificates, name: Option<&str>) -> Vec<u8> {
        certificates.current.load().find(name).unwrap().cert.first().unwrap().to_vec()
    }

    #[test]
    fn clients_get_the_certificate_for_the_name_they_ask_for() {
        let directory = tempfile::tempdir().unwrap();
        let first = write(&directory, "first", &["auth.example.com", "127.0.0.1"]);
        let second = write(&directory, "second", &["*.api.example.com", "api.example.com"]);
        let certificates = Certificates::read(vec![first.clone(), second.clone()], NOW).unwrap();
        let der = |files: &CertificateFiles| load(files).unwrap().key.cert.first().unwrap().to_vec();
        let (first, second) = (der(&first), der(&second));
        let check = |name: Option<&str>, expected: &[u8]| assert_eq!(leaf(&certificates, name), expected, "{name:?}");
        check(Some("auth.example.com"), &first);
        check(Some("AUTH.Example.com"), &first);
        check(Some("api.example.com"), &second);
        check(Some("v1.api.example.com"), &second);
        check(Some("a.v1.api.example.com"), &first);
        check(Some("elsewhere.example"), &first);
        check(None, &first);
    }

    #[test]
    fn files_that_change_are_read_again_and_those_that_cannot_be_used_change_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let files = write(&directory, "it", &["auth.example.com"]);
        let certificates = Certificates::read(vec![files.clone()], NOW).unwrap();
        let before = leaf(&certificates, None);
        assert!(!certificates.renew(NOW).unwrap());
        fs::write(&files.certificate, "nothing").unwrap();
        assert!(matches!(certificates.renew(NOW), Err(CertificateError::Malformed { what: "certificate", .. })));
        assert!(!certificates.renew(NOW).unwrap(), "the same files are not tried twice");
        assert_eq!(leaf(&certificates, None), before);
        write(&directory, "it", &["auth.example.com"]);
        assert!(certificates.renew(NOW).unwrap());
        assert_ne!(leaf(&certificates, None), before);
    }

    #[test]
    fn refuses_what_cannot_be_shown_to_clients() {
        let directory = tempfile::tempdir().unwrap();
        let good = write(&directory, "good", &["auth.example.com"]);
        let other = write(&directory, "other", &["auth.example.com"]);
        let nameless = write(&directory, "nameless", &[]);
        let check = |certificate: &Path, key: &Path, expected: &str| {
            let files = CertificateFiles { certificate: certificate.to_owned(), key: key.to_owned() };
            let message = load(&files).err().unwrap().to_string();
            assert!(message.ends_with(expected), "{message}");
        };
        let missing = directory.path().join("missing.pem");
        check(&missing, &good.key, "missing.pem cannot be read: No such file or directory (os error 2)");
        check(&good.certificate, &missing, "missing.pem cannot be read: No such file or directory (os error 2)");
        check(&good.key, &good.key, "good.key holds no certificate in PEM form");
        check(&good.certificate, &good.certificate, "good.pem");
        check(&good.certificate, &other.key, "good.pem");
        check(&nameless.certificate, &nameless.key, "nameless.pem names no host (subjectAltName)");
        fs::write(&other.key, "nothing").unwrap();
        check(&other.certificate, &other.key, "other.key holds no private key in PEM form");
    }

    #[test]
    fn a_certificate_has_its_time() {
        let directory = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["auth.example.com".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 12, 31);
        let files = write(&directory, "it", &["auth.example.com"]);
        fs::write(&files.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        let loaded = load(&files).unwrap();
        let check = |seconds: i64, expected: Option<&str>| {
            let found = loaded.check_dates(Timestamp::from_seconds(seconds)).err();
            let found = found.map(|error| error.to_string());
            assert_eq!(found.as_deref().map(|text| text.split(".pem ").last().unwrap()), expected);
        };
        check(1_780_000_000, None);
        check(1_700_000_000, Some("is not valid yet"));
        check(1_900_000_000, Some("has expired"));
    }
}
