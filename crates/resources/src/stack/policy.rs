//! Stack policies: which resources of a stack an update may change, replace or delete.

use std::fmt;

use serde::Deserialize;

use crate::wildcard::Wildcard;

/// What an update does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateAction {
    /// It is changed in place.
    Modify,
    /// Another takes its place.
    Replace,
    /// It is no longer part of the stack.
    Delete,
}

impl UpdateAction {
    /// The one that policies call by this name.
    fn parse(name: &str) -> Option<Self> {
        [Self::Modify, Self::Replace, Self::Delete].into_iter().find(|it| it.as_str() == name)
    }

    /// What policies call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Modify => "Update:Modify",
            Self::Replace => "Update:Replace",
            Self::Delete => "Update:Delete",
        }
    }
}

/// A stack policy. Once there is one, what it does not allow is denied (AWS CloudFormation, "Prevent updates to stack
/// resources").
#[derive(Default)]
pub struct StackPolicy(Vec<Statement>);

struct Statement {
    is_deny: bool,
    actions: Listed,
    resources: Listed,
    conditions: Vec<Condition>,
}

/// A list of names, or everything that is not on it.
struct Listed {
    names: Vec<String>,
    is_inverted: bool,
}

/// A test of the resource's type.
struct Condition {
    types: Vec<String>,
    takes_wildcards: bool,
}

/// The document does not say what a stack policy may say.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid stack policy")]
pub struct InvalidStackPolicy;

/// Why a resource may not be dealt with so; the texts are AWS's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A statement denies it.
    #[error(
        "Action denied by stack policy: Statement [#{statement}] does not allow [{actions}] for resource [{resources}];"
    )]
    Statement {
        /// Which, counted from one.
        statement: usize,
        /// The actions it denies.
        actions: String,
        /// The resources it denies them for.
        resources: String,
    },
    /// No statement allows it.
    #[error(
        "Action not allowed by stack policy: No statement allows [{action}] for resource [LogicalResourceId/{logical_id}];"
    )]
    NotAllowed {
        /// What would be done.
        action: &'static str,
        /// To what.
        logical_id: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(rename = "Version")]
    _version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: Option<Many<Written>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    principal: Principal,
    action: Option<Many<String>>,
    not_action: Option<Many<String>>,
    resource: Option<Many<String>>,
    not_resource: Option<Many<String>>,
    condition: Option<Conditions>,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Principal {
    Name(String),
    Aws {
        #[serde(rename = "AWS")]
        aws: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Conditions {
    string_equals: Option<OfType>,
    string_like: Option<OfType>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OfType {
    resource_type: Many<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Many<T> {
    One(T),
    All(Vec<T>),
}

impl<T> Many<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::All(all) => all,
        }
    }
}

/// What a resource is called in policies.
const RESOURCE_PREFIX: &str = "LogicalResourceId/";
/// Every action.
const ANY_ACTION: &str = "Update:*";

impl StackPolicy {
    /// Reads a policy.
    pub fn parse(text: &str) -> Result<Self, InvalidStackPolicy> {
        let document: Document = serde_json::from_str(text).map_err(|_| InvalidStackPolicy)?;
        let statements = document.statement.map(Many::into_vec).unwrap_or_default();
        Ok(Self(statements.into_iter().map(Statement::try_from).collect::<Result<_, _>>()?))
    }

    /// Whether an update may do this to a resource.
    pub fn judge(&self, action: UpdateAction, logical_id: &str, resource_type: &str) -> Result<(), Denied> {
        let applies = |it: &&(usize, &Statement)| it.1.applies(action, logical_id, resource_type);
        let numbered: Vec<(usize, &Statement)> = self.0.iter().enumerate().collect();
        let mut applying = numbered.iter().filter(applies);
        if let Some((at, statement)) = applying.clone().find(|(_, statement)| statement.is_deny) {
            let resource = format!("{RESOURCE_PREFIX}{logical_id}");
            return Err(Denied::Statement {
                statement: at + 1,
                actions: statement.actions.shown(action.as_str()),
                resources: statement.resources.shown(&resource),
            });
        }
        if applying.next().is_some() {
            return Ok(());
        }
        Err(Denied::NotAllowed { action: action.as_str(), logical_id: logical_id.to_owned() })
    }

    /// The resources that it names without any wildcard, each as it is written and by its logical id.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let resources = self.0.iter().flat_map(|statement| &statement.resources.names);
        let named = resources.filter_map(|name| Some((name.as_str(), name.strip_prefix(RESOURCE_PREFIX)?)));
        named.filter(|(_, logical_id)| !logical_id.contains(['*', '?']))
    }
}

impl TryFrom<Written> for Statement {
    type Error = InvalidStackPolicy;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let (Principal::Name(principal) | Principal::Aws { aws: principal }) = written.principal;
        let actions = Listed::of(written.action, written.not_action)?.ok_or(InvalidStackPolicy)?;
        // A statement that names no resource is about none.
        let resources = Listed::of(written.resource, written.not_resource)?;
        let resources = resources.unwrap_or(Listed { names: Vec::new(), is_inverted: false });
        let knows_action = |name: &String| name == ANY_ACTION || UpdateAction::parse(name).is_some();
        let knows_resource = |name: &String| name.starts_with(RESOURCE_PREFIX) || name.starts_with('*');
        if principal != "*" || !actions.names.iter().all(knows_action) || !resources.names.iter().all(knows_resource) {
            return Err(InvalidStackPolicy);
        }
        let mut conditions = Vec::new();
        if let Some(Conditions { string_equals, string_like }) = written.condition {
            let of = |it: OfType, takes_wildcards| Condition { types: it.resource_type.into_vec(), takes_wildcards };
            conditions.extend(string_equals.map(|it| of(it, false)));
            conditions.extend(string_like.map(|it| of(it, true)));
        }
        Ok(Self { is_deny: matches!(written.effect, Effect::Deny), actions, resources, conditions })
    }
}

impl Statement {
    fn applies(&self, action: UpdateAction, logical_id: &str, resource_type: &str) -> bool {
        let resource = format!("{RESOURCE_PREFIX}{logical_id}");
        self.actions.takes(|name| name == ANY_ACTION || name == action.as_str())
            && self.resources.takes(|name| Wildcard::new(name).matches(&resource))
            && self.conditions.iter().all(|condition| condition.holds(resource_type))
    }
}

impl Listed {
    fn of(these: Option<Many<String>>, not_these: Option<Many<String>>) -> Result<Option<Self>, InvalidStackPolicy> {
        match (these, not_these) {
            (Some(names), None) => Ok(Some(Self { names: names.into_vec(), is_inverted: false })),
            (None, Some(names)) => Ok(Some(Self { names: names.into_vec(), is_inverted: true })),
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(InvalidStackPolicy),
        }
    }

    fn takes(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.names.iter().any(|name| is_it(name)) != self.is_inverted
    }

    /// As the statement has it, or what was judged where the statement only says what it is not about.
    fn shown(&self, judged: &str) -> String {
        if self.is_inverted { judged.to_owned() } else { self.names.join(", ") }
    }
}

impl Condition {
    fn holds(&self, resource_type: &str) -> bool {
        self.types.iter().any(|name| {
            if self.takes_wildcards { Wildcard::new(name).matches(resource_type) } else { name == resource_type }
        })
    }
}

impl fmt::Debug for StackPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StackPolicy({} statements)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::UpdateAction::{Delete, Modify, Replace};
    use super::*;

    fn all(effect: &str) -> Value {
        json!({"Effect": effect, "Action": "Update:*", "Principal": "*", "Resource": "*"})
    }

    /// What a policy with these statements says of something done to the pool; nothing when it allows it.
    fn check(statements: &[Value], action: UpdateAction, expected: &str) {
        let text = json!({"Statement": statements}).to_string();
        let judged = StackPolicy::parse(&text).unwrap().judge(action, "Pool", "AWS::Cognito::UserPool");
        assert_eq!(judged.err().map(|denied| denied.to_string()).unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn what_is_not_allowed_is_denied() {
        let nothing = |action| {
            format!(
                "Action not allowed by stack policy: No statement allows [{action}] for resource [LogicalResourceId/Pool];"
            )
        };
        check(&[], Modify, &nothing("Update:Modify"));
        check(&[all("Allow")], Delete, "");
        let with = |name: &str, value: Value| {
            let mut statement = all("Allow");
            statement[name] = value;
            statement
        };
        check(&[with("Action", json!("Update:Modify"))], Modify, "");
        check(&[with("Action", json!("Update:Modify"))], Replace, &nothing("Update:Replace"));
        check(&[with("Action", json!(["Update:Modify", "Update:Replace"]))], Replace, "");
        check(&[with("Resource", json!("LogicalResourceId/Pool"))], Modify, "");
        check(&[with("Resource", json!("LogicalResourceId/P*"))], Modify, "");
        check(
            &[with("Resource", json!(["LogicalResourceId/Client", "LogicalResourceId/Api"]))],
            Modify,
            &nothing("Update:Modify"),
        );
        let of_type = |operator: &str, name: &str| with("Condition", json!({operator: {"ResourceType": [name]}}));
        check(&[of_type("StringEquals", "AWS::Cognito::UserPool")], Modify, "");
        check(&[of_type("StringEquals", "AWS::Cognito::*")], Modify, &nothing("Update:Modify"));
        check(&[of_type("StringLike", "AWS::Cognito::*")], Modify, "");
    }

    #[test]
    fn what_is_denied_is_denied_whatever_is_allowed() {
        let denied = |at, actions, resources| {
            format!(
                "Action denied by stack policy: Statement [#{at}] does not allow [{actions}] for resource [{resources}];"
            )
        };
        check(&[all("Deny"), all("Allow")], Modify, &denied(1, "Update:*", "*"));
        check(&[all("Allow"), all("Deny")], Modify, &denied(2, "Update:*", "*"));
        let deny = |statement: Value| {
            let mut whole = json!({"Effect": "Deny", "Principal": "*"});
            whole.as_object_mut().unwrap().extend(statement.as_object().unwrap().clone());
            [all("Allow"), whole]
        };
        let ends = deny(json!({"Action": ["Update:Replace", "Update:Delete"], "Resource": "LogicalResourceId/Pool"}));
        check(&ends, Modify, "");
        check(&ends, Delete, &denied(2, "Update:Replace, Update:Delete", "LogicalResourceId/Pool"));
        let others = deny(json!({"NotAction": "Update:Modify", "NotResource": "LogicalResourceId/Client"}));
        check(&others, Modify, "");
        check(&others, Replace, &denied(2, "Update:Replace", "LogicalResourceId/Pool"));
        check(&deny(json!({"Action": "Update:*", "NotResource": "LogicalResourceId/Pool"})), Replace, "");
        // It names no resource, so it is about none.
        check(&deny(json!({"Action": "Update:*"})), Replace, "");
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let check = |text: &str, is_valid: bool| assert_eq!(StackPolicy::parse(text).is_ok(), is_valid, "{text}");
        check("{}", true);
        check("", false);
        check("[]", false);
        check("a", false);
        check(r#"{"Statements": []}"#, false);
        let with = |name: &str, value: Value, is_valid: bool| {
            let mut statement = all("Allow");
            statement[name] = value;
            check(&json!({"Statement": statement}).to_string(), is_valid);
        };
        with("Sid", json!("one"), true);
        with("Principal", json!({"AWS": "*"}), true);
        with("Principal", json!("ada"), false);
        with("Principal", Value::Null, false);
        with("Effect", json!("allow"), false);
        with("Action", json!("Delete:*"), false);
        with("Action", json!("*"), false);
        with("Action", Value::Null, false);
        with("NotAction", json!("Update:Modify"), false);
        with("Resource", json!("Pool"), false);
        with("Condition", json!({"StringEquals": {"ResourceName": ["a"]}}), false);
        with("Condition", json!({"NumericEquals": {"ResourceType": ["a"]}}), false);
    }
}
