//! Permits: the proof that a request was let through. An integration takes one by value, so a way past the authorizer does
//! not compile.

use claviger_gateway::http_api::{Authorization, CompiledRoute, JwtAuthorization, Refusal};
use claviger_gateway::roles::{CalledPath, NotAllowed, Roles};
use claviger_oauth::jwt_authorizer::{AcceptedJwt, Algorithms, JwtDemand, JwtRefusal, PresentedToken, is_issuer};
use claviger_runtime::snapshot::Snapshot;

use super::Call;
use super::denied::Denied;
use crate::DataPlane;

/// A request that was let through; only [`DataPlane::permit`] makes one.
pub(crate) struct Permit(());

impl DataPlane {
    /// Lets a request through, with the token that it needed for that, or says why not.
    pub(super) async fn permit(
        &self,
        snapshot: &Snapshot,
        call: &Call<'_>,
        route: &CompiledRoute,
        path: &str,
    ) -> Result<(Permit, Option<AcceptedJwt>), Box<Denied>> {
        match &route.authorization {
            Authorization::Open => Ok((Permit(()), None)),
            Authorization::Jwt(authorization) => {
                let source = &authorization.authorizer.identity_source;
                let presented = source.value(&call.parts.headers, call.parts.uri.query());
                let outcome = self.judge(snapshot, authorization, presented.as_deref(), call.now.seconds()).await;
                let token = outcome
                    .map_err(|refusal| Denied::token(&refusal, authorization, presented.as_deref(), call.now))?;
                if let Some(roles) = snapshot.roles(call.target.api) {
                    let verdict = judge_roles(roles, &token, call.parts.method.as_str(), path, route);
                    verdict.map_err(|denied| Denied::role(denied, authorization, presented.as_deref()))?;
                }
                Ok((Permit(()), Some(token)))
            }
            Authorization::Unavailable(reason) => Err(Refusal::Internal(reason.clone()).into()),
        }
    }

    /// Judges what was presented.
    async fn judge(
        &self,
        snapshot: &Snapshot,
        authorization: &JwtAuthorization,
        presented: Option<&str>,
        now_seconds: i64,
    ) -> Result<AcceptedJwt, JwtRefusal> {
        let authorizer = &authorization.authorizer;
        let issuer = &*authorizer.issuer;
        let is_local = snapshot.pool_of_issuer(issuer).is_some();
        let presented = presented.ok_or(JwtRefusal::Missing)?;
        let token = PresentedToken::read(presented, |named| is_issuer(named, issuer, is_local))?;
        let demand = JwtDemand {
            algorithms: Algorithms::Rsa,
            audiences: &authorizer.audiences,
            scopes: &authorization.scopes,
            claims: &[],
        };
        self.judge_jwt(snapshot, token, issuer, demand, now_seconds).await
    }
}

/// Whether the roles of an accepted token allow the call.
fn judge_roles(
    roles: &Roles,
    token: &AcceptedJwt,
    method: &str,
    path: &str,
    route: &CompiledRoute,
) -> Result<(), NotAllowed> {
    let path = CalledPath::parse(path).map(|called| match &route.path {
        Some(path) => called.at_resource(path),
        None => called,
    });
    roles.held(token.scope()).judge(method, &path, token.scope())
}
