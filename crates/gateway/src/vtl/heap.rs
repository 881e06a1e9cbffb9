//! Where the lists and maps of a call live, and what its templates may still use up.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::Limits;
use super::error::RenderErrorKind;
use super::value::{ListId, ListStyle, MapId, MapKind, Value};

pub(super) type Outcome<T> = Result<T, RenderErrorKind>;
pub(super) type Entries = IndexMap<Arc<str>, Value>;

/// What a container and one of its places count, whatever they hold.
const CONTAINER_BYTES: usize = 64;
const PLACE_BYTES: usize = 24;
const ENTRY_BYTES: usize = 80;
const TEXT_BYTES: usize = 16;

/// Names in another case are looked for among so many headers: more than a request has.
const HEADERS_MAX: usize = 1000;

/// All lists and maps of one call. None is freed before the call ends: what is made is what counts.
pub(super) struct Heap {
    lists: Vec<List>,
    maps: Vec<Map>,
    overridden: HashSet<(MapId, Arc<str>)>,
    limits: Limits,
    steps_left: u64,
    bytes_left: usize,
}

struct List {
    items: Vec<Value>,
    style: ListStyle,
}

struct Map {
    entries: Entries,
    kind: MapKind,
}

impl Heap {
    pub(super) fn new() -> Self {
        Self {
            lists: Vec::new(),
            maps: Vec::new(),
            overridden: HashSet::new(),
            limits: Limits::default(),
            steps_left: 0,
            bytes_left: 0,
        }
    }

    /// Begins a rendering with fresh limits. A template overrides each parameter once, whatever one before it did.
    pub(super) fn begin(&mut self, limits: &Limits) {
        self.limits = limits.clone();
        self.steps_left = limits.steps;
        self.bytes_left = limits.memory_bytes;
        self.overridden.clear();
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn spend(&mut self, steps: u64) -> Outcome<()> {
        self.steps_left =
            self.steps_left.checked_sub(steps).ok_or(RenderErrorKind::TooManySteps { steps_max: self.limits.steps })?;
        Ok(())
    }

    pub(super) fn steps_left(&self) -> u64 {
        self.steps_left
    }

    /// Spends steps for going through so many bytes or items.
    pub(super) fn spend_on(&mut self, length: usize) -> Outcome<()> {
        self.spend(1 + u64::try_from(length / 64).unwrap_or(u64::MAX))
    }

    pub(super) fn charge(&mut self, bytes: usize) -> Outcome<()> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| self.too_much_memory())?;
        Ok(())
    }

    pub(super) fn bytes_left(&self) -> usize {
        self.bytes_left
    }

    pub(super) fn too_much_memory(&self) -> RenderErrorKind {
        RenderErrorKind::TooMuchMemory { bytes_max: self.limits.memory_bytes }
    }

    pub(super) fn too_deep(&self) -> RenderErrorKind {
        RenderErrorKind::TooDeep { depth_max: self.limits.depth }
    }

    pub(super) fn text(&mut self, text: &str) -> Outcome<Value> {
        self.shared(text).map(Value::Text)
    }

    pub(super) fn shared(&mut self, text: &str) -> Outcome<Arc<str>> {
        if text.is_empty() {
            return Ok(Arc::default());
        }
        self.charge(TEXT_BYTES + text.len())?;
        Ok(Arc::from(text))
    }

    pub(super) fn new_list(&mut self, items: Vec<Value>, style: ListStyle) -> Outcome<Value> {
        self.charge(CONTAINER_BYTES + items.len().saturating_mul(PLACE_BYTES))?;
        self.lists.push(List { items, style });
        Ok(Value::List(ListId(self.lists.len() - 1)))
    }

    pub(super) fn new_map(&mut self, kind: MapKind) -> Outcome<MapId> {
        self.charge(CONTAINER_BYTES)?;
        self.maps.push(Map { entries: Entries::new(), kind });
        Ok(MapId(self.maps.len() - 1))
    }

    pub(super) fn items(&self, id: ListId) -> &[Value] {
        self.lists.get(id.0).map_or(&[], |list| &list.items)
    }

    pub(super) fn list_style(&self, id: ListId) -> ListStyle {
        self.lists.get(id.0).map_or(ListStyle::Java, |list| list.style)
    }

    /// Adds to a list at `index`, which is at most its length.
    pub(super) fn insert(&mut self, id: ListId, index: usize, value: Value) -> Outcome<()> {
        self.charge(PLACE_BYTES)?;
        let moved = self.items(id).len().saturating_sub(index);
        self.spend_on(moved)?;
        if let Some(list) = self.lists.get_mut(id.0).filter(|list| index <= list.items.len()) {
            list.items.insert(index, value);
        }
        Ok(())
    }

    /// Removes what is at `index`; `None` when nothing is.
    pub(super) fn remove(&mut self, id: ListId, index: usize) -> Outcome<Option<Value>> {
        self.spend_on(self.items(id).len())?;
        let list = self.lists.get_mut(id.0).filter(|list| index < list.items.len());
        Ok(list.map(|list| list.items.remove(index)))
    }

    /// Replaces what is at `index`; `None` when nothing is.
    pub(super) fn replace(&mut self, id: ListId, index: usize, value: Value) -> Option<Value> {
        let place = self.lists.get_mut(id.0)?.items.get_mut(index)?;
        Some(std::mem::replace(place, value))
    }

    pub(super) fn clear_list(&mut self, id: ListId) {
        if let Some(list) = self.lists.get_mut(id.0) {
            list.items.clear();
        }
    }

    pub(super) fn entries(&self, id: MapId) -> Option<&Entries> {
        self.maps.get(id.0).map(|map| &map.entries)
    }

    pub(super) fn map_kind(&self, id: MapId) -> MapKind {
        self.maps.get(id.0).map_or(MapKind::Plain, |map| map.kind)
    }

    pub(super) fn become_kind(&mut self, id: MapId, kind: MapKind) {
        if let Some(map) = self.maps.get_mut(id.0) {
            map.kind = kind;
        }
    }

    pub(super) fn get(&self, id: MapId, key: &str) -> Option<&Value> {
        let map = self.maps.get(id.0)?;
        map.entries.get(key).or_else(|| {
            let headers = if map.kind == MapKind::Headers { HEADERS_MAX } else { 0 };
            let mut entries = map.entries.iter().take(headers);
            entries.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
        })
    }

    /// Puts into a map and returns what was there before.
    pub(super) fn put(&mut self, id: MapId, key: &str, value: Value) -> Outcome<Option<Value>> {
        if let MapKind::Overrides(kind) = self.map_kind(id)
            && let Some(parameter) = kind.parameter(key)
            && !self.overridden.insert((id, key.into()))
        {
            return Err(RenderErrorKind::OverriddenTwice { parameter });
        }
        self.put_quietly(id, key, value)
    }

    /// Puts into a map without counting as an override.
    pub(super) fn put_quietly(&mut self, id: MapId, key: &str, value: Value) -> Outcome<Option<Value>> {
        if let Some(place) = self.maps.get_mut(id.0).and_then(|map| map.entries.get_mut(key)) {
            return Ok(Some(std::mem::replace(place, value)));
        }
        self.charge(ENTRY_BYTES)?;
        let key = self.shared(key)?;
        if let Some(map) = self.maps.get_mut(id.0) {
            map.entries.insert(key, value);
        }
        Ok(None)
    }

    pub(super) fn remove_key(&mut self, id: MapId, key: &str) -> Outcome<Option<Value>> {
        self.spend_on(self.entries(id).map_or(0, Entries::len))?;
        Ok(self.maps.get_mut(id.0).and_then(|map| map.entries.shift_remove(key)))
    }

    pub(super) fn clear_map(&mut self, id: MapId) {
        if let Some(map) = self.maps.get_mut(id.0) {
            map.entries.clear();
        }
    }
}
