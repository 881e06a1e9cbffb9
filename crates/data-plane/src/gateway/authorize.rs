//! Permits: the proof that a request was let through. An integration takes one by value, so a way past the authorizer does
//! not compile.

use std::sync::Arc;

use claviger_gateway::claims::Claims;
use claviger_gateway::compile::{Authorization, CompiledApi, Found, JwtMethod, UserPools};
use claviger_gateway::context::{Authorizer, Context, Signer};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::policy::{Asker, Circumstances, Decision, INVOKE, Question};
use claviger_gateway::refusal::{PolicyDenial, Refusal};
use claviger_gateway::trial::TriedMethod;
use claviger_oauth::authorize::strip_bearer;
use claviger_oauth::jwt_authorizer::{AcceptedJwt, Algorithms, JwtDemand, JwtRefusal, PresentedToken, is_issuer};
use claviger_oauth::refusal::Refusal as TokenRefusal;
use claviger_oauth::verified_token::{Demand, TokenUse, VerifiedToken};
use claviger_resources::{Secret, Timestamp};
use claviger_runtime::snapshot::{ServedStage, Snapshot};
use http::HeaderMap;

use super::Call;
use super::denied::Denied;
use super::roles;
use crate::DataPlane;
use crate::aws_iam::{self, Proven};
use crate::upstream::Arriving;

/// A request that was let through: [`Permit::decide`] makes one for traffic, [`Permit::for_trial`] for what is no traffic.
pub(crate) struct Permit(());

/// What is known of whoever calls, let through or not.
#[derive(Default)]
pub(crate) struct Caller {
    /// The token that was accepted.
    pub(super) token: Option<Arc<VerifiedToken>>,
    /// The token that a `JWT` authorizer accepted.
    pub(super) jwt: Option<AcceptedJwt>,
    /// Who signed the request.
    pub(super) signer: Option<Signer>,
    /// What a Lambda authorizer said.
    pub(super) authorizer: Option<Authorizer>,
    /// The API key that a Lambda authorizer named, for `apiKeySource` `AUTHORIZER`.
    pub(super) usage_identifier_key: Option<Secret<String>>,
}

impl Caller {
    /// The claims of the token, to be read when something asks for one.
    pub(super) fn claims(&self) -> Option<Claims<'_>> {
        let of_pool = self.token.as_ref().map(|token| token.payload());
        of_pool.or(self.jwt.as_ref().map(AcceptedJwt::payload)).map(Claims::from_payload)
    }

    /// The context with what is known of the caller.
    pub(super) fn known<'a>(&'a self, claims: Option<&'a Claims<'a>>, context: &Context<'a>) -> Context<'a> {
        Context { signer: self.signer.as_ref(), claims, authorizer: self.authorizer.as_ref(), ..*context }
    }
}

/// A request that wants to be let through, and what it came to.
pub(super) struct Asking<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) stage: &'a ServedStage,
    pub(super) compiled: &'a CompiledApi,
    pub(super) found: &'a Found<'a, 'a>,
    pub(super) exchange: &'a Exchange<'a>,
}

impl Permit {
    /// Lets a request through to a method that is only tried: nobody sent it, and whoever tries a method may change it. A
    /// method that is served is never a [`TriedMethod`], so this leads past no authorizer of one.
    pub(super) fn for_trial(_: &TriedMethod) -> Self {
        Self(())
    }

    /// Lets a request through, or says why not. What it learns of the caller it tells either way: the answer to a caller who
    /// is turned away may speak of it.
    ///
    /// An API's resource policy is asked as well (API Gateway, "How API Gateway resource policies affect authorization
    /// workflow"): where a Lambda authorizer decides, either may allow and either may deny; elsewhere the resource policy
    /// must allow, too. A signature is proved with the body, which is read for that; somebody of the API's own account may
    /// call when the policy or the role of the key allows it, unless either denies it.
    pub(super) async fn decide(
        plane: &DataPlane,
        asking: &Asking<'_>,
        caller: &mut Caller,
        body: &mut Arriving,
    ) -> Result<Self, Denied> {
        match &asking.found.method.authorization {
            Authorization::Open => {
                demand_allowance(asking)?;
                Ok(Self(()))
            }
            Authorization::UserPools(pools) => {
                let headers = asking.exchange.request.headers;
                let token = bearer(plane, pools, asking.snapshot, headers, asking.call.now);
                let token = token.map_err(|refusal| Denied::token(refusal, pools, headers, asking.call.now))?;
                let token = caller.token.insert(token);
                demand_allowance(asking)?;
                let judged = roles::judge(asking, token.scope());
                judged.map_err(|denied| denied.of_bearer(pools, headers))?;
                count_scopes(plane, asking, token, &pools.scopes);
                Ok(Self(()))
            }
            Authorization::Jwt(method) => {
                let authorizer = &method.authorizer;
                let presented = asking.exchange.request.headers.get(&authorizer.header);
                let presented = presented.and_then(|value| value.to_str().ok());
                let token = jwt(plane, method, asking.snapshot, presented, asking.call.now).await;
                let token = token.map_err(|refusal| Denied::jwt(&refusal, method, presented, asking.call.now))?;
                let token = caller.jwt.insert(token);
                demand_allowance(asking)?;
                roles::judge(asking, token.scope()).map_err(|denied| denied.of_jwt(authorizer, presented))?;
                Ok(Self(()))
            }
            Authorization::Lambda(authorizer) => {
                let by_resource_policy = resource_policy(asking, Asker::Anonymous);
                if by_resource_policy == Some(Decision::Denied) {
                    return Err(by_policy(asking, ANONYMOUS, true).into());
                }
                let said = plane.ask_authorizer(authorizer, asking).await?;
                caller.authorizer = Some(said.authorizer);
                caller.usage_identifier_key = said.usage_identifier_key;
                match said.decision {
                    Decision::Allowed => Ok(Self(())),
                    Decision::NotAllowed if by_resource_policy == Some(Decision::Allowed) => Ok(Self(())),
                    Decision::Denied => Err(said.denial.because(Refusal::AccessDenied { explicit: true })),
                    Decision::NotAllowed => Err(said.denial.because(Refusal::AccessDenied { explicit: false })),
                }
            }
            Authorization::AwsIam => {
                let (call, owner) = (asking.call, &asking.compiled.tenant);
                let claim = aws_iam::claim(&plane.access_keys, asking.snapshot, call.parts, call.now);
                let claim = claim.map_err(Denied::signature)?;
                let proven = claim.prove(call.parts, &body.whole().await?, &owner.region, call.now);
                let Proven { signer, rights } = proven.map_err(Denied::signature)?;
                let signer = caller.signer.insert(signer);
                if signer.account != owner.account {
                    return Err(Denied::stranger(signer, owner));
                }
                let by_rights =
                    asking.decision(|asked| rights.judge(asked).decision, Asker::Bearer, &asking.method_arn());
                match (resource_policy(asking, Asker::Arn(&signer.arn)), by_rights) {
                    (Some(Decision::Denied), _) => Err(by_policy(asking, &signer.arn, true).into()),
                    (_, Decision::Denied) => Err(Denied::by_role(by_role(asking, &signer.arn, true), signer)),
                    (Some(Decision::Allowed), _) | (_, Decision::Allowed) => Ok(Self(())),
                    (None | Some(Decision::NotAllowed), Decision::NotAllowed) => {
                        Err(Denied::by_role(by_role(asking, &signer.arn, false), signer))
                    }
                }
            }
        }
    }
}

impl Asking<'_> {
    /// The ARN of the method with the request's path.
    pub(super) fn method_arn(&self) -> String {
        let context = &self.exchange.context;
        self.compiled.method_arn(context.stage, context.method, self.exchange.request.path)
    }

    /// What is decided of calling the method by `decide`, which is asked about it.
    pub(super) fn decision(
        &self,
        decide: impl FnOnce(&Question<'_>) -> Decision,
        asker: Asker<'_>,
        method_arn: &str,
    ) -> Decision {
        let circumstances = Circumstances::of(self.exchange);
        decide(&Question { asker, action: INVOKE, resource: method_arn, circumstances: &circumstances })
    }
}

/// Whoever has not proved to be a principal that a policy could name.
const ANONYMOUS: &str = "anonymous";

/// What the API's resource policy says, if it has one.
fn resource_policy(asking: &Asking<'_>, asker: Asker<'_>) -> Option<Decision> {
    let policy = asking.compiled.policy.as_ref()?;
    Some(asking.decision(|question| policy.decide(question), asker, &asking.method_arn()))
}

/// Refuses what the API's resource policy does not allow everybody.
fn demand_allowance(asking: &Asking<'_>) -> Result<(), Refusal> {
    match resource_policy(asking, Asker::Anonymous) {
        None | Some(Decision::Allowed) => Ok(()),
        Some(Decision::Denied) => Err(by_policy(asking, ANONYMOUS, true)),
        Some(Decision::NotAllowed) => Err(by_policy(asking, ANONYMOUS, false)),
    }
}

fn by_policy(asking: &Asking<'_>, user: &str, explicit: bool) -> Refusal {
    let denial = PolicyDenial { explicit, by_role: false, user: user.to_owned(), arn: asking.method_arn() };
    Refusal::PolicyDenied(denial.into())
}

fn by_role(asking: &Asking<'_>, user: &str, explicit: bool) -> Refusal {
    let denial = PolicyDenial { explicit, by_role: true, user: user.to_owned(), arn: asking.method_arn() };
    Refusal::PolicyDenied(denial.into())
}

/// Counts which of the scopes that open a method did so, and for whom.
fn count_scopes(plane: &DataPlane, asking: &Asking<'_>, token: &VerifiedToken, asked: &[Box<str>]) {
    let Some(client) = token.client().filter(|_| !asked.is_empty()) else { return };
    let context = &asking.exchange.context;
    let path = context.resource_path.unwrap_or_default();
    let route = format!("{}/{} {path}", asking.stage.stage.rest_api_id, context.method);
    let carried = token.scope().split(' ').filter(|scope| asked.iter().any(|asked| **asked == **scope));
    for scope in carried {
        plane.metrics.scope_used(client, scope, &route);
    }
}

/// Judges the token that a `JWT` authorizer finds in its header.
pub(super) async fn jwt(
    plane: &DataPlane,
    method: &JwtMethod,
    snapshot: &Snapshot,
    presented: Option<&str>,
    now: Timestamp,
) -> Result<AcceptedJwt, JwtRefusal> {
    let authorizer = &method.authorizer;
    let is_local = |issuer: &str| snapshot.pool_of_issuer(issuer).is_some();
    let (token, issuer) = PresentedToken::read(presented.ok_or(JwtRefusal::Missing)?, |named| {
        authorizer.issuers.iter().find(|issuer| is_issuer(named, &issuer.name, is_local(&issuer.name)))
    })?;
    let demand = JwtDemand {
        algorithms: Algorithms::Named(&authorizer.algorithms),
        audiences: &issuer.audiences,
        scopes: &method.scopes,
        claims: &issuer.claims,
    };
    plane.judge_jwt(snapshot, token, &issuer.name, demand, now.seconds()).await
}

/// Judges the token that an authorizer of user pools finds in its header.
pub(super) fn bearer(
    plane: &DataPlane,
    pools: &UserPools,
    snapshot: &Snapshot,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Arc<VerifiedToken>, TokenRefusal> {
    let authorizer = &pools.authorizer;
    let value = headers.get(&authorizer.header).ok_or(TokenRefusal::Missing)?;
    let value = value.to_str().map_err(|_| TokenRefusal::Malformed("it is not text"))?;
    let text = strip_bearer(value);
    if text.is_empty() {
        return Err(TokenRefusal::Missing);
    }
    let audience = authorizer.identity_validation.as_ref().map(|pattern| |text: &str| pattern.matches(text));
    let demand = Demand {
        pools: &authorizer.pools,
        token_use: if pools.scopes.is_empty() { TokenUse::Id } else { TokenUse::Access },
        scopes: &pools.scopes,
        audience: audience.as_ref().map(|accepts| accepts as &dyn Fn(&str) -> bool),
    };
    let token = plane.tokens.verify(snapshot, text, |pool| authorizer.pools.contains(pool), now.seconds())?;
    token.admit(demand)?;
    Ok(token)
}
