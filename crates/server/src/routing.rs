//! Where a request goes: one port serves many hosts, and [`route`] alone decides between them.
//!
//! The rows are tried in order and the first that matches wins; `routing/tests.rs` holds a case for each row and for each
//! pair of rows that could both match. Nothing here does I/O: the one row that needs a body answers [`Route::Form`], and
//! the caller asks [`form_service`] once it has read it.
//!
//! A web page may send requests to any address from the browser of whoever looks at it. What would let it read or change
//! a laptop's secrets (control plane, reset, clock, messages, explain) is therefore refused when the request's `Origin` is
//! foreign, and in `dev`, where signatures prove nothing, when its host is a name that a stranger could have pointed
//! here.

mod head;
mod hosts;
mod services;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use claviger_control_plane::dispatch::is_unsigned;
use claviger_data_plane::oauth::is_hosted_page;
use claviger_resources::UserPoolId;
use http::{Method, header};

pub use self::head::{BadHead, RequestHead};
use self::hosts::HostForm;
use crate::planes::Planes;

/// The most bytes of a form that are read to find out which service it is for.
pub const FORM_BYTES_MAX: usize = 1024 * 1024;

/// The names this server answers to, and what it allows.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// Suffixes that the server is configured with, beside AWS's and those that always mean this machine.
    pub suffixes: &'a [String],
    /// Whether a host is a registered custom domain.
    pub is_custom_domain: &'a (dyn Fn(&str) -> bool + Sync),
    /// Whether this is `claviger dev`, where unsigned calls are served.
    pub dev: bool,
    /// Whether the peer may use the proxy: `dev` only, loopback peers only.
    pub proxy_allowed: bool,
    /// The port that the server listens on.
    pub port: u16,
    /// What is answered at the address that the request came to.
    pub planes: Planes,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// A tunnel that is answered here, under the local certificate authority.
    TunnelHere,
    /// A tunnel to the host and port of the request.
    TunnelElsewhere,
    /// A request in absolute form for another server.
    Forward,
    /// A peer that may not use the proxy wants to.
    ProxyRefused,
    /// The registered custom domain that is the request's host.
    CustomDomain,
    /// An API; `path` starts with the stage, where one is named.
    ExecuteApi {
        /// The API's id as it was sent.
        api: &'a str,
        /// The region in the host.
        region: Option<&'a str>,
        /// The path, stage first, as it was sent.
        path: Cow<'a, str>,
    },
    /// The OAuth endpoints of the pool whose domain has this prefix.
    PoolDomain {
        /// The domain prefix.
        prefix: &'a str,
        /// The region in the host.
        region: &'a str,
    },
    /// The OAuth endpoints on a host that names no pool: the client id, or the token, tells which.
    OAuth,
    /// A pool's discovery documents.
    WellKnown {
        /// The pool's id as it was sent.
        pool: &'a str,
        /// What follows `.well-known/`.
        document: &'a str,
        /// The region in the host.
        region: Option<&'a str>,
    },
    /// What a browser asks before a page of another origin calls Cognito's API.
    Preflight,
    /// An AWS service by the name that requests to it are signed with; perhaps one that does not exist here.
    Service {
        /// The signing name.
        name: Cow<'a, str>,
        /// The region of the signature or of the host.
        region: Option<Cow<'a, str>>,
    },
    /// S3.
    S3 {
        /// The bucket in the host; without it the path starts with the bucket.
        bucket: Option<&'a str>,
        /// The region of the signature or of the host.
        region: Option<Cow<'a, str>>,
    },
    /// A form that must be read, at most [`FORM_BYTES_MAX`], to tell its service with [`form_service`].
    Form,
    /// One of our own paths, `/_claviger/…`.
    Own(&'a str),
    /// What a proxy asks about a request of its own.
    Authorize {
        /// The name of the policy.
        policy: &'a str,
        /// What follows it, as it was sent.
        path: &'a str,
    },
    /// An unsigned control-plane call where signatures are required: 403 `MissingAuthenticationToken`.
    MissingAuthenticationToken,
    /// A web page of another origin asks for what only operators may have: 403.
    ForeignOrigin,
    /// The control plane was asked under a name that a stranger may have pointed here: 403.
    ForeignHost,
    /// The server answers this, but not at the address that the request came to: 404.
    Elsewhere,
    /// The page that names the forms of addresses.
    Page,
    /// Nothing is here: 404.
    NotFound,
}

/// Decides where a request goes.
pub fn route<'a>(head: &'a RequestHead<'_>, names: &Names<'_>) -> Route<'a> {
    let route = first_match(head, names);
    if !names.planes.answer(&route, head) {
        Route::Elsewhere
    } else if !is_guarded(&route) {
        route
    } else if names.dev && !hosts::is_trustworthy(head.host(), names) {
        Route::ForeignHost
    } else if has_foreign_origin(head) && !is_open_to_pages(&route, head) {
        Route::ForeignOrigin
    } else {
        route
    }
}

/// Tells the service that a form is for, by its `Version`; `None` when it has no `Action` or no known version.
pub fn form_service(form: &[u8]) -> Option<&'static str> {
    services::of_form(form)
}

fn first_match<'a>(head: &'a RequestHead<'_>, names: &Names<'_>) -> Route<'a> {
    let host = head.host();
    if let Some(route) = proxied(head, names) {
        return route;
    }
    if let Some(route) = authorize(head.path()) {
        return route;
    }
    if (names.is_custom_domain)(host) {
        return Route::CustomDomain;
    }
    match hosts::form(host, names) {
        HostForm::ExecuteApi { api, region } => Route::ExecuteApi { api, region, path: Cow::Borrowed(head.path()) },
        HostForm::PoolDomain { prefix, region } if is_domain_path(head.path()) => Route::PoolDomain { prefix, region },
        HostForm::PoolDomain { .. } | HostForm::UnknownAws => Route::NotFound,
        HostForm::CognitoIdp { .. } if is_preflight(head) => Route::Preflight,
        HostForm::CognitoIdp { region } => {
            well_known(head, region).unwrap_or_else(|| service("cognito-idp", region.map(Cow::Borrowed)))
        }
        HostForm::Service { name, region } => service(name, region.map(Cow::Borrowed)),
        HostForm::S3 { bucket, region } => Route::S3 { bucket, region: region.map(Cow::Borrowed) },
        HostForm::Bare => bare(head, names),
    }
}

/// Row 1: requests that take this server for a proxy.
fn proxied<'a>(head: &RequestHead<'_>, names: &Names<'_>) -> Option<Route<'a>> {
    let (host, port) = (head.host(), head.port());
    let route = if head.method == Method::CONNECT {
        if hosts::answered_here(host, port, names) { Route::TunnelHere } else { Route::TunnelElsewhere }
    } else if head.absolute_form()
        && !hosts::answered_here(host, port, names)
        && !hosts::is_this_server(host, port, names)
    {
        Route::Forward
    } else {
        return None;
    };
    Some(if names.proxy_allowed { route } else { Route::ProxyRefused })
}

/// The part of row 7 that goes before every host: Envoy and Caddy ask with the host that their client named, and a client that
/// names an API's or a pool's must not be answered by that in our place.
fn authorize(path: &str) -> Option<Route<'_>> {
    let rest = path.strip_prefix("/_claviger/authorize/")?;
    let (policy, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    Some(Route::Authorize { policy, path })
}

/// Rows 7 to 13: a host that says nothing.
fn bare<'a>(head: &'a RequestHead<'_>, names: &Names<'_>) -> Route<'a> {
    let path = head.path();
    if let Some(route) = own_path(path) {
        return route;
    }
    if let Some(signed) = services::of_signature(head) {
        let region = signed.region.map(Cow::Owned);
        return match &*signed.service {
            "s3" => Route::S3 { bucket: None, region },
            _ => service(signed.service, region),
        };
    }
    if let Some(target) = head.header("x-amz-target") {
        return service(services::of_target(target), None);
    }
    if is_preflight(head) {
        return Route::Preflight;
    }
    if head.method == Method::POST && path == "/" && is_form(head) {
        return Route::Form;
    }
    if is_oauth_path(path) {
        return Route::OAuth;
    }
    if let Some(route) = well_known(head, None) {
        return route;
    }
    match services::of_rest_path(path) {
        Some(name) if names.dev => service(name, None),
        Some(_) => Route::MissingAuthenticationToken,
        None if path == "/" && is_read(head) => Route::Page,
        None => Route::NotFound,
    }
}

/// Row 7: our own paths, and the paths that lead to an API without its host name.
fn own_path(path: &str) -> Option<Route<'_>> {
    if path == "/_claviger" || path.starts_with("/_claviger/") {
        return Some(Route::Own(path));
    }
    if let Some(rest) = path.strip_prefix("/_aws/execute-api/") {
        let api = rest.split('/').next().filter(|api| !api.is_empty())?;
        let path = rest.get(api.len()..).filter(|path| !path.is_empty()).unwrap_or("/");
        return Some(Route::ExecuteApi { api, region: None, path: Cow::Borrowed(path) });
    }
    let (api, rest) = path.strip_prefix("/restapis/")?.split_once('/')?;
    let (stage, rest) = rest.split_once('/')?;
    let rest = rest.strip_prefix("_user_request_")?;
    if api.is_empty() || stage.is_empty() || !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let rest = if rest.is_empty() { "/" } else { rest };
    Some(Route::ExecuteApi { api, region: None, path: Cow::Owned(format!("/{stage}{rest}")) })
}

fn service<'a>(name: impl Into<Cow<'a, str>>, region: Option<Cow<'a, str>>) -> Route<'a> {
    Route::Service { name: name.into(), region }
}

fn is_oauth_path(path: &str) -> bool {
    path.starts_with("/oauth2/") || matches!(path, "/login" | "/logout")
}

/// The paths of a pool's domain: those of OAuth, and the pages for people.
fn is_domain_path(path: &str) -> bool {
    is_oauth_path(path) || is_hosted_page(path)
}

/// `GET /{poolId}/.well-known/…`, and what a browser asks before it. With another method it is no call of Cognito's API
/// either, and is answered as such.
fn well_known<'a>(head: &'a RequestHead<'_>, region: Option<&'a str>) -> Option<Route<'a>> {
    let (pool, document) = head.path().strip_prefix('/')?.split_once("/.well-known/")?;
    UserPoolId::parse(pool).ok()?;
    Some(if is_read(head) || head.method == Method::OPTIONS {
        Route::WellKnown { pool, document, region }
    } else {
        service("cognito-idp", region.map(Cow::Borrowed))
    })
}

/// Whether a browser asks if a page of another origin may call Cognito's API: `OPTIONS /` for a POST with `X-Amz-Target`
/// (W3C Fetch, "CORS-preflight request"). Which operation it is for the browser does not tell; the call itself is guarded.
fn is_preflight(head: &RequestHead<'_>) -> bool {
    let asks_for = |name: &str| {
        let names = head.header(header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default().split(',');
        names.into_iter().any(|asked| asked.trim().eq_ignore_ascii_case(name))
    };
    head.method == Method::OPTIONS
        && head.path() == "/"
        && head.header(header::ACCESS_CONTROL_REQUEST_METHOD) == Some("POST")
        && asks_for("x-amz-target")
}

fn is_read(head: &RequestHead<'_>) -> bool {
    head.method == Method::GET || head.method == Method::HEAD
}

fn is_form(head: &RequestHead<'_>) -> bool {
    head.header(header::CONTENT_TYPE).is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// Whether a route leads to what a web page of another origin must not reach.
fn is_guarded(route: &Route<'_>) -> bool {
    match route {
        Route::Service { .. } | Route::S3 { .. } | Route::Form => true,
        Route::Own(path) => {
            let name = path.strip_prefix("/_claviger/").unwrap_or_default();
            matches!(name.split('/').next(), Some("reset" | "clock" | "messages" | "explain"))
        }
        _ => false,
    }
}

/// Whether pages of every origin may send this call: AWS leaves it unsigned, because a user's own words or tokens are what
/// allows it, so that it tells a page nothing that the page does not bring.
fn is_open_to_pages(route: &Route<'_>, head: &RequestHead<'_>) -> bool {
    matches!(route, Route::Service { name, .. } if name == "cognito-idp") && is_unsigned(head.headers)
}

/// Whether a browser says that the request comes from a page of another origin (RFC 6454; `null` is one).
///
/// Images and links send no `Origin`, but browsers tell with `Sec-Fetch-Site` (W3C Fetch Metadata) where they stand.
fn has_foreign_origin(head: &RequestHead<'_>) -> bool {
    if head.header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    let Some(origin) = head.headers.get(header::ORIGIN) else { return false };
    let Some((scheme, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else {
        return true;
    };
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return true,
    };
    let Ok((host, port)) = head::parse_authority(authority) else { return true };
    host != head.host() || port.unwrap_or(default_port) != head.port().unwrap_or(default_port)
}
