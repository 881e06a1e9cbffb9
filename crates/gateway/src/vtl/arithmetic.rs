//! Operators on values, as Velocity and Java compute them.

use std::cmp::Ordering;

use super::ast::Operator;
use super::error::RenderErrorKind;
use super::heap::{Heap, Outcome};
use super::text::{Text, to_text, write};
use super::value::Value;

/// The result of an operator on two values; null where Velocity logs a warning and goes on, as with a division by zero.
pub(super) fn operate(heap: &mut Heap, operator: Operator, left: &Value, right: &Value) -> Outcome<Value> {
    Ok(match operator {
        Operator::Equal => Value::Boolean(equal(heap, left, right)?),
        Operator::NotEqual => Value::Boolean(!equal(heap, left, right)?),
        Operator::Less => Value::Boolean(order(left, right) == Some(Ordering::Less)),
        Operator::LessOrEqual => Value::Boolean(order(left, right).is_some_and(Ordering::is_le)),
        Operator::Greater => Value::Boolean(order(left, right) == Some(Ordering::Greater)),
        Operator::GreaterOrEqual => Value::Boolean(order(left, right).is_some_and(Ordering::is_ge)),
        Operator::Add if is_text(left) || is_text(right) => {
            let mut text = Text::value(heap);
            write(heap, left, &mut text)?;
            write(heap, right, &mut text)?;
            heap.spend_on(text.len())?;
            heap.text(text.as_str())?
        }
        _ => match (left, right) {
            (Value::Integer(left), Value::Integer(right)) => integers(operator, *left, *right)?,
            _ => match (double(left), double(right)) {
                (Some(left), Some(right)) => doubles(operator, left, right),
                _ => Value::Null,
            },
        },
    })
}

/// `==`: numbers by value, values of one kind by Java's `equals`, all others by their text.
pub(super) fn equal(heap: &mut Heap, left: &Value, right: &Value) -> Outcome<bool> {
    if let (Some(left), Some(right)) = (double(left), double(right)) {
        return Ok(order_of(left, right) == Some(Ordering::Equal));
    }
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(left == right),
        (Value::Text(_), Value::Text(_)) | (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
            java_equals(heap, left, right, 0)
        }
        _ => Ok(to_text(heap, left)? == to_text(heap, right)?),
    }
}

/// Java's `equals`: values of different kinds differ, containers compare what they hold.
pub(super) fn java_equals(heap: &mut Heap, left: &Value, right: &Value, depth: usize) -> Outcome<bool> {
    heap.spend(1)?;
    if depth > heap.limits().depth {
        return Err(heap.too_deep());
    }
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => {
            heap.spend_on(left.len().min(right.len()))?;
            Ok(left == right)
        }
        (Value::List(left), Value::List(right)) if left != right => {
            let (left, right) = (heap.items(*left), heap.items(*right));
            if left.len() != right.len() {
                return Ok(false);
            }
            let pairs: Vec<_> = left.iter().cloned().zip(right.iter().cloned()).collect();
            all_equal(heap, &pairs, depth)
        }
        (Value::Map(left), Value::Map(right)) if left != right => {
            let (Some(left), Some(right)) = (heap.entries(*left), heap.entries(*right)) else { return Ok(false) };
            if left.len() != right.len() {
                return Ok(false);
            }
            let pairs: Option<Vec<_>> =
                left.iter().map(|(key, value)| Some((value.clone(), right.get(key)?.clone()))).collect();
            pairs.map_or(Ok(false), |pairs| all_equal(heap, &pairs, depth))
        }
        _ => Ok(left == right),
    }
}

fn all_equal(heap: &mut Heap, pairs: &[(Value, Value)], depth: usize) -> Outcome<bool> {
    heap.spend_on(pairs.len())?;
    for (left, right) in pairs {
        if !java_equals(heap, left, right, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two numbers; `None` when either is none.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        _ => order_of(double(left)?, double(right)?),
    }
}

fn order_of(left: f64, right: f64) -> Option<Ordering> {
    left.partial_cmp(&right)
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

#[expect(clippy::cast_precision_loss, reason = "Java widens a long to a double in the same way")]
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(integer) => Some(*integer as f64),
        Value::Double(double) => Some(*double),
        _ => None,
    }
}

fn integers(operator: Operator, left: i64, right: i64) -> Outcome<Value> {
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide | Operator::Remainder if right == 0 => return Ok(Value::Null),
        Operator::Divide => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
        _ => return Ok(Value::Null),
    };
    result.map(Value::Integer).ok_or(RenderErrorKind::Overflow { operator: operator.sign() })
}

fn doubles(operator: Operator, left: f64, right: f64) -> Value {
    match operator {
        Operator::Add => Value::Double(left + right),
        Operator::Subtract => Value::Double(left - right),
        Operator::Multiply => Value::Double(left * right),
        Operator::Divide if right != 0.0 => Value::Double(left / right),
        Operator::Remainder if right != 0.0 => Value::Double(left % right),
        _ => Value::Null,
    }
}
