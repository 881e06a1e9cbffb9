//! Forgeries whose header two readers would read apart. All are signed by the pool's own key.

use serde_json::json;

use super::{Fault, Forger, Row};

pub(super) fn forgeries(forger: &Forger) -> Vec<Row> {
    let kid = &forger.access.kid;
    let under = |header: &str| Forger::sign(&forger.access, header, forger.real_payload());
    let with = |name: &str, value| forger.signed_under(&forger.header_with(name, value));
    let real = forger.header().to_string();
    let not_utf8 = [br#"{"kid":"#.as_slice(), kid.as_bytes(), b"\",\"alg\":\"RS256\",\"x\":\"\xff\"}"].concat();
    let deep = format!(r#"{{"kid":"{kid}","alg":"RS256","x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    vec![
        ("a critical extension nobody knows", Fault::Malformed, with("crit", json!(["storm"]))),
        ("an empty list of critical extensions", Fault::Malformed, with("crit", json!([]))),
        ("a critical extension that is null", Fault::Malformed, with("crit", json!(null))),
        ("an unencoded payload announced", Fault::Malformed, with("b64", json!(false))),
        ("two algorithms, the real one first", Fault::Malformed, {
            under(&format!(r#"{{"kid":"{kid}","alg":"RS256","alg":"none"}}"#))
        }),
        ("two algorithms, the real one last", Fault::Malformed, {
            under(&format!(r#"{{"kid":"{kid}","alg":"none","alg":"RS256"}}"#))
        }),
        ("two key ids, one name escaped", Fault::Malformed, {
            under(&format!(r#"{{"kid":"{kid}","\u006bid":"x","alg":"RS256"}}"#))
        }),
        ("a header that is a list", Fault::Malformed, under(&format!("[{real}]"))),
        ("a header that is text", Fault::Malformed, under(&json!(real).to_string())),
        ("a header that is a number", Fault::Malformed, under("1")),
        ("a header that is no JSON", Fault::Malformed, under("RS256")),
        ("a header with a comma too many", Fault::Malformed, under(&real.replace('}', ",}"))),
        ("a header with something behind it", Fault::Malformed, under(&format!("{real}{{}}"))),
        ("a header with a byte order mark", Fault::Malformed, under(&format!("\u{feff}{real}"))),
        ("a header in single quotes", Fault::Malformed, under(&real.replace('"', "'"))),
        ("a header that is not UTF-8", Fault::Malformed, Forger::sign(&forger.access, not_utf8, forger.real_payload())),
        ("a header nested deeply", Fault::Malformed, under(&deep)),
        ("an empty header", Fault::Malformed, under("")),
        ("a header without members", Fault::Malformed, under("{}")),
    ]
}
