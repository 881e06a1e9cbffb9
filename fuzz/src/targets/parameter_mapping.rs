//! Parameter mappings of REST APIs and of HTTP APIs, followed in a request.

use std::collections::BTreeMap;

use claviger_gateway::http_api::parameter_mapping::{RequestMapping, ResponseMappings};
use claviger_gateway::mapping::{Source, parse_request_destination, parse_response_destination};

use crate::gateway::with_exchange;
use crate::input::texts;

/// A destination, a source, and a body.
pub(super) fn run(data: &[u8]) {
    let Some([destination, source, body]) = texts(data) else { return };
    let _ = (parse_request_destination(destination), parse_response_destination(destination));
    with_exchange(body.as_bytes(), |exchange| {
        for parsed in [Source::parse_request(source), Source::parse_response(source)].into_iter().flatten() {
            let _ = parsed.values(exchange, None);
        }
    });
    let mapping = BTreeMap::from([(destination.to_owned(), source.to_owned())]);
    if let Ok(compiled) = RequestMapping::compile(Some(&mapping)) {
        let _ = compiled.reads_body();
    }
    let _ = ResponseMappings::compile(Some(&BTreeMap::from([("200".to_owned(), mapping)])));
}
