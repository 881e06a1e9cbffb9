//! Rules: what a role may call, written as `METHOD /path`.

/// A rule, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule<'a> {
    /// The method; `None` for every method.
    pub(super) method: Option<&'a str>,
    pub(super) path: Vec<Part<'a>>,
}

/// A segment of a rule's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// This text.
    Literal(&'a str),
    /// `{name}`: any one segment.
    Variable,
    /// `{name+}`: one segment or more, to the end.
    Greedy,
}

/// Bytes of the longest rule.
const RULE_BYTES_MAX: usize = 1024;

impl<'a> Rule<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        if text.len() > RULE_BYTES_MAX {
            return Err("it is longer than 1024 bytes");
        }
        let (method, path) = text.split_once(' ').ok_or("expected a method, a space and a path, as GET /storms")?;
        let method = match method {
            "*" | "ANY" => None,
            _ if !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') => {
                Some(method)
            }
            _ => return Err("a method is upper-case letters, or * for every method"),
        };
        let path = path.strip_prefix('/').ok_or("a path begins with a slash")?;
        let parts =
            if path.is_empty() { Vec::new() } else { path.split('/').map(Part::parse).collect::<Result<_, _>>()? };
        let greedy = parts.iter().position(|part| *part == Part::Greedy);
        if greedy.is_some_and(|place| place + 1 < parts.len()) {
            return Err("nothing follows {name+}");
        }
        Ok(Self { method, path: parts })
    }
}

impl<'a> Part<'a> {
    fn parse(segment: &'a str) -> Result<Self, &'static str> {
        if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            let (name, part) = name.strip_suffix('+').map_or((name, Self::Variable), |name| (name, Self::Greedy));
            let named = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':'));
            return if named { Ok(part) } else { Err("a variable is {name} or {name+}") };
        }
        match segment {
            "" => Err("a path has no empty segment and no slash at its end"),
            "." | ".." => Err("a path has no segment of dots"),
            _ if segment.contains('*') => {
                Err("* stands for methods only; write {name} for a segment, {name+} for all below")
            }
            _ if segment.contains(['{', '}', '%', '?', '#', '\\', ';', ' '])
                || segment.chars().any(char::is_control) =>
            {
                Err("a segment is plain text, {name} or {name+}")
            }
            literal => Ok(Self::Literal(literal)),
        }
    }
}
