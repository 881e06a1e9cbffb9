//! Forgeries that the pool's own key signed and whose scopes only look like the one asked for.

use serde_json::{Value, json};

use super::{Fault, Forger, Row};

pub(super) fn forgeries(forger: &Forger) -> Vec<Row> {
    let scope = &*forger.scope;
    let (server, name) = scope.rsplit_once('/').unwrap_or_default();
    let texts = vec![
        ("a scope with a letter more", format!("{scope}2")),
        ("a scope with a letter less", scope.get(..scope.len() - 1).unwrap_or_default().to_owned()),
        ("the resource server alone", server.to_owned()),
        ("the scope's name alone", name.to_owned()),
        ("the resource server and a star", format!("{server}/*")),
        ("a star", "*".to_owned()),
        ("a scope of another resource server", format!("other-{scope}")),
        ("a resource server inside another", format!("other/{scope}")),
        ("a scope in upper case", scope.to_uppercase()),
        ("a scope with a slash behind it", format!("{scope}/")),
        ("a scope with two slashes", format!("{server}//{name}")),
        ("a scope behind a tab", format!("x/y\t{scope}")),
        ("a scope behind a line break", format!("x/y\n{scope}")),
        ("a scope behind a comma", format!("x/y,{scope}")),
        ("a scope behind a plus", format!("x/y+{scope}")),
        ("a scope behind a non-breaking space", format!("x/y\u{a0}{scope}")),
        ("a scope with a zero-width space", format!("{scope}\u{200b}")),
        ("a scope with a NUL", format!("{scope}\0")),
        ("a scope in quotes", format!("\"{scope}\"")),
        ("a percent-encoded scope", scope.replace('/', "%2F")),
        ("a scope with a letter of another script", scope.replacen(['a', 'e', 'o'], "\u{430}", 1)),
        ("a user's scopes", "openid aws.cognito.signin.user.admin".to_owned()),
        ("an empty scope", String::new()),
        ("spaces for a scope", "  ".to_owned()),
    ];
    let with = |value: Option<Value>| forger.signed(&forger.claims_with("scope", value));
    let mut rows: Vec<Row> =
        texts.into_iter().map(|(class, text)| (class, Fault::Scope, with(Some(json!(text))))).collect();
    let mut scp = forger.claims();
    scp.remove("scope");
    scp.insert("scp".to_owned(), json!([scope]));
    rows.extend([
        ("no scope", Fault::Scope, with(None)),
        ("a list of scopes", Fault::Scope, with(Some(json!([scope])))),
        ("a scope that is an object", Fault::Scope, with(Some(json!({scope: true})))),
        ("the scope under another claim", Fault::Scope, forger.signed(&Value::Object(scp))),
    ]);
    rows
}
