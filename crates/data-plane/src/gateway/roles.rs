//! Roles at the gate: an API that has a role mapping lets a token's bearer call only what the token's scopes allow.

use claviger_gateway::roles::CalledPath;

use super::authorize::Asking;
use super::denied::Denied;

/// Whether the roles of an accepted token with these scopes allow the call.
pub(super) fn judge(asking: &Asking<'_>, scope: &str) -> Result<(), Denied> {
    let Some(roles) = asking.snapshot.roles(asking.call.target.api) else { return Ok(()) };
    // The slashes that routing passes over at the beginning count here, because a backend may read them otherwise.
    let request = &asking.exchange.request;
    let path = CalledPath::parse(request.path).map(|path| path.at_resource(&asking.found.resource.path));
    roles.held(scope).judge(request.method, &path, scope).map_err(Denied::role)
}
