//! Java regular expressions as API Gateway uses them: the whole text must match, and a dot matches no newline.

use crate::vtl::java_regex::JavaRegex;

/// A compiled pattern that matches a text only as a whole.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: JavaRegex,
    text: Box<str>,
}

/// Text that is no regular expression the gateway can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?}: {reason}")]
pub struct InvalidPattern {
    /// The text.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn compile(pattern: &str) -> Result<Self, InvalidPattern> {
        JavaRegex::new(pattern)
            .map(|regex| Self { regex, text: pattern.into() })
            .map_err(|error| InvalidPattern { pattern: pattern.to_owned(), reason: error.to_string() })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.matches(text)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
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
