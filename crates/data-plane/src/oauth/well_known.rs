//! A pool's key set and discovery document, on the host of Cognito's API as on AWS.

use claviger_oauth::discovery;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::DataPlane;
use crate::body::{Body, answer};

/// How long verifiers may keep a key set. Keys are published long before they are used, so an hour costs nothing.
const KEY_SET_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

impl DataPlane {
    /// Answers `/{poolId}/.well-known/{document}`; `own_base` is the server's own address, for a pool without a domain.
    pub async fn well_known(&self, pool: &str, document: &str, own_base: &str) -> Response<Body> {
        let snapshot = self.current.load_full();
        let Some(pool) = snapshot.pool(pool) else {
            return not_found(&format!("User pool {pool} does not exist."));
        };
        let json = match document {
            "jwks.json" => match self.issuance.keys(pool).await {
                Some(keys) => keys.jwks.clone().into(),
                None => {
                    return refuse(StatusCode::SERVICE_UNAVAILABLE, "The pool's keys are still being made; try again.");
                }
            },
            "openid-configuration" => {
                let base = pool.domain.as_ref().map_or_else(|| own_base.to_owned(), |host| format!("https://{host}"));
                Body::from(discovery::document(&pool.issuer, &base))
            }
            _ => return not_found("There are jwks.json and openid-configuration here, nothing else."),
        };
        let mut response = answer(StatusCode::OK, "application/json", json);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, KEY_SET_CACHE);
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if let Ok(id) = HeaderValue::try_from(crate::ids::uuid()) {
            headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
        }
        response
    }
}

fn not_found(message: &str) -> Response<Body> {
    refuse(StatusCode::NOT_FOUND, message)
}

fn refuse(status: StatusCode, message: &str) -> Response<Body> {
    answer(status, "application/json", serde_json::json!({ "message": message }).to_string())
}
