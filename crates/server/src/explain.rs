//! Why a request was refused: keeps what each refusal leaves behind, and answers the operator who asks about its id.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use claviger_data_plane::body::Body;
use claviger_resources::Timestamp;
use claviger_runtime::refusals::{Asked, Record, Refused};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::application::{Application, json_answer};
use crate::routing::RequestHead;

/// The headers in which a client sees the id of its request.
const ID_HEADERS: [&str; 4] = ["x-amzn-requestid", "x-amz-cognito-request-id", "x-amz-request-id", "apigw-requestid"];

impl Application {
    /// Keeps a refusal under the id that its answer shows.
    pub(crate) fn keep(
        &self,
        parts: &Parts,
        head: Option<&RequestHead<'_>>,
        response: &Response<Body>,
        refused: Refused,
    ) {
        let Some(id) = shown_id(response.headers()) else { return };
        let asked = Asked {
            method: parts.method.as_str(),
            host: head.map_or("", RequestHead::host),
            path: parts.uri.path(),
            headers: &parts.headers,
        };
        let record = Record::new(id, self.node().now(), asked, response.status().as_u16(), refused);
        tracing::debug!(request_id = %id, surface = %record.surface, reason = record.reason, "refused");
        self.refusals().keep(record);
    }

    /// Answers `/_claviger/explain/{id}`.
    pub(crate) fn explain(&self, path: &str) -> Response<Body> {
        let refusals = self.refusals();
        let id = path.rsplit('/').next().and_then(parse);
        let found = id.map(|id| refusals.find(id)).unwrap_or_default();
        if found.is_empty() {
            let message = "No refusal with this id is known: it is another server's, no refusal, or so old that it was \
                           forgotten.";
            return json_answer(StatusCode::NOT_FOUND, &json!({ "message": message, "kept": refusals.len() }));
        }
        let found: Vec<Value> = found.iter().map(|record| shown(record)).collect();
        json_answer(StatusCode::OK, &json!({ "refusals": found }))
    }
}

fn shown_id(headers: &HeaderMap) -> Option<Uuid> {
    ID_HEADERS.iter().find_map(|name| parse(headers.get(*name)?.to_str().ok()?))
}

/// What fills an id of HTTP APIs, which has 11 bytes, up to the 16 under which refusals are kept.
const OF_HTTP_APIS: [u8; 5] = *b"apigw";

/// An id as a client sees it: a UUID, or what HTTP APIs have in its place.
fn parse(text: &str) -> Option<Uuid> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Some(id);
    }
    let mut bytes = URL_SAFE.decode(text).ok().filter(|bytes| bytes.len() == 11)?;
    bytes.extend(OF_HTTP_APIS);
    Uuid::from_slice(&bytes).ok()
}

fn written(id: Uuid) -> String {
    match id.as_bytes().strip_suffix(&OF_HTTP_APIS) {
        Some(bytes) => URL_SAFE.encode(bytes),
        None => id.to_string(),
    }
}

fn shown(record: &Record) -> Value {
    let facts: Map<String, Value> =
        record.facts.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    json!({
        "id": written(record.id),
        "at": utc(record.at),
        "surface": record.surface.to_string(),
        "request": { "method": record.method, "host": record.host, "path": record.path },
        "about": facts,
        "answer": { "status": record.status, "code": record.code },
        "reason": record.reason,
        "setting": record.setting,
    })
}

fn utc(at: Timestamp) -> String {
    at.utc().format(&Rfc3339).unwrap_or_default()
}
