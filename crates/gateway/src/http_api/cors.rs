//! CORS: which pages may call the API, told by the gateway itself (API Gateway, "Configure CORS for HTTP APIs").

use bytes::Bytes;
use claviger_resources::http_api::Cors as Configuration;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::answer::Answer;

/// A compiled CORS configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    origins: Box<[Box<str>]>,
    credentials: bool,
    /// The headers of the answer to a preflight, beside those about the origin.
    preflight: Vec<(HeaderName, HeaderValue)>,
    exposed: Option<HeaderValue>,
}

impl Cors {
    /// Compiles a configuration; what could be no header's value is left out.
    pub fn compile(configuration: &Configuration) -> Self {
        let list = |texts: &Option<Vec<String>>| {
            let joined = texts.as_deref().filter(|texts| !texts.is_empty())?.join(",");
            HeaderValue::from_str(&joined).ok()
        };
        let max_age = configuration.max_age.map(HeaderValue::from);
        let preflight = [
            (ACCESS_CONTROL_ALLOW_METHODS, list(&configuration.allow_methods)),
            (ACCESS_CONTROL_ALLOW_HEADERS, list(&configuration.allow_headers)),
            (ACCESS_CONTROL_MAX_AGE, max_age),
        ];
        Self {
            origins: configuration.allow_origins.iter().flatten().map(|origin| origin.as_str().into()).collect(),
            credentials: configuration.allow_credentials.unwrap_or_default(),
            preflight: preflight.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            exposed: list(&configuration.expose_headers),
        }
    }

    /// The answer to a preflight, which the gateway gives in place of any integration; `None` for other requests.
    pub fn preflight(&self, verb: &str, request: &HeaderMap) -> Option<Answer> {
        let asks =
            verb == "OPTIONS" && request.contains_key(ORIGIN) && request.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        let mut headers = HeaderMap::new();
        if self.add_origin(request, &mut headers) {
            headers.extend(self.preflight.iter().cloned());
        }
        Some(Answer { status: StatusCode::NO_CONTENT, headers, body: Bytes::new() })
    }

    /// Puts the API's own answer in the place of what the backend says of origins.
    pub fn change(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        let of_backend: Vec<HeaderName> =
            answer.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
        for name in of_backend {
            answer.remove(name);
        }
        if self.add_origin(request, answer)
            && let Some(exposed) = &self.exposed
        {
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    /// Adds the headers that let the request's origin in, if it may come in.
    fn add_origin(&self, request: &HeaderMap, answer: &mut HeaderMap) -> bool {
        let any = self.origins.iter().any(|allowed| **allowed == *"*");
        if !any {
            // The answer depends on who asks, which caches must know.
            answer.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = request.get(ORIGIN) else { return false };
        let is_allowed = origin.to_str().is_ok_and(|origin| {
            let scheme = origin.split_once("://").map_or("", |(scheme, _)| scheme);
            self.origins.iter().any(|allowed| {
                let of_scheme = allowed.strip_suffix("://*").is_some_and(|wanted| wanted.eq_ignore_ascii_case(scheme));
                of_scheme || allowed.eq_ignore_ascii_case(origin)
            })
        });
        if !any && !is_allowed {
            return false;
        }
        let value = if any && !self.credentials { HeaderValue::from_static("*") } else { origin.clone() };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
        if self.credentials {
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
            map
        })
    }

    fn lines(headers: &HeaderMap) -> Vec<String> {
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn cors(origins: &[&str]) -> Configuration {
        Configuration {
            allow_origins: Some(texts(origins)),
            allow_methods: Some(texts(&["GET", "POST"])),
            allow_headers: Some(texts(&["x-a", "x-b"])),
            expose_headers: Some(texts(&["date"])),
            max_age: Some(300),
            ..Configuration::default()
        }
    }

    #[test]
    fn preflights_are_answered_by_the_gateway() {
        let check = |configuration: &Configuration, origin: &str, expected: &[&str]| {
            let request = headers(&[("origin", origin), ("access-control-request-method", "POST")]);
            let answer = Cors::compile(configuration).preflight("OPTIONS", &request).unwrap();
            assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
            assert_eq!(lines(&answer.headers), expected, "{origin}");
        };
        let rest = [
            "access-control-allow-methods: GET,POST",
            "access-control-allow-headers: x-a,x-b",
            "access-control-max-age: 300",
        ];
        let with = |first: &[&'static str]| [first, &rest[..]].concat();
        check(&cors(&["*"]), "https://a.b", &with(&["access-control-allow-origin: *"]));
        let own = with(&["vary: Origin", "access-control-allow-origin: https://a.b"]);
        check(&cors(&["https://a.b", "https://c"]), "https://a.b", &own);
        check(&cors(&["https://*"]), "https://a.b", &own);
        check(&cors(&["https://*"]), "http://a.b", &["vary: Origin"]);
        check(&cors(&["https://a.b"]), "https://a.b.evil", &["vary: Origin"]);
        check(&cors(&[]), "https://a.b", &["vary: Origin"]);
        let credentials = Configuration { allow_credentials: Some(true), ..cors(&["https://a.b"]) };
        let own = with(&[
            "vary: Origin",
            "access-control-allow-origin: https://a.b",
            "access-control-allow-credentials: true",
        ]);
        check(&credentials, "https://a.b", &own);
    }

    #[test]
    fn what_is_no_preflight_is_not_answered() {
        let cors = Cors::compile(&cors(&["*"]));
        let method = ("access-control-request-method", "GET");
        assert!(cors.preflight("GET", &headers(&[("origin", "https://a"), method])).is_none());
        assert!(cors.preflight("OPTIONS", &headers(&[method])).is_none());
        assert!(cors.preflight("OPTIONS", &headers(&[("origin", "https://a")])).is_none());
    }

    #[test]
    fn the_backend_has_no_say() {
        let check = |origins: &[&str], request: &[(&str, &str)], expected: &[&str]| {
            let mut answer = headers(&[("access-control-allow-origin", "https://backend"), ("x-own", "1")]);
            Cors::compile(&cors(origins)).change(&headers(request), &mut answer);
            assert_eq!(lines(&answer), expected);
        };
        check(&["*"], &[], &["x-own: 1"]);
        let exposed = "access-control-expose-headers: date";
        check(&["*"], &[("origin", "https://a")], &["x-own: 1", "access-control-allow-origin: *", exposed]);
        check(&["https://b"], &[("origin", "https://a")], &["x-own: 1", "vary: Origin"]);
    }
}
