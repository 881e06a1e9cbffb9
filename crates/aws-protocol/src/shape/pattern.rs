//! Patterns of service descriptions: Java regular expressions, compiled on first use.

use std::sync::OnceLock;

use regex::Regex;

/// A pattern that a whole text must match, as Java's `String.matches` does.
#[derive(Debug)]
pub struct Pattern {
    java: &'static str,
    compiled: OnceLock<Option<Compiled>>,
}

#[derive(Debug)]
struct Compiled {
    regex: Regex,
    forbidden_end: Option<char>,
}

/// The only look-behind AWS's descriptions of these services use: the text must not end in a dot. A `$` may follow.
const NOT_ENDING_IN_A_DOT: &str = r"(?<!\.)";

impl Pattern {
    /// The pattern of this Java regular expression.
    pub const fn new(java: &'static str) -> Self {
        Self { java, compiled: OnceLock::new() }
    }

    /// The expression as AWS wrote it: what messages show.
    pub fn as_str(&self) -> &'static str {
        self.java
    }

    /// Whether the whole text matches. An expression that does not compile refuses nothing (see [`Pattern::compiles`]).
    pub fn matches(&self, text: &str) -> bool {
        self.compiled().is_none_or(|compiled| {
            compiled.regex.is_match(text) && compiled.forbidden_end.is_none_or(|end| !text.ends_with(end))
        })
    }

    /// Whether the expression could be compiled: a test asks it of every generated pattern.
    pub fn compiles(&self) -> bool {
        self.compiled().is_some()
    }

    fn compiled(&self) -> Option<&Compiled> {
        self.compiled.get_or_init(|| compile(self.java)).as_ref()
    }
}

fn compile(java: &str) -> Option<Compiled> {
    let (java, forbidden_end) = match java.strip_suffix('$').unwrap_or(java).strip_suffix(NOT_ENDING_IN_A_DOT) {
        Some(rest) => (rest, Some('.')),
        None => (java, None),
    };
    let regex = Regex::new(&format!(r"\A(?:{})\z", translate(java))).ok()?;
    Some(Compiled { regex, forbidden_end })
}

/// Rewrites what Java reads otherwise: its `\w`, `\d` and `\s` are ASCII, its `.` stops at every line terminator.
fn translate(java: &str) -> String {
    let dot_matches_all = java.starts_with("(?s)");
    let mut translated = String::with_capacity(java.len() * 2);
    let mut in_class = false;
    let mut characters = java.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('w') => translated.push_str("[0-9A-Za-z_]"),
                Some('W') => translated.push_str("[^0-9A-Za-z_]"),
                Some('d') => translated.push_str("[0-9]"),
                Some('D') => translated.push_str("[^0-9]"),
                Some('s') => translated.push_str(r"[ \t\n\x0B\f\r]"),
                Some('S') => translated.push_str(r"[^ \t\n\x0B\f\r]"),
                Some(escaped) => translated.extend(['\\', escaped]),
                None => translated.push('\\'),
            },
            '.' if !in_class && !dot_matches_all => translated.push_str(r"[^\n\r\u{85}\u{2028}\u{2029}]"),
            _ => {
                in_class = (in_class || character == '[') && character != ']';
                translated.push(character);
            }
        }
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(java: &'static str, matching: &[&str], others: &[&str]) {
        let pattern = Pattern::new(java);
        assert!(pattern.compiles(), "{java}");
        for text in matching {
            assert!(pattern.matches(text), "{java} must match {text:?}");
        }
        for text in others {
            assert!(!pattern.matches(text), "{java} must not match {text:?}");
        }
    }

    #[test]
    fn matches_what_java_matches() {
        check(r"[\w\s+=,.@-]+", &["my pool", "a+b=c,d.e@f-g_h", "a\tb"], &["", "é", "a/b", "a\u{a0}b"]);
        check(r"[\w-]+_[0-9a-zA-Z]+", &["us-east-1_abc123DEF"], &["bad id", "us-east-1", "_x", "us-east-1_a\n"]);
        check(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+", &["é€9!", "日本"], &["a b", ""]);
        check(r"[\S]+", &["é", "\u{a0}"], &["a b"]);
        check(r"[A-Za-z0-9-_=.]+", &["a-b_c=.0"], &["a+b"]);
        check(r"[\x21\x23-\x5B\x5D-\x7E]+", &["read:all/x"], &["a\"b", "a\\b", "a b"]);
        check(r"^[0-9A-Za-z\.\-_]*(?<!\.)$", &["", "bucket.a", "a-b_c"], &["bucket.", "a b", "."]);
        check(r"^[\w\- ]+$", &["a b-c"], &["a\n", "a.b"]);
        check(r".*\{####\}.*", &["code {####}!"], &["{###}", "a\n{####}"]);
        check(r"(?s).*", &["", "a\nb"], &[]);
        check(r"[1-5]\d\d", &["200"], &["600", "2000", "20", "1٣٣"]);
        check(r"^([1-5]\d\d|\*|\s*)$", &["404", "*", "", "  "], &["**", "4xx"]);
        check(r"[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+", &["abc"], &["_bc", "ab"]);
    }

    #[test]
    fn what_cannot_be_compiled_refuses_nothing() {
        let pattern = Pattern::new("(?<=a)b");
        assert!(!pattern.compiles());
        assert!(pattern.matches("x"));
    }
}
