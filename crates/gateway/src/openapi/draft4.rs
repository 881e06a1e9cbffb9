//! Schemas of OpenAPI 3.1, which are those of JSON Schema's 2020 draft, as schemas of draft 4, which models are written in.

use serde_json::{Map, Value, json};

/// What draft 4 has no equal of; a schema is checked without it.
const UNKNOWN: [&str; 24] = [
    "$anchor",
    "$comment",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$schema",
    "$vocabulary",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "examples",
    "if",
    "jsonSchemaDialect",
    "maxContains",
    "minContains",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// A schema, and those in it, in draft 4.
pub(super) fn schema(schema: Value) -> Value {
    let members = match schema {
        Value::Bool(true) => return json!({}),
        Value::Bool(false) => return json!({ "not": {} }),
        Value::Object(members) => members,
        other => return other,
    };
    let mut written = Map::new();
    for (name, value) in members {
        let value = match (name.as_str(), value) {
            (name, _) if UNKNOWN.contains(&name) => continue,
            ("properties" | "patternProperties" | "definitions" | "$defs", Value::Object(schemas)) => {
                schemas.into_iter().map(|(name, one)| (name, self::schema(one))).collect::<Map<_, _>>().into()
            }
            ("allOf" | "anyOf" | "oneOf" | "items", Value::Array(schemas)) => {
                schemas.into_iter().map(self::schema).collect()
            }
            ("items" | "not", value) | ("additionalProperties", value @ Value::Object(_)) => self::schema(value),
            (_, value) => value,
        };
        written.insert(name, value);
    }
    if let Some(value) = written.shift_remove("const") {
        written.entry("enum").or_insert_with(|| json!([value]));
    }
    exclude(&mut written, "exclusiveMinimum", "minimum", |limit, given| limit >= given);
    exclude(&mut written, "exclusiveMaximum", "maximum", |limit, given| limit <= given);
    written.into()
}

/// A limit of its own becomes draft 4's limit that is excluded, where it is the narrower of the two.
fn exclude(schema: &mut Map<String, Value>, exclusive: &str, inclusive: &str, narrower: fn(f64, f64) -> bool) {
    let Some(limit) = schema.get(exclusive).filter(|limit| limit.is_number()).cloned() else { return };
    schema.shift_remove(exclusive);
    let given = schema.get(inclusive).and_then(Value::as_f64);
    if given.is_none_or(|given| limit.as_f64().is_some_and(|limit| narrower(limit, given))) {
        schema.insert(inclusive.to_owned(), limit);
        schema.insert(exclusive.to_owned(), true.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_draft_4_can_say() {
        let check = |given: Value, expected: Value| assert_eq!(schema(given.clone()), expected, "{given}");
        check(json!({ "type": ["string", "null"] }), json!({ "type": ["string", "null"] }));
        check(json!({ "const": 1 }), json!({ "enum": [1] }));
        check(json!({ "const": 1, "enum": [1, 2] }), json!({ "enum": [1, 2] }));
        check(json!({ "exclusiveMinimum": 1 }), json!({ "minimum": 1, "exclusiveMinimum": true }));
        check(json!({ "exclusiveMinimum": 1, "minimum": 2 }), json!({ "minimum": 2 }));
        check(json!({ "exclusiveMinimum": 3, "minimum": 2 }), json!({ "minimum": 3, "exclusiveMinimum": true }));
        check(json!({ "exclusiveMaximum": 3, "maximum": 2 }), json!({ "maximum": 2 }));
        check(json!({ "exclusiveMaximum": 1.5, "maximum": 2 }), json!({ "maximum": 1.5, "exclusiveMaximum": true }));
        check(json!({ "exclusiveMaximum": true, "maximum": 2 }), json!({ "exclusiveMaximum": true, "maximum": 2 }));
        check(
            json!({ "$schema": "x", "$id": "y", "examples": [1], "if": {}, "then": {}, "prefixItems": [{}], "title": "t" }),
            json!({ "title": "t" }),
        );
        check(
            json!({ "properties": { "const": { "const": 1 }, "any": true, "none": false }, "items": { "const": 2 },
                "additionalProperties": false, "allOf": [true, { "not": { "const": 3 } }] }),
            json!({ "properties": { "const": { "enum": [1] }, "any": {}, "none": { "not": {} } },
                "items": { "enum": [2] }, "additionalProperties": false, "allOf": [{}, { "not": { "enum": [3] } }] }),
        );
        check(
            json!({ "enum": [{ "const": 1 }], "default": { "const": 1 } }),
            json!({ "enum": [{ "const": 1 }], "default": { "const": 1 } }),
        );
    }
}
