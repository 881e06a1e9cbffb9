//! Routes: which requests go to which integration, and who may send them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AuthorizerId, HttpApiId, RouteId, Tenant};

/// Who may send requests to a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizationType {
    /// Anyone.
    #[default]
    None,
    /// Whoever signs with AWS credentials that may.
    AwsIam,
    /// Whoever a Lambda authorizer lets in.
    Custom,
    /// Whoever bears a token that a JWT authorizer accepts.
    Jwt,
}

/// A route of an HTTP API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// Its id, unique within the API.
    pub route_id: RouteId,
    /// The API it belongs to.
    pub api_id: HttpApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// Which requests it takes.
    pub route_key: RouteKey,
    /// What answers them: `integrations/{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who may send them.
    #[serde(default)]
    pub authorization_type: AuthorizationType,
    /// The authorizer, for `JWT` and `CUSTOM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<AuthorizerId>,
    /// The scopes of which a token must carry one, for `JWT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_scopes: Option<Vec<String>>,
    /// A name for documents and generated clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    /// Whether quick creation made it.
    #[serde(default)]
    pub api_gateway_managed: bool,
}

impl Route {
    /// The id of the integration that its target names.
    pub fn integration(&self) -> Option<&str> {
        self.target.as_deref()?.strip_prefix("integrations/")
    }
}

/// Which requests a route takes: `$default`, or a verb and a path (`GET /pets/{id}`, `ANY /{proxy+}`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RouteKey {
    /// Whatever no other route takes.
    Default,
    /// A verb and a path.
    Request {
        /// The verb, or `ANY`.
        verb: Box<str>,
        /// The path, with `{name}` and, last, `{name+}`.
        path: Box<str>,
    },
}

/// A text that is no route key, with API Gateway's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The provided route key is not formatted properly for HTTP protocol. Format should be \
     \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\""
)]
pub struct InvalidRouteKey;

/// The verbs that a route can name.
const VERBS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

impl RouteKey {
    /// Reads a route key.
    pub fn parse(text: &str) -> Result<Self, InvalidRouteKey> {
        if text == "$default" {
            return Ok(Self::Default);
        }
        let (verb, path) = text.split_once(' ').ok_or(InvalidRouteKey)?;
        if VERBS.contains(&verb) && is_path(path) {
            Ok(Self::Request { verb: verb.into(), path: path.into() })
        } else {
            Err(InvalidRouteKey)
        }
    }
}

/// A path whose variables are whole segments with names of their own, a greedy one only at the end.
fn is_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let segments: Vec<&str> = rest.split('/').collect();
    let mut names = Vec::new();
    segments.iter().enumerate().all(|(place, segment)| {
        let is_last = place + 1 == segments.len();
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                let (name, greedy) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
                let is_new = !names.contains(&name);
                names.push(name);
                is_new && is_name(name) && (is_last || !greedy)
            }
            None => is_literal(segment) && (is_last || !segment.is_empty()),
        }
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-$:".contains(&byte))
}

fn is_literal(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte))
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("$default"),
            Self::Request { verb, path } => write!(f, "{verb} {path}"),
        }
    }
}

impl From<RouteKey> for String {
    fn from(key: RouteKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for RouteKey {
    type Error = InvalidRouteKey;

    fn try_from(text: String) -> Result<Self, InvalidRouteKey> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_key_is_a_verb_and_a_path_or_the_default() {
        for key in [
            "$default",
            "GET /",
            "GET /pets",
            "GET /pets/",
            "ANY /{proxy+}",
            "POST /pets/{id}/toys/{toy}",
            "DELETE /a-b_c.d~/x%20y",
            "PUT /pets/{id}/{rest+}",
        ] {
            assert_eq!(RouteKey::parse(key).map(|key| key.to_string()), Ok(key.to_owned()));
        }
        for key in [
            "",
            "default",
            "$connect",
            "GET",
            "GET ",
            "GET pets",
            "get /pets",
            "TRACE /pets",
            "GET  /pets",
            "GET /pets//toys",
            "GET /{proxy+}/x",
            "GET /{}",
            "GET /x{id}",
            "GET /{id}x",
            "GET /{a}/{a}",
            "GET /{a/b}",
            "GET /a b",
            "GET /a?b",
        ] {
            assert_eq!(RouteKey::parse(key), Err(InvalidRouteKey), "{key}");
        }
    }
}
