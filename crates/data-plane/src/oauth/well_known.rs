//! A pool's key set and discovery document, on the host of Cognito's API as on AWS.

use claviger_oauth::discovery;
use claviger_runtime::refusals::{Refused, Surface};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};

use crate::DataPlane;
use crate::body::{Body, answer};

/// How long verifiers may keep a key set. Keys are published long before they are used, so an hour costs nothing.
const KEY_SET_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// A document of a pool, as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The pool's id as it was sent.
    pub pool: &'a str,
    /// The document's name.
    pub name: &'a str,
    /// The region in the host.
    pub region: Option<&'a str>,
}

impl DataPlane {
    /// Answers `/{poolId}/.well-known/{name}`; `own_base` is the server's own address, for a pool without a domain.
    pub async fn well_known(&self, document: Document<'_>, method: &Method, own_base: &str) -> Response<Body> {
        let mut response = if method == Method::OPTIONS {
            preflight()
        } else {
            self.document(document, own_base).await.unwrap_or_else(|refused| *refused)
        };
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if let Ok(id) = HeaderValue::try_from(crate::ids::uuid()) {
            headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
        }
        response
    }

    async fn document(&self, document: Document<'_>, own_base: &str) -> Result<Response<Body>, Box<Response<Body>>> {
        let snapshot = self.current.load_full();
        let refuse = |status, message: &str, setting: String| {
            let mut response =
                answer(status, "application/json", serde_json::json!({ "message": message }).to_string());
            let refused = Refused::new(Surface::Discovery, message).with_setting(Some(setting));
            refused.about("userPool", Some(document.pool)).attach(&mut response);
            Box::new(response)
        };
        let unknown =
            |setting| refuse(StatusCode::NOT_FOUND, &format!("User pool {} does not exist.", document.pool), setting);
        let pool = snapshot.pool(document.pool).ok_or_else(|| unknown("no user pool has this id".to_owned()))?;
        // A pool has no replicas, so another region's host does not know it, under either of the issuer's names.
        let region = pool.tenant.region.as_str();
        if document.region.is_some_and(|asked| asked != region) {
            return Err(unknown(format!("the user pool's region is {region}")));
        }
        let json = match document.name {
            "jwks.json" => {
                let keys = self.issuance.keys(pool).await.ok_or_else(|| {
                    let message = "The pool's keys are still being made; try again.";
                    refuse(StatusCode::SERVICE_UNAVAILABLE, message, "the user pool's first signing keys".to_owned())
                })?;
                keys.jwks.clone().into()
            }
            "openid-configuration" => {
                let base = pool.domain.as_ref().map_or_else(|| own_base.to_owned(), |host| format!("https://{host}"));
                Body::from(discovery::document(&pool.issuer, &base))
            }
            name => {
                let message = "There are jwks.json and openid-configuration here, nothing else.";
                return Err(refuse(StatusCode::NOT_FOUND, message, format!("no document is named {name}")));
            }
        };
        let mut response = answer(StatusCode::OK, "application/json", json);
        response.headers_mut().insert(header::CACHE_CONTROL, KEY_SET_CACHE);
        Ok(response)
    }
}

fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
