//! String literals: `'…'` is taken as it stands, `"…"` is a template of its own.

/// A literal at the start of a text.
pub(super) struct Literal {
    pub(super) content: String,
    /// Whether the content holds references or directives to render.
    pub(super) interpolated: bool,
    /// Bytes of the literal, its quotes included.
    pub(super) length: usize,
}

/// Reads a literal whose quote stands first. A doubled quote is one quote; a backslash is a backslash, except that
/// `\uXXXX` in double quotes is a character. `None` when the literal does not end.
pub(super) fn read(text: &str) -> Option<Literal> {
    let quote = text.chars().next()?;
    let mut content = String::new();
    let mut rest = text.get(1..)?;
    loop {
        let end = rest.find(quote)?;
        content.push_str(rest.get(..end)?);
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix(quote) {
            Some(after) => {
                content.push(quote);
                rest = after;
            }
            None => break,
        }
    }
    let double = quote == '"';
    if double && content.contains("\\u") {
        content = unescape(&content);
    }
    Some(Literal { interpolated: double && content.contains(['$', '#']), content, length: text.len() - rest.len() })
}

fn unescape(text: &str) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        units.extend(before.encode_utf16());
        let unit = escape
            .get(2..6)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let (unit, length) = unit.map_or((u16::from(b'\\'), 1), |unit| (unit, 6));
        units.push(unit);
        rest = escape.get(length..).unwrap_or_default();
    }
    units.extend(rest.encode_utf16());
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, content: &str, after: &str) {
        let literal = read(text).unwrap();
        assert_eq!((literal.content.as_str(), &text[literal.length..]), (content, after), "{text}");
    }

    #[test]
    fn quotes_are_doubled_and_backslashes_are_characters() {
        check(r#""a" b"#, "a", " b");
        check(r#""" b"#, "", " b");
        check(r#""a""b""#, r#"a"b"#, "");
        check(r#""a'b""#, "a'b", "");
        check("'a''b'c", "a'b", "c");
        check(r#"'a"b'"#, r#"a"b"#, "");
        check(r#""1\\""2""3""#, r#"1\\"2"3"#, "");
        check(r#""\n\t\'""#, r"\n\t\'", "");
        check("\"a\nb\"", "a\nb", "");
    }

    #[test]
    fn unicode_escapes_count_in_double_quotes() {
        check(r#""\u0041b""#, "Ab", "");
        check(r#""\ud83d\ude00""#, "\u{1f600}", "");
        check(r#""\u12""#, r"\u12", "");
        check(r#""\u+123""#, r"\u+123", "");
        check(r#""\u00é""#, r"\u00é", "");
        check(r"'\u0041'", r"\u0041", "");
    }

    #[test]
    fn a_literal_must_end() {
        for text in ["\"", "'a", "\"a\"\"", "'a''"] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_double_quotes_interpolate() {
        for (text, interpolated) in [("\"$a\"", true), ("\"#a\"", true), ("\"a\"", false), ("'$a'", false)] {
            assert_eq!(read(text).unwrap().interpolated, interpolated, "{text}");
        }
    }
}
