//! `$util` (API Gateway guide, "`$util` functions").

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::error::RenderErrorKind;
use super::heap::{Heap, Outcome};
use super::json;
use super::text::{Text, to_text};
use super::value::Value;

/// `$util.method(argument)`; null for a method that does not exist.
pub(super) fn call(heap: &mut Heap, method: &str, arguments: &[Value]) -> Outcome<Value> {
    let [argument] = arguments else { return Ok(Value::Null) };
    if !matches!(method, "escapeJavaScript" | "parseJson" | "urlEncode" | "urlDecode" | "base64Encode" | "base64Decode")
    {
        return Ok(Value::Null);
    }
    let text = to_text(heap, argument)?;
    let result = match method {
        "escapeJavaScript" => escape_java_script(heap, &text)?,
        "parseJson" => {
            return json::parse(heap, text.as_bytes())?
                .map_err(|reason| RenderErrorKind::method("$util.parseJson", format!("not JSON: {reason}")));
        }
        "urlEncode" => form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        "urlDecode" => url_decode(&text)?,
        "base64Encode" => LENIENT_BASE64.encode(&text),
        _ => base64_decode(&text)?,
    };
    heap.text(&result)
}

/// Escapes a text for a JavaScript string as Java's commons-lang does: both quotes, the slash, backslash, controls and
/// everything beyond ASCII. `\'` is no JSON, so templates undo it with `.replaceAll("\\'", "'")`.
fn escape_java_script(heap: &Heap, text: &str) -> Outcome<String> {
    let mut escaped = Text::value(heap);
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' | '/' => {
                escaped.push("\\")?;
                escaped.push_char(c)?;
            }
            '\u{8}' => escaped.push("\\b")?,
            '\t' => escaped.push("\\t")?,
            '\n' => escaped.push("\\n")?,
            '\u{c}' => escaped.push("\\f")?,
            '\r' => escaped.push("\\r")?,
            ' '..='\u{7f}' => escaped.push_char(c)?,
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    escaped.push(&format!("\\u{unit:04X}"))?;
                }
            }
        }
    }
    Ok(escaped.into_string())
}

/// Decodes the form style: `+` is a space. Java refuses a `%` without two digits.
fn url_decode(text: &str) -> Outcome<String> {
    let bytes = text.as_bytes();
    let mut broken =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').filter(|(at, _)| {
            !bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        });
    if let Some((at, _)) = broken.next() {
        let reason = format!("`%` at byte {at} is not followed by two hexadecimal digits");
        return Err(RenderErrorKind::method("$util.urlDecode", reason));
    }
    let spaced = text.replace('+', " ");
    Ok(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// Standard alphabet; padding is written, and may be left out when reading.
const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads either alphabet, over line ends, as Java's commons-codec does. Bytes that are no text become U+FFFD.
fn base64_decode(text: &str) -> Outcome<String> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let bytes = LENIENT_BASE64
        .decode(plain)
        .map_err(|error| RenderErrorKind::method("$util.base64Decode", format!("not base64: {error}")))?;
    Ok(match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    })
}
