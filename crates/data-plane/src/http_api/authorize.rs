//! Permits: the proof that a request was let through. An integration takes one by value, so a way past the authorizer does
//! not compile.

use claviger_gateway::claims::Claims;
use claviger_gateway::context::{Authorizer, Context, Signer};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::http_api::{Authorization, CompiledRoute, JwtAuthorization, Refusal};
use claviger_gateway::policy::{Asker, Circumstances, Decision, INVOKE, Question};
use claviger_gateway::roles::{CalledPath, NotAllowed, Roles};
use claviger_oauth::jwt_authorizer::{AcceptedJwt, Algorithms, JwtDemand, JwtRefusal, PresentedToken, is_issuer};
use claviger_resources::Tenant;
use claviger_runtime::snapshot::Snapshot;

use super::denied::Denied;
use super::{Call, Place};
use crate::DataPlane;
use crate::aws_iam::{self, Proven};
use crate::upstream::Arriving;

/// A request that was let through; only [`DataPlane::permit`] makes one.
pub(crate) struct Permit(());

/// What is known of whoever was let through.
#[derive(Default)]
pub(super) struct Caller {
    token: Option<AcceptedJwt>,
    signer: Option<Signer>,
    authorizer: Option<Authorizer>,
}

/// A request that wants to be let through, and what it came to.
pub(super) struct Asking<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) place: &'a Place<'a>,
    pub(super) route: &'a CompiledRoute,
    pub(super) exchange: &'a Exchange<'a>,
}

impl Caller {
    /// The claims of the token, to be read when something asks for one.
    pub(super) fn claims(&self) -> Option<Claims<'_>> {
        self.token.as_ref().map(|token| Claims::of_http_api(token.payload()))
    }

    /// The context with what is known of the caller.
    pub(super) fn known<'a>(&'a self, claims: Option<&'a Claims<'a>>, context: &Context<'a>) -> Context<'a> {
        Context { signer: self.signer.as_ref(), claims, authorizer: self.authorizer.as_ref(), ..*context }
    }
}

impl DataPlane {
    /// Lets a request through, with what it learned of the caller, or says why not. A signature is proved with the body,
    /// which is read for that.
    pub(super) async fn permit(
        &self,
        asking: &Asking<'_>,
        body: &mut Arriving,
    ) -> Result<(Permit, Caller), Box<Denied>> {
        let mut caller = Caller::default();
        match &asking.route.authorization {
            Authorization::Open => {}
            Authorization::Jwt(authorization) => {
                caller.token = Some(self.accept(authorization, asking).await?);
            }
            Authorization::Lambda(authorizer) => {
                caller.authorizer = Some(self.ask_authorizer_of_http_api(authorizer, asking).await?);
            }
            Authorization::AwsIam => caller.signer = Some(self.prove(asking, body).await?),
            Authorization::Unavailable(reason) => return Err(Refusal::Internal(reason.clone()).into()),
        }
        Ok((Permit(()), caller))
    }

    /// The token of a request, when the authorizer and the API's roles accept it.
    async fn accept(&self, authorization: &JwtAuthorization, asking: &Asking<'_>) -> Result<AcceptedJwt, Box<Denied>> {
        let (call, request) = (asking.call, asking.exchange.request);
        let presented = authorization.authorizer.identity_source.value(request.headers, request.query);
        let outcome = self.judge(asking.snapshot, authorization, presented.as_deref(), call.now.seconds()).await;
        let token =
            outcome.map_err(|refusal| Denied::token(&refusal, authorization, presented.as_deref(), call.now))?;
        if let Some(roles) = asking.snapshot.roles(call.target.api) {
            let verdict = judge_roles(roles, &token, request.method, request.path, asking.route);
            verdict.map_err(|denied| Denied::role(denied, authorization, presented.as_deref()))?;
        }
        Ok(token)
    }

    /// Who signed a request, when that is somebody of the API's own account.
    async fn prove(&self, asking: &Asking<'_>, body: &mut Arriving) -> Result<Signer, Box<Denied>> {
        let (call, owner) = (asking.call, &asking.place.compiled.tenant);
        let claim = aws_iam::claim(&self.access_keys, asking.snapshot, call.parts, call.now);
        let claim = claim.map_err(|refusal| Denied::signature(&refusal))?;
        let body = body.whole().await.map_err(Refusal::from)?;
        let proven = claim.prove(call.parts, &body, &owner.region, call.now);
        let Proven { signer, rights } = proven.map_err(|refusal| Denied::signature(&refusal))?;
        if signer.account != owner.account {
            return Err(Denied::stranger(&signer, owner));
        }
        let circumstances = Circumstances::of(asking.exchange);
        let resource = route_arn(asking, owner);
        let asked =
            Question { asker: Asker::Bearer, action: INVOKE, resource: &resource, circumstances: &circumstances };
        if rights.judge(&asked).decision == Decision::Allowed { Ok(signer) } else { Err(Denied::by_role(&signer)) }
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
        let (token, ()) = PresentedToken::read(presented, |named| is_issuer(named, issuer, is_local).then_some(()))?;
        let demand = JwtDemand {
            algorithms: Algorithms::Rsa,
            audiences: &authorizer.audiences,
            scopes: &authorization.scopes,
            claims: &[],
        };
        self.judge_jwt(snapshot, token, issuer, demand, now_seconds).await
    }
}

/// The ARN of what is called, with the request's path.
fn route_arn(asking: &Asking<'_>, owner: &Tenant) -> String {
    let (context, request) = (&asking.exchange.context, asking.exchange.request);
    let (api, path) = (asking.call.target.api, request.path.trim_start_matches('/'));
    format!("arn:aws:execute-api:{}:{}:{api}/{}/{}/{path}", owner.region, owner.account, context.stage, request.method)
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
