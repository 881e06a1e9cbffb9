//! The proxy of `claviger exec`: AWS's names are answered here, everything else is passed on untouched.
//!
//! It serves `dev` only and peers on this machine only; [`crate::routing`] decides that before anything here runs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::header::{self, HeaderMap, HeaderName};
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use crate::application;
use crate::connection::Watched;
use crate::listener::{self, Session};
use crate::outbound::{self, OutboundError, Upstream};
use crate::routing::{RequestHead, Route};
use claviger_data_plane::body::{Body, StreamError};

/// Headers that speak of one connection and end with it (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("proxy-connection"),
];

/// Answers `CONNECT`: opens a tunnel that ends here, or one to the server that the client names.
pub(crate) async fn connect(session: &Arc<Session>, mut request: Request<Incoming>) -> Response<Body> {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let head = match RequestHead::of(&parts) {
        Ok(head) => head,
        Err(error) => return application::refusal(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match session.front.application().route(&head, &session.connection) {
        // A tunnel within a tunnel would let one connection grow without bound.
        Route::TunnelHere | Route::TunnelElsewhere if session.connection.tunnelled => {
            application::refusal(StatusCode::BAD_REQUEST, "this is already a tunnel")
        }
        Route::TunnelHere => {
            let mut connection = session.connection.clone();
            connection.tunnelled = true;
            let (front, requests) = (Arc::clone(&session.front), session.requests.clone());
            let inner = Session { front, connection, requests, ends: AtomicBool::new(false) };
            tokio::spawn(async move {
                if let Ok(upgraded) = upgrade.await {
                    listener::serve_tunnel(upgraded, inner).await;
                }
            });
            Response::new(Body::Empty)
        }
        Route::TunnelElsewhere => {
            let (host, port) = (head.host(), head.port().unwrap_or(443));
            let remote = match Upstream::chained(&parts.headers) {
                Ok(upstream) => outbound::tunnel(host, port, upstream.as_ref()).await,
                Err(error) => Err(error),
            };
            match remote {
                Ok(remote) => {
                    let session = Arc::clone(session);
                    tokio::spawn(async move {
                        // While the tunnel is open its connection is in use, however silent.
                        let _open = session.requests.start();
                        let idle_max = session.front.limits().tunnel_idle_max;
                        let mut remote = Watched::both_ways(remote, idle_max);
                        if let Ok(upgraded) = upgrade.await {
                            let mut client = TokioIo::new(upgraded);
                            let _ = tokio::io::copy_bidirectional(&mut client, &mut remote).await;
                        }
                    });
                    Response::new(Body::Empty)
                }
                Err(error) => bad_gateway(&error),
            }
        }
        _ => refusal(),
    }
}

/// Passes a request in absolute form on to the server that it names.
pub(crate) async fn forward(request: Request<Incoming>) -> Response<Body> {
    match try_forward(request).await {
        Ok(response) => response,
        Err(error) => bad_gateway(&error),
    }
}

/// The answer to those who may not use the proxy.
pub(crate) fn refusal() -> Response<Body> {
    application::refusal(StatusCode::FORBIDDEN, "the proxy serves `claviger dev` and programs on the same machine only")
}

async fn try_forward(request: Request<Incoming>) -> Result<Response<Body>, OutboundError> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().cloned().ok_or(OutboundError::Target)?;
    let is_https = parts.uri.scheme_str() == Some("https");
    let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let upstream = Upstream::chained(&parts.headers)?;
    remove_hop_by_hop(&mut parts.headers);
    let host_line = HeaderValue::from_str(authority.as_str()).map_err(|_| OutboundError::Target)?;
    parts.headers.insert(header::HOST, host_line);
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    let stream = if let (Some(upstream), false) = (&upstream, is_https) {
        // The next proxy wants the whole URL too.
        if let Some(authorization) = upstream.authorization() {
            parts.headers.insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        upstream.connect().await?
    } else {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        parts.uri = Uri::try_from(path).map_err(|_| OutboundError::Target)?;
        let stream = outbound::tunnel(host, port, upstream.as_ref()).await?;
        if is_https { outbound::encrypt(stream, host).await? } else { stream }
    };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (mut parts, body) = sender.send_request(Request::from_parts(parts, body)).await?.into_parts();
    remove_hop_by_hop(&mut parts.headers);
    Ok(Response::from_parts(parts, Body::stream(body.map_err(StreamError::from))))
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

fn bad_gateway(error: &OutboundError) -> Response<Body> {
    tracing::debug!(error = error as &dyn std::error::Error, "the proxy could not reach a server");
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    application::refusal(StatusCode::BAD_GATEWAY, &message)
}
