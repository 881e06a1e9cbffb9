//! A backend that says what it was asked, in JSON.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// Something that stands behind an API.
pub(crate) struct Backend {
    pub(crate) url: String,
    asked: Arc<Mutex<u32>>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let count = Arc::clone(&count);
                let service = service_fn(move |request| {
                    *count.lock().unwrap() += 1;
                    answer(request)
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { url, asked }
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> u32 {
        *self.asked.lock().unwrap()
    }
}

/// The status is what the last segment of the path says, 200 when that is none; behind 999 there is no answer.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let headers: Map<String, Value> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let said = json!({
        "method": parts.method.as_str(), "uri": parts.uri.to_string(), "headers": headers,
        "body": String::from_utf8_lossy(&body),
    });
    let status = parts.uri.path().rsplit('/').next().and_then(|last| last.parse().ok());
    let status: u16 = status.filter(|status| (200..1000).contains(status)).unwrap_or(200);
    if status == 999 {
        return Err(std::io::Error::other("hung up"));
    }
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("server", "backend/1")
        .header("www-authenticate", "Backend")
        .header("access-control-allow-origin", "https://backend")
        .header("x-own", "1")
        .header("x-own", "2");
    Ok(response.body(Full::from(said.to_string())).unwrap())
}
