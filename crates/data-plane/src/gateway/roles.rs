//! Roles at the gate: an API that has a role mapping lets a token's bearer call only what the token's scopes allow.

use claviger_gateway::compile::Found;
use claviger_gateway::request::Request;
use claviger_gateway::roles::{CalledPath, Roles};
use claviger_oauth::verified_token::VerifiedToken;

use super::denied::Denied;

/// Whether the roles of an accepted token allow the call.
pub(super) fn judge(
    roles: &Roles,
    token: &VerifiedToken,
    request: &Request<'_>,
    found: &Found<'_, '_>,
) -> Result<(), Denied> {
    let held = roles.held(token.scope());
    // The slashes that routing passes over at the beginning count here, because a backend may read them otherwise.
    let path = CalledPath::parse(request.path).map(|path| path.at_resource(&found.resource.path));
    held.judge(request.method, &path, token.scope()).map_err(Denied::role)
}
