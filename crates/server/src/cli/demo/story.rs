//! The demonstration's requests, each with the answer that is expected.

use std::borrow::Cow;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use super::stack::{STAGE, Stack};
use crate::cli::endpoint::Endpoint;
use crate::cli::stacks::{Client, Connections};

/// One token's lifetime and a second.
const PAST_EXPIRY_SECONDS: i64 = 3601;

/// What an answer must be.
enum Expected<'a> {
    /// This status and exactly this body.
    Body(u16, &'a str),
    /// A token that carries exactly these scopes.
    Token(&'a [&'a str]),
}

/// Tells the story; tells whether every answer was the expected one.
pub(super) async fn play(endpoint: &Endpoint, stack: &Stack) -> anyhow::Result<bool> {
    let mut teller = Teller { endpoint, stack, as_expected: true };
    let both = Expected::Token(&["weather-api/get", "weather-api/post"]);
    let all = teller
        .ask_for_token("A machine asks for a token, with no scope named: it gets all it may have", None, &both)
        .await?;
    let storms = Expected::Body(200, r#"{"storms": ["Dudley", "Eunice", "Franklin"]}"#);
    teller.call("It calls the API with that token", Method::GET, Some(&all), &storms).await?;

    let narrow = Expected::Token(&["weather-api/post"]);
    let post = teller.ask_for_token("It asks for one scope only", Some("weather-api/post"), &narrow).await?;
    let unauthorized = Expected::Body(401, r#"{"message":"Unauthorized"}"#);
    teller.call("GET needs weather-api/get, so this token is refused", Method::GET, Some(&post), &unauthorized).await?;
    let storm = Expected::Body(200, r#"{"storm": "Malik"}"#);
    teller.call("POST needs weather-api/post, which it carries", Method::POST, Some(&post), &storm).await?;

    let refused = Expected::Body(400, r#"{"error":"invalid_grant"}"#);
    teller.ask_for_token("A scope that exists, but not for this client", Some("weather-api/delete"), &refused).await?;
    teller.call("No token at all", Method::GET, None, &unauthorized).await?;
    let forged = forge(&all).context("a token without a payload")?;
    teller.call("A token whose scope was changed by hand", Method::GET, Some(&forged), &unauthorized).await?;

    let expired = Expected::Body(401, r#"{"message":"The incoming token has expired"}"#);
    teller.move_clock(PAST_EXPIRY_SECONDS).await?;
    teller.call("An hour later, by the server's clock", Method::GET, Some(&all), &expired).await?;
    teller.move_clock(-PAST_EXPIRY_SECONDS).await?;
    Ok(teller.as_expected)
}

/// Says what was made and how to go on with it, ready to paste.
pub(super) fn say_how_to_go_on(endpoint: &Endpoint, stack: &Stack) -> anyhow::Result<()> {
    let url = endpoint.url();
    let connections = Connections {
        token_url: format!("{url}/oauth2/token"),
        client: Some(Client {
            pool: stack.user_pool.clone(),
            id: stack.client_id.clone(),
            secret: stack.client_secret.clone(),
        }),
        invoke_url: Some(format!("{url}/_aws/execute-api/{}/{STAGE}", stack.api)),
    };
    crate::cli::print(&format!("{connections}\n"))
}

struct Teller<'a> {
    endpoint: &'a Endpoint,
    stack: &'a Stack,
    as_expected: bool,
}

impl Teller<'_> {
    /// Asks for a token; gives it, or an empty text when none was granted.
    async fn ask_for_token(
        &mut self,
        what: &str,
        scope: Option<&str>,
        expected: &Expected<'_>,
    ) -> anyhow::Result<String> {
        let form = match scope {
            Some(scope) => format!("grant_type=client_credentials&scope={scope}"),
            None => "grant_type=client_credentials".to_owned(),
        };
        let credentials = STANDARD.encode(format!("{}:{}", self.stack.client_id, self.stack.client_secret));
        let request = Request::post("/oauth2/token")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Authorization", format!("Basic {credentials}"))
            .body(Full::from(form.clone()))?;
        let (status, body) = self.send(request).await?;
        let granted: Option<Value> = serde_json::from_str(&body).ok();
        let token =
            granted.as_ref().and_then(|answer| answer.get("access_token")?.as_str()).unwrap_or_default().to_owned();
        let right = match expected {
            Expected::Body(code, text) => status == *code && body == *text,
            Expected::Token(scopes) => status == 200 && scopes_of(&token).is_some_and(|carried| carried == *scopes),
        };
        let request = format!("POST /oauth2/token  {form}");
        self.say(what, &request, status, &shortened(&body), scopes_of(&token).as_deref(), right);
        Ok(token)
    }

    /// Calls the API.
    async fn call(
        &mut self,
        what: &str,
        method: Method,
        token: Option<&str>,
        expected: &Expected<'_>,
    ) -> anyhow::Result<()> {
        let path = format!("/_aws/execute-api/{}/{STAGE}", self.stack.api);
        let mut request = Request::builder().method(method.clone()).uri(&path);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let (status, body) = self.send(request.body(Full::default())?).await?;
        let right = matches!(expected, Expected::Body(code, text) if status == *code && body == **text);
        let bearer = token.map_or_else(String::new, |token| format!("  Authorization: Bearer {}", cut(token)));
        self.say(what, &format!("{method} {path}{bearer}"), status, &body, None, right);
        Ok(())
    }

    async fn move_clock(&mut self, seconds: i64) -> anyhow::Result<()> {
        let body = json!({ "advanceSeconds": seconds }).to_string();
        let request = Request::post("/_claviger/clock").body(Full::from(body))?;
        let (status, _) = self.send(request).await?;
        self.as_expected &= status == 200;
        Ok(())
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<(u16, String)> {
        let response = self.endpoint.send(request).await?;
        Ok((response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned()))
    }

    #[expect(clippy::print_stdout, reason = "the transcript is the command's result")]
    fn say(&mut self, what: &str, request: &str, status: u16, body: &str, scopes: Option<&[String]>, right: bool) {
        println!("{what}\n  {request}\n  {status} {body}");
        if let Some(scopes) = scopes {
            println!("  scope: {}", scopes.join(" "));
        }
        println!("  {}\n", if right { "as expected" } else { "NOT THE EXPECTED ANSWER" });
        self.as_expected &= right;
    }
}

/// The scopes a token carries.
fn scopes_of(token: &str) -> Option<Vec<String>> {
    let payload: Value = serde_json::from_slice(&decode(token.split('.').nth(1)?)?).ok()?;
    Some(payload.get("scope")?.as_str()?.split(' ').map(str::to_owned).collect())
}

/// The token with another scope in its payload, under the signature it had.
fn forge(token: &str) -> Option<String> {
    let mut parts: Vec<&str> = token.split('.').collect();
    let payload = String::from_utf8(decode(parts.get(1)?)?).ok()?;
    let changed = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload.replace("weather-api", "anything"));
    *parts.get_mut(1)? = &changed;
    Some(parts.join("."))
}

fn decode(segment: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(segment).ok()
}

/// An answer of the token endpoint with its token cut short.
fn shortened(body: &str) -> Cow<'_, str> {
    let token = body.split('"').find(|text| text.starts_with("eyJ"));
    token.map_or(Cow::Borrowed(body), |token| Cow::Owned(body.replace(token, &cut(token))))
}

fn cut(token: &str) -> String {
    format!("{}…", token.chars().take(16).collect::<String>())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives every request the same answer.
    async fn parrot(body: &'static str) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let length = body.len();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Endpoint::parse(&format!("http://{address}")).unwrap()
    }

    #[tokio::test]
    async fn a_gate_that_lets_everyone_in_is_not_as_expected() {
        let stack = Stack {
            user_pool: "us-east-1_pool".to_owned(),
            client_id: "client".to_owned(),
            client_secret: "secret".to_owned(),
            api: "api".to_owned(),
        };
        // A token that carries both scopes: the first request looks right, and the refusals that follow do not come.
        let body = concat!(
            r#"{"access_token":"eyJhbGciOiJSUzI1NiJ9."#,
            "eyJzY29wZSI6IndlYXRoZXItYXBpL2dldCB3ZWF0aGVyLWFwaS9wb3N0In0",
            r#".c2lnbmF0dXJl","expires_in":3600,"token_type":"Bearer"}"#
        );
        assert!(!play(&parrot(body).await, &stack).await.unwrap());
    }
}
