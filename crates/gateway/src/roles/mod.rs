//! Roles: what a token's scopes allow of an API beyond letting their bearer in. Scopes give roles, and a role allows calls:
//! pairs of a method and a path with the variables of API resources.
//!
//! What matches any rule of a role is allowed by it; nothing is ever taken away, and what no rule matches is denied.

mod path;
mod rule;

use std::collections::HashMap;

use claviger_resources::limits::{ROLE_RULES_MAX, ROLE_SCOPES_MAX, ROLES_MAX};
use claviger_resources::role_mapping::RoleTable;

use path::Segment;
pub use path::{AmbiguousPath, CalledPath};
use rule::{Part, Rule};

/// A role mapping, ready to judge by. The default one gives no roles.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    names: Box<[Box<str>]>,
    /// The places of the roles that a scope gives.
    scopes: HashMap<Box<str>, Box<[usize]>>,
    /// The rules' paths as a tree of segments; the first node is the root.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, usize>,
    variable: Option<usize>,
    /// What is allowed at this path.
    here: Vec<Allowed>,
    /// What is allowed at every path below.
    below: Vec<Allowed>,
}

/// A role that allows a method, or every method.
#[derive(Clone, Debug)]
struct Allowed {
    role: usize,
    method: Option<Box<str>>,
}

/// Why a table is no role mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoles {
    /// There are too many of something.
    #[error("a role mapping has up to {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// It is no scope.
    #[error("{0:?} is no scope: 1 to 513 characters of ASCII without spaces, quotes and backslashes")]
    Scope(String),
    /// It is no role's name.
    #[error("{0:?} is no name of a role: 1 to 64 letters, digits, hyphens, underscores, colons and full stops")]
    RoleName(String),
    /// A scope gives a role that allows nothing, not even no calls.
    #[error("the scope {scope:?} gives the role {role:?}, which the mapping does not have")]
    UnknownRole {
        /// The scope.
        scope: String,
        /// The role.
        role: String,
    },
    /// It is no rule.
    #[error("the rule {rule:?} of the role {role}: {reason}")]
    Rule {
        /// The role.
        role: String,
        /// The rule as it was written.
        rule: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The roles that the scopes of a token give.
#[derive(Clone, Debug)]
pub struct Held<'r> {
    roles: &'r Roles,
    places: Vec<usize>,
}

/// A call that roles do not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotAllowed {
    /// Why, for operators.
    pub reason: String,
    /// The token's scopes, the roles that they give, and what would have allowed the call.
    pub setting: String,
}

impl Roles {
    /// Compiles a table.
    pub fn compile(table: &RoleTable) -> Result<Self, InvalidRoles> {
        let within = |what, max, count| if count > max { Err(InvalidRoles::TooMany { what, max }) } else { Ok(()) };
        within("roles", ROLES_MAX, table.roles.len())?;
        within("scopes", ROLE_SCOPES_MAX, table.scopes.len())?;
        within("rules", ROLE_RULES_MAX, table.roles.values().map(Vec::len).sum())?;
        let names: Box<[Box<str>]> = table.roles.keys().map(|name| name.as_str().into()).collect();
        let mut roles = Self { names, scopes: HashMap::new(), nodes: vec![Node::default()] };
        for (place, (name, rules)) in table.roles.iter().enumerate() {
            if !is_role_name(name) {
                return Err(InvalidRoles::RoleName(name.clone()));
            }
            for text in rules {
                let invalid = |reason| InvalidRoles::Rule { role: name.clone(), rule: text.clone(), reason };
                roles.insert(place, &Rule::parse(text).map_err(invalid)?);
            }
        }
        for (scope, given) in &table.scopes {
            if !is_scope(scope) {
                return Err(InvalidRoles::Scope(scope.clone()));
            }
            within("roles", ROLES_MAX, given.len())?;
            let places = given.iter().map(|role| {
                let place = roles.names.iter().position(|name| **name == **role);
                place.ok_or_else(|| InvalidRoles::UnknownRole { scope: scope.clone(), role: role.clone() })
            });
            let places = places.collect::<Result<_, _>>()?;
            roles.scopes.insert(scope.as_str().into(), places);
        }
        Ok(roles)
    }

    /// The roles that these scopes give, which are separated by spaces as in a token.
    pub fn held(&self, scope: &str) -> Held<'_> {
        let given = scope.split(' ').filter_map(|scope| self.scopes.get(scope));
        let mut places: Vec<usize> = given.flat_map(|places| places.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        Held { roles: self, places }
    }

    fn insert(&mut self, place: usize, rule: &Rule<'_>) {
        let allowed = Allowed { role: place, method: rule.method.map(Box::from) };
        let mut at = 0;
        for part in &rule.path {
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = match part {
                Part::Literal(text) => *node.literals.entry((*text).into()).or_insert(next),
                Part::Variable => *node.variable.get_or_insert(next),
                Part::Greedy => {
                    node.below.push(allowed);
                    return;
                }
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.here.push(allowed);
        }
    }

    /// Shows `see` every role that allows the method at a path, until it has seen enough.
    fn visit(&self, at: usize, path: &[Segment<'_>], method: &str, see: &mut impl FnMut(usize) -> bool) -> bool {
        let Some(node) = self.nodes.get(at) else { return false };
        let fits = |allowed: &&Allowed| allowed.method.as_deref().is_none_or(|only| only == method);
        let Some((segment, rest)) = path.split_first() else {
            return node.here.iter().filter(fits).any(|allowed| see(allowed.role));
        };
        let literal = node.literals.get(&*segment.text).copied();
        let variable = node.variable.filter(|_| !segment.own);
        literal.is_some_and(|next| self.visit(next, rest, method, see))
            || variable.is_some_and(|next| self.visit(next, rest, method, see))
            || node.below.iter().filter(fits).any(|allowed| see(allowed.role))
    }
}

impl Held<'_> {
    /// The names of the roles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.roles.names_of(&self.places)
    }

    /// The names of the roles with commas between.
    pub fn text(&self) -> String {
        self.names().collect::<Vec<_>>().join(",")
    }

    /// Whether one of the roles allows a call, or why not; `scope` is what gave them.
    pub fn judge(
        &self,
        method: &str,
        path: &Result<CalledPath<'_>, AmbiguousPath>,
        scope: &str,
    ) -> Result<(), NotAllowed> {
        let given = || format!("the scopes [{}] give the roles [{}]", scope.replace(' ', ", "), self.text());
        let path = match path {
            Ok(path) => path,
            Err(ambiguous) => {
                return Err(NotAllowed {
                    reason: ambiguous.to_string(),
                    setting: format!("{}; no role allows a path that can be read in two ways", given()),
                });
            }
        };
        if self.roles.visit(0, &path.0, method, &mut |role| self.places.binary_search(&role).is_ok()) {
            return Ok(());
        }
        Err(NotAllowed {
            reason: format!("no role of the token allows {method} on this path"),
            setting: format!("{}; {}", given(), self.roles.allowing(method, path)),
        })
    }
}

impl Roles {
    fn names_of<'r>(&'r self, places: &[usize]) -> impl Iterator<Item = &'r str> {
        places.iter().filter_map(|place| self.names.get(*place)).map(AsRef::as_ref)
    }

    /// Which roles allow a call, and which scopes give them, for operators.
    fn allowing(&self, method: &str, path: &CalledPath<'_>) -> String {
        let mut places = Vec::new();
        self.visit(0, &path.0, method, &mut |role| {
            places.push(role);
            false
        });
        places.sort_unstable();
        places.dedup();
        if places.is_empty() {
            return "no role allows it".to_owned();
        }
        let roles = places.iter().map(|place| {
            let mut scopes: Vec<&str> = self
                .scopes
                .iter()
                .filter(|(_, given)| given.contains(place))
                .map(|(scope, _)| scope.as_ref())
                .collect();
            scopes.sort_unstable();
            let name = self.names_of(std::slice::from_ref(place)).next().unwrap_or_default();
            if scopes.is_empty() {
                format!("{name} (given by no scope)")
            } else {
                format!("{name} ({})", scopes.join(", "))
            }
        });
        format!("it needs one of the roles [{}]", roles.collect::<Vec<_>>().join(", "))
    }
}

/// Names of roles reach headers and templates, and stand with commas between.
fn is_role_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.'))
}

/// A scope (RFC 6749, section 3.3), as long as Cognito's may be: an identifier, a slash and a name.
pub fn is_scope(text: &str) -> bool {
    (1..=513).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests;
