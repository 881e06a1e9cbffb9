//! Reading what a function hands back: the event with its `response` filled in.

use serde_json::{Map, Value};

use super::changes::{Changes, ClaimChanges, GroupChanges};
use super::event::EventVersion;
use crate::client_credentials::is_scope;
use crate::refusal::excerpt;

/// Claims and scopes that one answer may add, override and suppress (Amazon Cognito, "Quotas in Amazon Cognito").
pub const CHANGES_MAX: usize = 5_000;

/// Why a function's answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not JSON at all.
    #[error("the answer is not JSON")]
    NotJson,
    /// JSON, but not the event that was sent.
    #[error("the answer is not the event handed back: its version must be {0:?}")]
    NotTheEvent(&'static str),
    /// A member of another type than it must have.
    #[error("{place} must be {expected}")]
    WrongType {
        /// The members that lead to it.
        place: Box<str>,
        /// What belongs there.
        expected: &'static str,
    },
    /// A scope that no token can carry (RFC 6749, appendix A.4).
    #[error("{0:?} in scopesToAdd is not a scope")]
    Scope(Box<str>),
    /// More than AWS takes.
    #[error("the answer makes more than {CHANGES_MAX} changes")]
    TooManyChanges,
    /// The claims have become too large for a token.
    #[error("the claims are larger than {} bytes", super::CLAIMS_BYTES_MAX)]
    TooLarge,
}

/// Reads the answer to an event of this version. A member that is null is one that is not there, and one that is unknown
/// does nothing, as with AWS; one of another type than AWS demands makes the whole answer unusable.
pub fn read(version: EventVersion, answer: &[u8]) -> Result<Changes, AnswerError> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| AnswerError::NotJson)?;
    if answer.get("version").and_then(Value::as_str) != Some(version.as_str()) {
        return Err(AnswerError::NotTheEvent(version.as_str()));
    }
    let response = Place { value: answer.get("response"), path: "response".to_owned() };
    if response.object()?.is_none() {
        return Err(response.wrong("an object"));
    }
    let details = response.member(version.response_member())?;
    let groups = groups(&details)?;
    let changes = match version {
        EventVersion::V1 => Changes { id: claims_of_texts(&details)?, access: ClaimChanges::default(), groups },
        EventVersion::V2 | EventVersion::V3 => Changes {
            id: claims(&details.member("idTokenGeneration")?)?,
            access: claims_and_scopes(&details.member("accessTokenGeneration")?)?,
            groups,
        },
    };
    if changes.count() > CHANGES_MAX { Err(AnswerError::TooManyChanges) } else { Ok(changes) }
}

/// The first version takes texts as values of claims, and nothing else.
fn claims_of_texts(details: &Place<'_>) -> Result<ClaimChanges, AnswerError> {
    let changes = claims(details)?;
    match changes.add.iter().find(|(_, value)| !value.is_string()) {
        Some((name, _)) => Err(details.member(ADD)?.member(name)?.wrong("a string")),
        None => Ok(changes),
    }
}

const ADD: &str = "claimsToAddOrOverride";

fn claims(details: &Place<'_>) -> Result<ClaimChanges, AnswerError> {
    let add = details.member(ADD)?;
    let mut add = add.object()?.cloned().unwrap_or_default();
    add.retain(|_, value| !value.is_null());
    Ok(ClaimChanges { add, suppress: details.member("claimsToSuppress")?.texts()?, ..ClaimChanges::default() })
}

fn claims_and_scopes(details: &Place<'_>) -> Result<ClaimChanges, AnswerError> {
    let scopes_to_add = details.member("scopesToAdd")?.texts()?;
    if let Some(wrong) = scopes_to_add.iter().find(|scope| !is_scope(scope)) {
        return Err(AnswerError::Scope(excerpt(wrong)));
    }
    let scopes_to_suppress = details.member("scopesToSuppress")?.texts()?;
    Ok(ClaimChanges { scopes_to_add, scopes_to_suppress, ..claims(details)? })
}

/// The groups are replaced as a whole: what is null or empty takes them away, what is not there leaves them alone.
fn groups(details: &Place<'_>) -> Result<Option<GroupChanges>, AnswerError> {
    let given = details.member("groupOverrideDetails")?;
    if given.value.is_none() {
        return Ok(None);
    }
    Ok(Some(GroupChanges {
        groups: given.member("groupsToOverride")?.texts()?,
        roles: given.member("iamRolesToOverride")?.texts()?,
        preferred_role: given.member("preferredRole")?.text()?,
    }))
}

/// A value of the answer, and the members that lead to it.
struct Place<'a> {
    /// `None` where there is no such member.
    value: Option<&'a Value>,
    path: String,
}

impl<'a> Place<'a> {
    fn member(&self, name: &str) -> Result<Self, AnswerError> {
        let value = self.object()?.and_then(|members| members.get(name));
        Ok(Self { value, path: format!("{}.{name}", self.path) })
    }

    fn object(&self) -> Result<Option<&'a Map<String, Value>>, AnswerError> {
        match self.value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(self.wrong("an object")),
        }
    }

    fn text(&self) -> Result<Option<String>, AnswerError> {
        match self.value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong("a string")),
        }
    }

    fn texts(&self) -> Result<Vec<String>, AnswerError> {
        let wrong = || self.wrong("a list of strings");
        match self.value {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(elements)) => {
                elements.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
            }
            Some(_) => Err(wrong()),
        }
    }

    fn wrong(&self, expected: &'static str) -> AnswerError {
        AnswerError::WrongType { place: excerpt(&self.path), expected }
    }
}
