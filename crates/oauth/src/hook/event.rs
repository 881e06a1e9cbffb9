//! The event as AWS sends it: members, order and nulls.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a caller hands on to functions: texts by name (`ClientMetadata`, `aws_client_metadata`).
pub type ClientMetadata = BTreeMap<String, String>;

/// Which event a function gets (`LambdaVersion`): the first lets it change ID tokens, the second access tokens of users as
/// well, the third those of machines too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventVersion {
    /// `V1_0`.
    V1,
    /// `V2_0`.
    V2,
    /// `V3_0`.
    V3,
}

/// Why a token is generated (`triggerSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A machine asks for a token.
    ClientCredentials,
    /// A user has signed in.
    Authentication,
    /// A user has replaced a temporary password.
    NewPasswordChallenge,
    /// A user's session goes on.
    RefreshTokens,
    /// A user has signed in on a hosted page.
    HostedAuth,
    /// A user's device has proved itself.
    AuthenticateDevice,
}

/// What a function is told of a token that is about to be issued.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Which form the event has.
    pub version: EventVersion,
    /// Why the token is generated.
    pub trigger: Trigger,
    /// The pool's region.
    pub region: &'a str,
    /// The pool's id.
    pub pool: &'a str,
    /// The app client that asks.
    pub client_id: &'a str,
    /// The user the token is for; `None` for a machine.
    pub user: Option<EventUser<'a>>,
    /// The scopes that would be granted; the first version does not show them.
    pub scopes: Vec<&'a str>,
    /// What the caller hands on, if anything.
    pub client_metadata: Option<&'a ClientMetadata>,
}

/// A user, as a function sees one.
#[derive(Clone, Debug)]
pub struct EventUser<'a> {
    /// The username.
    pub username: &'a str,
    /// The attributes, `sub` and `cognito:user_status` among them.
    pub attributes: &'a BTreeMap<String, String>,
    /// The groups, by precedence.
    pub groups: Vec<&'a str>,
    /// The roles of the groups.
    pub roles: Vec<&'a str>,
    /// The role of the first group.
    pub preferred_role: Option<&'a str>,
}

impl EventVersion {
    /// Reads `LambdaVersion`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "V1_0" => Self::V1,
            "V2_0" => Self::V2,
            "V3_0" => Self::V3,
            _ => return None,
        })
    }

    /// The event's `version`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::V3 => "3",
        }
    }

    /// The member of `response` that holds the changes.
    pub(super) const fn response_member(self) -> &'static str {
        match self {
            Self::V1 => "claimsOverrideDetails",
            Self::V2 | Self::V3 => "claimsAndScopeOverrideDetails",
        }
    }
}

impl Trigger {
    /// AWS's text for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "TokenGeneration_ClientCredentials",
            Self::Authentication => "TokenGeneration_Authentication",
            Self::NewPasswordChallenge => "TokenGeneration_NewPasswordChallenge",
            Self::RefreshTokens => "TokenGeneration_RefreshTokens",
            Self::HostedAuth => "TokenGeneration_HostedAuth",
            Self::AuthenticateDevice => "TokenGeneration_AuthenticateDevice",
        }
    }
}

/// The user name of machines.
const MACHINE: &str = "ClientCredentials";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    version: &'a str,
    trigger_source: &'a str,
    region: &'a str,
    user_pool_id: &'a str,
    user_name: &'a str,
    caller_context: CallerContext<'a>,
    request: WireRequest<'a>,
    response: BTreeMap<&'a str, Option<()>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallerContext<'a> {
    aws_sdk_version: &'a str,
    client_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest<'a> {
    user_attributes: &'a BTreeMap<String, String>,
    group_configuration: Option<GroupConfiguration<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_metadata: Option<&'a ClientMetadata>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupConfiguration<'a> {
    groups_to_override: &'a [&'a str],
    iam_roles_to_override: &'a [&'a str],
    preferred_role: Option<&'a str>,
}

impl Event<'_> {
    /// The event's JSON.
    pub fn to_json(&self) -> String {
        let nothing = BTreeMap::new();
        let user = self.user.as_ref();
        let groups = user.map(|user| GroupConfiguration {
            groups_to_override: &user.groups,
            iam_roles_to_override: &user.roles,
            preferred_role: user.preferred_role,
        });
        let wire = Wire {
            version: self.version.as_str(),
            trigger_source: self.trigger.as_str(),
            region: self.region,
            user_pool_id: self.pool,
            user_name: user.map_or(MACHINE, |user| user.username),
            caller_context: CallerContext { aws_sdk_version: "aws-sdk-unknown-unknown", client_id: self.client_id },
            request: WireRequest {
                user_attributes: user.map_or(&nothing, |user| user.attributes),
                group_configuration: groups,
                scopes: (self.version != EventVersion::V1).then_some(&self.scopes),
                client_metadata: self.client_metadata,
            },
            response: BTreeMap::from([(self.version.response_member(), None)]),
        };
        // Texts and maps of texts always have a JSON form.
        serde_json::to_string(&wire).unwrap_or_default()
    }
}
