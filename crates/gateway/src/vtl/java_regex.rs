//! Java's regular expressions on the `regex` crate, whose time is linear in the text whatever the pattern.
//!
//! The syntaxes agree on most of what templates write. Where they differ the pattern is rewritten: Java's classes are
//! ASCII, its dot leaves out line ends, any escaped punctuation is itself. What would need backtracking (look-around,
//! back-references, possessive and atomic groups) is refused.

mod translation;

use std::ops::Range;

use regex::{Captures, Regex, RegexBuilder};

use super::error::RenderErrorKind;
use super::heap::{Heap, Outcome};
use super::text::Text;
use translation::Translation;

/// Longer patterns are refused; a compiled pattern may take [`COMPILED_BYTES_MAX`].
const PATTERN_BYTES_MAX: usize = 4096;
const COMPILED_BYTES_MAX: usize = 256 * 1024;
const NESTING_MAX: u32 = 50;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct JavaRegex {
    regex: Regex,
    /// The same pattern, for the whole text only.
    whole: Regex,
    /// Whether a match can be of any length.
    unbounded: bool,
}

impl JavaRegex {
    pub(crate) fn new(pattern: &str) -> Outcome<Self> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(unsupported(format!("it is longer than {PATTERN_BYTES_MAX} bytes")));
        }
        let translation = Translation::of(pattern).map_err(unsupported)?;
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(COMPILED_BYTES_MAX)
                .dfa_size_limit(COMPILED_BYTES_MAX)
                .nest_limit(NESTING_MAX)
                .build()
                .map_err(|error| match error {
                    regex::Error::CompiledTooBig(_) => unsupported("it is too large when compiled"),
                    _ => unsupported("it is malformed"),
                })
        };
        Ok(Self {
            regex: compile(&translation.out)?,
            whole: compile(&format!("\\A(?:{})\\z", translation.out))?,
            unbounded: translation.unbounded,
        })
    }

    /// `String.matches`: whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }

    /// `Matcher.find`: whether a part of the text matches.
    pub(crate) fn finds(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// `String.replaceAll` and, with `limit` 1, `String.replaceFirst`.
    pub(super) fn replace(&self, heap: &mut Heap, text: &str, replacement: &str, limit: usize) -> Outcome<Text> {
        let mut out = Text::value(heap);
        let mut copied = 0;
        let mut next = Some(0);
        for _ in 0..limit {
            let Some(captures) = next.and_then(|next| self.regex.captures_at(text, next)) else { break };
            let Some(found) = captures.get(0) else { break };
            self.spend_on_match(heap, text.len() - copied)?;
            out.push(text.get(copied..found.start()).unwrap_or_default())?;
            expand(&captures, replacement, &mut out)?;
            copied = found.end();
            next = after(text, found.range());
        }
        out.push(text.get(copied..).unwrap_or_default())?;
        Ok(out)
    }

    /// `String.split`: with limit 0 without the empty texts at the end, with a positive one in at most so many parts,
    /// with a negative one in all of them.
    pub(super) fn split<'t>(&self, heap: &mut Heap, text: &'t str, limit: i64) -> Outcome<Vec<&'t str>> {
        let parts_max = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let mut parts = Vec::new();
        let mut copied = 0;
        let mut next = Some(0);
        while parts.len() + 1 < parts_max {
            let Some(found) = next.and_then(|next| self.regex.find_at(text, next)) else { break };
            self.spend_on_match(heap, text.len() - copied)?;
            next = after(text, found.range());
            // An empty match cuts nothing off at the start, and is none at the end.
            if found.is_empty() && (found.start() == 0 || found.start() == text.len()) {
                continue;
            }
            parts.push(text.get(copied..found.start()).unwrap_or_default());
            copied = found.end();
        }
        if parts.is_empty() {
            return Ok(vec![text]);
        }
        parts.push(text.get(copied..).unwrap_or_default());
        if limit == 0 {
            while parts.last().is_some_and(|part| part.is_empty()) {
                parts.pop();
            }
        }
        Ok(parts)
    }

    /// One search is linear, but a pattern without a longest match may look at all that is left before each match.
    fn spend_on_match(&self, heap: &mut Heap, bytes_left: usize) -> Outcome<()> {
        const BYTES_PER_STEP: usize = 1024;
        let steps = if self.unbounded { 1 + bytes_left / BYTES_PER_STEP } else { 1 };
        heap.spend(u64::try_from(steps).unwrap_or(u64::MAX))
    }
}

/// Where the search goes on after a match: Java finds an empty match right behind another one too.
fn after(text: &str, found: Range<usize>) -> Option<usize> {
    if !found.is_empty() {
        return Some(found.end);
    }
    let skipped = text.get(found.end..)?.chars().next()?;
    Some(found.end + skipped.len_utf8())
}

/// Appends a replacement: `$1` and `${name}` are groups, a backslash makes the next character itself.
fn expand(captures: &Captures<'_>, replacement: &str, out: &mut Text) -> Outcome<()> {
    let mut rest = replacement;
    while let Some(at) = rest.find(['\\', '$']) {
        let (plain, special) = rest.split_at(at);
        out.push(plain)?;
        let mut characters = special.chars();
        rest = if characters.next() == Some('$') {
            let (group, after) = group(captures, characters.as_str())?;
            out.push(group)?;
            after
        } else {
            out.push_char(characters.next().ok_or_else(|| wrong_replacement("a backslash stands last"))?)?;
            characters.as_str()
        };
    }
    out.push(rest)
}

/// The group that a text after `$` names, and what follows the name. It has as many digits as still name a group that
/// exists, and at least one.
fn group<'c, 'r>(captures: &Captures<'c>, name: &'r str) -> Outcome<(&'c str, &'r str)> {
    let text = |group: Option<regex::Match<'c>>| group.map_or("", |group| group.as_str());
    if let Some(named) = name.strip_prefix('{') {
        let (name, after) = named.split_once('}').ok_or_else(|| wrong_replacement("`${` has no `}`"))?;
        return Ok((text(captures.name(name)), after));
    }
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let split = (1..=digits).rev().find_map(|length| {
        let (number, after) = name.split_at(length);
        let number = number.parse::<usize>().ok().filter(|number| *number < captures.len())?;
        Some((text(captures.get(number)), after))
    });
    split.ok_or_else(|| wrong_replacement("`$` names no group; write `\\$` for the character"))
}

fn wrong_replacement(reason: &str) -> RenderErrorKind {
    RenderErrorKind::method("replaceAll", format!("in the replacement, {reason}"))
}

fn unsupported(reason: impl Into<String>) -> RenderErrorKind {
    RenderErrorKind::Pattern { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    fn heap() -> Heap {
        let mut heap = Heap::new();
        heap.begin(&Limits::default());
        heap
    }

    #[track_caller]
    fn check_match(pattern: &str, text: &str, expected: bool) {
        assert_eq!(JavaRegex::new(pattern).unwrap().matches(text), expected, "{pattern} on {text:?}");
    }

    #[track_caller]
    fn replace(pattern: &str, text: &str, replacement: &str) -> Outcome<String> {
        JavaRegex::new(pattern)?.replace(&mut heap(), text, replacement, usize::MAX).map(Text::into_string)
    }

    #[track_caller]
    fn check_replace(pattern: &str, text: &str, replacement: &str, expected: &str) {
        assert_eq!(replace(pattern, text, replacement).unwrap(), expected, "{pattern} on {text:?}");
    }

    #[track_caller]
    fn check_split(pattern: &str, text: &str, limit: i64, expected: &[&str]) {
        assert_eq!(
            JavaRegex::new(pattern).unwrap().split(&mut heap(), text, limit).unwrap(),
            expected,
            "{pattern} on {text:?}"
        );
    }

    #[test]
    fn classes_are_ascii_and_the_dot_stays_on_its_line() {
        check_match(r"\d+", "123", true);
        check_match(r"\d", "٣", false);
        check_match(r"\D", "٣", true);
        check_match(r"\w+", "a_9", true);
        check_match(r"\w", "é", false);
        check_match(r"[\w-]+", "a-b", true);
        check_match(r"[^\d]+", "ab", true);
        check_match(r"[\D]", "1", false);
        check_match(r"\s\S", " x", true);
        check_match(r"a.c", "abc", true);
        check_match(r"a.c", "a\nc", false);
        check_match(r"[.]", ".", true);
        check_match(r"[.]", "a", false);
        check_match(r"\bfoo\b", "foo", true);
    }

    #[test]
    fn escapes_are_javas() {
        check_match(r"\\'", r"\'", true);
        check_match(r"\'\/\-\_\<\é", "'/-_<é", true);
        check_match(r"\Qa.b*\E+", "a.b**", true);
        check_match(r"\Qa.b", "a.b", true);
        check_match(r"\x41\u0042\t\e", "AB\t\u{1b}", true);
        check_match(r"\p{Alpha}\p{Digit}\p{Lu}\pL\p{IsAlphabetic}", "a1Bcd", true);
        check_match(r"\P{Alpha}", "1", true);
        check_match(r"[\p{Punct}&&[^,]]", "!", true);
        check_match(r"[\p{Punct}&&[^,]]", ",", false);
        check_match(r"[]a]+", "]a", true);
        check_match(r"[^]a]+", "bc", true);
        check_match(r"[a~b--/]+", "~-/", true);
        check_match(r"(?i)ABC", "abc", true);
        check_match(r"^\d{4}-\d{2}$", "2020-01", true);
    }

    #[test]
    fn matches_takes_the_whole_text() {
        check_match("a|ab", "ab", true);
        check_match("a", "ab", false);
        check_match("", "", true);
    }

    #[test]
    fn replacements_name_groups() {
        check_replace(r"\\'", r"it\'s", "'", "it's");
        check_replace("ba.", "foobar123bab", "foo", "foofoo123foo");
        check_replace(r"(\w+)@(\w+)", "a@b c@d", "$2 at $1", "b at a d at c");
        check_replace("(a)", "a", "$10", "a0");
        check_replace("(a)|b", "ab", "[$1]", "[a][]");
        check_replace("(?<x>a)", "ba", "${x}${x}", "baa");
        check_replace("a", "a", r"\$1\\", r"$1\");
        check_replace("a*", "baac", "-", "-b--c-");
        check_replace("x", "abc", "$", "abc");
    }

    #[test]
    fn wrong_replacements_are_errors() {
        for replacement in ["$", "$a", "$2", "${x", "\\"] {
            let error = replace("(a)", "a", replacement).unwrap_err();
            assert!(matches!(error, RenderErrorKind::Method { .. }), "{replacement}: {error}");
        }
    }

    #[test]
    fn split_leaves_out_empty_texts_at_the_end() {
        check_split(",", "a,b,,", 0, &["a", "b"]);
        check_split(",", "a,b,,", -1, &["a", "b", "", ""]);
        check_split(",", "a,b,c", 2, &["a", "b,c"]);
        check_split(",", "a,b,c", 1, &["a,b,c"]);
        check_split(",", ",a", 0, &["", "a"]);
        check_split(",", "abc", 0, &["abc"]);
        check_split(",", "", 0, &[""]);
        check_split(",", ",", 0, &[]);
        check_split("", "abc", 0, &["a", "b", "c"]);
        check_split(r"\.", "a.b", 0, &["a", "b"]);
        check_split(r"\s*,\s*", "a , b", 0, &["a", "b"]);
    }

    #[test]
    fn what_would_backtrack_is_refused() {
        for pattern in
            ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?>a)", r"(a)\1", r"\k<a>", "a++", "a*+", "a{2}+", "(?s).", r"\07"]
        {
            assert!(matches!(JavaRegex::new(pattern), Err(RenderErrorKind::Pattern { .. })), "{pattern}");
        }
    }

    #[test]
    fn malformed_and_huge_patterns_are_refused() {
        for pattern in
            ["(", "[a", "*", r"\", r"\p{Nonsense}", r"\y", "a{99999}{99999}", &"(".repeat(60), &"a".repeat(5000)]
        {
            assert!(matches!(JavaRegex::new(pattern), Err(RenderErrorKind::Pattern { .. })), "{pattern}");
        }
    }
}
