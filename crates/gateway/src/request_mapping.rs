//! Request mappings: the headers, query parameters and path variables of the request to a backend.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};

use crate::exchange::Exchange;
use crate::mapping::{Place, Source, parse_request_destination};
use crate::refusal::Refusal;

/// The compiled `requestParameters` of an integration.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestMappings {
    headers: Vec<(HeaderName, Source)>,
    query: Vec<(Box<str>, Source)>,
    path: Vec<(Box<str>, Source)>,
}

impl RequestMappings {
    /// Compiles mappings; the error says which is wrong.
    pub(crate) fn compile(mappings: Option<&BTreeMap<String, String>>) -> Result<Self, String> {
        let mut compiled = Self::default();
        for (destination, source) in mappings.into_iter().flatten() {
            let (place, name) = parse_request_destination(destination).map_err(|error| error.to_string())?;
            let source = Source::parse_request(source).map_err(|error| error.to_string())?;
            match place {
                Place::Header => {
                    let name = HeaderName::from_bytes(name.as_bytes())
                        .map_err(|_| format!("{destination} does not name a header"))?;
                    compiled.headers.push((name, source));
                }
                Place::QueryString => compiled.query.push((name.into(), source)),
                Place::Path => compiled.path.push((name.into(), source)),
            }
        }
        Ok(compiled)
    }

    /// Whether a mapping reads the request's body, which must then be there as a whole.
    pub(crate) fn reads_body(&self) -> bool {
        let sources = self.headers.iter().map(|(_, source)| source);
        let named = self.query.iter().chain(&self.path).map(|(_, source)| source);
        sources.chain(named).any(|source| matches!(source, Source::RequestBody(_)))
    }

    /// The names of the headers that are mapped.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &HeaderName> {
        self.headers.iter().map(|(name, _)| name)
    }

    /// The mapped headers. A value that no header may have is left out.
    pub(crate) fn headers(&self, exchange: &Exchange<'_>) -> Result<Vec<(HeaderName, Vec<HeaderValue>)>, Refusal> {
        let mut mapped = Vec::with_capacity(self.headers.len());
        for (name, source) in &self.headers {
            let values = source.values(exchange, None)?;
            let values: Vec<_> = values.iter().filter_map(|value| HeaderValue::from_str(value).ok()).collect();
            if !values.is_empty() {
                mapped.push((name.clone(), values));
            }
        }
        Ok(mapped)
    }

    /// The mapped query parameters, decoded.
    pub(crate) fn query(&self, exchange: &Exchange<'_>) -> Result<Vec<(String, String)>, Refusal> {
        let mut mapped = Vec::new();
        for (name, source) in &self.query {
            let values = source.values(exchange, None)?;
            mapped.extend(values.into_iter().map(|value| (name.to_string(), value.into_owned())));
        }
        Ok(mapped)
    }

    /// The text for a variable of the endpoint's path, percent-encoded; `None` when no mapping sets it. What comes from
    /// the request's own path keeps the encoding it came in, so that an encoded slash stays one.
    pub(crate) fn path_variable(&self, name: &str, exchange: &Exchange<'_>) -> Result<Option<String>, Refusal> {
        let Some((_, source)) = self.path.iter().find(|(mapped, _)| **mapped == *name) else { return Ok(None) };
        if let Source::Request(Place::Path, from) = source {
            let raw = exchange.request.path_parameters.iter().find(|(key, _)| key == from);
            return Ok(raw.map(|(_, value)| (*value).to_owned()));
        }
        let value = source.values(exchange, None)?.into_iter().next();
        Ok(value.map(|value| encode_path(&value)))
    }
}

/// Percent-encodes what may not stand in a path; slashes stay.
pub(crate) fn encode_path(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'/')
        .remove(b'!')
        .remove(b'$')
        .remove(b'&')
        .remove(b'\'')
        .remove(b'(')
        .remove(b')')
        .remove(b'*')
        .remove(b'+')
        .remove(b',')
        .remove(b';')
        .remove(b'=')
        .remove(b':')
        .remove(b'@');
    utf8_percent_encode(text, ENCODED).to_string()
}
