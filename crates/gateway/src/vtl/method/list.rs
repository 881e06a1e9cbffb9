//! Methods of lists.

use crate::vtl::arithmetic::java_equals;
use crate::vtl::heap::{Heap, Outcome};
use crate::vtl::value::{ListId, ListStyle, Value};

use super::{count, within};

pub(super) fn call(heap: &mut Heap, list: ListId, name: &str, arguments: &[Value]) -> Outcome<Value> {
    let length = heap.items(list).len();
    Ok(match (name, arguments) {
        ("size", []) => count(length),
        ("isEmpty", []) => Value::Boolean(length == 0),
        ("get", [Value::Integer(index)]) => {
            let index = within(*index, length.checked_sub(1), name)?;
            heap.items(list).get(index).cloned().unwrap_or(Value::Null)
        }
        ("contains", [value]) => Value::Boolean(find(heap, list, value, false)?.is_some()),
        ("containsAll", [Value::List(other)]) => {
            let mut all = true;
            for value in heap.items(*other).to_vec() {
                all = all && find(heap, list, &value, false)?.is_some();
            }
            Value::Boolean(all)
        }
        ("indexOf", [value]) => find(heap, list, value, false)?.map_or(Value::Integer(-1), count),
        ("lastIndexOf", [value]) => find(heap, list, value, true)?.map_or(Value::Integer(-1), count),
        ("add", [value]) => {
            heap.insert(list, length, value.clone())?;
            Value::Boolean(true)
        }
        ("add", [Value::Integer(index), value]) => {
            let index = within(*index, Some(length), name)?;
            heap.insert(list, index, value.clone())?;
            Value::Null
        }
        ("addAll", [Value::List(other)]) => {
            let values = heap.items(*other).to_vec();
            let changed = !values.is_empty();
            for (offset, value) in values.into_iter().enumerate() {
                heap.spend(1)?;
                heap.insert(list, length + offset, value)?;
            }
            Value::Boolean(changed)
        }
        ("set", [Value::Integer(index), value]) => {
            let index = within(*index, length.checked_sub(1), name)?;
            heap.replace(list, index, value.clone()).unwrap_or(Value::Null)
        }
        ("remove", [Value::Integer(index)]) => {
            let index = within(*index, length.checked_sub(1), name)?;
            heap.remove(list, index)?.unwrap_or(Value::Null)
        }
        ("remove", [value]) => match find(heap, list, value, false)? {
            Some(index) => Value::Boolean(heap.remove(list, index)?.is_some()),
            None => Value::Boolean(false),
        },
        ("clear", []) => {
            heap.clear_list(list);
            Value::Null
        }
        ("subList", [Value::Integer(from), Value::Integer(to)]) => {
            let to = within(*to, Some(length), name)?;
            let from = within(*from, Some(to), name)?;
            let items = heap.items(list).get(from..to).unwrap_or_default().to_vec();
            heap.spend_on(items.len())?;
            heap.new_list(items, heap.list_style(list))?
        }
        ("toArray", []) => {
            let items = heap.items(list).to_vec();
            heap.spend_on(items.len())?;
            heap.new_list(items, ListStyle::Java)?
        }
        _ => Value::Null,
    })
}

fn find(heap: &mut Heap, list: ListId, value: &Value, from_end: bool) -> Outcome<Option<usize>> {
    let length = heap.items(list).len();
    for step in 0..length {
        let index = if from_end { length - 1 - step } else { step };
        let item = heap.items(list).get(index).cloned().unwrap_or(Value::Null);
        if java_equals(heap, &item, value, 0)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}
