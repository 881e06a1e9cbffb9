//! Query strings as signatures see them: decoded bytes, whatever they hold.

use percent_encoding::percent_decode_str;

/// The parameters in the order they came. A `+` is a space, as in forms; a parameter without `=` has an empty value.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + '_ {
    query.split('&').filter(|parameter| !parameter.is_empty()).map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (decoded(name), decoded(value))
    })
}

/// The first value of a parameter, when it is text.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    let (_, value) = parameters(query).find(|(found, _)| found == name.as_bytes())?;
    String::from_utf8(value).ok()
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(&text.replace('+', " ")).collect()
}
