//! Where requests go.

use claviger_server::planes::Planes;
use claviger_server::routing::{Names, RequestHead, Route, route};

use crate::input::Request;

/// A request.
pub(super) fn run(data: &[u8]) {
    let Some(Request { method, uri, headers, .. }) = Request::read(data) else { return };
    let mut request = http::Request::new(());
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
    let (parts, ()) = request.into_parts();
    let Ok(head) = RequestHead::of(&parts) else { return };
    assert!(!head.host().ends_with('.') && !head.host().contains(char::is_uppercase), "{}", head.host());
    let suffixes = ["gate.example".to_owned()];
    let names = |dev| Names {
        suffixes: &suffixes,
        is_custom_domain: &|host| host == "api.example.com",
        dev,
        proxy_allowed: dev,
        port: 4566,
        planes: Planes::ALL,
    };
    let _ = route(&head, &names(true));
    let served = route(&head, &names(false));
    assert!(!matches!(served, Route::TunnelHere | Route::TunnelElsewhere | Route::Forward), "no proxy in production");
    let data = Names { planes: Planes::DATA, ..names(false) };
    let of_traffic = route(&head, &data);
    assert!(!matches!(of_traffic, Route::S3 { .. } | Route::Form), "{of_traffic:?} is not for an address of traffic");
}
