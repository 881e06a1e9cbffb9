//! What a Lambda authorizer's function answers (API Gateway, "Output from an API Gateway Lambda authorizer", and "Control
//! access to HTTP APIs with AWS Lambda authorizers").

use claviger_resources::Secret;
use claviger_resources::limits::AUTHORIZER_ANSWER_BYTES_MAX;
use serde_json::{Map, Value};

use crate::policy::{Decision, InvalidPolicy, Policy, Question};

/// What a function says of a caller.
pub struct Answer {
    /// Who the caller is; a yes or no does not tell.
    pub principal_id: Option<String>,
    verdict: Verdict,
    /// What else it says: texts, unless the form allows any values.
    pub context: Map<String, Value>,
    /// The API key that stands for the caller in usage plans.
    pub usage_identifier_key: Option<Secret<String>>,
    bytes: usize,
}

/// The form in which a function answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// A policy, and a context of texts, numbers and truth values.
    Policy,
    /// A policy, and a context of any values: payload format 2.0 of HTTP APIs.
    PolicyWithAnyContext,
    /// Yes or no, and a context of any values.
    Simple,
}

/// What the caller may call.
enum Verdict {
    /// What the policy says.
    Policy(Policy),
    /// Everything or nothing.
    Simple(bool),
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
    /// The context is not an object.
    #[error("the authorizer's context must be an object")]
    ContextNoObject,
    /// There is no yes or no.
    #[error("the authorizer's answer has no isAuthorized, which must be true or false")]
    NoVerdict,
    /// The API key is not text.
    #[error("the authorizer's usageIdentifierKey must be a text")]
    UsageIdentifierKey,
}

impl Answer {
    /// Reads an answer. Members that API Gateway does not know are passed over.
    pub fn read(answer: &[u8], form: AnswerForm) -> Result<Self, InvalidAnswer> {
        if answer.len() > AUTHORIZER_ANSWER_BYTES_MAX {
            return Err(InvalidAnswer::TooLarge);
        }
        let Ok(Value::Object(members)) = serde_json::from_slice(answer) else { return Err(InvalidAnswer::NoObject) };
        let member = |name: &str| members.get(name).filter(|value| !value.is_null());
        let (principal_id, verdict) = if form == AnswerForm::Simple {
            let is_authorized = member("isAuthorized").and_then(Value::as_bool).ok_or(InvalidAnswer::NoVerdict)?;
            (None, Verdict::Simple(is_authorized))
        } else {
            let principal = member("principalId").and_then(Value::as_str).ok_or(InvalidAnswer::NoPrincipal)?;
            let policy = Policy::read(member("policyDocument").ok_or(InvalidAnswer::NoPolicy)?)?;
            (Some(principal.to_owned()), Verdict::Policy(policy))
        };
        let usage_identifier_key = match member("usageIdentifierKey") {
            None => None,
            Some(Value::String(key)) => Some(Secret::new(key.clone())),
            Some(_) => return Err(InvalidAnswer::UsageIdentifierKey),
        };
        let context = match (member("context"), form) {
            (None, _) => Map::new(),
            (Some(value), AnswerForm::Policy) => texts(value)?,
            (Some(Value::Object(context)), _) => context.clone(),
            (Some(_), _) => return Err(InvalidAnswer::ContextNoObject),
        };
        Ok(Self { principal_id, verdict, context, usage_identifier_key, bytes: answer.len() })
    }

    /// What it says to a question.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        match &self.verdict {
            Verdict::Policy(policy) => policy.decide(question),
            Verdict::Simple(true) => Decision::Allowed,
            Verdict::Simple(false) => Decision::NotAllowed,
        }
    }

    /// How much memory it may take: a multiple of how it was written.
    pub fn weight(&self) -> usize {
        self.bytes.saturating_mul(4)
    }
}

/// The values of a context as text. `claims` is reserved for user pools and has no value here.
fn texts(value: &Value) -> Result<Map<String, Value>, InvalidAnswer> {
    let mut context = Map::new();
    for (name, value) in value.as_object().ok_or(InvalidAnswer::Context)? {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => return Err(InvalidAnswer::Context),
        };
        if name != "claims" {
            context.insert(name.clone(), text.into());
        }
    }
    Ok(context)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::{Asker, Circumstances, INVOKE};

    fn policy() -> Value {
        json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } })
    }

    fn read(answer: &Value) -> Result<Answer, InvalidAnswer> {
        Answer::read(answer.to_string().as_bytes(), AnswerForm::Policy)
    }

    #[test]
    fn says_who_calls_what_they_may_and_more() {
        let answer = json!({
            "principalId": "ada", "policyDocument": policy(), "usageIdentifierKey": "key", "other": {},
            "context": { "text": "a", "number": 123, "fraction": 1.5, "truth": true, "none": null, "claims": "x" },
        });
        let said = read(&answer).ok().unwrap();
        assert_eq!(said.principal_id.as_deref(), Some("ada"));
        assert_eq!(said.usage_identifier_key.as_ref().map(|key| key.expose().as_str()), Some("key"));
        let context = json!({ "text": "a", "number": "123", "fraction": "1.5", "truth": "true" });
        assert_eq!(Value::Object(said.context), context);
        let bare = json!({ "principalId": "", "policyDocument": policy(), "context": null });
        assert!(read(&bare).is_ok_and(|answer| answer.context.is_empty()));
    }

    #[test]
    fn what_is_missing_or_of_another_form_cannot_be_used() {
        let check = |answer: Value, expected: InvalidAnswer| {
            assert_eq!(read(&answer).err(), Some(expected), "{answer}");
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
        let invalid = read(&with("policyDocument", json!({}))).err().unwrap();
        assert_eq!(
            invalid.to_string(),
            "the authorizer's policyDocument cannot be used: the policy document has no Statement"
        );
        assert_eq!(Answer::read(b"{", AnswerForm::Policy).err(), Some(InvalidAnswer::NoObject));
    }

    #[test]
    fn http_apis_take_any_context_and_a_yes_or_no() {
        let circumstances = Circumstances {
            source_ip: std::net::Ipv4Addr::LOCALHOST.into(),
            now: claviger_resources::Timestamp::from_seconds(0),
            secure: true,
            user_agent: None,
            referer: None,
        };
        let question = Question { asker: Asker::Bearer, action: INVOKE, resource: "x", circumstances: &circumstances };
        let check = |answer: Value, form: AnswerForm, expected: Result<(Decision, Value), InvalidAnswer>| {
            let read = Answer::read(answer.to_string().as_bytes(), form);
            let said = read.map(|answer| (answer.decide(&question), Value::Object(answer.context)));
            assert_eq!(said, expected, "{answer}");
        };
        let context = json!({ "list": [1], "claims": {}, "number": 1 });
        let allowed = || Ok((Decision::Allowed, context.clone()));
        let with_policy = json!({ "principalId": "ada", "policyDocument": policy(), "context": context });
        check(with_policy.clone(), AnswerForm::PolicyWithAnyContext, allowed());
        check(with_policy.clone(), AnswerForm::Policy, Err(InvalidAnswer::Context));
        check(with_policy, AnswerForm::Simple, Err(InvalidAnswer::NoVerdict));
        check(json!({ "isAuthorized": true, "context": context }), AnswerForm::Simple, allowed());
        check(json!({ "isAuthorized": false }), AnswerForm::Simple, Ok((Decision::NotAllowed, json!({}))));
        check(json!({ "isAuthorized": true, "context": null }), AnswerForm::Simple, Ok((Decision::Allowed, json!({}))));
        check(json!({ "isAuthorized": "true" }), AnswerForm::Simple, Err(InvalidAnswer::NoVerdict));
        check(json!({}), AnswerForm::Simple, Err(InvalidAnswer::NoVerdict));
        check(json!({ "isAuthorized": true, "context": [] }), AnswerForm::Simple, Err(InvalidAnswer::ContextNoObject));
        check(json!({ "isAuthorized": true }), AnswerForm::PolicyWithAnyContext, Err(InvalidAnswer::NoPrincipal));
    }
}
