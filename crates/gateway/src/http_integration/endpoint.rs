//! The address of an HTTP integration: text with places for stage variables and path variables.

use http::Uri;

use crate::exchange::Exchange;
use crate::refusal::Refusal;

/// A compiled endpoint address: `https://{host}/{path}?a=${stageVariables.b}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    /// `{name}`: what the mapping `integration.request.path.{name}` says.
    PathVariable(Box<str>),
    /// `${stageVariables.name}`: empty when the stage has no such variable.
    StageVariable(Box<str>),
}

impl Endpoint {
    pub(crate) fn compile(uri: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = uri;
        while let Some((before, from)) = rest.split_once('{') {
            let Some((name, after)) = from.split_once('}') else { break };
            let stage_variable = before.strip_suffix('$').zip(name.strip_prefix("stageVariables."));
            let (before, part) = match stage_variable {
                Some((before, name)) => (before, Part::StageVariable(name.into())),
                None => (before, Part::PathVariable(name.strip_suffix('+').unwrap_or(name).into())),
            };
            parts.extend([Part::Text(before.into()), part]);
            rest = after;
        }
        parts.push(Part::Text(rest.into()));
        parts.retain(|part| *part != Part::Text("".into()));
        Self(parts)
    }

    /// The address for a request, with more query parameters behind those it has. `path_variable` gives what a variable
    /// stands for, percent-encoded.
    pub(crate) fn uri(
        &self,
        exchange: &Exchange<'_>,
        mut path_variable: impl FnMut(&str) -> Result<Option<String>, Refusal>,
        query: &str,
    ) -> Result<Uri, Refusal> {
        let mut uri = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => uri.push_str(text),
                Part::StageVariable(name) => {
                    uri.push_str(exchange.stage_variables.get(&**name).map_or("", String::as_str));
                }
                Part::PathVariable(name) => {
                    let value = path_variable(name)?.ok_or_else(|| {
                        let expected = format!("integration.request.path.{name}");
                        Refusal::InvalidEndpoint(format!("{{{name}}} has no value; map {expected} to one"))
                    })?;
                    uri.push_str(&value);
                }
            }
        }
        if !query.is_empty() {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(query);
        }
        let parsed: Option<Uri> = uri.parse().ok();
        let is_http = |uri: &Uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
        };
        parsed.filter(is_http).ok_or(Refusal::InvalidEndpoint(uri))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::with;

    #[test]
    fn places_are_filled() {
        let check = |uri: &str, query: &str, expected: Result<&str, &str>| {
            with(&[], None, b"", |exchange| {
                let variable = |name: &str| Ok((name == "id").then(|| "a%2Fb".to_owned()));
                let got = Endpoint::compile(uri).uri(exchange, variable, query);
                let got = got.map(|uri| uri.to_string()).map_err(|refusal| match refusal {
                    Refusal::InvalidEndpoint(what) => what,
                    other => other.to_string(),
                });
                assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned), "{uri}");
            });
        };
        check("https://a.b/c", "", Ok("https://a.b/c"));
        check("https://a.b", "x=1", Ok("https://a.b/?x=1"));
        check("https://a.b/c?d=e", "x=1", Ok("https://a.b/c?d=e&x=1"));
        check("https://a.b/{id}/x", "", Ok("https://a.b/a%2Fb/x"));
        check("https://a.b/{id+}", "", Ok("https://a.b/a%2Fb"));
        check("https://${stageVariables.color}.b/", "", Ok("https://blue.b/"));
        check("${stageVariables.none}https://a.b/", "", Ok("https://a.b/"));
        check("https://${stageVariables.none}/", "", Err("https:///"));
        check("https://a.b/{none}", "", Err("{none} has no value; map integration.request.path.none to one"));
        check("ftp://a.b/", "", Err("ftp://a.b/"));
        check("/a", "", Err("/a"));
        check("https://a b/", "", Err("https://a b/"));
    }
}
