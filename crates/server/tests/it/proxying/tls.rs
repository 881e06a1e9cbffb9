//! Backends over TLS: what they must prove, and what they are shown.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_server::node::{Options, Place};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{NETWORK, Proxied, soon};
use crate::stack::request;
use crate::support::Server;

/// A backend over TLS that answers every request with the certificate it was shown, in base64.
struct TlsBackend {
    url: String,
}

impl TlsBackend {
    /// A backend with a certificate of its own, which demands one of these where there are some.
    async fn start(params: CertificateParams, demanded: &[&ClientCertificate]) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let builder = ServerConfig::builder();
        let builder = if demanded.is_empty() {
            builder.with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            for certificate in demanded {
                roots.add(certificate.der.clone()).unwrap();
            }
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        };
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let config = builder.with_single_cert(vec![certificate.into()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        converse(stream).await;
                    }
                });
            }
        });
        Self { url }
    }
}

async fn converse(stream: TlsStream<TcpStream>) {
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let body = shown.map(|shown| STANDARD.encode(shown)).unwrap_or_default();
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if !stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                return;
            }
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// A client certificate that was made through the API.
struct ClientCertificate {
    id: String,
    der: CertificateDer<'static>,
}

impl ClientCertificate {
    async fn make(server: &Server) -> Self {
        let made = server.ask(request("POST", "/clientcertificates", &[], "{}")).await.json();
        let pem = made["pemEncodedCertificate"].as_str().unwrap();
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        Self { id: made["clientCertificateId"].as_str().unwrap().to_owned(), der }
    }
}

/// Changes which certificate the API's stage shows.
async fn show(api: &Proxied<'_>, certificate: &str) {
    let operation = json!({ "op": "replace", "path": "/clientCertificateId", "value": certificate });
    let body = json!({ "patchOperations": [operation] }).to_string();
    let target = format!("/restapis/{}/stages/prod", api.id);
    let changed = api.server.ask(request("PATCH", &target, &[], &body)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

async fn ask(api: &Proxied<'_>) -> (u16, String) {
    let target = format!("{}/x", api.stage);
    let reply = soon(api.server.ask(request("GET", &target, &[("Host", &api.host())], ""))).await;
    (reply.status.as_u16(), reply.body)
}

fn for_localhost() -> CertificateParams {
    CertificateParams::new(vec!["localhost".to_owned()]).unwrap()
}

fn of_any_issuer() -> Value {
    json!({ "tlsConfig": { "insecureSkipVerification": true } })
}

#[tokio::test]
async fn a_backend_is_shown_the_certificate_of_the_stage() {
    let server = Server::dev();
    let [first, second, other] = [
        ClientCertificate::make(&server).await,
        ClientCertificate::make(&server).await,
        ClientCertificate::make(&server).await,
    ];
    let backend = TlsBackend::start(for_localhost(), &[&first, &second]).await;
    let mapped = json!({ "type": "http", "httpMethod": "GET", "responses": { "default": { "statusCode": "200" } },
        "tlsConfig": { "insecureSkipVerification": true } });
    for members in [of_any_issuer(), mapped] {
        let method = json!({ "responses": { "200": { "description": "" } } });
        let api = Proxied::rest_with(&server, &backend.url, method, members).await;
        let refused = (504, NETWORK.to_owned());
        assert_eq!(ask(&api).await, refused);
        for shown in [&first, &second, &first] {
            show(&api, &shown.id).await;
            assert_eq!(ask(&api).await, (200, STANDARD.encode(&shown.der)));
        }
        // No connection that another certificate has opened is used.
        show(&api, &other.id).await;
        assert_eq!(ask(&api).await, refused);
        show(&api, "").await;
        assert_eq!(ask(&api).await, refused);
    }
}

#[tokio::test]
async fn a_certificate_that_is_gone_is_missed() {
    let server = Server::dev();
    let certificate = ClientCertificate::make(&server).await;
    let backend = TlsBackend::start(for_localhost(), &[]).await;
    let api = Proxied::rest_with(&server, &backend.url, json!({}), of_any_issuer()).await;
    show(&api, &certificate.id).await;
    // It is for backends that ask.
    assert_eq!(ask(&api).await, (200, String::new()));
    let target = format!("/clientcertificates/{}", certificate.id);
    assert_eq!(server.ask(request("DELETE", &target, &[], "")).await.status, 202);
    assert_eq!(ask(&api).await, (500, r#"{"message": "Internal server error"}"#.to_owned()));
}

#[tokio::test]
async fn a_certificate_is_shown_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Directory(directory.path().to_owned());
    let server = Server::with_node(&place, Options::default());
    let certificate = ClientCertificate::make(&server).await;
    let backend = TlsBackend::start(for_localhost(), &[&certificate]).await;
    let api = Proxied::rest_with(&server, &backend.url, json!({}), of_any_issuer()).await;
    show(&api, &certificate.id).await;
    let (id, stage) = (api.id, api.stage);
    server.stop().await;
    let server = Server::with_node(&place, Options::default());
    let api = Proxied { server: &server, id, stage };
    assert_eq!(ask(&api).await, (200, STANDARD.encode(&certificate.der)));
}

#[tokio::test]
async fn a_backend_must_prove_who_it_is() {
    let server = Server::dev();
    let check = async |params: CertificateParams, members: Value, expected: u16| {
        let backend = TlsBackend::start(params.clone(), &[]).await;
        let api = Proxied::rest_with(&server, &backend.url, json!({}), members.clone()).await;
        assert_eq!(ask(&api).await.0, expected, "{params:?} {members}");
    };
    check(for_localhost(), of_any_issuer(), 200).await;
    check(for_localhost(), json!({}), 504).await;
    check(for_localhost(), json!({ "tlsConfig": { "insecureSkipVerification": false } }), 504).await;
    check(CertificateParams::new(vec!["other.test".to_owned()]).unwrap(), of_any_issuer(), 504).await;
    let mut expired = for_localhost();
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    check(expired, of_any_issuer(), 504).await;
}
