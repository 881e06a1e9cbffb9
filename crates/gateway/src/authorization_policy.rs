//! Authorization policies: what a proxy in front of a service asks about, compiled, and where it put the request that it
//! asks for. Tokens are judged by the `oauth` crate; the answer is made by the data plane.

use claviger_resources::authorization_policy::{AuthorizationPolicy, PolicyTokenUse, RequestSource};
use claviger_resources::{PolicyName, UserPoolId};
use http::{HeaderMap, Method};

use crate::roles::{InvalidRoles, Roles};

/// A policy, ready to judge by.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    /// Its name.
    pub name: PolicyName,
    /// The pools whose tokens are accepted.
    pub pools: Box<[UserPoolId]>,
    /// The scopes of which a token must carry one; none asks for none.
    pub scopes: Box<[Box<str>]>,
    /// The kind of token.
    pub token_use: PolicyTokenUse,
    /// What the scopes allow, where not everything is.
    pub roles: Option<Roles>,
    source: RequestSource,
}

/// The request that a proxy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxiedRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path, percent-encoded, without the query.
    pub path: &'a str,
}

/// The proxy does not say which request it asks for where the policy reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proxy must send {0} exactly once: the policy reads the request that is judged there")]
pub struct NotTold(&'static str);

impl CompiledPolicy {
    /// Compiles a policy.
    pub fn compile(policy: &AuthorizationPolicy) -> Result<Self, InvalidRoles> {
        Ok(Self {
            name: policy.name.clone(),
            pools: policy.pools.iter().cloned().collect(),
            scopes: policy.scopes.iter().map(|scope| scope.as_str().into()).collect(),
            token_use: policy.token_use,
            roles: policy.role_table.as_ref().map(Roles::compile).transpose()?,
            source: policy.request_source,
        })
    }

    /// The request that is judged, read where the policy says and nowhere else: `method` and `path` are those of the
    /// request to us, the path without what leads to the policy.
    pub fn proxied<'a>(
        &self,
        method: &'a Method,
        path: &'a str,
        headers: &'a HeaderMap,
    ) -> Result<ProxiedRequest<'a>, NotTold> {
        let (method_header, uri_header) = match self.source {
            RequestSource::Path => {
                let path = if path.is_empty() { "/" } else { path };
                return Ok(ProxiedRequest { method: method.as_str(), path });
            }
            RequestSource::Forwarded => ("x-forwarded-method", "x-forwarded-uri"),
            RequestSource::Original => ("x-original-method", "x-original-uri"),
        };
        let uri = only(headers, uri_header)?;
        let path = uri.split(['?', '#']).next().unwrap_or_default();
        Ok(ProxiedRequest { method: only(headers, method_header)?, path })
    }
}

/// The value of a header that is there once: of two, the client may have sent one.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, NotTold> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(NotTold(name)),
    }
}

#[cfg(test)]
mod tests {
    use RequestSource::{Forwarded, Original, Path};
    use claviger_resources::{AccountId, Region, Tenant, Timestamp};
    use http::HeaderName;

    use super::*;

    #[test]
    fn the_request_is_read_where_the_policy_says_and_nowhere_else() {
        let check = |source: RequestSource, headers: &[(&'static str, &str)], expected: Result<&str, &str>| {
            let policy = AuthorizationPolicy {
                name: PolicyName::parse("weather").unwrap(),
                tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
                pools: Vec::new(),
                scopes: Vec::new(),
                token_use: PolicyTokenUse::Access,
                request_source: source,
                role_table: None,
                created: Timestamp::default(),
                modified: Timestamp::default(),
            };
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), value.parse().unwrap());
            }
            let policy = CompiledPolicy::compile(&policy).unwrap();
            let found = policy.proxied(&Method::PUT, "/own", &map);
            let found = found.map(|request| format!("{} {}", request.method, request.path));
            assert_eq!(found.map_err(|NotTold(name)| name), expected.map(str::to_owned), "{headers:?}");
        };
        let forwarded = [("x-forwarded-method", "GET"), ("x-forwarded-uri", "/a%20b?policy=other#x")];
        let original = [("x-original-method", "POST"), ("x-original-uri", "/c")];
        let both = [forwarded, original].concat();
        check(Path, &both, Ok("PUT /own"));
        check(Forwarded, &both, Ok("GET /a%20b"));
        check(Original, &both, Ok("POST /c"));
        check(Forwarded, &original, Err("x-forwarded-uri"));
        check(Original, &forwarded, Err("x-original-uri"));
        check(Forwarded, &forwarded[1..], Err("x-forwarded-method"));
        check(Forwarded, &[forwarded[0], forwarded[0], forwarded[1]], Err("x-forwarded-method"));
        check(Forwarded, &[forwarded[0], forwarded[1], forwarded[1]], Err("x-forwarded-uri"));
        check(Original, &[("x-original-method", "GET"), ("x-original-uri", "h\u{e4}")], Err("x-original-uri"));
    }
}
