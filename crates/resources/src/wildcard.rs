//! Text with `*` and `?` in it, as policies match actions, ARNs and `StringLike` (IAM JSON policy elements, "Condition
//! operators").

/// A pattern in which `*` stands for any text, none included, and `?` for one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard(Box<str>);

impl Wildcard {
    /// The pattern that this text is.
    pub fn new(pattern: &str) -> Self {
        Self(pattern.into())
    }

    /// Whether the whole text matches. Takes at most the product of both lengths, and what both are together where the
    /// pattern has one `*`.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut next) = (0, 0);
        // Where to go on when what follows the last `*` does not match: after it, with one more character taken by it.
        let mut retry: Option<(usize, usize)> = None;
        while let Some(byte) = text.get(next) {
            match pattern.get(at) {
                Some(b'*') => {
                    at += 1;
                    retry = Some((at, next));
                }
                Some(b'?') => {
                    at += 1;
                    next += character_bytes(text, next);
                }
                Some(literal) if literal == byte => {
                    at += 1;
                    next += 1;
                }
                _ => {
                    let Some((after, from)) = retry else { return false };
                    (at, next) = (after, from + 1);
                    retry = Some((at, next));
                }
            }
        }
        pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
    }
}

/// The bytes of the UTF-8 character that begins here.
fn character_bytes(text: &[u8], start: usize) -> usize {
    let rest = text.get(start + 1..).unwrap_or_default();
    1 + rest.iter().take_while(|byte| **byte & 0xc0 == 0x80).count()
}

/// An ARN pattern of `ArnLike`: each of its six parts is matched alone, so that a `*` reaches no further than its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern([Wildcard; 6]);

impl ArnPattern {
    /// `None` for a text that has not the parts of an ARN.
    pub fn new(pattern: &str) -> Option<Self> {
        Some(Self(parts(pattern)?.map(Wildcard::new)))
    }

    /// Whether the ARN matches, part by part.
    pub fn matches(&self, arn: &str) -> bool {
        parts(arn).is_some_and(|parts| self.0.iter().zip(parts).all(|(pattern, part)| pattern.matches(part)))
    }
}

fn parts(arn: &str) -> Option<[&str; 6]> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next();
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_whole_text_must_match() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(Wildcard::new(pattern).matches(text), expected, "{pattern} {text}");
        };
        check("", "", true);
        check("", "a", false);
        check("a", "a", true);
        check("a", "A", false);
        check("a", "ab", false);
        check("*", "", true);
        check("*", "a/b:c", true);
        check("?", "", false);
        check("?", "a", true);
        check("?", "\u{e9}", true);
        check("??", "\u{e9}", false);
        check("a*c", "ac", true);
        check("a*c", "abcbc", true);
        check("a*c", "abcb", false);
        check("*b?d*", "abcd", true);
        check("*b?d*", "abd", false);
        check("a**", "a", true);
        check("*?", "\u{e9}", true);
        check("arn:aws:execute-api:*:*:api/*/GET/pets", "arn:aws:execute-api:us-east-1:1:api/prod/GET/pets", true);
        check("arn:aws:execute-api:*:*:api/*/GET/pets", "arn:aws:execute-api:us-east-1:1:api/prod/GET/pets/7", false);
        check("*/GET/*", "api/prod/GET/pets/7", true);
    }

    #[test]
    fn a_wildcard_in_an_arn_reaches_no_further_than_its_part() {
        let check = |pattern: &str, arn: &str, expected: bool| {
            assert_eq!(ArnPattern::new(pattern).unwrap().matches(arn), expected, "{pattern} {arn}");
        };
        let arn = "arn:aws:sns:us-east-1:1:a:b";
        check("arn:aws:sns:*:*:*", arn, true);
        check("arn:aws:sns:us-east-?:1:a:*", arn, true);
        check("arn:*:1:a:b:x", arn, false);
        check("arn:aws:sns:*:1:a", arn, false);
        check("arn:aws:sns:*:*:*", "sns", false);
        assert_eq!(ArnPattern::new("arn:aws:*"), None);
    }

    proptest! {
        #[test]
        fn agrees_with_a_definition_that_is_only_slow(pattern in "[ab?*]{0,8}", text in "[ab]{0,10}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern, text) {
                    ([], text) => text.is_empty(),
                    ([b'*', rest @ ..], text) => (0..=text.len()).any(|taken| slow(rest, &text[taken..])),
                    ([_, ..], []) => false,
                    ([first, rest @ ..], [byte, tail @ ..]) => (*first == b'?' || first == byte) && slow(rest, tail),
                }
            }
            prop_assert_eq!(Wildcard::new(&pattern).matches(&text), slow(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn a_star_matches_whatever_it_stands_for(start in "[ab/]{0,8}", middle in "[ab/]{0,8}", end in "[ab/]{0,8}") {
            let text = format!("{start}{middle}{end}");
            prop_assert!(Wildcard::new(&format!("{start}*{end}")).matches(&text), "{text} {start}*{end}");
        }

        #[test]
        fn never_panics(pattern in "\\PC{0,20}", text in "\\PC{0,20}") {
            let _ = Wildcard::new(&pattern).matches(&text);
        }
    }
}
