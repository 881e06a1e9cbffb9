//! The request to the token endpoint (RFC 6749, section 4.4), and what to do about its refusals.

use std::fmt;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use claviger_oauth::jose::Token;
use claviger_resources::Secret;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use serde_json::{Map, Value};

use super::Granted;
use crate::cli::endpoint::Endpoint;

/// Characters of an unexpected answer that are shown.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// The address of a token endpoint.
#[derive(Clone, Debug)]
pub(super) struct TokenUrl {
    endpoint: Endpoint,
    target: String,
}

impl TokenUrl {
    /// Reads `--token-url`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let expected = "expected a URL such as https://HOST/oauth2/token";
        let url: Uri = text.parse().context(expected)?;
        let origin = format!(
            "{}://{}",
            url.scheme_str().unwrap_or_default(),
            url.authority().map(http::uri::Authority::as_str).unwrap_or_default()
        );
        let target = url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Ok(Self { endpoint: Endpoint::parse(&origin).context(expected)?, target: target.to_owned() })
    }

    /// The token endpoint of a Claviger server.
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        Self { endpoint: endpoint.clone(), target: "/oauth2/token".to_owned() }
    }
}

impl fmt::Display for TokenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.endpoint.url(), self.target)
    }
}

/// Asks for a token as a client that proves itself with Basic authentication.
pub(super) async fn token(
    url: &TokenUrl,
    client_id: &str,
    secret: &Secret<String>,
    scopes: &[String],
    now: impl Fn() -> i64,
) -> anyhow::Result<Granted> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if !scopes.is_empty() {
        form.append_pair("scope", &scopes.join(" "));
    }
    let credentials = STANDARD.encode(format!("{client_id}:{}", secret.expose()));
    let mut authorization = HeaderValue::try_from(format!("Basic {credentials}"))?;
    authorization.set_sensitive(true);
    let request = Request::post(&url.target)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, authorization)
        .body(Full::from(form.finish()))?;
    let response = url.endpoint.send(request).await?;
    granted(&response, now()).with_context(|| format!("no token from {url}"))
}

/// Reads the answer (RFC 6749, sections 5.1 and 5.2).
fn granted(response: &Response<Bytes>, now_seconds: i64) -> anyhow::Result<Granted> {
    let status = response.status();
    let answer: Option<Map<String, Value>> = serde_json::from_slice(response.body()).ok();
    let text = |name: &str| answer.as_ref()?.get(name)?.as_str();
    if status != StatusCode::OK {
        // Where no token endpoint is, its codes mean nothing.
        let Some(code) = text("error").filter(|_| status != StatusCode::NOT_FOUND) else {
            bail!("{}", without_code(status, response.body()))
        };
        let description = text("error_description").map(|text| format!(" ({text})")).unwrap_or_default();
        bail!("{}: {}", shown(&format!("{code}{description}")), what_to_do(code));
    }
    let Some(access_token) = text("access_token").map(str::to_owned) else {
        bail!(
            "the answer holds no access_token; is this a token endpoint? It answered: {}",
            shown_body(response.body())
        )
    };
    let answer = answer.unwrap_or_default();
    let in_answer = answer.get("expires_in").and_then(Value::as_i64);
    let expires_at = expiry(&access_token).or(in_answer.map(|seconds| now_seconds.saturating_add(seconds)));
    Ok(Granted { answer, access_token, expires_at })
}

/// The token's own `exp`, where it is a JSON Web Token.
fn expiry(token: &str) -> Option<i64> {
    let token = Token::parse(token).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(token.payload()).ok()?;
    claims.get("exp")?.as_i64()
}

/// Where to look after a refusal, for each code that Cognito's token endpoint answers to machines.
fn what_to_do(code: &str) -> &'static str {
    match code {
        "invalid_client" => {
            "the client id is unknown to the pool behind this URL, or the secret is not one of the client's; compare \
             both with DescribeUserPoolClient"
        }
        "invalid_grant" => {
            "a scope asked for is not in the client's AllowedOAuthScopes, or its AllowedOAuthFlowsUserPoolClient is \
             false; see both with DescribeUserPoolClient"
        }
        "unauthorized_client" => "the client's AllowedOAuthFlows does not contain client_credentials",
        "invalid_scope" => {
            "a scope asked for is not defined by any resource server of the pool (they are written identifier/name), is \
             one for users, such as openid, or the client is left with none; see ListResourceServers, and \
             AllowedOAuthScopes of the client"
        }
        "unsupported_grant_type" => {
            "the server does not grant client_credentials here; is the URL that of the token endpoint?"
        }
        "invalid_request" => "the server could not read the request; is the URL that of the token endpoint?",
        "too_many_requests" | "slow_down" => "the server limits how often tokens are asked for; wait, and reuse tokens",
        "temporarily_unavailable" | "server_error" => "the server is at fault; try again, and look at its log",
        _ => "the server gave no further reason",
    }
}

/// What an answer that is no OAuth error tells.
fn without_code(status: StatusCode, body: &[u8]) -> String {
    let advice = match status {
        StatusCode::NOT_FOUND => "no pool has this domain, or the path is not /oauth2/token",
        StatusCode::METHOD_NOT_ALLOWED => "this is no token endpoint; its path is /oauth2/token",
        StatusCode::TOO_MANY_REQUESTS => "the server limits how often tokens are asked for; wait, and reuse tokens",
        _ if status.is_redirection() => "the server sends elsewhere; name the token endpoint itself with --token-url",
        _ => "that is not how a token endpoint answers; check --token-url",
    };
    format!("the server answered {status}: {advice}. It said: {}", shown_body(body))
}

fn shown_body(body: &[u8]) -> String {
    if body.is_empty() { "nothing".to_owned() } else { shown(&String::from_utf8_lossy(body)) }
}

/// Text of a server that may be anything, fit for a terminal.
fn shown(text: &str) -> String {
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().take(SHOWN_CHARACTERS_MAX).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_token_urls() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(TokenUrl::parse(text).ok().map(|url| url.to_string()).as_deref(), expected, "{text}");
        };
        check("http://127.0.0.1:4566/oauth2/token", Some("http://127.0.0.1:4566/oauth2/token"));
        check("https://id.example/token?tenant=a", Some("https://id.example:443/token?tenant=a"));
        check("https://id.example", Some("https://id.example:443/"));
        for wrong in ["", "id.example/oauth2/token", "/oauth2/token", "ftp://id.example/token", "http://"] {
            check(wrong, None);
        }
        let endpoint = Endpoint::parse("http://localhost:4566/").unwrap();
        assert_eq!(TokenUrl::of(&endpoint).to_string(), "http://localhost:4566/oauth2/token");
    }

    fn answered(status: u16, body: &str) -> anyhow::Result<Granted> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        granted(&Response::builder().status(status).body(body).unwrap(), 1000)
    }

    #[test]
    fn reads_answers() {
        let granted = answered(200, r#"{"access_token":"opaque","expires_in":60,"token_type":"Bearer"}"#).unwrap();
        assert_eq!((&*granted.access_token, granted.expires_at), ("opaque", Some(1060)));
        let granted = answered(200, r#"{"access_token":"opaque"}"#).unwrap();
        assert_eq!(granted.expires_at, None);
        // {"kid":"k","alg":"RS256"}.{"exp":2000}: what the token says counts.
        let token = "eyJraWQiOiJrIiwiYWxnIjoiUlMyNTYifQ.eyJleHAiOjIwMDB9.AA";
        let granted = answered(200, &format!(r#"{{"access_token":"{token}","expires_in":60}}"#)).unwrap();
        assert_eq!(granted.expires_at, Some(2000));
    }

    #[test]
    fn tells_what_to_do_about_refusals() {
        let check = |status: u16, body: &str, expected: &str| {
            let error = format!("{:#}", answered(status, body).unwrap_err());
            assert!(error.contains(expected), "{status} {body}: {error}");
        };
        check(400, r#"{"error":"invalid_client"}"#, "invalid_client: the client id is unknown");
        check(400, r#"{"error":"invalid_grant"}"#, "AllowedOAuthFlowsUserPoolClient");
        check(400, r#"{"error":"invalid_scope"}"#, "ListResourceServers");
        check(400, r#"{"error":"unauthorized_client"}"#, "AllowedOAuthFlows does not contain");
        check(400, r#"{"error":"odd","error_description":"why"}"#, "odd (why): the server gave no further reason");
        check(400, "{\"error\":\"\\u001b[31m\"}", " [31m: the server");
        check(
            405,
            "",
            "405 Method Not Allowed: this is no token endpoint; its path is /oauth2/token. It said: nothing",
        );
        check(404, r#"{"message":"x"}"#, "no pool has this domain");
        check(302, "", "name the token endpoint itself");
        check(200, "<html>", "no access_token");
        check(200, "[]", "no access_token");
        check(500, &"x".repeat(100_000), "500");
    }
}
