//! Inputs and outputs without their secrets.
//!
//! What AWS's descriptions call sensitive is hidden, unless a row here shows it; so are bytes and documents, which may hold
//! anything, and what a row here hides because AWS's descriptions do not say what it is. Members that no shape knows are
//! left out. Names begin with a small letter, as in CloudTrail's records.

use claviger_aws_protocol::shape::{Kind, Shape};
use claviger_runtime::audit::HIDDEN;
use serde_json::{Map, Value, json};

/// Bytes of a call's parameters, or of its answer's elements, that a record shows (AWS CloudTrail User Guide, "CloudTrail
/// record contents").
const FIELD_BYTES_MAX: usize = 100 * 1024;

/// Members that are shown although AWS's descriptions call them sensitive, by service: without them, nobody could tell what a
/// call was about.
const SHOWN: [(&str, &str); 2] = [("cognito-idp", "ClientId"), ("claviger", "Claims")];

/// Members that are secrets, or may hold some, although AWS's descriptions do not say so.
const HIDDEN_MEMBERS: &[(&str, &[&str])] = &[
    (
        "cognito-idp",
        &[
            "ClientMetadata",
            "Code",
            "ConfirmationCode",
            "EncodedData",
            "PasswordVerifier",
            "ProviderDetails",
            "UserCode",
        ],
    ),
    ("sts", &["SessionToken", "TokenCode"]),
    ("cloudformation", &["ParameterValue", "TemplateBody"]),
    ("lambda", &["ClientContext", "EventSourceToken"]),
    ("logs", &["logEvents"]),
];

/// The same for the operations of API Gateway, whose members have the same names for different things.
const HIDDEN_IN_API_GATEWAY: &[(&str, &[&str])] = &[
    ("CreateApiKey", &["value"]),
    ("UpdateApiKey", &["value"]),
    ("ImportApiKeys", &["body"]),
    ("CreateUsagePlanKey", &["value"]),
    ("CreateDomainName", &["certificatePrivateKey"]),
    ("UpdateDomainName", &["value"]),
    ("ImportApi", &["body"]),
    ("ReimportApi", &["body"]),
    ("TestInvokeMethod", &["body", "headers", "log", "multiValueHeaders", "pathWithQueryString"]),
    (
        "TestInvokeAuthorizer",
        &["authorization", "body", "claims", "headers", "log", "multiValueHeaders", "pathWithQueryString", "policy"],
    ),
];

/// A value of this shape without its secrets, and the bytes that it takes; too large a one is left out for `reason`.
pub(super) fn redacted(service: &str, operation: &str, shape: &Shape, value: &Value, reason: &str) -> (Value, usize) {
    let mut redaction = Redaction { service, operation, bytes: 0 };
    let value = redaction.value(shape, value);
    redaction.bounded(value, reason)
}

/// The same for an answer of our own service, whose members say by their names when they are secrets.
pub(super) fn redacted_unshaped(value: &Value, reason: &str) -> (Value, usize) {
    let mut redaction = Redaction { service: "claviger", operation: "", bytes: 0 };
    let value = redaction.unshaped(value);
    redaction.bounded(value, reason)
}

struct Redaction<'a> {
    service: &'a str,
    operation: &'a str,
    bytes: usize,
}

impl Redaction<'_> {
    fn value(&mut self, shape: &Shape, value: &Value) -> Value {
        if self.bytes > FIELD_BYTES_MAX {
            return Value::Null;
        }
        if is_sensitive(shape) {
            return self.hidden();
        }
        match (&shape.kind, value) {
            (Kind::Structure(members), Value::Object(object)) => {
                let mut shown = Map::new();
                for member in *members {
                    let Some(value) = object.get(member.key) else { continue };
                    let value = match self.decision(member.key, member.shape) {
                        Decision::Hidden => self.hidden(),
                        Decision::Shown => self.whole(value),
                        Decision::ByShape => self.value(member.shape, value),
                    };
                    self.bytes += member.key.len() + 4;
                    shown.insert(lower(member.key), value);
                }
                shown.into()
            }
            (Kind::Map(_, element), Value::Object(object)) => {
                let mut shown = Map::new();
                for (name, value) in object {
                    self.bytes += name.len() + 4;
                    shown.insert(name.clone(), self.value(element, value));
                }
                shown.into()
            }
            (Kind::List(element), Value::Array(elements)) => {
                elements.iter().map(|value| self.value(element, value)).collect()
            }
            (_, value) => self.whole(value),
        }
    }

    fn unshaped(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let mut shown = Map::new();
                for (name, value) in object {
                    let value = if name.contains("Secret") { self.hidden() } else { self.unshaped(value) };
                    self.bytes += name.len() + 4;
                    shown.insert(lower(name), value);
                }
                shown.into()
            }
            Value::Array(elements) => elements.iter().map(|value| self.unshaped(value)).collect(),
            value => self.whole(value),
        }
    }

    fn decision(&self, member: &str, shape: &Shape) -> Decision {
        let is_of = |rows: &[(&str, &[&str])], name: &str| {
            rows.iter().any(|(known, members)| *known == name && members.contains(&member))
        };
        let is_hidden = match self.service {
            "apigateway" => is_of(HIDDEN_IN_API_GATEWAY, self.operation),
            service => is_of(HIDDEN_MEMBERS, service),
        };
        if is_hidden {
            Decision::Hidden
        } else if is_sensitive(shape) && SHOWN.contains(&(self.service, member)) {
            Decision::Shown
        } else {
            Decision::ByShape
        }
    }

    /// A value as it is, when it is not too large to be shown at all.
    fn whole(&mut self, value: &Value) -> Value {
        self.bytes += match value {
            Value::String(text) => text.len() + 2,
            Value::Object(_) | Value::Array(_) => value.to_string().len(),
            _ => 8,
        };
        if self.bytes > FIELD_BYTES_MAX { Value::Null } else { value.clone() }
    }

    fn hidden(&mut self) -> Value {
        self.bytes += HIDDEN.len();
        HIDDEN.into()
    }

    fn bounded(self, value: Value, reason: &str) -> (Value, usize) {
        if self.bytes > FIELD_BYTES_MAX {
            (json!({ "omitted": true, "reason": reason }), reason.len())
        } else {
            (value, self.bytes)
        }
    }
}

/// What becomes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Hidden,
    Shown,
    ByShape,
}

/// Whether a value of this shape may be a secret as far as the shape goes.
fn is_sensitive(shape: &Shape) -> bool {
    shape.sensitive
        || match shape.kind {
            Kind::Blob | Kind::Document => true,
            Kind::List(element) => is_sensitive(element),
            Kind::Map(key, element) => is_sensitive(key) || is_sensitive(element),
            _ => false,
        }
}

fn lower(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + characters.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use claviger_aws_protocol::shape::{
        Member, OperationShape, document, integer, list, map, optional, string, structure,
    };

    use super::*;
    use crate::{
        apigateway, apigatewayv2, claviger, cloudformation, cognito, ecr, iam, lambda, logs, secrets_manager, ssm, sts,
    };

    /// What makes a member's name worth a look.
    const SUSPICIOUS: [&str; 9] =
        ["secret", "password", "token", "code", "credential", "session", "hash", "private", "value"];

    type Outputs = &'static [(&'static str, Option<&'static Shape>)];

    /// Every input and output, with its service and operation.
    fn shapes() -> Vec<(&'static str, &'static str, &'static Shape)> {
        let calls: [(&str, &'static [OperationShape], Outputs); 9] = [
            ("cloudformation", cloudformation::shapes::OPERATIONS, cloudformation::output_shapes::OUTPUTS),
            ("cognito-idp", cognito::shapes::OPERATIONS, cognito::output_shapes::OUTPUTS),
            ("ecr", ecr::shapes::OPERATIONS, ecr::output_shapes::OUTPUTS),
            ("iam", iam::shapes::OPERATIONS, iam::output_shapes::OUTPUTS),
            ("logs", logs::shapes::OPERATIONS, logs::output_shapes::OUTPUTS),
            ("secretsmanager", secrets_manager::shapes::OPERATIONS, secrets_manager::output_shapes::OUTPUTS),
            ("ssm", ssm::shapes::OPERATIONS, ssm::output_shapes::OUTPUTS),
            ("sts", sts::shapes::OPERATIONS, sts::output_shapes::OUTPUTS),
            ("claviger", claviger::shapes::OPERATIONS, &[]),
        ];
        let rest = [
            ("apigateway", apigateway::shapes::OPERATIONS, apigateway::output_shapes::OUTPUTS),
            ("apigateway", apigatewayv2::shapes::OPERATIONS, apigatewayv2::output_shapes::OUTPUTS),
            ("lambda", lambda::shapes::OPERATIONS, lambda::output_shapes::OUTPUTS),
        ];
        let mut shapes = Vec::new();
        for (service, inputs, outputs) in calls {
            shapes.extend(inputs.iter().map(|operation| (service, operation.name, operation.input)));
            shapes.extend(outputs.iter().filter_map(|(name, shape)| Some((service, *name, (*shape)?))));
        }
        for (service, inputs, outputs) in rest {
            shapes.extend(inputs.iter().map(|operation| (service, operation.name, operation.input)));
            shapes.extend(outputs.iter().filter_map(|(name, shape)| Some((service, *name, (*shape)?))));
        }
        shapes
    }

    /// Visits every member of a shape that may be shown, and those in it.
    fn visit(
        redaction: &Redaction<'_>,
        shape: &'static Shape,
        seen: &mut HashSet<*const Shape>,
        visitor: &mut impl FnMut(&'static Member, Decision),
    ) {
        if is_sensitive(shape) || !seen.insert(std::ptr::from_ref(shape)) {
            return;
        }
        match shape.kind {
            Kind::List(element) | Kind::Map(_, element) => visit(redaction, element, seen, visitor),
            Kind::Structure(members) => {
                for member in members {
                    let decision = redaction.decision(member.key, member.shape);
                    visitor(member, decision);
                    if decision == Decision::ByShape {
                        visit(redaction, member.shape, seen, visitor);
                    }
                }
            }
            _ => {}
        }
    }

    #[test]
    fn what_sounds_like_a_secret_and_is_shown_was_looked_at() {
        let mut shown = BTreeSet::new();
        for (service, operation, shape) in shapes() {
            let redaction = Redaction { service, operation, bytes: 0 };
            visit(&redaction, shape, &mut HashSet::new(), &mut |member, decision| {
                let is_text = matches!(member.shape.kind, Kind::String | Kind::List(_) | Kind::Map(..));
                let is_shown = match decision {
                    Decision::Hidden => false,
                    Decision::Shown => true,
                    Decision::ByShape => !is_sensitive(member.shape),
                };
                let name = member.key.to_ascii_lowercase();
                let sounds = decision == Decision::Shown || SUSPICIOUS.iter().any(|word| name.contains(word));
                if is_text && is_shown && sounds {
                    shown.insert(format!("{service} {}\n", member.key));
                }
            });
        }
        let shown: String = shown.into_iter().collect();
        assert!(shown == include_str!("shown.txt"), "is one of these a secret? If not, shown.txt needs:\n{shown}");
    }

    #[test]
    fn secrets_are_hidden_and_the_rest_is_shown_under_names_of_cloudtrail() {
        static TEXT: Shape = string();
        static SECRET: Shape = string().sensitive();
        static ANY: Shape = document();
        static NUMBER: Shape = integer();
        static TEXTS: Shape = list(&TEXT);
        static SECRETS: Shape = list(&SECRET);
        static TAGS: Shape = map(&TEXT, &TEXT);
        static INNER: Shape = structure(&[optional("Password", &SECRET), optional("URL", &TEXT)]);
        static INPUT: Shape = structure(&[
            optional("ClientId", &SECRET),
            optional("Secrets", &SECRETS),
            optional("Texts", &TEXTS),
            optional("Tags", &TAGS),
            optional("Inner", &INNER),
            optional("Any", &ANY),
            optional("Number", &NUMBER),
            optional("Code", &TEXT),
        ]);
        let input = json!({
            "ClientId": "c", "Secrets": ["s"], "Texts": ["a"], "Tags": {"Key": "b"}, "Inner": {"Password": "s", "URL": "u"},
            "Any": {"a": "s"}, "Number": 1, "Code": "s", "Unknown": "s",
        });
        let (shown, bytes) = redacted("cognito-idp", "X", &INPUT, &input, "tooLarge");
        let expected = json!({
            "clientId": "c", "secrets": HIDDEN, "texts": ["a"], "tags": {"Key": "b"},
            "inner": {"password": HIDDEN, "uRL": "u"}, "any": HIDDEN, "number": 1, "code": HIDDEN,
        });
        assert_eq!(shown, expected);
        assert!(bytes >= 100);
        // Of another service it is a secret.
        assert_eq!(redacted("ssm", "X", &INPUT, &json!({"ClientId": "c"}), "").0, json!({"clientId": HIDDEN}));
        let long = json!({ "Texts": vec!["x".repeat(1_000); 200] });
        let (omitted, bytes) = redacted("ssm", "X", &INPUT, &long, "tooLarge");
        assert_eq!((omitted, bytes), (json!({"omitted": true, "reason": "tooLarge"}), 8));
        let own = json!({"AccessKey": {"AccessKeyId": "a", "SecretAccessKey": "s"}, "List": [{"b": 1}]});
        let expected = json!({"accessKey": {"accessKeyId": "a", "secretAccessKey": HIDDEN}, "list": [{"b": 1}]});
        assert_eq!(redacted_unshaped(&own, "").0, expected);
    }
}
