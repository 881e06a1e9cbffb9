//! Bodies that chance makes: mostly JSON that the templates' paths lead into, and what is no JSON.

use super::chance::Chance;

/// Names that the grammar's paths ask for.
pub(super) const NAMES: [&str; 8] = ["a", "b", "items", "id", "name", "x y", "$ref", "é"];

const BROKEN: [&str; 12] =
    ["", "{", "[1,", "nul", "\"", "{\"a\":1,\"a\":2}", "1e999", "-0", "\u{feff}{}", "a=1&b=2", "<a/>", "\u{1f600}"];

pub(super) fn body(chance: &mut Chance) -> Vec<u8> {
    match chance.below(20) {
        0 => chance.of(&BROKEN).into(),
        1 => (0..chance.below(40)).map(|_| chance.number().to_le_bytes()[0]).collect(),
        2 => {
            let depth = chance.below(200);
            format!("{}1{}", "[".repeat(depth), "]".repeat(depth)).into()
        }
        3 => format!("[{}0]", "0,".repeat(chance.below(5_000))).into(),
        _ => {
            let mut text = String::new();
            value(chance, 0, &mut text);
            text.into()
        }
    }
}

fn value(chance: &mut Chance, depth: usize, out: &mut String) {
    match chance.below(if depth > 3 { 6 } else { 10 }) {
        0 => out.push_str("null"),
        1 => out.push_str(chance.of(&["true", "false"])),
        2 | 3 => {
            out.push_str(chance.of(&["0", "1", "-1", "2147483648", "9223372036854775807", "1.5", "1e300", "0.001"]));
        }
        4 | 5 => {
            let text =
                ["", "a", "A b", "it's", "\"q\"", "a,b,,c", "$1", "\\", "\n", "é€\u{1f600}", "%41+%zz", "YSBi", "1"];
            out.push_str(&serde_json::Value::from(chance.of(&text)).to_string());
        }
        6 | 7 => many(chance, ['[', ']'], out, |chance, out| value(chance, depth + 1, out)),
        _ => many(chance, ['{', '}'], out, |chance, out| {
            out.push_str(&serde_json::Value::from(chance.of(&NAMES)).to_string());
            out.push(':');
            value(chance, depth + 1, out);
        }),
    }
}

fn many(
    chance: &mut Chance,
    [open, close]: [char; 2],
    out: &mut String,
    mut one: impl FnMut(&mut Chance, &mut String),
) {
    out.push(open);
    for index in 0..chance.below(5) {
        if index > 0 {
            out.push(',');
        }
        one(chance, out);
    }
    out.push(close);
}
