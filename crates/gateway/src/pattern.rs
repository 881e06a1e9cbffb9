//! Java regular expressions as API Gateway uses them: the whole text must match, and a dot matches no newline.

use regex::Regex;

/// A compiled pattern that matches a text only as a whole.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Text that is no regular expression the gateway can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is not a regular expression the gateway can run: {reason}")]
pub struct InvalidPattern {
    /// The text.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Bytes that a compiled pattern may take in memory.
const COMPILED_BYTES_MAX: usize = 1 << 20;

impl Pattern {
    /// Compiles a pattern. It runs in time linear in the text, for which look-around and back-references are the price.
    pub fn compile(pattern: &str) -> Result<Self, InvalidPattern> {
        let invalid = |reason: String| InvalidPattern { pattern: pattern.to_owned(), reason };
        // Alone first: a stray parenthesis must not close the group around it.
        regex::RegexBuilder::new(pattern)
            .size_limit(COMPILED_BYTES_MAX)
            .build()
            .and_then(|_| regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(COMPILED_BYTES_MAX).build())
            .map(Self)
            .map_err(|error| invalid(last_line(&error.to_string())))
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// The regex crate draws the pattern over several lines and ends with what is wrong.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_must_match() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(Pattern::compile(pattern).unwrap().matches(text), expected, "{pattern} {text:?}");
        };
        check("200", "200", true);
        check("20", "200", false);
        check(r"4\d{2}", "404", true);
        check("5..", "500", true);
        check("Invalid*", "Invalid input", false);
        check("Invalid.*", "Invalid input", true);
        check("Invalid.*", "Invalid\ninput", false);
        check(r"(\n|.)+", "a\nb", true);
        check("200|404", "404", true);
        check("200|404", "2004", false);
        check("", "", true);
    }

    #[test]
    fn says_what_it_cannot_run() {
        for pattern in ["(", ")(", "(?!a)", r"(a)\1", "a{1000}{1000}{1000}"] {
            let error = Pattern::compile(pattern).unwrap_err();
            assert!(!error.reason.is_empty() && !error.reason.contains('\n'), "{error}");
        }
    }
}
