//! The text of `Fn::Sub`: what stands in it as it is, and what is put in.

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubPart {
    Text(String),
    /// Which of the variables.
    Variable(usize),
}

/// A piece as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// `${Name}`.
    Variable(&'a str),
}

/// Takes a text apart. `${!Name}` is the text `${Name}`; a `${` that is never closed is text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        let Some(end) = from.find('}') else { break };
        let (placeholder, after) = from.split_at(end + 1);
        let name = placeholder.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or_default();
        pieces.push(Piece::Text(before));
        match name.strip_prefix('!') {
            Some(literal) => pieces.extend([Piece::Text("${"), Piece::Text(literal), Piece::Text("}")]),
            None => pieces.push(Piece::Variable(name)),
        }
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Whether a variable may have the name.
pub(super) fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || "_.:".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_text_apart() {
        let check = |text: &str, expected: &str| {
            let written: String = pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.to_owned(),
                    Piece::Variable(name) => format!("<{name}>"),
                })
                .collect();
            assert_eq!(written, expected, "{text}");
        };
        check("", "");
        check("a${B}c${D.E}", "a<B>c<D.E>");
        check("${AWS::Region}", "<AWS::Region>");
        check("${!B}", "${B}");
        check("$${B}$", "$<B>$");
        check("a${B", "a${B");
        check("{B} $B", "{B} $B");
        check("${}", "<>");
    }
}
