//! The application: takes each request to the part that answers it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use claviger_data_plane::Arrival;
use claviger_data_plane::body::{self, Body};
use claviger_data_plane::gateway::Target;
use claviger_data_plane::oauth::{Document, Domain};
use claviger_resources::AccountId;
use claviger_runtime::audit::State;
use claviger_runtime::ids::random_uuid;
use claviger_runtime::metrics::{self, Area};
use claviger_runtime::refusals::{Refusals, Refused, Surface};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use serde_json::json;
use tokio::time::Instant;

use crate::connection::Connection;
use crate::cors;
use crate::local_ca::LocalAuthority;
use crate::node::Node;
use crate::overload::Overload;
use crate::planes::Planes;
use crate::proxy;
use crate::routing::{self, Names, RequestHead, Route};

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
    (
        "This server",
        "/_claviger/health, /_claviger/ready, /_claviger/ca.pem, /_claviger/clock, /_claviger/reset, \
         /_claviger/messages, /_claviger/explain/{id}, /_claviger/authorize/{policy}, \
         /_claviger/introspect, /_claviger/revoke",
    ),
];

/// What the application is told about its surroundings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether this is `claviger dev`.
    pub dev: bool,
    /// The account of callers whose access key id names none.
    pub account: AccountId,
    /// Host name suffixes beside AWS's and those that always mean this machine.
    pub suffixes: Vec<String>,
}

/// Answers requests.
pub struct Application {
    settings: Settings,
    authority: Option<Arc<LocalAuthority>>,
    node: Node,
    refusals: Refusals,
    overload: Arc<Overload>,
    is_stopping: AtomicBool,
}

impl Application {
    /// An application on this node; `authority` answers for AWS's names.
    pub fn new(settings: Settings, authority: Option<Arc<LocalAuthority>>, node: Node) -> Self {
        let (refusals, overload) = (Refusals::default(), Arc::default());
        Self { settings, authority, node, refusals, overload, is_stopping: AtomicBool::new(false) }
    }

    /// Answers one request, and keeps why when the answer is a refusal.
    pub async fn answer(&self, request: Request<Incoming>, connection: &Connection) -> Response<Body> {
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        let (parts, head) = (&parts, RequestHead::of(&parts));
        let mut area = Area::Nowhere;
        let mut response = match &head {
            Ok(head) => {
                let route = self.route(head, connection);
                area = area_of(&route);
                self.answer_at(route, head, parts, body, connection).await
            }
            Err(error) => {
                let refused = Refused::new(Surface::Routing, error.to_string());
                let mut response = explained(refusal(StatusCode::BAD_REQUEST, &error.to_string()), refused);
                // What follows such a request on its connection may be a part of it (RFC 9112, section 6.3).
                if parts.version < Version::HTTP_2 {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                response
            }
        };
        let metrics = self.node.metrics();
        metrics.answered(area, response.status().as_u16(), began.elapsed());
        if let Some(refused) = Refused::detach(&mut response) {
            metrics.refused(&refused.surface(), refused.code());
            self.keep(parts, head.as_ref().ok(), &response, refused);
        }
        response
    }

    async fn answer_at(
        &self,
        route: Route<'_>,
        head: &RequestHead<'_>,
        parts: &Parts,
        body: Incoming,
        connection: &Connection,
    ) -> Response<Body> {
        if is_traffic(&route) {
            if self.overload.turns_away() {
                return turned_away();
            }
            if self.node.is_cut_off() {
                return cut_off();
            }
        }
        let data_plane = self.node.data_plane();
        let (peer, tls, encryption) = (connection.peer, connection.tls, connection.encryption);
        let arrival = Arrival { peer, tls, encryption, host: head.host() };
        match route {
            Route::ExecuteApi { api, path, .. } => {
                data_plane.gateway(Target::new(api, &path), parts, body, arrival).await
            }
            Route::OAuth => data_plane.oauth(Domain::None, arrival, parts, body).await,
            Route::PoolDomain { prefix, region } => {
                data_plane.oauth(Domain::Prefix { prefix, region }, arrival, parts, body).await
            }
            Route::CustomDomain if self.node.current().load_full().domain(head.host()).is_some() => {
                data_plane.custom_domain(parts, body, arrival).await
            }
            Route::CustomDomain => data_plane.oauth(Domain::Custom(head.host()), arrival, parts, body).await,
            Route::WellKnown { pool, document, region } => {
                let document = Document { pool, name: document, region };
                data_plane.well_known(document, &parts.method, &own_base(head, connection)).await
            }
            Route::Service { name, region } => self.service(&name, region.as_deref(), parts, body, connection).await,
            Route::S3 { bucket, region } => self.s3(bucket, region.as_deref(), parts, body, connection).await,
            Route::Form => self.form(parts, body, connection).await,
            Route::Preflight => cors::preflight(),
            Route::Forward => proxy::forward(Request::from_parts(parts.clone(), body)).await,
            Route::Authorize { policy, path } => data_plane.authorize(policy, path, parts),
            Route::Own("/_claviger/introspect") => data_plane.introspect(arrival, parts, body).await,
            Route::Own("/_claviger/revoke") => data_plane.revoke_token(arrival, parts, body).await,
            Route::Own("/_claviger/metrics") => self.metrics(connection),
            Route::Own(path) => self.own(path, parts, body, connection).await,
            Route::Page => page(),
            Route::TunnelHere | Route::TunnelElsewhere | Route::ProxyRefused => proxy::refusal(),
            Route::ForeignOrigin => forbidden(
                "a web page of another origin may not call the control plane; call it from a program instead",
                FOREIGN_ORIGIN,
            ),
            Route::ForeignHost => forbidden(
                "the control plane does not answer under this host name; add it with `claviger dev --suffix NAME`",
                "the names that this server answers to: AWS's, localhost, addresses, and those given with --suffix",
            ),
            Route::MissingAuthenticationToken => missing_authentication_token(),
            Route::Elsewhere => elsewhere(),
            Route::NotFound => not_found(),
        }
    }

    /// What Prometheus asks for. It names app clients, so it is not for everybody who can reach the server.
    fn metrics(&self, connection: &Connection) -> Response<Body> {
        if connection.planes.contains(Planes::DATA) && !connection.is_local() {
            let message =
                "metrics are answered to this machine, and at addresses of listen.operations that answer no traffic";
            return forbidden(message, "listen.operations");
        }
        let metrics = self.node.metrics();
        let snapshot = self.node.current().load_full();
        let (user_pools, app_clients, rest_apis) = snapshot.counts();
        let (tokens, bytes) = self.node.data_plane().cached_tokens();
        let things = [
            ("user_pools", user_pools),
            ("app_clients", app_clients),
            ("rest_apis", rest_apis),
            ("cached_tokens", tokens),
            ("cached_token_bytes", bytes),
        ];
        for (thing, number) in things {
            metrics.there_are(thing, i64::try_from(number).unwrap_or(i64::MAX));
        }
        let access_logs = self.node.access_logs();
        metrics.log_is("access-logs", access_logs.queued(), access_logs.dropped());
        for State { log, queued, dropped } in self.node.audit().states() {
            metrics.log_is(log, queued, dropped);
        }
        metrics.snapshot_is(self.node.current().age(), self.node.behind());
        metrics.there_are("snapshot_revision", snapshot.revision().0.cast_signed());
        body::answer(StatusCode::OK, metrics::CONTENT_TYPE, metrics.to_text())
    }

    /// Where a request on `connection` goes.
    pub(crate) fn route<'a>(&self, head: &'a RequestHead<'_>, connection: &Connection) -> Route<'a> {
        let snapshot = self.node.current().load_full();
        let names = Names {
            suffixes: &self.settings.suffixes,
            is_custom_domain: &|host| snapshot.is_custom_domain(host),
            dev: self.settings.dev,
            proxy_allowed: self.settings.dev && connection.is_local(),
            port: connection.local.port(),
            planes: connection.planes,
        };
        routing::route(head, &names)
    }

    /// Stores what is kept in memory only; to be called once, when no more requests are answered.
    pub async fn close(&self) {
        self.node.close().await;
    }

    /// What turns requests away when there are too many.
    pub(crate) fn overload(&self) -> &Arc<Overload> {
        &self.overload
    }

    /// Says from now on that the server is not ready, so that load balancers send nobody here any more.
    pub fn say_not_ready(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// The node that answers.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// The local certificate authority.
    pub(crate) fn authority(&self) -> Option<&LocalAuthority> {
        self.authority.as_deref()
    }

    /// The refusals that operators may ask about.
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Whether this is `claviger dev`.
    pub(crate) fn is_dev(&self) -> bool {
        self.settings.dev
    }

    /// The account of callers whose access key id names none.
    pub(crate) fn account(&self) -> AccountId {
        self.settings.account
    }
}

/// What a request that goes there is counted as.
const fn area_of(route: &Route<'_>) -> Area {
    match route {
        Route::OAuth | Route::PoolDomain { .. } => Area::OAuth,
        Route::WellKnown { .. } => Area::Discovery,
        Route::ExecuteApi { .. } | Route::CustomDomain => Area::Gate,
        Route::Authorize { .. } => Area::Authorize,
        Route::Service { .. } | Route::S3 { .. } | Route::Form | Route::Preflight => Area::ControlPlane,
        Route::Own(_) | Route::Page => Area::Own,
        Route::TunnelHere
        | Route::TunnelElsewhere
        | Route::Forward
        | Route::ProxyRefused
        | Route::MissingAuthenticationToken
        | Route::ForeignOrigin
        | Route::ForeignHost
        | Route::Elsewhere
        | Route::NotFound => Area::Nowhere,
    }
}

/// Whether a request asks for what is no good when it is out of date: tokens, and to be let in. Key sets stay right for as
/// long as the tokens that are out.
fn is_traffic(route: &Route<'_>) -> bool {
    matches!(
        route,
        Route::OAuth
            | Route::PoolDomain { .. }
            | Route::ExecuteApi { .. }
            | Route::CustomDomain
            | Route::Authorize { .. }
            | Route::Own("/_claviger/introspect" | "/_claviger/revoke")
    )
}

/// No record is kept of these, and nothing is looked up: they must cost next to nothing.
fn turned_away() -> Response<Body> {
    let text = r#"{"message":"the server is asked for more than it can answer; try again in a second","error":"temporarily_unavailable"}"#;
    let mut response = body::answer(StatusCode::SERVICE_UNAVAILABLE, "application/json", text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A node that may not know what was revoked answers as one that is not there: another may know.
fn cut_off() -> Response<Body> {
    let message = "this node has not heard of its database for too long; ask another one";
    let value = json!({ "message": message, "error": "temporarily_unavailable", "error_description": message });
    let refused = Refused::new(Surface::Routing, message).with_setting(Some("cut_off_seconds".to_owned()));
    explained(json_answer(StatusCode::SERVICE_UNAVAILABLE, &value), refused)
}

/// This server's own address as the client wrote it, for documents that name addresses.
fn own_base(head: &RequestHead<'_>, connection: &Connection) -> String {
    let scheme = if connection.tls { "https" } else { "http" };
    let host = if head.host().contains(':') { format!("[{}]", head.host()) } else { head.host().to_owned() };
    match head.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}
/// A refusal in JSON.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    json_answer(status, &json!({ "message": message }))
}

pub(crate) fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    body::answer(status, "application/json", value.to_string())
}

/// What keeps web pages out.
const FOREIGN_ORIGIN: &str = "Origin and Sec-Fetch-Site of the request: pages of other origins may call only those operations of \
                              cognito-idp that AWS leaves unsigned";

fn forbidden(message: &str, setting: &str) -> Response<Body> {
    let refused = Refused::new(Surface::Routing, message).with_setting(Some(setting.to_owned()));
    explained(refusal(StatusCode::FORBIDDEN, message), refused)
}

fn missing_authentication_token() -> Response<Body> {
    let code = "MissingAuthenticationTokenException";
    let refused = Refused::new(Surface::ControlPlane, "the request to the control plane is not signed").with_code(code);
    let mut response = explained(refusal(StatusCode::FORBIDDEN, "Missing Authentication Token"), refused);
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
    response
}

/// A refusal of the server's own with an id, and the reason that the id leads to.
pub(crate) fn explained(mut response: Response<Body>, refused: Refused) -> Response<Body> {
    if let Ok(id) = HeaderValue::try_from(random_uuid().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    refused.attach(&mut response);
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

/// The answer to what the server answers at another of its addresses.
fn elsewhere() -> Response<Body> {
    let message = "This is not answered at this address; the server may answer it at another of its own.";
    let refused = Refused::new(Surface::Routing, "the address that was called is for other requests")
        .with_setting(Some("listen.data, listen.control and listen.operations".to_owned()));
    explained(refusal(StatusCode::NOT_FOUND, message), refused)
}

pub(crate) fn not_found() -> Response<Body> {
    let forms: serde_json::Map<_, _> = FORMS.iter().map(|(what, form)| ((*what).to_owned(), json!(form))).collect();
    let message = "Nothing is at this address.";
    let response = json_answer(StatusCode::NOT_FOUND, &json!({ "message": message, "addresses": forms }));
    explained(response, Refused::new(Surface::Routing, "host, path and headers match no form of address"))
}
