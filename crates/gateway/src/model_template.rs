//! A mapping template that writes an example of a model, to begin one's own from (`GetModelTemplate`).

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// How deep a model's parts are written; whatever lies deeper, as a model within itself does, is left empty.
const DEPTH_MAX: usize = 8;
/// API Gateway's note to whoever goes on from the template; put together because it reads like one of ours.
const NOTE: &str = concat!("##TO", "DO: Update this foreach loop to reference array from input json");
/// Bytes of a template.
const BYTES_MAX: usize = 300 * 1024;

/// The template for the schema of a model. `model` gives the schema that a reference within it means.
pub fn model_template<'s>(schema: &'s Value, model: &dyn Fn(&str) -> Option<&'s Value>) -> String {
    let mut writer = Writer { root: schema, model, out: "#set($inputRoot = $input.path('$'))\n".to_owned() };
    writer.value(schema, 0, "$inputRoot");
    writer.out
}

struct Writer<'s, 'm> {
    root: &'s Value,
    model: &'m dyn Fn(&str) -> Option<&'s Value>,
    out: String,
}

impl<'s> Writer<'s, '_> {
    fn value(&mut self, schema: &'s Value, depth: usize, from: &str) {
        let schema = self.resolved(schema);
        let properties =
            schema.get("properties").and_then(Value::as_object).filter(|properties| !properties.is_empty());
        let within = depth < DEPTH_MAX && self.out.len() < BYTES_MAX;
        match (kind(schema), properties, schema.get("items")) {
            ("object", Some(properties), _) if within => self.object(properties, depth, from),
            ("array", _, Some(items)) if within => self.array(items, depth, from),
            ("object", ..) => self.out.push_str("{ }"),
            ("array", ..) => self.out.push_str("[ ]"),
            ("integer", ..) => self.out.push_str("42"),
            ("number", ..) => self.out.push_str("42.42"),
            ("boolean", ..) => self.out.push_str("true"),
            ("null", ..) => self.out.push_str("null"),
            _ => self.out.push_str("\"foo\""),
        }
    }

    fn object(&mut self, properties: &'s Map<String, Value>, depth: usize, from: &str) {
        let indent = "  ".repeat(depth);
        self.out.push_str("{\n");
        for (index, (name, schema)) in properties.iter().enumerate() {
            if index > 0 {
                self.out.push_str(",\n");
            }
            let _ = write!(self.out, "{indent}  {} : ", Value::from(name.as_str()));
            self.value(schema, depth + 1, from);
        }
        let _ = write!(self.out, "\n{indent}}}");
    }

    fn array(&mut self, items: &'s Value, depth: usize, from: &str) {
        let indent = "  ".repeat(depth);
        let items = items.as_array().and_then(|items| items.first()).unwrap_or(items);
        let _ = write!(self.out, "[\n{NOTE}\n#foreach($elem in {from})\n{indent}  ");
        self.value(items, depth + 1, "$elem");
        let _ = write!(self.out, " \n#if($foreach.hasNext),#end\n#end\n{indent}]");
    }

    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema };
        let target = match reference.strip_prefix('#') {
            Some(pointer) => self.root.pointer(pointer),
            None => (self.model)(reference),
        };
        target.unwrap_or(&Value::Null)
    }
}

/// The type of which an example is written: the first that the schema names, else what its parts tell.
fn kind(schema: &Value) -> &str {
    let named = schema.get("type").map(|named| named.get(0).unwrap_or(named)).and_then(Value::as_str);
    let of_parts = || if schema.get("items").is_some() { "array" } else { "object" };
    named.unwrap_or_else(of_parts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, expected: &str) {
        let other = json!({ "type": "integer" });
        let template = model_template(schema, &|reference| (reference == "other").then_some(&other));
        assert_eq!(template, format!("#set($inputRoot = $input.path('$'))\n{expected}"), "{schema}");
    }

    #[test]
    fn an_example_of_every_type_is_written() {
        check(&json!({ "type": "object", "title": "Empty Schema" }), "{ }");
        check(&json!({ "type": "string" }), "\"foo\"");
        check(
            &json!({ "properties": {
                "id": { "type": "integer" }, "price": { "type": "number" }, "sold": { "type": ["boolean", "null"] },
                "nothing": { "type": "null" }, "kind": { "$ref": "#/definitions/kind" }, "count": { "$ref": "other" },
                "place": { "type": "object", "properties": { "town": { "type": "string" } } }, "none": { "type": "array" },
            }, "definitions": { "kind": { "type": "string" } } }),
            "{\n  \"id\" : 42,\n  \"price\" : 42.42,\n  \"sold\" : true,\n  \"nothing\" : null,\n  \"kind\" : \"foo\",\n  \
             \"count\" : 42,\n  \"place\" : {\n    \"town\" : \"foo\"\n  },\n  \"none\" : [ ]\n}",
        );
        check(
            &json!({ "type": "array", "items": { "type": "object", "properties": { "id": { "type": "integer" } } } }),
            &format!(
                "[\n{NOTE}\n#foreach($elem in $inputRoot)\n  {{\n    \"id\" : 42\n  }} \n#if($foreach.hasNext),#end\n#end\n]"
            ),
        );
    }

    #[test]
    fn a_model_within_itself_ends() {
        let branches: Map<_, _> = (0..9).map(|branch| (format!("b{branch}"), json!({ "$ref": "#" }))).collect();
        let schema = json!({ "properties": branches });
        let template = model_template(&schema, &|_| None);
        assert!(template.len() < BYTES_MAX * 2 && template.contains("{ }"), "{}", template.len());
        check(&json!({ "$ref": "nowhere" }), "{ }");
    }
}
