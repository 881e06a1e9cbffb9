//! Principals: whom a statement of a resource policy speaks of (IAM User Guide, "AWS JSON policy elements: Principal").

use serde_json::Value;

use super::{Budget, InvalidPolicy, invalid};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker<'a> {
    /// Whoever the policy was made for: what a Lambda authorizer answers names nobody.
    Bearer,
    /// Somebody who did not say who they are.
    Anonymous,
    /// The user or role with this ARN.
    Arn(&'a str),
}

/// The principals of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Principals {
    excluded: bool,
    names: Box<[Box<str>]>,
}

impl Principals {
    /// Reads `Principal` or `NotPrincipal`: `"*"`, or kinds of principals with their names.
    pub(super) fn read(excluded: bool, value: &Value, budget: &mut Budget) -> Result<Self, InvalidPolicy> {
        let mut names = Vec::new();
        match value {
            Value::String(everyone) if everyone == "*" => names.push("*".into()),
            Value::Object(kinds) => {
                for (kind, value) in kinds {
                    let texts = budget.texts("Principal", value)?;
                    // Services and federated users never call an API in their own name.
                    if kind == "AWS" {
                        names.extend(texts.into_iter().map(Box::from));
                    }
                }
            }
            _ => return Err(invalid("Principal must be \"*\" or an object")),
        }
        Ok(Self { excluded, names: names.into() })
    }

    pub(super) fn include(&self, asker: Asker<'_>) -> bool {
        let named = match asker {
            Asker::Bearer => return true,
            Asker::Anonymous => self.names.iter().any(|name| **name == *"*"),
            Asker::Arn(arn) => self.names.iter().any(|name| names(name, arn)),
        };
        named != self.excluded
    }
}

/// Whether a principal names this user or role: by its ARN, or by the account it is in.
fn names(principal: &str, arn: &str) -> bool {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let root = principal.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    principal == "*" || principal == arn || (!account.is_empty() && (principal == account || root == Some(account)))
}
