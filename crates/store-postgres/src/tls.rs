//! TLS to the server, by rustls.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::client::TlsStream as Encrypted;

/// The protocol's name in TLS, which servers of version 17 ask for.
const ALPN: &[u8] = b"postgresql";

/// Why TLS to the database cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {}", file.display())]
pub(crate) struct UnusableFile {
    file: PathBuf,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

/// Makes encrypted connections to servers that prove who they are.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Reads the certificates that the settings name, `roots` being those of the authorities (`None` for the system's).
    pub(crate) fn read(
        verifies_name: bool,
        roots: Option<&Path>,
        certificate: Option<&(PathBuf, PathBuf)>,
    ) -> Result<Self, UnusableFile> {
        let roots = Arc::new(match roots {
            Some(file) => read_roots(file)?,
            None => system_roots(),
        });
        let builder = ClientConfig::builder();
        let builder = if verifies_name {
            builder.with_root_certificates(roots)
        } else {
            let algorithms = builder.crypto_provider().signature_verification_algorithms;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(OfAnyName { roots, algorithms }))
        };
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some((file, key)) => {
                let chain = read_certificates(file)?;
                let key_file = key;
                let key = PrivateKeyDer::from_pem_file(key_file).map_err(|error| unusable(key_file, error))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| unusable(file, error))?
            }
        };
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

fn unusable(file: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> UnusableFile {
    UnusableFile { file: file.to_owned(), source: source.into() }
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, UnusableFile> {
    let certificates = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| unusable(file, error))?;
    if certificates.is_empty() { Err(unusable(file, "it holds no certificate")) } else { Ok(certificates) }
}

fn read_roots(file: &Path) -> Result<RootCertStore, UnusableFile> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(file)? {
        roots.add(certificate).map_err(|error| unusable(file, error))?;
    }
    Ok(roots)
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in system.errors {
        tracing::warn!(error = &error as &dyn Error, "some root certificates of the system cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    roots
}

/// Believes certificates of the right authority whatever host they are for (`verify-ca`).
#[derive(Debug)]
struct OfAnyName {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for OfAnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let (roots, algorithms) = (&self.roots, self.algorithms.all);
        verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Connector;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connector, Self::Error> {
        Ok(Connector { config: Arc::clone(&self.0), host: ServerName::try_from(host.to_owned())? })
    }
}

/// Makes one connection.
pub(crate) struct Connector {
    config: Arc<ClientConfig>,
    host: ServerName<'static>,
}

impl<S> TlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, socket: S) -> Self::Future {
        let connecting = tokio_rustls::TlsConnector::from(self.config).connect(self.host, socket);
        Box::pin(async move { connecting.await.map(|stream| Stream(Box::new(stream))) })
    }
}

/// An encrypted connection.
pub(crate) struct Stream<S>(Box<Encrypted<S>>);

impl<S> fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    /// None: the certificate is verified, so that nobody can stand in between.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}
