//! Roles: what whoever signs calls of the control plane may do.
//!
//! A role is a policy in IAM's language over actions and resources. Four come with the program (`roles/*.json`); others are
//! configuration, and the same on every node. A role has no state of its own: keys name it, and what it allows is looked up
//! at each call.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_gateway::policy::{Decision, InvalidPolicy, Policy, Question};
use claviger_resources::{InvalidId, RoleName};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::snapshot::IamRights;

/// The roles that come with the program, by name.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("admin", include_str!("roles/admin.json")),
    ("auditor", include_str!("roles/auditor.json")),
    ("deployer", include_str!("roles/deployer.json")),
    ("secret-reader", include_str!("roles/secret-reader.json")),
];
/// What actions of this server's own start with.
const OWN_ACTIONS: &str = "claviger:";
/// Roles that a configuration may have.
const ROLES_MAX: usize = 1_000;

/// The roles that there are.
#[derive(Clone, Debug)]
pub struct Roles(BTreeMap<RoleName, Arc<Policy>>);

/// A role as a configuration has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDefinition {
    /// Its name.
    pub name: String,
    /// What it allows and denies.
    pub statements: Vec<RoleStatement>,
}

/// A statement of a role, whose members mean what they mean in IAM.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleStatement {
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Actions such as `cognito-idp:Describe*`.
    #[serde(default)]
    pub actions: Vec<String>,
    /// All actions but these.
    #[serde(default)]
    pub not_actions: Vec<String>,
    /// Resources by their ARNs, with wildcards.
    #[serde(default)]
    pub resources: Vec<String>,
    /// All resources but these.
    #[serde(default)]
    pub not_resources: Vec<String>,
    /// Conditions: operators, keys, values.
    #[serde(default)]
    pub conditions: Option<Value>,
}

/// Why roles cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRole {
    /// A name is none.
    #[error("the role {name:?} cannot be named so: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        reason: InvalidId,
    },
    /// Two roles have the same name, or one that of a role that comes with the program.
    #[error("there is more than one role {0}")]
    Twice(RoleName),
    /// Its statements are no policy.
    #[error("the role {name} is no policy: {reason}")]
    Policy {
        /// The name.
        name: String,
        /// Why not.
        reason: InvalidPolicy,
    },
    /// There are too many.
    #[error("there are more than {ROLES_MAX} roles")]
    TooMany,
}

/// What somebody may do.
#[derive(Clone, Debug)]
pub enum Rights {
    /// Everything: for `claviger dev` alone.
    Everything,
    /// What every one of these allows. The first is a role's, the others narrow it for a session.
    AllOf(Vec<Arc<Policy>>),
    /// What the policies of a role of IAM allow, and every one of these. Never anything of this server's own.
    OfIamRole {
        /// What the role allows.
        role: IamRights,
        /// What narrows it for a session.
        narrowed: Vec<Arc<Policy>>,
    },
}

/// What rights say to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Yes or no.
    pub decision: Decision,
    /// Whether a no is that of a session alone.
    pub by_session: bool,
}

impl Roles {
    /// The roles that come with the program, and these.
    pub fn new(definitions: impl IntoIterator<Item = RoleDefinition>) -> Result<Self, InvalidRole> {
        let mut roles = BTreeMap::new();
        for (name, document) in BUILT_IN {
            let invalid = |reason| InvalidRole::Policy { name: name.to_owned(), reason };
            roles.insert(role_name(name)?, Arc::new(Policy::parse(document).map_err(invalid)?));
        }
        for definition in definitions {
            let name = role_name(&definition.name)?;
            let invalid = |reason| InvalidRole::Policy { name: definition.name.clone(), reason };
            let policy = Policy::read(&definition.document()).map_err(invalid)?;
            if roles.insert(name.clone(), Arc::new(policy)).is_some() {
                return Err(InvalidRole::Twice(name));
            }
            if roles.len() > ROLES_MAX {
                return Err(InvalidRole::TooMany);
            }
        }
        Ok(Self(roles))
    }

    /// What a role allows; `None` when there is no such role.
    pub fn policy(&self, name: &str) -> Option<&Arc<Policy>> {
        self.0.get(name)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &RoleName> {
        self.0.keys()
    }
}

impl Default for Roles {
    /// The roles that come with the program; a test reads each of them.
    fn default() -> Self {
        Self::new([]).unwrap_or(Self(BTreeMap::new()))
    }
}

fn role_name(name: &str) -> Result<RoleName, InvalidRole> {
    RoleName::parse(name).map_err(|reason| InvalidRole::Name { name: name.to_owned(), reason })
}

impl RoleDefinition {
    /// The role as a policy document.
    fn document(&self) -> Value {
        json!({ "Statement": self.statements.iter().map(RoleStatement::document).collect::<Vec<_>>() })
    }
}

impl RoleStatement {
    fn document(&self) -> Value {
        let mut statement = Map::new();
        statement.insert("Effect".to_owned(), self.effect.as_str().into());
        let lists = [
            ("Action", &self.actions),
            ("NotAction", &self.not_actions),
            ("Resource", &self.resources),
            ("NotResource", &self.not_resources),
        ];
        let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
        statement.extend(given.map(|(name, list)| (name.to_owned(), list.clone().into())));
        statement.extend(self.conditions.clone().map(|conditions| ("Condition".to_owned(), conditions)));
        Value::Object(statement)
    }
}

impl Rights {
    /// What they say to a question.
    pub fn judge(&self, question: &Question<'_>) -> Judgement {
        let (first, narrowed) = match self {
            Self::Everything => (Decision::Allowed, &[][..]),
            Self::AllOf(policies) => match policies.split_first() {
                Some((role, narrowed)) => (role.decide(question), narrowed),
                None => (Decision::NotAllowed, &[][..]),
            },
            // Whoever may make roles of IAM could otherwise write itself a role that makes access keys.
            Self::OfIamRole { .. } if question.action.starts_with(OWN_ACTIONS) => (Decision::NotAllowed, &[][..]),
            Self::OfIamRole { role, narrowed } => (role.decide(question), &narrowed[..]),
        };
        let mut judgement = Judgement { decision: first, by_session: false };
        for policy in narrowed {
            match policy.decide(question) {
                _ if judgement.decision == Decision::Denied => break,
                Decision::Allowed => {}
                Decision::NotAllowed if judgement.decision == Decision::NotAllowed => {}
                decision => judgement = Judgement { decision, by_session: true },
            }
        }
        judgement
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use claviger_gateway::policy::{Asker, Circumstances};
    use claviger_resources::Timestamp;

    use super::*;

    fn judge(rights: &Rights, action: &str, resource: &str) -> Judgement {
        let circumstances = Circumstances {
            source_ip: Ipv4Addr::LOCALHOST.into(),
            now: Timestamp::from_seconds(0),
            secure: true,
            user_agent: None,
            referer: None,
        };
        rights.judge(&Question { asker: Asker::Bearer, action, resource, circumstances: &circumstances })
    }

    fn definition(name: &str, effect: &str, actions: &[&str], resources: &[&str]) -> RoleDefinition {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let statement = RoleStatement {
            effect: effect.to_owned(),
            actions: list(actions),
            not_actions: Vec::new(),
            resources: list(resources),
            not_resources: Vec::new(),
            conditions: None,
        };
        RoleDefinition { name: name.to_owned(), statements: vec![statement] }
    }

    #[test]
    fn the_roles_of_the_program_are_policies() {
        let roles = Roles::new([]).unwrap();
        let names: Vec<&str> = roles.names().map(RoleName::as_str).collect();
        assert_eq!(names, ["admin", "auditor", "deployer", "secret-reader"]);
    }

    #[test]
    fn roles_of_a_configuration_are_held_to_what_roles_are() {
        let check = |definition: RoleDefinition, expected: &str| {
            let told = Roles::new([definition]).map_or_else(|error| error.to_string(), |_| "fine".to_owned());
            assert_eq!(told, expected);
        };
        check(definition("ci", "Allow", &["cognito-idp:Describe*"], &["*"]), "fine");
        check(definition("admin", "Allow", &["*"], &["*"]), "there is more than one role admin");
        check(
            definition("a b", "Allow", &["*"], &["*"]),
            "the role \"a b\" cannot be named so: not a valid role name: expected 1 to 64 letters, digits, hyphens or underscores",
        );
        check(
            definition("ci", "Maybe", &["*"], &["*"]),
            "the role ci is no policy: statement 1: Effect must be Allow or Deny",
        );
        check(definition("ci", "Allow", &[], &["*"]), "the role ci is no policy: statement 1: it has no Action");
        let unknown = serde_json::from_value::<RoleDefinition>(json!({"name": "a", "statements": [], "x": 1}));
        assert!(unknown.is_err());
    }

    #[test]
    fn what_narrows_rights_never_widens_them() {
        let roles = Roles::new([
            definition("pools", "Allow", &["cognito-idp:*"], &["arn:aws:cognito-idp:*:*:userpool/a"]),
            definition("never", "Deny", &["cognito-idp:Delete*"], &["*"]),
        ])
        .unwrap();
        let of = |names: &[&str]| Rights::AllOf(names.iter().map(|name| roles.policy(name).unwrap().clone()).collect());
        let check = |rights: &Rights, action: &str, pool: &str, expected: (Decision, bool)| {
            let Judgement { decision, by_session } =
                judge(rights, action, &format!("arn:aws:cognito-idp:us-east-1:0:userpool/{pool}"));
            assert_eq!((decision, by_session), expected, "{action} {pool}");
        };
        let (describe, delete) = ("cognito-idp:DescribeUserPool", "cognito-idp:DeleteUserPool");
        check(&of(&["pools"]), describe, "a", (Decision::Allowed, false));
        check(&of(&["pools"]), describe, "b", (Decision::NotAllowed, false));
        check(&of(&["admin", "pools"]), describe, "a", (Decision::Allowed, false));
        check(&of(&["admin", "pools"]), describe, "b", (Decision::NotAllowed, true));
        check(&of(&["pools", "admin"]), describe, "b", (Decision::NotAllowed, false));
        check(&of(&["pools", "never"]), delete, "a", (Decision::Denied, true));
        check(&of(&["never"]), describe, "a", (Decision::NotAllowed, false));
        check(&of(&[]), describe, "a", (Decision::NotAllowed, false));
        check(&Rights::Everything, delete, "a", (Decision::Allowed, false));
        let narrowed = vec![roles.policy("pools").unwrap().clone()];
        let role = Rights::OfIamRole { role: IamRights::default(), narrowed };
        check(&role, describe, "a", (Decision::NotAllowed, false));
    }
}
