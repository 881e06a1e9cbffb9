//! Java's pattern syntax in that of the `regex` crate.

use std::fmt::Write as _;

/// Rewrites Java's syntax.
pub(super) struct Translation<'p> {
    rest: std::str::Chars<'p>,
    /// The rewritten pattern.
    pub(super) out: String,
    /// Brackets open around what is being read.
    class_depth: usize,
    /// Whether a match can be of any length.
    pub(super) unbounded: bool,
}

type Rewritten = Result<(), &'static str>;

impl<'p> Translation<'p> {
    /// Rewrites a pattern, or says what in it cannot be.
    pub(super) fn of(pattern: &'p str) -> Result<Self, &'static str> {
        let mut translation = Translation {
            rest: pattern.chars(),
            out: String::with_capacity(pattern.len() * 2),
            class_depth: 0,
            unbounded: false,
        };
        while let Some(c) = translation.rest.next() {
            translation.character(c)?;
        }
        Ok(translation)
    }

    fn character(&mut self, c: char) -> Rewritten {
        match c {
            '\\' => return self.escape(),
            '[' => {
                self.class_depth += 1;
                self.out.push('[');
                // A bracket that closes right after the opening one is a character of the class.
                if self.eat('^') {
                    self.out.push('^');
                }
                if self.eat(']') {
                    self.out.push_str("\\]");
                }
            }
            ']' => {
                self.class_depth = self.class_depth.saturating_sub(1);
                self.out.push(']');
            }
            _ if self.class_depth > 0 => match c {
                '~' | '#' | ' ' => self.literal(c),
                '-' if self.rest.as_str().starts_with('-') => self.literal(c),
                other => self.out.push(other),
            },
            '.' => self.out.push_str("[^\\n\\r\\x{85}\\x{2028}\\x{2029}]"),
            '(' => self.group()?,
            '*' | '+' | '?' | '}' => {
                self.unbounded |= matches!(c, '*' | '+') || (c == '}' && self.out.ends_with(','));
                self.out.push(c);
                if self.rest.as_str().starts_with('+') {
                    return Err("it has a possessive quantifier");
                }
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn group(&mut self) -> Rewritten {
        self.out.push('(');
        let rest = self.rest.as_str();
        let Some(kind) = rest.strip_prefix('?') else { return Ok(()) };
        if kind.starts_with(['=', '!']) || kind.starts_with("<=") || kind.starts_with("<!") {
            return Err("it looks ahead or behind (`(?=`, `(?!`, `(?<=`, `(?<!`)");
        }
        if kind.starts_with('>') {
            return Err("it has an atomic group");
        }
        let flags_end = kind.find([':', ')', '<']).unwrap_or(0);
        let flags = kind.get(..flags_end).unwrap_or_default();
        if flags.contains(['s', 'x', 'd', 'u', 'U']) {
            return Err("it has an inline flag other than `i` and `m`");
        }
        Ok(())
    }

    fn escape(&mut self) -> Rewritten {
        let Some(c) = self.rest.next() else { return Err("a backslash stands last in it") };
        let class = match c {
            'd' => "0-9",
            'w' => "0-9A-Za-z_",
            's' => " \\t\\n\\x0B\\f\\r",
            'h' => " \\t\\xA0\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}",
            'v' => "\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}",
            'D' => "^0-9",
            'W' => "^0-9A-Za-z_",
            'S' => "^ \\t\\n\\x0B\\f\\r",
            _ => return self.other_escape(c),
        };
        self.out.push('[');
        self.out.push_str(class);
        self.out.push(']');
        Ok(())
    }

    fn other_escape(&mut self, c: char) -> Rewritten {
        match c {
            'Q' => {
                let rest = self.rest.as_str();
                let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
                self.out.push_str(&regex::escape(quoted));
                self.rest = after.chars();
            }
            't' | 'n' | 'r' | 'f' | 'a' | 'A' | 'z' => {
                self.out.push('\\');
                self.out.push(c);
            }
            'e' => self.out.push_str("\\x1B"),
            'b' => self.out.push_str("(?-u:\\b)"),
            'Z' => self.out.push_str("\\z"),
            'R' => self.out.push_str("(?:\\r\\n|[\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}])"),
            'x' | 'u' => {
                let digits = if c == 'x' { 2 } else { 4 };
                let hexadecimal = self.rest.as_str().get(..digits).ok_or("an escape has too few digits")?;
                let code = u32::from_str_radix(hexadecimal, 16).map_err(|_| "an escape has a wrong digit")?;
                self.literal(char::from_u32(code).ok_or("it names half a surrogate pair")?);
                self.rest = self.rest.as_str().get(digits..).unwrap_or_default().chars();
            }
            'p' | 'P' => self.property(c)?,
            '0' => return Err("it has an octal escape"),
            '1'..='9' | 'k' => return Err("it refers back to a group"),
            other if other.is_ascii_alphabetic() => return Err("it has an unknown escape"),
            other => self.literal(other),
        }
        Ok(())
    }

    /// `\p{Name}`, whose names for ASCII classes the other syntax spells `[:name:]`.
    fn property(&mut self, p: char) -> Rewritten {
        const ASCII: [&str; 12] = [
            "Lower", "Upper", "ASCII", "Alpha", "Digit", "Alnum", "Punct", "Graph", "Print", "Blank", "Cntrl", "Space",
        ];
        let rest = self.rest.as_str();
        let (name, after) = match rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or("`\\p{` has no `}`")?,
            None => rest.split_at_checked(1).ok_or("`\\p` has no name")?,
        };
        let not = if p == 'P' { "^" } else { "" };
        if ASCII.contains(&name) {
            let _ = write!(self.out, "[[:{not}{}:]]", name.to_ascii_lowercase());
        } else {
            let name = name.strip_prefix("Is").unwrap_or(name);
            let _ = write!(self.out, "\\{p}{{{name}}}");
        }
        self.rest = after.chars();
        Ok(())
    }

    fn literal(&mut self, c: char) {
        let _ = write!(self.out, "\\x{{{:x}}}", u32::from(c));
    }

    fn eat(&mut self, expected: char) -> bool {
        let mut ahead = self.rest.clone();
        let found = ahead.next() == Some(expected);
        if found {
            self.rest = ahead;
        }
        found
    }
}
