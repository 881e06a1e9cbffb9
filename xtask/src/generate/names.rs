//! Names of statics and string literals for generated text.

/// The name of the static that holds a shape: `UserPoolMfaType` becomes `USER_POOL_MFA_TYPE`.
pub(super) fn static_name(shape: &str) -> String {
    let characters: Vec<char> = shape.chars().filter(|character| *character != '_').collect();
    let mut name = String::new();
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| characters.get(index));
        let rest = characters.get(index + 1..).unwrap_or_default();
        let starts_word = character.is_ascii_uppercase()
            && before.is_some_and(|before| !before.is_ascii_uppercase() || is_continued(rest));
        if starts_word {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    // The tables of a file have these names.
    if ["OPERATIONS", "OUTPUTS", "EXCEPTIONS"].contains(&name.as_str()) { format!("{name}_SHAPE") } else { name }
}

/// Whether a capital is followed by the rest of a word, and not by the plural of the acronym it ends (`URLs`).
fn is_continued(rest: &[char]) -> bool {
    match rest {
        [] | ['s'] => false,
        ['s', next, ..] if next.is_ascii_uppercase() => false,
        [next, ..] => next.is_ascii_lowercase(),
    }
}

/// A string literal that needs no escapes.
pub(super) fn literal(text: &str) -> String {
    let plain = !text.contains(['\\', '"']) && !text.contains(char::is_control);
    if plain {
        return format!("\"{text}\"");
    }
    let hashes = (0..text.len()).map(|count| "#".repeat(count)).find(|hashes| !text.contains(&format!("\"{hashes}")));
    let hashes = hashes.unwrap_or_default();
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_names_split_words_and_keep_acronyms_together() {
        for (shape, expected) in [
            ("UserPoolMfaType", "USER_POOL_MFA_TYPE"),
            ("SoftwareTokenMFAUserCodeType", "SOFTWARE_TOKEN_MFA_USER_CODE_TYPE"),
            ("S3BucketType", "S3_BUCKET_TYPE"),
            ("CallbackURLsListType", "CALLBACK_URLS_LIST_TYPE"),
            ("__string", "STRING"),
            ("String", "STRING"),
            ("Outputs", "OUTPUTS_SHAPE"),
        ] {
            assert_eq!(static_name(shape), expected);
        }
    }

    #[test]
    fn literals_hold_any_pattern() {
        for (text, expected) in [("a", "\"a\""), (r"[\w]", r#"r"[\w]""#), (r#"a"b"#, r##"r#"a"b"#"##)] {
            assert_eq!(literal(text), expected);
        }
    }
}
