//! What is done to an input that would be answered.

use claviger_aws_protocol::shape::{Kind, Member, Shape};
use claviger_testkit::SeededRandom;
use claviger_testkit::generated::{json_text, json_value};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::fitting::{fitting, overlaid};

/// What becomes of an input.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// It stays as it is.
    Nothing,
    /// One member becomes another.
    One(Edit),
    /// Several do.
    Several(Vec<Edit>),
    /// It is made anew from AWS's description, with some of its members kept: well formed, but not meant to make sense.
    Anew(u64),
    /// Some JSON takes its place.
    Json(Value),
    /// Some bytes take its place.
    Bytes(Vec<u8>),
    /// Its text ends early.
    End(Index),
    /// One byte of its text becomes another.
    Byte(Index, u8),
}

/// What becomes of one member, counted through all places at any depth.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// It goes.
    Remove(Index),
    /// It is changed a little.
    Bend(Index, Bend),
    /// It becomes something else.
    Replace(Index, Value),
    /// It is written as no value is.
    Write(Index, String),
    /// It becomes what another member is.
    Copy { from: Index, to: Index },
    /// One that AWS describes and the input does not have comes in.
    Add(Index, u64),
}

/// A small change, for what stands at a bound.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bend {
    Less,
    More,
    Twice,
    Other,
}

/// The kinds of changes, for counting.
pub(super) const KINDS: [&str; 4] = ["as it is", "one member changed", "made anew, or several changed", "not an input"];
/// The kind that must be half of all.
pub(super) const ONE: usize = 1;

impl Change {
    /// Its place in [`KINDS`].
    pub(super) fn kind(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(_) => ONE,
            Self::Several(_) | Self::Anew(_) => 2,
            Self::Json(_) | Self::Bytes(_) | Self::End(_) | Self::Byte(..) => 3,
        }
    }

    /// The body that is sent instead of `input`, whose shape is `shape`.
    pub(super) fn apply(&self, input: &Value, shape: &'static Shape) -> Vec<u8> {
        let text = || input.to_string().into_bytes();
        match self {
            Self::Nothing => text(),
            Self::One(edit) => edited(input, shape, std::slice::from_ref(edit)),
            Self::Several(edits) => edited(input, shape, edits),
            Self::Anew(seed) => overlaid(shape, input, &mut SeededRandom::new(*seed)).to_string().into_bytes(),
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::End(end) => {
                let mut text = text();
                text.truncate(end.index(text.len()));
                text
            }
            Self::Byte(place, byte) => {
                let mut text = text();
                let place = place.index(text.len());
                text[place] = *byte;
                text
            }
        }
    }
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        5 => Just(Change::Nothing),
        14 => edit().prop_map(Change::One),
        2 => prop::collection::vec(edit(), 2..5).prop_map(Change::Several),
        2 => any::<u64>().prop_map(Change::Anew),
        1 => prop_oneof![
            json_value().prop_map(Change::Json),
            json_text().prop_map(|text| Change::Bytes(text.into_bytes())),
            prop::collection::vec(any::<u8>(), 0..64).prop_map(Change::Bytes),
            any::<Index>().prop_map(Change::End),
            (any::<Index>(), any::<u8>()).prop_map(|(place, byte)| Change::Byte(place, byte)),
        ],
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let bend = prop::sample::select(&[Bend::Less, Bend::More, Bend::Twice, Bend::Other][..]);
    prop_oneof![
        2 => any::<Index>().prop_map(Edit::Remove),
        3 => (any::<Index>(), bend).prop_map(|(place, bend)| Edit::Bend(place, bend)),
        4 => (any::<Index>(), json_value()).prop_map(|(place, value)| Edit::Replace(place, value)),
        1 => (any::<Index>(), json_text()).prop_map(|(place, text)| Edit::Write(place, text)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Copy { from, to }),
        3 => (any::<Index>(), any::<u64>()).prop_map(|(place, seed)| Edit::Add(place, seed)),
    ]
}

/// Stands in a value where text that is no value will be written.
const MARK: &str = "\u{f8ff}";

fn edited(input: &Value, shape: &'static Shape, edits: &[Edit]) -> Vec<u8> {
    let (mut input, mut written) = (input.clone(), Vec::new());
    for edit in edits {
        let places = places(&input);
        let add = |input: &mut Value, place: &Index, seed: u64| {
            let absent = absent(shape, input, "");
            if absent.is_empty() {
                input[MARK] = json!(seed);
            } else {
                let (parent, member) = place.get::<(String, &Member)>(&absent);
                input.pointer_mut(parent).unwrap()[member.key] = fitting(member.shape, &mut SeededRandom::new(seed));
            }
        };
        match edit {
            Edit::Add(place, seed) => add(&mut input, place, *seed),
            // Of nothing there is nothing to change but that.
            _ if places.is_empty() => input[MARK] = Value::Null,
            Edit::Remove(place) => remove(&mut input, place.get::<String>(&places)),
            Edit::Bend(place, bend) => bend.apply(input.pointer_mut(place.get::<String>(&places)).unwrap()),
            Edit::Replace(place, value) => {
                *input.pointer_mut(place.get::<String>(&places)).unwrap() = value.clone();
            }
            Edit::Write(place, text) => {
                let mark = json!(format!("{MARK}{}", written.len()));
                written.push((mark.to_string(), text));
                *input.pointer_mut(place.get::<String>(&places)).unwrap() = mark;
            }
            Edit::Copy { from, to } => {
                let value = input.pointer(from.get::<String>(&places)).unwrap().clone();
                *input.pointer_mut(to.get::<String>(&places)).unwrap() = value;
            }
        }
    }
    let text = input.to_string();
    written.into_iter().fold(text, |text, (mark, written)| text.replacen(&mark, written, 1)).into_bytes()
}

/// Where the values inside a value are, the innermost first.
fn places(value: &Value) -> Vec<String> {
    fn visit(value: &Value, place: &str, found: &mut Vec<String>) {
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(members) => {
                let pointer = |name: &String| name.replace('~', "~0").replace('/', "~1");
                members.iter().map(|(name, value)| (format!("{place}/{}", pointer(name)), value)).collect()
            }
            Value::Array(elements) => {
                elements.iter().enumerate().map(|(index, value)| (format!("{place}/{index}"), value)).collect()
            }
            _ => Vec::new(),
        };
        for (place, value) in inner {
            visit(value, &place, found);
            found.push(place);
        }
    }
    let mut found = Vec::new();
    visit(value, "", &mut found);
    found
}

/// The members that a value could have and has not, each with the place it belongs to.
fn absent(shape: &'static Shape, value: &Value, place: &str) -> Vec<(String, &'static Member)> {
    match (&shape.kind, value) {
        (Kind::Structure(members), Value::Object(object)) => members
            .iter()
            .flat_map(|member| match object.get(member.key) {
                None => vec![(place.to_owned(), member)],
                Some(value) => absent(member.shape, value, &format!("{place}/{}", member.key)),
            })
            .collect(),
        (Kind::List(shape), Value::Array(elements)) => {
            let each = elements.iter().enumerate();
            each.flat_map(|(index, element)| absent(shape, element, &format!("{place}/{index}"))).collect()
        }
        _ => Vec::new(),
    }
}

fn remove(input: &mut Value, place: &str) {
    let (parent, last) = place.rsplit_once('/').unwrap();
    match input.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(&last.replace("~1", "/").replace("~0", "~"))),
        Value::Array(elements) => drop(elements.remove(last.parse().unwrap())),
        _ => {}
    }
}

impl Bend {
    fn apply(self, value: &mut Value) {
        match value {
            Value::Null => *value = json!({}),
            Value::Bool(flag) => *flag = !*flag,
            Value::Number(number) => {
                let number = number.as_i64().unwrap_or_default();
                *value = match self {
                    Self::Less => json!(number.wrapping_sub(1)),
                    Self::More => json!(number.wrapping_add(1)),
                    Self::Twice => json!(number.wrapping_mul(2)),
                    Self::Other => json!(number.to_string()),
                };
            }
            Value::String(text) => match self {
                Self::Less => drop(text.pop()),
                Self::More => text.push('a'),
                Self::Twice => *text = text.repeat(2),
                Self::Other if text.chars().any(char::is_lowercase) => *text = text.to_uppercase(),
                Self::Other => *text = text.to_lowercase(),
            },
            Value::Array(elements) => match self {
                Self::Less => drop(elements.pop()),
                Self::More => elements.push(elements.last().cloned().unwrap_or_default()),
                Self::Twice => elements.extend_from_within(..),
                Self::Other => elements.reverse(),
            },
            Value::Object(members) => match self {
                Self::Less => {
                    let last = members.keys().next_back().cloned();
                    drop(last.and_then(|name| members.remove(&name)));
                }
                Self::More => drop(members.insert("More".to_owned(), json!("more"))),
                Self::Twice => *value = json!([value, value]),
                Self::Other => members.clear(),
            },
        }
    }
}
