//! Documentation of an API: parts that each describe one of its entities, and the versions that freeze them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{DocumentationPartId, RestApiId, Tenant, Timestamp};

macro_rules! documentation_part_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $fields:expr;)*) => {
        /// The kinds of entity that a part can describe.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum DocumentationPartType { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl DocumentationPartType {
            /// AWS's name of the type.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What the location of such an entity consists of.
            pub const fn fields(self) -> LocationFields {
                match self { $(Self::$name => $fields),* }
            }
        }
    };
}

/// Which members a location has beside its type (API Gateway API reference, `DocumentationPartLocation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each member that a location may have")]
pub struct LocationFields {
    /// `path`; `/` when it is left out.
    pub path: bool,
    /// `method`; any when it is left out.
    pub method: bool,
    /// `statusCode`; any when it is left out.
    pub status_code: bool,
    /// `name`.
    pub name: bool,
    /// Whether `name` must be given.
    pub name_required: bool,
    /// Whether entities further down inherit the content.
    pub inherited: bool,
}

const NOTHING: LocationFields = LocationFields {
    path: false,
    method: false,
    status_code: false,
    name: false,
    name_required: false,
    inherited: false,
};
const NAMED: LocationFields = LocationFields { name: true, name_required: true, ..NOTHING };
const AT_PATH: LocationFields = LocationFields { path: true, ..NOTHING };
const OF_METHOD: LocationFields = LocationFields { method: true, ..AT_PATH };
const PARAMETER: LocationFields = LocationFields { name: true, name_required: true, inherited: true, ..OF_METHOD };
const RESPONSE: LocationFields = LocationFields { status_code: true, inherited: true, ..OF_METHOD };

documentation_part_types! {
    /// The API as a whole.
    Api = "API", NOTHING;
    /// An authorizer.
    Authorizer = "AUTHORIZER", NAMED;
    /// A model.
    Model = "MODEL", NAMED;
    /// A resource.
    Resource = "RESOURCE", AT_PATH;
    /// A method.
    Method = "METHOD", OF_METHOD;
    /// A variable of a path.
    PathParameter = "PATH_PARAMETER", PARAMETER;
    /// A parameter of the query.
    QueryParameter = "QUERY_PARAMETER", PARAMETER;
    /// A header of a request.
    RequestHeader = "REQUEST_HEADER", PARAMETER;
    /// The body of a request, whose name may be given and need not.
    RequestBody = "REQUEST_BODY", LocationFields { name: true, ..OF_METHOD };
    /// A response.
    Response = "RESPONSE", RESPONSE;
    /// A header of a response.
    ResponseHeader = "RESPONSE_HEADER", LocationFields { name: true, name_required: true, ..RESPONSE };
    /// The body of a response.
    ResponseBody = "RESPONSE_BODY", RESPONSE;
}

/// The entity that a part describes, as it was given: members that were left out stand for their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationPartLocation {
    /// The kind of entity.
    #[serde(rename = "type")]
    pub kind: DocumentationPartType,
    /// The resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The verb, or `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The status of the response, or `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// The name of the parameter, model or authorizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl DocumentationPartLocation {
    /// The location of an entity that its kind alone names.
    pub const fn of(kind: DocumentationPartType) -> Self {
        Self { kind, path: None, method: None, status_code: None, name: None }
    }

    /// The resource, `/` unless given.
    pub fn path(&self) -> &str {
        given(self.path.as_ref()).unwrap_or("/")
    }

    /// The verb, `*` unless given.
    pub fn method(&self) -> &str {
        given(self.method.as_ref()).unwrap_or("*")
    }

    /// The status, `*` unless given.
    pub fn status_code(&self) -> &str {
        given(self.status_code.as_ref()).unwrap_or("*")
    }

    /// The name, empty unless given.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// Whether what is said here is said of that entity, too: any method and status is meant where none is named, and
    /// some kinds inherit from what stands above them.
    pub fn applies_to(&self, entity: &Self) -> bool {
        let fields = self.kind.fields();
        let above = || entity.path().strip_prefix(self.path().trim_end_matches('/'));
        let is_above = || above().is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.kind == entity.kind
            && (!fields.name_required || self.name() == entity.name())
            && (self.path() == entity.path() || fields.inherited && is_above())
            && (self.method() == "*" || self.method() == entity.method())
            && (self.status_code() == "*" || self.status_code() == entity.status_code())
    }

    /// Checks that the location has what its kind needs and nothing else.
    pub fn check(&self) -> Result<(), InvalidLocation> {
        let fields = self.kind.fields();
        let members = [
            ("path", fields.path, &self.path),
            ("method", fields.method, &self.method),
            ("statusCode", fields.status_code, &self.status_code),
            ("name", fields.name, &self.name),
        ];
        let kind = self.kind.as_str();
        if let Some((member, ..)) = members.iter().find(|(_, valid, value)| !valid && value.is_some()) {
            return Err(InvalidLocation::Field { kind, member });
        }
        if fields.name_required && self.name().is_empty() {
            return Err(InvalidLocation::Nameless { kind });
        }
        Ok(())
    }

    /// What is the same for two locations of one entity: the kind, and the members it has, defaults filled in.
    pub fn entity(&self) -> (DocumentationPartType, [&str; 4]) {
        let fields = self.kind.fields();
        let member = |is_valid: bool, text| if is_valid { text } else { "" };
        let members = [
            member(fields.path, self.path()),
            member(fields.method, self.method()),
            member(fields.status_code, self.status_code()),
            member(fields.name, self.name()),
        ];
        (self.kind, members)
    }
}

/// Why a location names no entity. AWS's own words are not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLocation {
    /// It has a member that entities of its kind do not have.
    #[error("Invalid documentation part location: '{member}' is not a valid field for type '{kind}'")]
    Field {
        /// AWS's name of the kind.
        kind: &'static str,
        /// The member.
        member: &'static str,
    },
    /// It lacks its name.
    #[error("Invalid documentation part location: 'name' is required for type '{kind}'")]
    Nameless {
        /// AWS's name of the kind.
        kind: &'static str,
    },
}

/// Members as the message about a location that is taken has them: `type 'METHOD', path '/', method 'GET'`.
impl fmt::Display for DocumentationPartLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "type '{}'", self.kind.as_str())?;
        let fields = self.kind.fields();
        for (is_shown, member, value) in [
            (fields.path, "path", self.path()),
            (fields.method, "method", self.method()),
            (fields.status_code, "statusCode", self.status_code()),
            (fields.name && !self.name().is_empty(), "name", self.name()),
        ] {
            if is_shown {
                write!(f, ", {member} '{value}'")?;
            }
        }
        Ok(())
    }
}

fn given(member: Option<&String>) -> Option<&str> {
    member.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// A part of an API's documentation, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationPart {
    /// Its id, unique within the API.
    pub id: DocumentationPartId,
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// What it describes.
    pub location: DocumentationPartLocation,
    /// The text of a JSON object, as given.
    pub properties: String,
}

/// A version of an API's documentation, as it is stored: the parts as they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationVersion {
    /// Its name, unique within the API.
    pub version: String,
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// When it was made.
    pub created_date: Timestamp,
    /// What it is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The parts.
    pub parts: Vec<DocumentationPart>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_location_leaves_out_is_its_default() {
        let check = |one: &str, other: &str, same: bool| {
            let read = |text: &str| serde_json::from_str::<DocumentationPartLocation>(text).unwrap();
            assert_eq!(read(one).entity() == read(other).entity(), same, "{one} {other}");
        };
        check(r#"{"type":"METHOD"}"#, r#"{"type":"METHOD","path":"/","method":"*"}"#, true);
        check(r#"{"type":"METHOD","method":"GET"}"#, r#"{"type":"METHOD"}"#, false);
        check(r#"{"type":"RESPONSE","statusCode":" "}"#, r#"{"type":"RESPONSE","statusCode":"*"}"#, true);
        check(r#"{"type":"MODEL","name":"A"}"#, r#"{"type":"MODEL","name":"B"}"#, false);
        check(r#"{"type":"MODEL","name":"A"}"#, r#"{"type":"AUTHORIZER","name":"A"}"#, false);
        check(r#"{"type":"API"}"#, r#"{"type":"API"}"#, true);
    }

    #[test]
    fn what_is_said_of_an_entity_is_said_of_what_inherits_from_it() {
        let check = |one: &str, other: &str, applies: bool| {
            let read = |text: &str| serde_json::from_str::<DocumentationPartLocation>(text).unwrap();
            assert_eq!(read(one).applies_to(&read(other)), applies, "{one} {other}");
        };
        let response = r#"{"type":"RESPONSE","path":"/a/b","method":"GET","statusCode":"400"}"#;
        check(response, response, true);
        check(r#"{"type":"RESPONSE"}"#, response, true);
        check(r#"{"type":"RESPONSE","path":"/a"}"#, response, true);
        check(r#"{"type":"RESPONSE","path":"/a/"}"#, response, true);
        check(r#"{"type":"RESPONSE","path":"/a/b/c"}"#, response, false);
        check(r#"{"type":"RESPONSE","path":"/a","method":"PUT"}"#, response, false);
        check(r#"{"type":"RESPONSE","statusCode":"200"}"#, response, false);
        check(r#"{"type":"RESPONSE_BODY"}"#, response, false);
        check(r#"{"type":"RESPONSE","path":"/a"}"#, r#"{"type":"RESPONSE","path":"/ab"}"#, false);
        check(r#"{"type":"METHOD"}"#, r#"{"type":"METHOD","method":"GET"}"#, true);
        check(r#"{"type":"METHOD"}"#, r#"{"type":"METHOD","path":"/a"}"#, false);
        check(r#"{"type":"QUERY_PARAMETER","name":"a"}"#, r#"{"type":"QUERY_PARAMETER","path":"/a","name":"a"}"#, true);
        check(
            r#"{"type":"QUERY_PARAMETER","name":"a"}"#,
            r#"{"type":"QUERY_PARAMETER","path":"/a","name":"b"}"#,
            false,
        );
        check(r#"{"type":"REQUEST_BODY","name":"a"}"#, r#"{"type":"REQUEST_BODY"}"#, true);
    }

    #[test]
    fn a_location_has_what_its_kind_has() {
        let check = |text: &str, expected: &str| {
            let location: DocumentationPartLocation = serde_json::from_str(text).unwrap();
            let found = location.check().map_or_else(|error| error.to_string(), |()| location.to_string());
            assert_eq!(found, expected, "{text}");
        };
        let invalid = |member: &str, kind: &str| {
            format!("Invalid documentation part location: '{member}' is not a valid field for type '{kind}'")
        };
        let nameless =
            |kind: &str| format!("Invalid documentation part location: 'name' is required for type '{kind}'");
        check(r#"{"type":"API"}"#, "type 'API'");
        check(r#"{"type":"API","path":"/"}"#, &invalid("path", "API"));
        check(r#"{"type":"RESOURCE","path":"/a"}"#, "type 'RESOURCE', path '/a'");
        check(r#"{"type":"RESOURCE","method":"GET"}"#, &invalid("method", "RESOURCE"));
        check(r#"{"type":"METHOD","name":"a"}"#, &invalid("name", "METHOD"));
        check(r#"{"type":"MODEL"}"#, &nameless("MODEL"));
        check(r#"{"type":"AUTHORIZER","name":""}"#, &nameless("AUTHORIZER"));
        check(r#"{"type":"REQUEST_BODY","method":"POST"}"#, "type 'REQUEST_BODY', path '/', method 'POST'");
        check(r#"{"type":"REQUEST_HEADER","name":"X"}"#, "type 'REQUEST_HEADER', path '/', method '*', name 'X'");
        check(r#"{"type":"QUERY_PARAMETER","name":"q","statusCode":"200"}"#, &invalid("statusCode", "QUERY_PARAMETER"));
        check(r#"{"type":"RESPONSE","statusCode":"200"}"#, "type 'RESPONSE', path '/', method '*', statusCode '200'");
    }
}
