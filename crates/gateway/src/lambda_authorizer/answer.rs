//! What a Lambda authorizer's function answers (API Gateway, "Output from an API Gateway Lambda authorizer").

use std::collections::BTreeMap;

use claviger_resources::Secret;
use claviger_resources::limits::AUTHORIZER_ANSWER_BYTES_MAX;
use serde_json::Value;

use crate::policy::{InvalidPolicy, Policy};

/// What a function says of a caller.
pub struct Answer {
    /// Who the caller is.
    pub principal_id: String,
    /// What they may call.
    pub policy: Policy,
    /// What else it says, every value as text.
    pub context: BTreeMap<String, String>,
    /// The API key that stands for the caller in usage plans.
    pub usage_identifier_key: Option<Secret<String>>,
    bytes: usize,
}

/// Why an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnswer {
    /// It is too large to be kept.
    #[error("the authorizer's answer is larger than {AUTHORIZER_ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// It is not a JSON object.
    #[error("the authorizer's answer is not a JSON object")]
    NoObject,
    /// There is no principal.
    #[error("the authorizer's answer has no principalId, which must be a text")]
    NoPrincipal,
    /// There is no policy.
    #[error("the authorizer's answer has no policyDocument")]
    NoPolicy,
    /// The policy cannot be read.
    #[error("the authorizer's policyDocument cannot be used: {0}")]
    Policy(#[from] InvalidPolicy),
    /// The context is not flat.
    #[error("the authorizer's context must be an object of texts, numbers and truth values")]
    Context,
    /// The API key is not text.
    #[error("the authorizer's usageIdentifierKey must be a text")]
    UsageIdentifierKey,
}

impl Answer {
    /// Reads an answer. Members that API Gateway does not know are passed over.
    pub fn read(answer: &[u8]) -> Result<Self, InvalidAnswer> {
        if answer.len() > AUTHORIZER_ANSWER_BYTES_MAX {
            return Err(InvalidAnswer::TooLarge);
        }
        let Ok(Value::Object(members)) = serde_json::from_slice(answer) else { return Err(InvalidAnswer::NoObject) };
        let member = |name: &str| members.get(name).filter(|value| !value.is_null());
        let principal_id = member("principalId").and_then(Value::as_str).ok_or(InvalidAnswer::NoPrincipal)?.to_owned();
        let policy = Policy::read(member("policyDocument").ok_or(InvalidAnswer::NoPolicy)?)?;
        let usage_identifier_key = match member("usageIdentifierKey") {
            None => None,
            Some(Value::String(key)) => Some(Secret::new(key.clone())),
            Some(_) => return Err(InvalidAnswer::UsageIdentifierKey),
        };
        let context = member("context").map(context).transpose()?.unwrap_or_default();
        Ok(Self { principal_id, policy, context, usage_identifier_key, bytes: answer.len() })
    }

    /// How much memory it may take: a multiple of how it was written.
    pub fn weight(&self) -> usize {
        self.bytes.saturating_mul(4)
    }
}

/// The values of a context as text. `claims` is reserved for user pools and has no value here.
fn context(value: &Value) -> Result<BTreeMap<String, String>, InvalidAnswer> {
    let mut context = BTreeMap::new();
    for (name, value) in value.as_object().ok_or(InvalidAnswer::Context)? {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => return Err(InvalidAnswer::Context),
        };
        if name != "claims" {
            context.insert(name.clone(), text);
        }
    }
    Ok(context)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy() -> Value {
        json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } })
    }

    #[test]
    fn says_who_calls_what_they_may_and_more() {
        let answer = json!({
            "principalId": "ada", "policyDocument": policy(), "usageIdentifierKey": "key", "other": {},
            "context": { "text": "a", "number": 123, "fraction": 1.5, "truth": true, "none": null, "claims": "x" },
        });
        let read = Answer::read(answer.to_string().as_bytes()).ok().unwrap();
        assert_eq!(read.principal_id, "ada");
        assert_eq!(read.usage_identifier_key.as_ref().map(|key| key.expose().as_str()), Some("key"));
        let context: Vec<_> = read.context.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(context, ["fraction=1.5", "number=123", "text=a", "truth=true"]);
        let bare = json!({ "principalId": "", "policyDocument": policy(), "context": null });
        assert!(Answer::read(bare.to_string().as_bytes()).is_ok_and(|answer| answer.context.is_empty()));
    }

    #[test]
    fn what_is_missing_or_of_another_form_cannot_be_used() {
        let check = |answer: Value, expected: InvalidAnswer| {
            assert_eq!(Answer::read(answer.to_string().as_bytes()).err(), Some(expected), "{answer}");
        };
        let with = |name: &str, value: Value| {
            let mut answer = json!({ "principalId": "ada", "policyDocument": policy() });
            answer[name] = value;
            answer
        };
        check(json!(null), InvalidAnswer::NoObject);
        check(json!("Allow"), InvalidAnswer::NoObject);
        check(json!({ "policyDocument": policy() }), InvalidAnswer::NoPrincipal);
        check(with("principalId", json!(7)), InvalidAnswer::NoPrincipal);
        check(with("policyDocument", json!(null)), InvalidAnswer::NoPolicy);
        check(with("context", json!([])), InvalidAnswer::Context);
        check(with("context", json!({ "a": {} })), InvalidAnswer::Context);
        check(with("context", json!({ "a": [1] })), InvalidAnswer::Context);
        check(with("usageIdentifierKey", json!(1)), InvalidAnswer::UsageIdentifierKey);
        check(json!({ "principalId": "x".repeat(AUTHORIZER_ANSWER_BYTES_MAX) }), InvalidAnswer::TooLarge);
        let invalid = Answer::read(with("policyDocument", json!({})).to_string().as_bytes()).err().unwrap();
        assert_eq!(
            invalid.to_string(),
            "the authorizer's policyDocument cannot be used: the policy document has no Statement"
        );
        assert_eq!(Answer::read(b"{").err(), Some(InvalidAnswer::NoObject));
    }
}
