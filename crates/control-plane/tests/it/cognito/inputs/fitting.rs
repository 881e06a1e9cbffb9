//! Values made from AWS's description: of the right type always, within the bounds mostly.

use claviger_aws_protocol::shape::{Kind, Shape};
use claviger_resources::Random;
use claviger_testkit::SeededRandom;
use serde_json::{Map, Value, json};

/// Texts that mean something somewhere.
const TEXTS: &[&str] = &[
    "weather",
    "weather/get",
    "email",
    "sub",
    "custom:tenant",
    "ann",
    "ann@weather.example",
    "https://a.example",
    "arn:aws:iam::000000000000:role/x",
    "us-east-1_none",
    "COGNITO",
    "1",
    "0",
    "true",
    "client_credentials",
    "Aa1!aaaa",
];

/// A value for a shape.
pub(super) fn fitting(shape: &Shape, random: &mut SeededRandom) -> Value {
    let min = shape.min.unwrap_or_default();
    let max = shape.max.unwrap_or(i64::from(i32::MAX));
    match shape.kind {
        Kind::Boolean => json!(below(random, 2) == 1),
        Kind::Integer | Kind::Long => json!([min, max, min.saturating_add(1), 1, 60][below(random, 5)]),
        Kind::Double | Kind::Timestamp => json!([0.0, 1.5, 1_893_456_000.25][below(random, 3)]),
        Kind::Blob => json!("aGVsbG8="),
        Kind::String if !shape.values.is_empty() => json!(shape.values[below(random, shape.values.len())]),
        Kind::String => {
            let length = [min, min.saturating_add(1), max][below(random, 3)].clamp(0, 5_000);
            let filled = "a".repeat(usize::try_from(length).unwrap_or_default());
            json!(if below(random, 2) == 0 { TEXTS[below(random, TEXTS.len())] } else { &filled })
        }
        Kind::Document => json!({"a": [1, null]}),
        Kind::List(element) => {
            let length = usize::try_from(min).unwrap_or_default().max(below(random, 4));
            (0..length).map(|_| fitting(element, random)).collect()
        }
        Kind::Map(key, element) => (0..below(random, 3))
            .map(|_| (fitting(key, random).as_str().unwrap_or("a").to_owned(), fitting(element, random)))
            .collect::<Map<_, _>>()
            .into(),
        Kind::Structure(members) => {
            let mut object = Map::new();
            for member in members {
                if member.required || below(random, 3) == 0 {
                    object.insert(member.key.to_owned(), fitting(member.shape, random));
                }
            }
            object.into()
        }
    }
}

/// A value for the shape of an input, with most of the members that `input` has: ids that exist, mostly.
pub(super) fn overlaid(shape: &Shape, input: &Value, random: &mut SeededRandom) -> Value {
    let mut made = fitting(shape, random);
    for (name, value) in input.as_object().unwrap() {
        if below(random, 4) > 0 {
            made[name] = value.clone();
        }
    }
    made
}

fn below(random: &mut SeededRandom, bound: usize) -> usize {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    usize::try_from(u64::from_le_bytes(bytes) % bound as u64).unwrap()
}
