//! What an answer does to the claims of a token.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::answer::AnswerError;
use crate::claims::is_protected;

/// Bytes of the largest claims that are signed after a function has changed them. AWS names no such limit; no header takes
/// a token of this size.
pub const CLAIMS_BYTES_MAX: usize = 64 * 1024;

/// Everything an answer asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Of the ID token.
    pub id: ClaimChanges,
    /// Of the access token.
    pub access: ClaimChanges,
    /// Of the user's groups in both; `None` leaves them alone.
    pub groups: Option<GroupChanges>,
}

/// What changes in one token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimChanges {
    /// Claims to add, or to put in place of what is there.
    pub add: Map<String, Value>,
    /// Claims to leave out; this wins over adding them.
    pub suppress: Vec<String>,
    /// Scopes to add.
    pub scopes_to_add: Vec<String>,
    /// Scopes to leave out; this wins over adding them.
    pub scopes_to_suppress: Vec<String>,
}

/// The groups that take the place of the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChanges {
    /// The groups.
    pub groups: Vec<String>,
    /// Their roles.
    pub roles: Vec<String>,
    /// The role of the first.
    pub preferred_role: Option<String>,
}

/// Which token the claims are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A machine's access token.
    Machine,
    /// A user's access token.
    Access,
    /// A user's ID token.
    Id,
}

/// Scopes of Cognito's own operations; no function can give them.
const RESERVED_SCOPES: &str = "aws.cognito.";

impl Changes {
    /// Changes the claims of a token of this client. What may not be changed stays as it is, without a word, as with AWS: see
    /// [`is_protected`]. Groups are for users; a machine has none.
    pub fn apply(&self, kind: TokenKind, claims: &mut Map<String, Value>, client_id: &str) {
        if kind != TokenKind::Machine
            && let Some(groups) = &self.groups
        {
            groups.apply(kind, claims);
        }
        let changes = if kind == TokenKind::Id { &self.id } else { &self.access };
        changes.apply_claims(kind, claims, client_id);
        if kind != TokenKind::Id {
            changes.apply_scopes(claims);
        }
    }

    /// How many claims and scopes are named.
    pub(super) fn count(&self) -> usize {
        self.id.count() + self.access.count()
    }
}

impl ClaimChanges {
    fn apply_claims(&self, kind: TokenKind, claims: &mut Map<String, Value>, client_id: &str) {
        for (name, value) in &self.add {
            if may_change(kind, name) || (name == "aud" && value == client_id) {
                claims.insert(name.clone(), value.clone());
            }
        }
        let suppressed: HashSet<&str> = self.suppress.iter().map(String::as_str).collect();
        claims.retain(|name, _| !suppressed.contains(name.as_str()) || !may_change(kind, name));
    }

    fn apply_scopes(&self, claims: &mut Map<String, Value>) {
        if self.scopes_to_add.is_empty() && self.scopes_to_suppress.is_empty() {
            return;
        }
        let granted = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        let added = self.scopes_to_add.iter().map(String::as_str).filter(|scope| !scope.starts_with(RESERVED_SCOPES));
        let mut done: HashSet<&str> = self.scopes_to_suppress.iter().map(String::as_str).collect();
        let scopes: Vec<&str> =
            granted.split(' ').chain(added).filter(|scope| !scope.is_empty() && done.insert(scope)).collect();
        if scopes.is_empty() {
            claims.shift_remove("scope");
        } else {
            claims.insert("scope".to_owned(), scopes.join(" ").into());
        }
    }

    fn count(&self) -> usize {
        self.add.len() + self.suppress.len() + self.scopes_to_add.len() + self.scopes_to_suppress.len()
    }
}

impl GroupChanges {
    fn apply(&self, kind: TokenKind, claims: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Option<Value>| match value {
            Some(value) => drop(claims.insert(name.to_owned(), value)),
            None => drop(claims.shift_remove(name)),
        };
        let list = |texts: &[String]| (!texts.is_empty()).then(|| Value::from(texts));
        put(GROUPS, list(&self.groups));
        if kind == TokenKind::Id {
            put(ROLES, list(&self.roles));
            put(PREFERRED_ROLE, self.preferred_role.clone().map(Value::from));
        }
    }
}

/// The JSON of claims that a function has changed.
pub fn to_json(claims: &Map<String, Value>) -> Result<String, AnswerError> {
    // A map of JSON values always has a JSON form.
    let json = serde_json::to_string(claims).unwrap_or_default();
    if json.len() > CLAIMS_BYTES_MAX { Err(AnswerError::TooLarge) } else { Ok(json) }
}

const GROUPS: &str = "cognito:groups";
const ROLES: &str = "cognito:roles";
const PREFERRED_ROLE: &str = "cognito:preferred_role";

/// Whether a function may add, override or suppress this claim; for `aud` see [`ClaimChanges::apply_claims`].
fn may_change(kind: TokenKind, name: &str) -> bool {
    match name {
        GROUPS => true,
        // The scopes of an access token change by their own two lists.
        ROLES | PREFERRED_ROLE | "scope" => kind == TokenKind::Id,
        name => !is_protected(name),
    }
}
