//! `claviger policy`: shows and sets what proxies in front of services of their own ask about.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::ensure;
use serde_json::{Map, Value, json};

use super::call::{call, printable};
use super::roles::{RoleOptions, for_people};
use super::{Global, Output, WrongUsage};

/// List, show or set the policies that proxies ask about at /_claviger/authorize/NAME
///
/// What is given replaces the whole policy; with a name alone, it is shown, and without one, the policies are listed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policy's name
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// A user pool whose tokens are accepted, may be repeated
    #[arg(long = "pool", value_name = "USER_POOL_ID", requires = "name")]
    pools: Vec<String>,
    /// A scope of which a token must carry one, may be repeated
    #[arg(long = "scope", value_name = "SCOPE", requires = "name")]
    scopes: Vec<String>,
    /// The kind of token that is asked for
    #[arg(long, value_name = "KIND", value_enum, requires = "name")]
    token_use: Option<TokenUse>,
    /// Where the proxy puts the method and the path of the request, for roles to judge: path as Envoy does, forwarded as Traefik
    /// and Caddy do (X-Forwarded-Method, -Uri), original as the examples for others do (X-Original-Method, -URI)
    #[arg(long, value_name = "WHERE", value_enum, requires = "name")]
    request_source: Option<RequestSource>,
    #[command(flatten)]
    roles: RoleOptions,
    /// Delete the policy: whoever asks about it is refused
    #[arg(long, requires = "name", conflicts_with_all = ["pools", "scopes", "token_use", "request_source", "grants", "rules",
        "roles_file"])]
    delete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TokenUse {
    Access,
    Id,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RequestSource {
    Path,
    Forwarded,
    Original,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let text = super::block_on(async {
        if arguments.name.is_none() {
            return list(global).await;
        }
        let (operation, input) = arguments.call()?;
        let answer = call(&global.endpoint, operation, &input).await?;
        if arguments.delete { Ok(String::new()) } else { to_text(&answer, global.output) }
    })?;
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// All policies, page after page.
async fn list(global: &Global) -> anyhow::Result<String> {
    let mut policies: Vec<Value> = Vec::new();
    let mut input = json!({});
    loop {
        let mut answer = call(&global.endpoint, "ListAuthorizationPolicies", &input).await?;
        if let Some(Value::Array(page)) = answer.remove("Policies") {
            policies.extend(page);
        }
        match answer.remove("NextToken") {
            Some(next) => input = json!({ "NextToken": next }),
            None => break,
        }
    }
    if global.output == Output::Json {
        return Ok(serde_json::to_string_pretty(&json!({ "Policies": policies }))? + "\n");
    }
    let names = policies.iter().filter_map(|policy| policy.get("PolicyName")?.as_str());
    Ok(names.map(|name| printable(name) + "\n").collect())
}

impl Arguments {
    /// The operation, and its input, that does what is asked for of one policy.
    fn call(&self) -> anyhow::Result<(&'static str, Value)> {
        let table = self.roles.table()?;
        let mut input = Map::new();
        let mut put = |name: &str, value: Option<Value>| input.extend(value.map(|value| (name.to_owned(), value)));
        put("UserPoolIds", (!self.pools.is_empty()).then(|| json!(self.pools)));
        put("Scopes", (!self.scopes.is_empty()).then(|| json!(self.scopes)));
        let token_use = self.token_use.map(|token_use| match token_use {
            TokenUse::Access => "ACCESS",
            TokenUse::Id => "ID",
        });
        put("TokenUse", token_use.map(Value::from));
        let source = self.request_source.map(|source| match source {
            RequestSource::Path => "PATH",
            RequestSource::Forwarded => "FORWARDED",
            RequestSource::Original => "ORIGINAL",
        });
        put("RequestSource", source.map(Value::from));
        put("RoleMapping", table);
        let operation = match (self.delete, input.is_empty()) {
            (true, _) => "DeleteAuthorizationPolicy",
            (false, true) => "DescribeAuthorizationPolicy",
            (false, false) => {
                let given = || WrongUsage("a policy needs the user pools whose tokens it accepts: --pool".to_owned());
                ensure!(!self.pools.is_empty(), given());
                "PutAuthorizationPolicy"
            }
        };
        input.insert("PolicyName".to_owned(), json!(self.name));
        Ok((operation, input.into()))
    }
}

fn to_text(answer: &Map<String, Value>, output: Output) -> anyhow::Result<String> {
    if output == Output::Json {
        return Ok(serde_json::to_string_pretty(answer)? + "\n");
    }
    let mut text = String::new();
    let of = |name: &str| match answer.get(name) {
        Some(Value::String(text)) => printable(text),
        Some(Value::Array(texts)) => {
            texts.iter().filter_map(Value::as_str).map(printable).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    };
    let scopes = of("Scopes");
    let _ = writeln!(text, "Policy      {}", of("PolicyName"));
    let _ = writeln!(text, "User pools  {}", of("UserPoolIds"));
    let _ = writeln!(text, "Tokens      {}", of("TokenUse").to_ascii_lowercase());
    let _ = writeln!(text, "Any of      {}", if scopes.is_empty() { "no scope is asked for" } else { &scopes });
    let _ = writeln!(text, "Request     {}", of("RequestSource").to_ascii_lowercase());
    if let Some(table) = answer.get("RoleMapping").and_then(Value::as_object) {
        for_people(table, &mut text);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn an_option_sets_the_whole_policy() {
        let check = |words: &[&str], operation: &str, expected: Value| {
            let line = Line::try_parse_from([&["policy", "weather"], words].concat()).unwrap();
            assert_eq!(line.arguments.call().unwrap(), (operation, expected), "{words:?}");
        };
        check(&[], "DescribeAuthorizationPolicy", json!({"PolicyName": "weather"}));
        check(&["--delete"], "DeleteAuthorizationPolicy", json!({"PolicyName": "weather"}));
        let pool = ["--pool", "us-east-1_a"];
        let put = "PutAuthorizationPolicy";
        check(&pool, put, json!({"UserPoolIds": ["us-east-1_a"], "PolicyName": "weather"}));
        let words = [
            &pool[..],
            &["--pool", "us-east-1_b", "--scope", "a/b", "--scope", "a/c", "--token-use", "id"],
            &["--request-source", "original", "--grant", "a/b=r", "--allow", "r=GET /"],
        ];
        let expected = json!({
            "UserPoolIds": ["us-east-1_a", "us-east-1_b"], "Scopes": ["a/b", "a/c"], "TokenUse": "ID",
            "RequestSource": "ORIGINAL", "RoleMapping": {"Scopes": {"a/b": ["r"]}, "Roles": {"r": ["GET /"]}},
            "PolicyName": "weather",
        });
        check(&words.concat(), put, expected);
    }

    #[test]
    fn refuses_what_makes_no_policy() {
        let line = Line::try_parse_from(["policy", "weather", "--scope", "a/b"]).unwrap();
        assert!(line.arguments.call().unwrap_err().is::<WrongUsage>());
        for words in [&["policy", "--pool", "us-east-1_a"][..], &["policy", "--delete"]] {
            assert!(Line::try_parse_from(words).is_err(), "{words:?}");
        }
        assert!(Line::try_parse_from(["policy", "a", "--delete", "--pool", "us-east-1_a"]).is_err());
    }

    #[test]
    fn tells_people() {
        let answer = json!({
            "PolicyName": "weather", "UserPoolIds": ["us-east-1_a", "us-east-1_b"], "Scopes": [], "TokenUse": "ACCESS",
            "RequestSource": "PATH", "RoleMapping": {"Scopes": {"a/b": ["r"]}, "Roles": {"r": ["GET /"]}},
        });
        assert_eq!(
            to_text(answer.as_object().unwrap(), Output::Text).unwrap(),
            "Policy      weather\nUser pools  us-east-1_a, us-east-1_b\nTokens      access\n\
             Any of      no scope is asked for\nRequest     path\nScopes      a/b = r\nRoles       r = GET /\n"
        );
    }
}
