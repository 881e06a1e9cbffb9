//! The application: takes each request to the part that answers it.

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::json;

use crate::connection::Connection;
use crate::local_ca::LocalAuthority;
use crate::proxy;
use crate::routing::{self, Names, RequestHead, Route};
use claviger_data_plane::body::{self, Body};

/// The forms of addresses that lead somewhere, as the page and the 404 tell them.
const FORMS: [(&str, &str); 6] = [
    ("AWS APIs", "any AWS SDK or CLI with AWS_ENDPOINT_URL set to this address"),
    (
        "Token endpoint",
        "/oauth2/token (the client id tells the pool), or https://{prefix}.auth.{region}.amazoncognito.com",
    ),
    ("Discovery and keys", "/{poolId}/.well-known/openid-configuration, /{poolId}/.well-known/jwks.json"),
    ("Invoke an API", "/_aws/execute-api/{apiId}/{stage}/…, or Host: {apiId}.execute-api.{region}.amazonaws.com"),
    ("Invoke an API, the older form", "/restapis/{apiId}/{stage}/_user_request_/…"),
    ("This server", "/_claviger/health, /_claviger/ca.pem"),
];

/// What the application is told about its surroundings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether this is `claviger dev`.
    pub dev: bool,
    /// Host name suffixes beside AWS's and those that always mean this machine.
    pub suffixes: Vec<String>,
}

/// Answers requests.
#[derive(Debug)]
pub struct Application {
    settings: Settings,
    authority: Option<Arc<LocalAuthority>>,
}

impl Application {
    /// An application that trusts `authority` to answer for AWS's names.
    pub fn new(settings: Settings, authority: Option<Arc<LocalAuthority>>) -> Self {
        Self { settings, authority }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Incoming>, connection: &Connection) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let head = match RequestHead::of(&parts) {
            Ok(head) => head,
            Err(error) => return refusal(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        match routing::route(&head, &self.names(connection)) {
            Route::Forward => proxy::forward(Request::from_parts(parts, body)).await,
            Route::Own(path) => self.own(&parts.method, path),
            Route::Page => page(),
            Route::ProxyRefused => proxy::refusal(),
            Route::ForeignOrigin => refusal(
                StatusCode::FORBIDDEN,
                "a web page of another origin may not call the control plane; call it from a program instead",
            ),
            Route::ForeignHost => refusal(
                StatusCode::FORBIDDEN,
                "the control plane does not answer under this host name; add it with `claviger dev --suffix NAME`",
            ),
            Route::MissingAuthenticationToken => missing_authentication_token(),
            _ => not_found(),
        }
    }

    /// The names that requests on `connection` are routed by.
    pub(crate) fn names(&self, connection: &Connection) -> Names<'_> {
        Names {
            suffixes: &self.settings.suffixes,
            is_custom_domain: &|_| false,
            dev: self.settings.dev,
            proxy_allowed: self.settings.dev && connection.is_local(),
            port: connection.local.port(),
        }
    }

    /// Answers `/_claviger/…`.
    fn own(&self, method: &Method, path: &str) -> Response<Body> {
        match (path, &self.authority) {
            ("/_claviger/health", _) if is_read(method) => json_answer(StatusCode::OK, &json!({ "status": "ok" })),
            ("/_claviger/ca.pem", Some(authority)) if is_read(method) => {
                body::answer(StatusCode::OK, "application/x-pem-file", authority.certificate_pem().to_owned())
            }
            _ => not_found(),
        }
    }
}

/// A refusal in JSON.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    json_answer(status, &json!({ "message": message }))
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    body::answer(status, "application/json", value.to_string())
}

fn missing_authentication_token() -> Response<Body> {
    let mut response = refusal(StatusCode::FORBIDDEN, "Missing Authentication Token");
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static("MissingAuthenticationTokenException"));
    response
}

/// The page at `/`: the forms of addresses.
fn page() -> Response<Body> {
    let mut rows = String::new();
    for (what, form) in FORMS {
        rows.extend(["<dt>", what, "</dt><dd><code>", form, "</code></dd>\n"]);
    }
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Claviger</title>\n<h1>Claviger is running</h1>\n\
         <dl>\n{rows}</dl>\n</html>\n"
    );
    let mut response = body::answer(StatusCode::OK, "text/html; charset=utf-8", html);
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    response
}

fn not_found() -> Response<Body> {
    let forms: serde_json::Map<_, _> = FORMS.iter().map(|(what, form)| ((*what).to_owned(), json!(form))).collect();
    json_answer(StatusCode::NOT_FOUND, &json!({ "message": "Nothing is at this address.", "addresses": forms }))
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}
