//! Texts of clients as a refusal may keep them: short, on one line, and without what could be a secret.

use std::fmt::Write as _;

/// From this length on, a run of the characters that tokens and secrets are made of is taken for one. Ids, key ids (44
/// characters) and scopes are shorter; what Cognito and API Gateway make as secrets is longer, or known and left out by
/// [`without`].
const OPAQUE_CHARACTERS_MIN: usize = 48;
/// Shorter texts are not searched for: they would be found everywhere.
const SECRET_BYTES_MIN: usize = 6;

/// A text as it is kept.
pub(super) fn kept(text: &str, bytes_max: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(bytes_max));
    let mut rest = text;
    // Runs are left out before the text is cut, or half of one would stay.
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|character| !is_opaque(character)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(run.max(first.len_utf8()));
        if run >= OPAQUE_CHARACTERS_MIN {
            let _ = write!(kept, "[{run} characters]");
        } else if first.is_control() {
            kept.push(' ');
        } else {
            kept.push_str(piece);
        }
        rest = after;
        if kept.len() > bytes_max {
            kept.truncate(kept.floor_char_boundary(bytes_max));
            kept.push('…');
            break;
        }
    }
    kept.shrink_to_fit();
    kept
}

/// Leaves a secret out of a text.
pub(super) fn without(text: &mut String, secret: &str) {
    if secret.len() >= SECRET_BYTES_MIN && text.contains(secret) {
        *text = text.replace(secret, "[…]");
    }
}

fn is_opaque(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '+' | '=')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn leaves_out_what_could_be_a_secret_and_cuts_what_is_long() {
        let check = |text: &str, expected: &str| assert_eq!(kept(text, 64), expected, "{text}");
        check("", "");
        check("the scope \"weather-api/get\" é", "the scope \"weather-api/get\" é");
        check("DTlJI0oNsx+5c8UKd5bbRS6yznqEcU2KuNcYx8g6FcM=", "DTlJI0oNsx+5c8UKd5bbRS6yznqEcU2KuNcYx8g6FcM=");
        check("60838619-695e-45bc-8d3d-331626f88932", "60838619-695e-45bc-8d3d-331626f88932");
        check("a\r\nb\u{7f}", "a  b ");
        let secret = "s".repeat(52);
        check(&secret, "[52 characters]");
        check(&format!("/a/{secret}/b"), "/a/[52 characters]/b");
        check(&format!("{secret}.{secret}.é{secret}"), "[52 characters].[52 characters].é[52 characters]");
        check(&"word ".repeat(100), &format!("{}word…", "word ".repeat(12)));
        check(&format!("{}{secret}", "word ".repeat(12)), &format!("{}[52 …", "word ".repeat(12)));
    }

    #[test]
    fn leaves_out_known_secrets_but_not_every_letter() {
        let check = |secret: &str, expected: &str| {
            let mut text = "hunter22 and hunter22".to_owned();
            without(&mut text, secret);
            assert_eq!(text, expected, "{secret}");
        };
        check("hunter22", "[…] and […]");
        check("n", "hunter22 and hunter22");
        check("", "hunter22 and hunter22");
        check("another", "hunter22 and hunter22");
    }

    proptest! {
        #[test]
        fn no_text_is_kept_longer_than_it_may_be(text in "\\PC{0,200}", bytes_max in 0..128_usize) {
            prop_assert!(kept(&text, bytes_max).len() <= bytes_max + '…'.len_utf8());
        }
    }
}
