//! One statement of a policy.

use claviger_resources::wildcard::Wildcard;
use serde_json::{Map, Value};

use super::condition::Condition;
use super::principal::Principals;
use super::{Asker, Budget, InvalidPolicy, Question, RESOURCE_CHARACTERS_MAX, invalid};

/// What a statement leads to where it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// A statement, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    /// `None` where it names nobody, which is so in policies that belong to somebody.
    principals: Option<Principals>,
    actions: Listed,
    resources: Listed,
    conditions: Box<[Condition]>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug)]
struct Listed {
    excluded: bool,
    patterns: Box<[Wildcard]>,
}

impl Statement {
    pub(super) fn read(statement: &Value, budget: &mut Budget) -> Result<Self, InvalidPolicy> {
        let statement = statement.as_object().ok_or_else(|| invalid("it is not an object"))?;
        let effect = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(invalid("Effect must be Allow or Deny")),
        };
        let principals = match either(statement, "Principal", "NotPrincipal")? {
            Some((excluded, value)) => Some(Principals::read(excluded, value, budget)?),
            None => None,
        };
        // Actions are compared without regard to case, resources are not.
        let actions = Listed::read(statement, "Action", "NotAction", budget, |action| {
            Ok(Wildcard::new(&action.to_ascii_lowercase()))
        })?;
        let resources = Listed::read(statement, "Resource", "NotResource", budget, |resource| {
            if resource.chars().count() > RESOURCE_CHARACTERS_MAX {
                return Err(invalid(format!("a Resource is longer than {RESOURCE_CHARACTERS_MAX} characters")));
            }
            Ok(Wildcard::new(&whole_arn(resource)))
        })?;
        let conditions = match statement.get("Condition") {
            None | Some(Value::Null) => Box::default(),
            Some(Value::Object(operators)) => Condition::read_all(operators, budget)?,
            Some(_) => return Err(invalid("Condition must be an object")),
        };
        Ok(Self { effect, principals, actions, resources, conditions })
    }

    pub(super) fn applies(&self, question: &Question<'_>) -> bool {
        let includes_asker = match &self.principals {
            Some(principals) => principals.include(question.asker),
            None => question.asker == Asker::Bearer,
        };
        includes_asker
            && self.actions.include(&question.action.to_ascii_lowercase())
            && self.resources.include(question.resource)
            && self.conditions.iter().all(|condition| condition.holds(question.circumstances))
    }
}

impl Listed {
    fn read(
        statement: &Map<String, Value>,
        name: &str,
        excluding: &str,
        budget: &mut Budget,
        pattern: impl Fn(&str) -> Result<Wildcard, InvalidPolicy>,
    ) -> Result<Self, InvalidPolicy> {
        let found = either(statement, name, excluding)?;
        let (excluded, value) = found.ok_or_else(|| invalid(format!("it has no {name}")))?;
        let patterns: Box<[_]> = budget.texts(name, value)?.into_iter().map(pattern).collect::<Result<_, _>>()?;
        if patterns.is_empty() {
            return Err(invalid(format!("{name} names nothing")));
        }
        Ok(Self { excluded, patterns })
    }

    fn include(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text)) != self.excluded
    }
}

/// An element or the one that excludes what it names, and whether it is the latter.
fn either<'a>(
    statement: &'a Map<String, Value>,
    name: &str,
    excluding: &str,
) -> Result<Option<(bool, &'a Value)>, InvalidPolicy> {
    match (statement.get(name), statement.get(excluding)) {
        (Some(_), Some(_)) => Err(invalid(format!("it has both {name} and {excluding}"))),
        (Some(value), None) => Ok(Some((false, value))),
        (None, Some(value)) => Ok(Some((true, value))),
        (None, None) => Ok(None),
    }
}

/// The ARN that a resource policy's short form stands for: `execute-api:/{stage}/{verb}/{path}` is this API's, whichever
/// that is (API Gateway, "Create and attach an API Gateway resource policy to an API").
fn whole_arn(resource: &str) -> String {
    match resource.strip_prefix("execute-api:/") {
        Some(rest) => format!("arn:*:execute-api:*:*:*/{rest}"),
        None => resource.to_owned(),
    }
}
