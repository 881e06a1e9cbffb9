//! JSON documents as values.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::json_path::{Node, Scalar};

use super::error::RenderErrorKind;
use super::heap::{Heap, Outcome};
use super::value::{ListStyle, MapKind, Value};

/// Parses a document straight into values. The inner error says why the text is not JSON.
pub(super) fn parse(heap: &mut Heap, text: &[u8]) -> Outcome<Result<Value, String>> {
    heap.spend_on(text.len())?;
    let mut limit = None;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = Seed { heap, limit: &mut limit }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    match (parsed, limit) {
        (_, Some(limit)) => Err(limit),
        (Ok(value), None) => Ok(Ok(value)),
        (Err(error), None) => Ok(Err(error.to_string())),
    }
}

/// Takes over a document that serde already holds.
pub(super) fn adopt(heap: &mut Heap, document: serde_json::Value) -> Outcome<Value> {
    Ok(match document {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(boolean) => Value::Boolean(boolean),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => heap.text(&text)?,
        serde_json::Value::Array(elements) => {
            let items = elements.into_iter().map(|element| adopt(heap, element)).collect::<Outcome<_>>()?;
            heap.new_list(items, ListStyle::Json)?
        }
        serde_json::Value::Object(members) => {
            let map = heap.new_map(MapKind::Plain)?;
            for (name, member) in members {
                let value = adopt(heap, member)?;
                heap.put_quietly(map, &name, value)?;
            }
            Value::Map(map)
        }
    })
}

/// `limit` keeps the limit that was met, which serde's own error cannot carry.
struct Seed<'h, 'l> {
    heap: &'h mut Heap,
    limit: &'l mut Option<RenderErrorKind>,
}

impl Seed<'_, '_> {
    fn within<T, E: serde::de::Error>(&mut self, make: impl FnOnce(&mut Heap) -> Outcome<T>) -> Result<T, E> {
        make(self.heap).map_err(|limit| {
            *self.limit = Some(limit);
            E::custom("a limit was met")
        })
    }

    fn inner(&mut self) -> Seed<'_, '_> {
        Seed { heap: self.heap, limit: self.limit }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Value, E> {
        Ok(Value::Boolean(boolean))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::Integer(integer))
    }

    #[expect(clippy::cast_precision_loss, reason = "as JSON readers do with integers beyond 64 bits")]
    fn visit_u64<E>(self, integer: u64) -> Result<Value, E> {
        Ok(i64::try_from(integer).map_or(Value::Double(integer as f64), Value::Integer))
    }

    fn visit_f64<E>(self, double: f64) -> Result<Value, E> {
        Ok(Value::Double(double))
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<Value, E> {
        self.within(|heap| heap.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = elements.next_element_seed(self.inner())? {
            // Compared while it grows and not only at its end: a body may hold millions of zeros.
            if items.len() * size_of::<Value>() > self.heap.bytes_left() {
                self.within(|heap| Err::<(), _>(heap.too_much_memory()))?;
            }
            items.push(item);
        }
        self.within(|heap| heap.new_list(items, ListStyle::Json))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let map = self.within(|heap| heap.new_map(MapKind::Plain))?;
        while let Some(name) = members.next_key::<std::borrow::Cow<'_, str>>()? {
            let value = members.next_value_seed(self.inner())?;
            self.within(|heap| heap.put_quietly(map, &name, value))?;
        }
        Ok(Value::Map(map))
    }
}

/// A value as a place from which a JSONPath goes on.
#[derive(Clone, Copy)]
pub(super) struct HeapNode<'h> {
    pub(super) heap: &'h Heap,
    pub(super) value: &'h Value,
}

impl<'h> HeapNode<'h> {
    fn at(self, value: &'h Value) -> Self {
        Self { heap: self.heap, value }
    }
}

impl<'h> Node<'h> for HeapNode<'h> {
    fn member(self, name: &str) -> Option<Self> {
        let Value::Map(id) = self.value else { return None };
        self.heap.get(*id, name).map(|value| self.at(value))
    }

    fn elements(self) -> Option<usize> {
        let Value::List(id) = self.value else { return None };
        Some(self.heap.items(*id).len())
    }

    fn element(self, index: usize) -> Option<Self> {
        let Value::List(id) = self.value else { return None };
        self.heap.items(*id).get(index).map(|value| self.at(value))
    }

    fn for_each_child(self, show: &mut dyn FnMut(Self)) {
        match self.value {
            Value::List(id) => self.heap.items(*id).iter().for_each(|value| show(self.at(value))),
            Value::Map(id) => {
                self.heap.entries(*id).into_iter().flatten().for_each(|(_, value)| show(self.at(value)));
            }
            _ => {}
        }
    }

    fn scalar(self) -> Option<Scalar<'h>> {
        match self.value {
            Value::List(_) | Value::Map(_) => None,
            Value::Boolean(boolean) => Some(Scalar::Boolean(*boolean)),
            #[expect(clippy::cast_precision_loss, reason = "filters compare numbers as doubles")]
            Value::Integer(integer) => Some(Scalar::Number(*integer as f64)),
            Value::Double(double) => Some(Scalar::Number(*double)),
            Value::Text(text) => Some(Scalar::Text(text)),
            Value::Null | Value::Input | Value::Util | Value::Loop(_) => Some(Scalar::Null),
        }
    }
}
