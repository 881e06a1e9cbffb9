//! Filter patterns for text (Amazon CloudWatch Logs, "Filter pattern syntax"): terms, phrases in quotes, `?` before
//! alternatives, `-` before what must not be there. Patterns for JSON and for columns, and regular expressions, are not
//! served.

use super::errors::Error;

/// What messages must hold, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FilterPattern {
    /// All of these.
    required: Vec<String>,
    /// One of these; not asked for beside what is required (same page).
    any: Vec<String>,
    /// None of these.
    excluded: Vec<String>,
}

impl FilterPattern {
    /// Reads a pattern; an empty one fits everything.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut rest = text.trim();
        let unserved = |what: &str| {
            Error::InvalidParameter(format!(
                "Filter patterns for {what} are not served here; use terms, \"phrases\", ?alternatives and -exclusions."
            ))
        };
        match rest.chars().next() {
            Some('{') => return Err(unserved("JSON")),
            Some('[') => return Err(unserved("columns")),
            _ => {}
        }
        let mut pattern = Self::default();
        while let Some(first) = rest.chars().next() {
            let terms = match first {
                '?' => &mut pattern.any,
                '-' => &mut pattern.excluded,
                _ => &mut pattern.required,
            };
            rest = rest.strip_prefix(['?', '-']).unwrap_or(rest);
            let (term, after) = if let Some(quoted) = rest.strip_prefix('"') {
                phrase(quoted).ok_or_else(|| Error::invalid("Invalid filter pattern: a quote is open"))?
            } else {
                let (term, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                (term.to_owned(), after)
            };
            if term.starts_with('%') {
                return Err(unserved("regular expressions"));
            }
            let is_plain = |character: char| character.is_alphanumeric() || character == '_';
            let was_quoted = rest.starts_with('"');
            if term.is_empty() || !(was_quoted || term.chars().all(is_plain)) {
                return Err(Error::InvalidParameter(format!("Invalid character(s) in term '{term}'")));
            }
            terms.push(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Whether a message holds what it must.
    pub(crate) fn fits(&self, message: &str) -> bool {
        let holds = |term: &String| message.contains(&**term);
        let alternatives = self.any.is_empty() || !self.required.is_empty() || self.any.iter().any(holds);
        alternatives && self.required.iter().all(holds) && !self.excluded.iter().any(holds)
    }
}

/// A phrase up to its closing quote, and what follows; a backslash takes the meaning from a quote or a backslash.
fn phrase(text: &str) -> Option<(String, &str)> {
    let mut phrase = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((phrase, text.get(at + 1..)?)),
            '\\' => phrase.push(characters.next()?.1),
            other => phrase.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_what_holds_its_terms() {
        let check = |pattern: &str, message: &str, expected: bool| {
            assert_eq!(FilterPattern::parse(pattern).unwrap().fits(message), expected, "{pattern} {message}");
        };
        check("", "anything", true);
        check("  ", "anything", true);
        check("ERROR", "an ERROR here", true);
        check("ERROR", "an error here", false);
        check("ERROR wind", "wind: ERROR", true);
        check("ERROR wind", "rain: ERROR", false);
        check("\"strong wind\"", "a strong wind", true);
        check("\"strong wind\"", "wind, strong", false);
        check("?ERROR ?WARN", "WARN", true);
        check("?ERROR ?WARN", "INFO", false);
        check("ERROR -wind", "ERROR rain", true);
        check("ERROR -wind", "ERROR wind", false);
        check("-\"strong wind\"", "a strong wind", false);
        check("?WARN ERROR", "ERROR", true);
        check(r#""say \"wind\"""#, "they say \"wind\"", true);
    }

    #[test]
    fn what_is_no_pattern_for_text_is_refused() {
        let check = |pattern: &str, expected: &str| {
            assert_eq!(FilterPattern::parse(pattern).unwrap_err().to_string(), expected, "{pattern}");
        };
        let served = "are not served here; use terms, \"phrases\", ?alternatives and -exclusions.";
        check("{ $.a = 1 }", &format!("Filter patterns for JSON {served}"));
        check("[ip, user]", &format!("Filter patterns for columns {served}"));
        check("%wind%", &format!("Filter patterns for regular expressions {served}"));
        check("a:b", "Invalid character(s) in term 'a:b'");
        check("?", "Invalid character(s) in term ''");
        check("\"open", "Invalid filter pattern: a quote is open");
    }
}
