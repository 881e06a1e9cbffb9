//! Trying out: one method of an API as it is now, deployed or not, compiled by itself.

use std::collections::BTreeMap;

use claviger_resources::rest_api::{AuthorizationType, MethodVerb, RestApi, RestApiDefinition};
use claviger_resources::{AuthorizerId, ResourceId};

use crate::arn;
use crate::compile::{CompileError, CompiledApi, Found, compile};

/// The stage that a tried method is called in, by which functions know it and permissions name it.
pub const METHOD_STAGE: &str = "test-invoke-stage";
/// The stage of the method that a tried authorizer is asked about (API Gateway, "Input to an API Gateway Lambda authorizer").
pub const AUTHORIZER_STAGE: &str = "ESTestInvoke-stage";
/// The host that a tried request seems to come to (observed).
pub const DOMAIN_NAME: &str = "testPrefix.testDomainName";

/// A method that is to be tried. It is the only one of its API, which no address leads to, and nobody guards it.
#[derive(Clone, Debug)]
pub struct TriedMethod {
    api: CompiledApi,
}

impl TriedMethod {
    /// Compiles the method that a resource has for a verb, whatever else of the API could not be served.
    pub fn compile(
        mut definition: RestApiDefinition,
        resource: &ResourceId,
        verb: MethodVerb,
    ) -> Result<Self, CompileError> {
        definition.authorizers.clear();
        definition.rest_api.policy = None;
        definition.resources.retain(|one| one.id == *resource);
        for one in &mut definition.resources {
            one.methods.retain(|of, _| *of == verb);
            for method in one.methods.values_mut() {
                method.authorization_type = AuthorizationType::None;
            }
        }
        compile(&definition).map(|api| Self { api })
    }

    /// The API that it is compiled in.
    pub fn api(&self) -> &CompiledApi {
        &self.api
    }

    /// The method as it is found for a path; of a path that is none of its resource's, nothing is told.
    pub fn found<'t, 'p>(&'t self, path: &'p str) -> Option<Found<'t, 'p>> {
        let (resource, method) = self.api.methods().next()?;
        let parameters = self.api.parameters(path).unwrap_or_default();
        Some(Found { resource, method, parameters })
    }
}

/// The ARN of a method that an authorizer is asked about.
pub fn method_arn(api: &RestApi, stage: &str, verb: &str, path: &str) -> String {
    arn::of_call(arn::of_api(&api.tenant, &api.id), stage, verb, path)
}

/// The ARN that a function's permission for an authorizer is held against.
pub fn authorizer_arn(api: &RestApi, authorizer: &AuthorizerId) -> String {
    arn::of_authorizer(arn::of_api(&api.tenant, &api.id), authorizer)
}

/// The variables that stand in for a caller's while something is tried (observed), and what the trial says of others.
pub fn stand_ins(account: &str, additional: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let root = format!("arn:aws:iam::{account}:root");
    let caller = [
        ("apiKey", "test-invoke-api-key"),
        ("apiKeyId", "test-invoke-api-key-id"),
        ("sourceIp", "test-invoke-source-ip"),
        ("accountId", account),
        ("caller", account),
        ("user", account),
        ("userArn", &root),
    ];
    let mut all: BTreeMap<_, _> =
        caller.into_iter().map(|(name, value)| (format!("identity.{name}"), value.to_owned())).collect();
    let named =
        |(name, value): (String, String)| (name.strip_prefix("context.").map(str::to_owned).unwrap_or(name), value);
    all.extend(additional.into_iter().map(named));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn definition() -> RestApiDefinition {
        let owner = json!({ "account": "000000000000", "region": "us-east-1" });
        let method = |verb: &str, uri: &str| {
            json!({ "httpMethod": verb, "authorizationType": "COGNITO_USER_POOLS", "authorizerId": "gone00",
                "methodIntegration": { "type": "HTTP_PROXY", "uri": uri, "cacheNamespace": "x" } })
        };
        let resource = |id: &str, path: &str, methods: Value| json!({ "id": id, "path": path, "restApiId": "a1b2c3d4e5", "tenant": owner, "methods": methods });
        let pets =
            json!({ "GET": method("GET", "http://b/"), "ANY": method("ANY", "http://c/"), "PUT": method("PUT", "") });
        serde_json::from_value(json!({
            "restApi": { "id": "a1b2c3d4e5", "tenant": owner, "name": "n", "createdDate": 0, "rootResourceId": "root",
                "endpointConfiguration": { "types": ["EDGE"], "ipAddressType": "ipv4" }, "policy": "not a policy" },
            "resources": [resource("pets", "/pets/{id}", pets), resource("none", "/none", json!({}))],
        }))
        .unwrap()
    }

    fn tried(resource: &str, verb: MethodVerb) -> Result<TriedMethod, CompileError> {
        TriedMethod::compile(definition(), &ResourceId::parse(resource).unwrap(), verb)
    }

    #[test]
    fn a_method_is_compiled_by_itself_and_nobody_guards_it() {
        let method = tried("pets", MethodVerb::Get).unwrap();
        let found = method.found("/pets/7").unwrap();
        assert_eq!((found.method.verb, &*found.resource.path), (MethodVerb::Get, "/pets/{id}"));
        assert_eq!(found.parameters, [("id", "7")]);
        assert!(matches!(found.method.authorization, crate::compile::Authorization::Open));
        assert!(method.api().policy.is_none());
        assert_eq!(method.api().methods().count(), 1);
        assert_eq!(method.found("/other").unwrap().parameters, []);
        assert_eq!(tried("pets", MethodVerb::Any).unwrap().found("/pets/7").unwrap().method.verb, MethodVerb::Any);
    }

    #[test]
    fn what_could_not_be_deployed_cannot_be_tried() {
        let check = |resource: &str, verb: MethodVerb, expected: &str| {
            assert_eq!(tried(resource, verb).map(drop).unwrap_err().to_string(), expected);
        };
        check("pets", MethodVerb::Put, "PUT /pets/{id}: the integration has no URI");
        check("pets", MethodVerb::Post, "The REST API doesn't contain any methods");
        check("none", MethodVerb::Get, "The REST API doesn't contain any methods");
    }

    #[test]
    fn a_caller_who_is_not_there_has_variables() {
        let additional = [("context.identity.sourceIp", "192.0.2.1"), ("identity.user", "ada"), ("own", "x")];
        let additional = additional.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let all = stand_ins("123456789012", additional);
        let check = |name: &str, expected: &str| assert_eq!(all.get(name).map(String::as_str), Some(expected));
        check("identity.apiKey", "test-invoke-api-key");
        check("identity.userArn", "arn:aws:iam::123456789012:root");
        check("identity.sourceIp", "192.0.2.1");
        check("identity.user", "ada");
        check("own", "x");
    }
}
