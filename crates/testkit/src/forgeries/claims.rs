//! Forgeries that the pool's own key signed and whose claims must still not be believed.

use serde_json::{Value, json};

use super::{Fault, Forger, Row};

pub(super) fn forgeries(forger: &Forger) -> Vec<Row> {
    let mut rows = objects(forger);
    rows.extend(times(forger));
    rows.extend(issuers_and_uses(forger));
    rows
}

fn objects(forger: &Forger) -> Vec<Row> {
    let real = forger.real_payload();
    let pay = |payload: &[u8]| Forger::sign(&forger.access, forger.header().to_string(), payload);
    let more = |member: &str| pay(real.replacen('{', &format!("{{{member},"), 1).as_bytes());
    let not_utf8 = [real.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat();
    let deep = format!(r#""x":{}{}"#, "[".repeat(2000), "]".repeat(2000));
    let scope = &forger.scope;
    let malformed = vec![
        ("claims that are a list", pay(format!("[{real}]").as_bytes())),
        ("claims that are text", pay(json!(real).to_string().as_bytes())),
        ("claims that are null", pay(b"null")),
        ("claims that are no JSON", pay(b"storm")),
        ("claims that are not UTF-8", pay(&not_utf8)),
        ("claims with something behind them", pay(format!("{real} {real}").as_bytes())),
        ("claims cut short", pay(real.trim_end_matches('}').as_bytes())),
        ("claims with a byte order mark", pay(format!("\u{feff}{real}").as_bytes())),
        ("claims with a comment", pay(real.replacen('{', "{/* */", 1).as_bytes())),
        ("claims nested deeply", more(&deep)),
        ("no claims, not even braces", pay(b"")),
        ("a real token for claims", pay(forger.genuine().as_bytes())),
        ("two scopes", more(&format!(r#""scope":"{scope}""#))),
        ("two ends", more(&format!(r#""exp":{}"#, forger.now_seconds + 1))),
        ("two issuers, one name escaped", more(r#""\u0069ss":"https://elsewhere.example/""#)),
        ("half a character", more(r#""x":"\ud800""#)),
        ("a number beyond all bounds", more(r#""x":1e999"#)),
    ];
    malformed.into_iter().map(|(class, token)| (class, Fault::Malformed, token)).collect()
}

fn times(forger: &Forger) -> Vec<Row> {
    let now = forger.now_seconds;
    let with = |name: &str, value: Option<Value>| forger.signed(&forger.claims_with(name, value));
    let written = |name: &str, number: &str| {
        let claims = forger.claims_with(name, json!("@")).to_string();
        Forger::sign(&forger.access, forger.header().to_string(), claims.replace("\"@\"", number))
    };
    let expired = |seconds: i64| {
        let mut claims = forger.claims();
        claims.insert("iat".to_owned(), json!(seconds - 3600));
        claims.insert("exp".to_owned(), json!(seconds));
        forger.signed(&Value::Object(claims))
    };
    vec![
        ("expired an hour ago", Fault::Expired, expired(now - 3600)),
        ("expired this second", Fault::Expired, expired(now)),
        ("no end", Fault::Claim, with("exp", None)),
        ("an end that is text", Fault::Claim, with("exp", Some(json!((now + 3600).to_string())))),
        ("an end that is null", Fault::Claim, with("exp", Some(Value::Null))),
        ("an end that is true", Fault::Claim, with("exp", Some(json!(true)))),
        ("an end that is a list", Fault::Claim, with("exp", Some(json!([now + 3600])))),
        ("an end with a fraction", Fault::Claim, written("exp", &format!("{now}.5"))),
        ("an end with an exponent", Fault::Claim, written("exp", "2e10")),
        ("an end before the epoch", Fault::Claim, written("exp", "-1")),
        ("an end beyond the year 9999", Fault::Claim, written("exp", "253402300800")),
        ("an end beyond 64 bits", Fault::Claim, written("exp", "18446744073709551617")),
        ("issued after its end", Fault::Claim, with("iat", Some(json!(now + 3601)))),
        ("a time of issue that is text", Fault::Claim, with("iat", Some(json!("now")))),
        ("not valid for another second", Fault::NotYetValid, with("nbf", Some(json!(now + 1)))),
        ("a beginning that is text", Fault::Claim, with("nbf", Some(json!("0")))),
    ]
}

fn issuers_and_uses(forger: &Forger) -> Vec<Row> {
    let with = |name: &str, value: Option<Value>| forger.signed(&forger.claims_with(name, value));
    let issuer = &forger.issuer;
    let id_token = {
        let mut claims = forger.claims();
        claims.insert("token_use".to_owned(), json!("id"));
        claims.insert("aud".to_owned(), json!(forger.client_id));
        let header = json!({"kid": forger.id.kid, "alg": "RS256"}).to_string();
        Forger::sign(&forger.id, header, Value::Object(claims).to_string())
    };
    vec![
        ("the other pool's issuer", Fault::Issuer, with("iss", Some(json!(forger.foreign_issuer)))),
        ("the issuer with a slash behind it", Fault::Issuer, with("iss", Some(json!(format!("{issuer}/"))))),
        ("the issuer with a query", Fault::Issuer, with("iss", Some(json!(format!("{issuer}?x"))))),
        ("the issuer with a fragment", Fault::Issuer, with("iss", Some(json!(format!("{issuer}#x"))))),
        ("the issuer with a letter more", Fault::Issuer, with("iss", Some(json!(format!("{issuer}x"))))),
        ("the issuer with a space before it", Fault::Issuer, with("iss", Some(json!(format!(" {issuer}"))))),
        ("the issuer in upper case", Fault::Issuer, with("iss", Some(json!(issuer.to_uppercase())))),
        ("the issuer without its scheme", Fault::Issuer, {
            with("iss", Some(json!(issuer.trim_start_matches("https://"))))
        }),
        ("both issuers", Fault::Issuer, with("iss", Some(json!(format!("{issuer} {}", forger.foreign_issuer))))),
        ("an empty issuer", Fault::Issuer, with("iss", Some(json!("")))),
        ("no issuer", Fault::Claim, with("iss", None)),
        ("a list of issuers", Fault::Claim, with("iss", Some(json!([issuer])))),
        ("an ID token", Fault::TokenUse, id_token),
        ("no use", Fault::TokenUse, with("token_use", None)),
        ("a use in upper case", Fault::TokenUse, with("token_use", Some(json!("ACCESS")))),
        ("a refresh token's use", Fault::TokenUse, with("token_use", Some(json!("refresh")))),
        ("a list of uses", Fault::TokenUse, with("token_use", Some(json!(["access", "id"])))),
    ]
}
