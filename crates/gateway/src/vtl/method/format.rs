//! `String.format`: the conversions templates use.

use crate::vtl::error::RenderErrorKind;
use crate::vtl::heap::{Heap, Outcome};
use crate::vtl::text::{Text, java_double, to_text};
use crate::vtl::value::Value;

/// Wider fields are refused.
const WIDTH_MAX: usize = 1000;
/// More digits after the point than a double can mean.
const PRECISION_MAX: usize = 340;

/// `%[flags][width][.precision]conversion`.
struct Field<'f> {
    flags: &'f str,
    width: usize,
    precision: Option<usize>,
}

impl Field<'_> {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
}

pub(super) fn format(heap: &mut Heap, format: &str, values: &[Value]) -> Outcome<String> {
    let mut out = Text::value(heap);
    let mut values = values.iter();
    let mut rest = format;
    while let Some((plain, after)) = rest.split_once('%') {
        out.push(plain)?;
        let (field, conversion, after) = read(after)?;
        rest = after;
        match conversion {
            '%' => out.push("%")?,
            'n' => out.push("\n")?,
            conversion => {
                let value = values.next().ok_or_else(|| wrong("there are more conversions than values"))?;
                let text = convert(heap, &field, conversion, value)?;
                pad(&field, &text, &mut out)?;
            }
        }
    }
    out.push(rest)?;
    Ok(out.into_string())
}

fn read(text: &str) -> Outcome<(Field<'_>, char, &str)> {
    let (flags, after) = text.split_at(text.len() - text.trim_start_matches(['-', '0', '+', ',']).len());
    let (width, after) = number(after, WIDTH_MAX)?;
    let (precision, after) = match after.strip_prefix('.') {
        Some(precision) => number(precision, PRECISION_MAX)?,
        None => (None, after),
    };
    let field = Field { flags, width: width.unwrap_or(0), precision };
    let mut characters = after.chars();
    let conversion = characters.next().ok_or_else(|| wrong("`%` stands last"))?;
    Ok((field, conversion, characters.as_str()))
}

fn number(text: &str, max: usize) -> Outcome<(Option<usize>, &str)> {
    let (digits, after) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    if digits.is_empty() {
        return Ok((None, after));
    }
    let number = digits.parse().ok().filter(|number| *number <= max);
    Ok((Some(number.ok_or_else(|| wrong(&format!("a width or precision is above {max}")))?), after))
}

fn convert(heap: &mut Heap, field: &Field<'_>, conversion: char, value: &Value) -> Outcome<String> {
    let text = match (conversion, value) {
        ('s' | 'S', value) => {
            let text = to_text(heap, value)?;
            field.precision.map_or(text.clone(), |precision| text.chars().take(precision).collect())
        }
        ('b' | 'B', value) => (!matches!(value, Value::Null | Value::Boolean(false))).to_string(),
        ('c', Value::Text(text)) if text.chars().count() == 1 => text.to_string(),
        ('c', Value::Integer(code)) => {
            let character = u32::try_from(*code).ok().and_then(char::from_u32);
            character.map(String::from).ok_or_else(|| wrong("a code is no character"))?
        }
        ('d', Value::Integer(integer)) => signed(field, &integer.to_string()),
        ('x' | 'X', Value::Integer(integer)) => format!("{integer:x}"),
        ('o', Value::Integer(integer)) => format!("{integer:o}"),
        ('f', Value::Double(double)) if double.is_finite() => {
            signed(field, &fixed(*double, field.precision.unwrap_or(6)))
        }
        ('f', Value::Double(double)) => java_double(*double),
        ('d' | 'x' | 'X' | 'o' | 'f' | 'c', _) => {
            return Err(wrong(&format!("`%{conversion}` does not fit its value")));
        }
        _ => return Err(wrong(&format!("`%{conversion}` is not supported"))),
    };
    Ok(if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text })
}

/// A number with so many digits after the point. Java rounds the shortest digits that mean the double, and halves up:
/// `1.005` is `1.01`, although the double is a little less.
fn fixed(double: f64, precision: usize) -> String {
    let scientific = format!("{:e}", double.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let leading = usize::try_from(-exponent).unwrap_or(0);
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    let mut digits: Vec<u8> = std::iter::repeat_n(b'0', leading).chain(mantissa.bytes()).collect();
    digits.retain(u8::is_ascii_digit);
    let up = digits.get(whole + precision).is_some_and(|digit| *digit >= b'5');
    digits.resize(whole + precision, b'0');
    if up && !increment(&mut digits) {
        digits.insert(0, b'1');
    }
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    let sign = if double.is_sign_negative() { "-" } else { "" };
    let point = if precision > 0 { "." } else { "" };
    format!("{sign}{}{point}{}", String::from_utf8_lossy(whole), String::from_utf8_lossy(fraction))
}

/// Adds one to the last digit; `false` when all were nines, which are noughts then.
fn increment(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return true;
        }
        *digit = b'0';
    }
    false
}

/// A number with its sign and groups.
fn signed(field: &Field<'_>, number: &str) -> String {
    let (minus, unsigned) = number.strip_prefix('-').map_or(("", number), |unsigned| ("-", unsigned));
    let sign = if minus.is_empty() && field.has('+') { "+" } else { minus };
    if !field.has(',') {
        return format!("{sign}{unsigned}");
    }
    let (whole, fraction) = unsigned.split_at(unsigned.find('.').unwrap_or(unsigned.len()));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

fn pad(field: &Field<'_>, text: &str, out: &mut Text) -> Outcome<()> {
    let missing = field.width.saturating_sub(text.chars().count());
    if field.has('-') {
        out.push(text)?;
        return out.push(&" ".repeat(missing));
    }
    if !field.has('0') {
        out.push(&" ".repeat(missing))?;
        return out.push(text);
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    out.push(text.strip_suffix(unsigned).unwrap_or_default())?;
    out.push(&"0".repeat(missing))?;
    out.push(unsigned)
}

fn wrong(reason: &str) -> RenderErrorKind {
    RenderErrorKind::method("format", reason)
}
