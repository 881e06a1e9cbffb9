//! `claviger token`: fetches a token as a client, and keeps it for as long as it lives.

mod cache;
mod credentials;
mod fetch;

use std::process::ExitCode;

use claviger_resources::Clock;
use serde_json::{Map, Value};

use self::cache::{Cache, Key};
use self::credentials::ClientCredentials;
use self::fetch::TokenUrl;
use super::{Global, Output};
use crate::clock::MovableClock;

/// Fetch a token as a client, or reuse the one fetched before while it lives for another minute
///
/// Tokens are kept in claviger/tokens in the user's cache directory, for their owner only. One is found again by token
/// URL, client id and scopes: to try a new secret, use --no-cache.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    credentials: ClientCredentials,
    /// A scope to ask for, may be repeated; without any, the client gets all it may have
    #[arg(long = "scope", env = "CLAVIGER_SCOPE", value_name = "SCOPE", value_delimiter = ' ')]
    scopes: Vec<String>,
    /// The token endpoint
    #[arg(long, env = "CLAVIGER_TOKEN_URL", value_name = "URL", value_parser = TokenUrl::parse,
        help = "The token endpoint [default: /oauth2/token at --endpoint]")]
    token_url: Option<TokenUrl>,
    /// Fetch a new token, and keep it nowhere
    #[arg(long, env = "CLAVIGER_NO_CACHE")]
    no_cache: bool,
}

/// What the token endpoint answered, and when the token expires.
#[derive(Clone, PartialEq, Eq)]
struct Granted {
    answer: Map<String, Value>,
    access_token: String,
    /// In seconds since the epoch; `None` for a token that tells it neither itself nor in the answer.
    expires_at: Option<i64>,
}

pub(super) fn run(global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let secret = arguments.credentials.secret()?;
    let client_id = arguments.credentials.id;
    let url = arguments.token_url.unwrap_or_else(|| TokenUrl::of(&global.endpoint));
    let mut scopes: Vec<String> = arguments.scopes.into_iter().filter(|scope| !scope.is_empty()).collect();
    scopes.sort();
    scopes.dedup();
    let key = Key::of(&url.to_string(), &client_id, &scopes);
    let cache = if arguments.no_cache { None } else { Cache::of_user() };
    let now = || MovableClock::default().now().seconds();
    let kept = cache.as_ref().and_then(|cache| cache.find(&key, now()));
    let granted = if let Some(granted) = kept {
        granted
    } else {
        let granted = super::block_on(fetch::token(&url, &client_id, &secret, &scopes, now))?;
        if let Some(cache) = cache
            && let Err(error) = cache.keep(&key, &granted, now())
        {
            eprintln!("claviger: cannot keep the token: {error}; --no-cache does not try");
        }
        granted
    };
    super::print(&granted.to_text(global.output, now())?)?;
    Ok(ExitCode::SUCCESS)
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Granted").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl Granted {
    /// The bare token; or the endpoint's answer, its `expires_in` as of now.
    fn to_text(&self, output: Output, now_seconds: i64) -> anyhow::Result<String> {
        if output == Output::Text {
            return Ok(format!("{}\n", self.access_token));
        }
        let mut answer = self.answer.clone();
        if let Some(expires_at) = self.expires_at {
            answer.insert("expires_in".to_owned(), expires_at.saturating_sub(now_seconds).max(0).into());
            answer.insert("expires_at".to_owned(), expires_at.into());
        }
        Ok(serde_json::to_string_pretty(&answer)? + "\n")
    }
}
