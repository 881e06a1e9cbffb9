//! TLS with other servers: whose certificates are believed, and which certificate is shown to them.

use std::sync::{Arc, OnceLock};

use claviger_gateway::backend_verification::Verification;
use claviger_resources::client_certificate::ClientCertificate;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use crate::vault::{SealedFor, Vault, VaultError};

/// What TLS with a server is to be like.
#[derive(Clone, Default)]
pub struct Tls {
    any_issuer: bool,
    /// The name that the server's certificate must be for; the host that is called where there is none.
    name: Option<ServerName<'static>>,
    certificate: Option<Arc<CertifiedKey>>,
}

/// Why there can be no TLS of some kind.
#[derive(Debug, thiserror::Error)]
pub enum UnusableTls {
    /// No server can be called so.
    #[error("no server can have the name {name}")]
    Name {
        /// What it would be called.
        name: Box<str>,
        /// What is wrong with that.
        #[source]
        source: InvalidDnsNameError,
    },
    /// The vault cannot open the key of the client certificate.
    #[error("the key of the client certificate cannot be opened")]
    Sealed(#[from] VaultError),
    /// The client certificate cannot be read.
    #[error("the client certificate cannot be read")]
    Certificate(#[from] pem::Error),
    /// The key of the client certificate cannot be read.
    #[error("the key of the client certificate cannot be read")]
    Key(#[from] Error),
}

impl Tls {
    /// TLS with a server that proves so who it is.
    pub fn verifying(verification: &Verification) -> Result<Self, UnusableTls> {
        Ok(match verification {
            Verification::Host => Self::default(),
            Verification::AnyIssuer => Self { any_issuer: true, ..Self::default() },
            Verification::Name(name) => {
                let unusable = |source| UnusableTls::Name { name: name.clone(), source };
                Self { name: Some(ServerName::try_from(name.to_string()).map_err(unusable)?), ..Self::default() }
            }
        })
    }

    /// The same, and a server that asks for a certificate is shown this one.
    pub fn showing(self, certificate: &ClientCertificate, vault: &Vault) -> Result<Self, UnusableTls> {
        let key = vault.open_sealed(SealedFor::ClientCertificate(&certificate.id), &certificate.sealed)?;
        let key = any_supported_type(&PrivatePkcs8KeyDer::from(key.expose().as_slice()).into())?;
        let shown = CertificateDer::from_pem_slice(certificate.pem.as_bytes())?;
        Ok(Self { certificate: Some(Arc::new(CertifiedKey::new(vec![shown], key))), ..self })
    }

    /// The name that the server's certificate must be for; `None` for the host that is called.
    pub(super) fn name(&self) -> Option<ServerName<'static>> {
        self.name.clone()
    }

    /// The configuration of connections.
    pub(super) fn config(&self) -> ClientConfig {
        self.config_with(system_roots())
    }

    fn config_with(&self, roots: impl Into<Arc<RootCertStore>>) -> ClientConfig {
        let builder = ClientConfig::builder();
        let builder = if self.any_issuer {
            let algorithms = builder.crypto_provider().signature_verification_algorithms;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(OfAnyIssuer { algorithms }))
        } else {
            builder.with_root_certificates(roots)
        };
        match &self.certificate {
            Some(shown) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(shown)))),
            None => builder.with_no_client_auth(),
        }
    }
}

/// The system's root certificates, read when they are first needed.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in system.errors {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "some root certificates of the system cannot be read"
            );
        }
        roots.add_parsable_certificates(system.certs);
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(read))
}

/// Believes certificates of any issuer that are else as they should be.
#[derive(Debug)]
struct OfAnyIssuer {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for OfAnyIssuer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        // Time and purpose are looked at before the issuer, and here nobody is one.
        let nobody = RootCertStore::empty();
        verify_server_cert_signed_by_trust_anchor(&certificate, &nobody, &[], now, self.algorithms.all)
            .or_else(|error| if is_about_issuer(&error) { Ok(()) } else { Err(error) })?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether nothing is wrong with a certificate but who issued it: somebody unknown, or it itself as an authority's.
fn is_about_issuer(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
        Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
            cause.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::ServerConfig;
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// A server's certificate with what stands above it, and its key.
    struct Shown {
        chain: Vec<CertificateDer<'static>>,
        key: KeyPair,
    }

    fn params(name: &str) -> CertificateParams {
        CertificateParams::new(vec![name.to_owned()]).unwrap()
    }

    /// A certificate that signs itself.
    fn own(params: &CertificateParams) -> Shown {
        let key = KeyPair::generate().unwrap();
        Shown { chain: vec![params.self_signed(&key).unwrap().into()], key }
    }

    fn expired() -> CertificateParams {
        let mut params = params("storms.test");
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        params
    }

    fn of_authority(mut params: CertificateParams) -> CertificateParams {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    /// An authority, and a certificate that it issued for `storms.test`.
    fn issued() -> (CertificateDer<'static>, Shown) {
        let (authority, authority_key) = (of_authority(params("authority.test")), KeyPair::generate().unwrap());
        let root: CertificateDer<'static> = authority.self_signed(&authority_key).unwrap().into();
        let key = KeyPair::generate().unwrap();
        let leaf = params("storms.test").signed_by(&key, &Issuer::from_params(&authority, &authority_key)).unwrap();
        (root.clone(), Shown { chain: vec![leaf.into(), root], key })
    }

    /// Whether a client that trusts these roots and calls this host believes a server.
    async fn believes(
        verification: &Verification,
        roots: &[&CertificateDer<'static>],
        shown: &Shown,
        host: &str,
    ) -> bool {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add((*root).clone()).unwrap();
        }
        let tls = Tls::verifying(verification).unwrap();
        let name = tls.name().unwrap_or_else(|| ServerName::try_from(host.to_owned()).unwrap());
        let key = PrivatePkcs8KeyDer::from(shown.key.serialize_der()).into();
        let server = ServerConfig::builder().with_no_client_auth().with_single_cert(shown.chain.clone(), key).unwrap();
        let (near, far) = tokio::io::duplex(65_536);
        let accepting = tokio::spawn(async move { TlsAcceptor::from(Arc::new(server)).accept(far).await.is_ok() });
        let connector = TlsConnector::from(Arc::new(tls.config_with(store)));
        let believed = connector.connect(name, near).await.is_ok();
        accepting.await.unwrap();
        believed
    }

    #[tokio::test]
    async fn the_host_is_believed_with_a_known_issuer_alone() {
        let (root, shown) = issued();
        let host = Verification::Host;
        assert!(believes(&host, &[&root], &shown, "storms.test").await);
        assert!(!believes(&host, &[&root], &shown, "other.test").await);
        assert!(!believes(&host, &[], &shown, "storms.test").await);
        assert!(!believes(&host, &[&root], &own(&params("storms.test")), "storms.test").await);
    }

    #[tokio::test]
    async fn another_name_takes_the_place_of_the_host() {
        let (root, shown) = issued();
        let storms = Verification::Name("storms.test".into());
        assert!(believes(&storms, &[&root], &shown, "192.0.2.1").await);
        assert!(!believes(&Verification::Name("other.test".into()), &[&root], &shown, "storms.test").await);
        assert!(!believes(&storms, &[], &shown, "storms.test").await);
        assert!(Tls::verifying(&Verification::Name("no name".into())).is_err());
    }

    #[tokio::test]
    async fn of_any_issuer_everything_else_must_be_right() {
        let any = Verification::AnyIssuer;
        let (root, shown) = issued();
        for roots in [&[][..], &[&root]] {
            assert!(believes(&any, roots, &shown, "storms.test").await);
            assert!(!believes(&any, roots, &shown, "other.test").await);
        }
        let check = async |params: &CertificateParams, host: &str, expected: bool| {
            assert_eq!(believes(&any, &[&root], &own(params), host).await, expected, "{params:?} {host}");
        };
        check(&params("storms.test"), "storms.test", true).await;
        check(&params("storms.test"), "other.test", false).await;
        check(&of_authority(params("storms.test")), "storms.test", true).await;
        check(&of_authority(params("storms.test")), "other.test", false).await;
        check(&expired(), "storms.test", false).await;
        check(&of_authority(expired()), "storms.test", false).await;
    }
}
