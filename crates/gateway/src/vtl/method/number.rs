//! Methods of numbers. Velocity calls Java's static methods through any instance, so that `#set($n = 0)` makes
//! `$n.parseInt($text)` the way to read a number.

use crate::vtl::arithmetic::order;
use crate::vtl::error::RenderErrorKind;
use crate::vtl::heap::{Heap, Outcome};
use crate::vtl::text::to_text;
use crate::vtl::value::Value;

pub(super) fn call(heap: &mut Heap, number: &Value, name: &str, arguments: &[Value]) -> Outcome<Value> {
    Ok(match (name, arguments) {
        ("intValue" | "longValue", []) => Value::Integer(truncated(number)),
        ("doubleValue" | "floatValue", []) => Value::Double(double(number)),
        ("compareTo", [other]) => order(number, other).map_or(Value::Null, |order| Value::Integer(order as i64)),
        ("isNaN", []) => Value::Boolean(double(number).is_nan()),
        ("isInfinite", []) => Value::Boolean(double(number).is_infinite()),
        ("parseInt" | "parseLong", [Value::Text(text)]) => Value::Integer(integer(text, 10, name)?),
        ("parseInt" | "parseLong", [Value::Text(text), Value::Integer(radix)]) => {
            let radix = u32::try_from(*radix).ok().filter(|radix| (2..=36).contains(radix));
            let radix = radix.ok_or_else(|| RenderErrorKind::method(name, "the radix is not between 2 and 36"))?;
            Value::Integer(integer(text, radix, name)?)
        }
        ("parseDouble" | "parseFloat", [Value::Text(text)]) => Value::Double(floating(text, name)?),
        ("valueOf", [Value::Text(text)]) => match number {
            Value::Double(_) => Value::Double(floating(text, name)?),
            _ => Value::Integer(integer(text, 10, name)?),
        },
        ("valueOf", [Value::Integer(_) | Value::Double(_)]) => arguments.first().cloned().unwrap_or(Value::Null),
        ("toString", [other]) => {
            let text = to_text(heap, other)?;
            heap.text(&text)?
        }
        ("toHexString", [Value::Integer(integer)]) => heap.text(&format!("{integer:x}"))?,
        ("toBinaryString", [Value::Integer(integer)]) => heap.text(&format!("{integer:b}"))?,
        ("max", [left, right]) => chosen(left, right, std::cmp::Ordering::is_ge),
        ("min", [left, right]) => chosen(left, right, std::cmp::Ordering::is_le),
        _ => Value::Null,
    })
}

fn chosen(left: &Value, right: &Value, keeps_left: fn(std::cmp::Ordering) -> bool) -> Value {
    match order(left, right) {
        Some(order) if keeps_left(order) => left.clone(),
        Some(_) => right.clone(),
        None => Value::Null,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "Java too cuts off the fraction and saturates")]
fn truncated(number: &Value) -> i64 {
    match number {
        Value::Integer(integer) => *integer,
        Value::Double(double) => *double as i64,
        _ => 0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "Java widens a long to a double in the same way")]
fn double(number: &Value) -> f64 {
    match number {
        Value::Integer(integer) => *integer as f64,
        Value::Double(double) => *double,
        _ => f64::NAN,
    }
}

fn integer(text: &str, radix: u32, method: &str) -> Outcome<i64> {
    i64::from_str_radix(text, radix).map_err(|_| not_a_number(method))
}

fn floating(text: &str, method: &str) -> Outcome<f64> {
    text.trim().parse().map_err(|_| not_a_number(method))
}

/// The text is left out: it may be a secret of the call.
fn not_a_number(method: &str) -> RenderErrorKind {
    RenderErrorKind::method(method, "the text is not a number")
}
