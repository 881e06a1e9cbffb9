//! Forgeries of form: not three canonical base64url segments, or not a real token's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;

use super::forger::encode;
use super::{Fault, Forger, Row};

pub(super) fn forgeries(forger: &Forger) -> Vec<Row> {
    let [header, payload, signature] = forger.segments();
    let token = forger.genuine();
    let header_text = forger.header().to_string();
    let json = json!({"payload": payload, "protected": header, "signature": signature}).to_string();
    let huge = forger.claims_with("x", json!("x".repeat(16 * 1024)));
    let malformed: Vec<(&'static str, String)> = vec![
        ("one segment", header.clone()),
        ("two segments", format!("{header}.{payload}")),
        ("four segments", format!("{token}.{signature}")),
        ("five segments, as if encrypted", format!("{header}.{payload}.{payload}.{payload}.{signature}")),
        ("an empty segment before", format!(".{token}")),
        ("an empty segment behind", format!("{token}.")),
        ("three empty segments", "..".to_owned()),
        ("an empty header segment", format!(".{payload}.{signature}")),
        ("an empty payload segment", format!("{header}..{signature}")),
        ("the segments turned around", format!("{signature}.{payload}.{header}")),
        ("the JSON serialization", json),
        ("two tokens with a comma", format!("{token},{token}")),
        ("two tokens with a space", format!("{token} {token}")),
        ("a second Bearer", format!("Bearer Bearer {token}")),
        ("another scheme", format!("Basic {token}")),
        ("a space before", format!(" {token}")),
        ("a space behind", format!("{token} ")),
        ("a tab inside", format!("{header}.\t{payload}.{signature}")),
        ("a line break inside", format!("{header}.{payload}\n.{signature}")),
        ("a NUL behind", format!("{token}\0")),
        ("quotes around", format!("\"{token}\"")),
        ("padding behind the header", format!("{header}==.{payload}.{signature}")),
        ("padding behind the signature", format!("{token}==")),
        ("bits that encode nothing", non_canonical(&header, &payload, &signature)),
        ("the standard alphabet", format!("{}.{payload}.{signature}", STANDARD_NO_PAD.encode(with_slash(forger)))),
        (
            "one character too many",
            format!("{token}A{}", "AAAA".get(..(4 - signature.len() % 4) % 4).unwrap_or_default()),
        ),
        ("percent-encoded dots", token.replace('.', "%2E")),
        ("dots of another script", token.replace('.', "\u{3002}")),
        ("a letter of another script", token.replacen('e', "\u{435}", 1)),
        ("a byte order mark before", format!("\u{feff}{token}")),
        ("no encoding at all", format!("{header_text}.{}.{signature}", forger.real_payload())),
        ("an encoding of the encoding", encode(&token)),
        ("a token of more than 16 KiB", forger.signed(&huge)),
    ];
    let mut rows: Vec<Row> = malformed.into_iter().map(|(class, token)| (class, Fault::Malformed, token)).collect();
    rows.push(("nothing", Fault::Missing, String::new()));
    rows
}

/// A header whose standard base64 has a slash in it, which base64url writes as an underscore.
fn with_slash(forger: &Forger) -> String {
    forger.header_with("x", json!("???")).to_string()
}

/// The last character of 256 bytes encodes two bits and four zeros; other values decode to the same bytes.
fn non_canonical(header: &str, payload: &str, signature: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = signature.chars().last().unwrap_or('A');
    let next = ALPHABET.chars().skip_while(|character| *character != last).nth(1).unwrap_or('B');
    format!("{header}.{payload}.{}{next}", signature.strip_suffix(last).unwrap_or_default())
}
