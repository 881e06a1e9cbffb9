//! Policies in IAM's language, as API Gateway evaluates them: what a Lambda authorizer answers, and an API's own resource
//! policy (IAM User Guide, "Policy evaluation logic" and "IAM JSON policy element reference").
//!
//! A policy is read once ([`Policy::read`]) and then asked about one request at a time ([`Policy::decide`]), in the order of
//! IAM: a statement that denies wins, then one that allows, and without either the answer is no. Policy variables
//! (`${aws:username}`) are not replaced.

mod circumstances;
mod condition;
mod network;
mod principal;
mod statement;

use serde_json::Value;

pub use self::circumstances::Circumstances;
pub use self::principal::Asker;
use self::statement::{Effect, Statement};

/// The action of calling a method of an API.
pub const INVOKE: &str = "execute-api:Invoke";

/// Statements of a policy; ours.
const STATEMENTS_MAX: usize = 1_000;
/// Actions, resources, principals and condition values of a policy, all told; ours.
const ELEMENTS_MAX: usize = 5_000;
/// Characters of a resource (API Gateway, "Output from an API Gateway Lambda authorizer").
const RESOURCE_CHARACTERS_MAX: usize = 512;

/// A policy, ready to be asked. The default one says nothing, and so allows nothing.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    statements: Box<[Statement]>,
}

/// What a policy is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who wants it.
    pub asker: Asker<'a>,
    /// What is to be done, such as [`INVOKE`].
    pub action: &'a str,
    /// The ARN of what it is to be done to.
    pub resource: &'a str,
    /// What else is known of the request.
    pub circumstances: &'a Circumstances<'a>,
}

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement speaks of it.
    NotAllowed,
}

/// Why a document is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPolicy(String);

impl Policy {
    /// Reads a policy document. `Version` is not looked at: nothing that differs between versions is supported.
    pub fn read(document: &Value) -> Result<Self, InvalidPolicy> {
        let document = document.as_object().ok_or_else(|| invalid("the policy document is not an object"))?;
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.as_slice(),
            Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
            Some(_) => return Err(invalid("Statement must be an object or a list of objects")),
            None => return Err(invalid("the policy document has no Statement")),
        };
        if statements.len() > STATEMENTS_MAX {
            return Err(invalid(format!("the policy has more than {STATEMENTS_MAX} statements")));
        }
        let mut budget = Budget(ELEMENTS_MAX);
        let read = |(place, statement)| {
            Statement::read(statement, &mut budget)
                .map_err(|InvalidPolicy(reason)| invalid(format!("statement {}: {reason}", place + 1)))
        };
        let statements = statements.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }

    /// Reads the text of a policy document.
    pub fn parse(text: &str) -> Result<Self, InvalidPolicy> {
        let document = serde_json::from_str(text).map_err(|_| invalid("the policy document is not JSON"))?;
        Self::read(&document)
    }

    /// What the policy says to a question.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let mut decision = Decision::NotAllowed;
        for statement in &self.statements {
            let overruled = decision == Decision::Allowed && statement.effect == Effect::Allow;
            if !overruled && statement.applies(question) {
                match statement.effect {
                    Effect::Deny => return Decision::Denied,
                    Effect::Allow => decision = Decision::Allowed,
                }
            }
        }
        decision
    }
}

/// How many more elements a policy may have.
struct Budget(usize);

impl Budget {
    /// The texts of an element that is one text or a list of them.
    fn texts<'a>(&mut self, name: &str, value: &'a Value) -> Result<Vec<&'a str>, InvalidPolicy> {
        let not_text = || invalid(format!("{name} must be a text or a list of texts"));
        let texts: Vec<&str> = match value {
            Value::String(text) => vec![text],
            Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(not_text)?,
            _ => return Err(not_text()),
        };
        self.spend(texts.len())?;
        Ok(texts)
    }

    fn spend(&mut self, elements: usize) -> Result<(), InvalidPolicy> {
        self.0 = self
            .0
            .checked_sub(elements)
            .ok_or_else(|| invalid(format!("the policy has more than {ELEMENTS_MAX} elements")))?;
        Ok(())
    }
}

fn invalid(reason: impl Into<String>) -> InvalidPolicy {
    InvalidPolicy(reason.into())
}

#[cfg(test)]
mod tests;
