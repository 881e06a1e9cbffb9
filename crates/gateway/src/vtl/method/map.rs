//! Methods of maps, and of their entries.

use crate::vtl::arithmetic::java_equals;
use crate::vtl::heap::{Entries, Heap, Outcome};
use crate::vtl::text::to_text;
use crate::vtl::value::{ListStyle, MapId, MapKind, Value};

use super::count;

pub(super) fn call(heap: &mut Heap, map: MapId, name: &str, arguments: &[Value]) -> Outcome<Value> {
    Ok(match (name, arguments) {
        ("get", [key]) => {
            let key = to_text(heap, key)?;
            heap.get(map, &key).cloned().unwrap_or(Value::Null)
        }
        ("getOrDefault", [key, default]) => {
            let key = to_text(heap, key)?;
            heap.get(map, &key).cloned().unwrap_or_else(|| default.clone())
        }
        ("containsKey", [key]) => {
            let key = to_text(heap, key)?;
            Value::Boolean(heap.get(map, &key).is_some())
        }
        ("containsValue", [value]) => {
            let mut found = false;
            for candidate in values(heap, map)? {
                found = found || java_equals(heap, &candidate, value, 0)?;
            }
            Value::Boolean(found)
        }
        ("put", [key, value]) => {
            let key = to_text(heap, key)?;
            heap.put(map, &key, value.clone())?.unwrap_or(Value::Null)
        }
        ("putIfAbsent", [key, value]) => {
            let key = to_text(heap, key)?;
            match heap.get(map, &key).cloned() {
                Some(present) => present,
                None => heap.put(map, &key, value.clone())?.unwrap_or(Value::Null),
            }
        }
        ("putAll", [Value::Map(other)]) => {
            for (key, value) in heap.entries(*other).cloned().unwrap_or_default() {
                heap.spend(1)?;
                heap.put(map, &key, value)?;
            }
            Value::Null
        }
        ("remove", [key]) => {
            let key = to_text(heap, key)?;
            heap.remove_key(map, &key)?.unwrap_or(Value::Null)
        }
        ("clear", []) => {
            heap.clear_map(map);
            Value::Null
        }
        ("size", []) => count(heap.entries(map).map_or(0, Entries::len)),
        ("isEmpty", []) => Value::Boolean(heap.entries(map).is_none_or(Entries::is_empty)),
        ("keySet", []) => {
            let keys: Vec<_> =
                heap.entries(map).into_iter().flatten().map(|(key, _)| Value::Text(key.clone())).collect();
            heap.spend_on(keys.len())?;
            heap.new_list(keys, ListStyle::Java)?
        }
        ("values", []) => {
            let values = values(heap, map)?;
            heap.new_list(values, ListStyle::Java)?
        }
        ("entrySet", []) => entry_set(heap, map)?,
        ("getKey", []) if heap.map_kind(map) == MapKind::Entry => heap.get(map, "key").cloned().unwrap_or(Value::Null),
        ("getValue", []) if heap.map_kind(map) == MapKind::Entry => {
            heap.get(map, "value").cloned().unwrap_or(Value::Null)
        }
        (part, [key]) if heap.map_kind(map) == MapKind::Parameters => {
            let key = to_text(heap, key)?;
            match heap.get(map, part) {
                Some(Value::Map(part)) => heap.get(*part, &key).cloned().unwrap_or(Value::Null),
                _ => Value::Null,
            }
        }
        _ => Value::Null,
    })
}

fn values(heap: &mut Heap, map: MapId) -> Outcome<Vec<Value>> {
    let values: Vec<_> = heap.entries(map).into_iter().flatten().map(|(_, value)| value.clone()).collect();
    heap.spend_on(values.len())?;
    Ok(values)
}

fn entry_set(heap: &mut Heap, map: MapId) -> Outcome<Value> {
    let entries = heap.entries(map).cloned().unwrap_or_default();
    let mut items = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        heap.spend(1)?;
        let entry = heap.new_map(MapKind::Entry)?;
        heap.put_quietly(entry, "key", Value::Text(key))?;
        heap.put_quietly(entry, "value", value)?;
        items.push(Value::Map(entry));
    }
    heap.new_list(items, ListStyle::Java)
}
