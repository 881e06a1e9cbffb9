//! `$context`: what templates, parameter mappings, gateway responses and access logs may know of a request beyond the
//! request itself (API Gateway, "Variables for data transformations"). A variable is worked out only when it is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use claviger_resources::{AccountId, Timestamp};
use serde_json::{Map, Value};
use time::macros::format_description;

use crate::claims::Claims;

/// The facts behind the `$context` variables of one request.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The account that owns the API.
    pub account: &'a AccountId,
    /// The API's id.
    pub api_id: &'a str,
    /// The stage's name.
    pub stage: &'a str,
    /// The deployment that the stage serves; empty where none does.
    pub deployment_id: &'a str,
    /// The id of the matched resource; none before a route is found.
    pub resource_id: Option<&'a str>,
    /// The path of the matched resource, with its variables' names.
    pub resource_path: Option<&'a str>,
    /// The key of the matched route, which HTTP APIs have in place of a resource.
    pub route_key: Option<&'a str>,
    /// The request's verb.
    pub method: &'a str,
    /// The request's path, stage included.
    pub path: &'a str,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: &'a str,
    /// Whether the stage's canary answers; none where it has none.
    pub is_canary: Option<bool>,
    /// The host the request was sent to.
    pub domain_name: &'a str,
    /// The path of the API mapping that led here; none unless by a custom domain name.
    pub base_path: Option<&'a str>,
    /// The id shown in `x-amzn-RequestId`.
    pub request_id: &'a str,
    /// The id shown in `x-amz-apigw-id`.
    pub extended_request_id: &'a str,
    /// When the request came in.
    pub request_time: Timestamp,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The caller's address.
    pub source_ip: IpAddr,
    /// The caller's `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The value of the API key that the request is counted under.
    pub api_key: Option<&'a str>,
    /// The id of that key.
    pub api_key_id: Option<&'a str>,
    /// Who signed the request, on a method that asks for that.
    pub signer: Option<&'a Signer>,
    /// The claims of the token that a user pool authorizer accepted.
    pub claims: Option<&'a Claims<'a>>,
    /// What a Lambda authorizer said of the caller.
    pub authorizer: Option<&'a Authorizer>,
    /// Variables in place of a caller's, where nobody sent the request and a method or an authorizer is only tried.
    pub stand_ins: Option<&'a BTreeMap<String, String>>,
}

/// What a Lambda authorizer says of a caller whom it lets in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorizer {
    /// Who the caller is; a yes or no does not tell.
    pub principal_id: Option<String>,
    /// What else it says: texts, unless it is of an HTTP API.
    pub values: Map<String, Value>,
    /// How long it took to ask, in milliseconds; nothing where the answer was at hand.
    pub latency_milliseconds: u64,
}

impl Authorizer {
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "principalId" => self.principal_id.as_deref().map(Cow::Borrowed),
            "integrationLatency" => Some(Cow::Owned(self.latency_milliseconds.to_string())),
            _ => match self.values.get(name)? {
                Value::String(text) => Some(Cow::Borrowed(text)),
                other => Some(Cow::Owned(other.to_string())),
            },
        }
    }
}

/// Whoever signed a request with an AWS access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The access key's id.
    pub access_key: String,
    /// The account of the principal.
    pub account: AccountId,
    /// The principal's Amazon Resource Name.
    pub arn: String,
    /// The principal's id.
    pub id: String,
}

/// The variables that stand directly under `$context`.
const TOP_LEVEL: [&str; 16] = [
    "accountId",
    "apiId",
    "awsEndpointRequestId",
    "deploymentId",
    "domainName",
    "domainPrefix",
    "extendedRequestId",
    "httpMethod",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "resourceId",
    "resourcePath",
    "stage",
];

impl<'a> Context<'a> {
    /// The variable of this name, written as after `$context.`; `None` when it is unknown or has no value.
    pub fn variable(&self, name: &str) -> Option<Cow<'a, str>> {
        if let Some(value) = self.stand_ins.and_then(|variables| variables.get(name)) {
            return Some(Cow::Borrowed(value));
        }
        let value = match name {
            "accountId" => self.account.as_str(),
            "apiId" => self.api_id,
            "stage" => self.stage,
            "deploymentId" => Some(self.deployment_id).filter(|id| !id.is_empty())?,
            "resourceId" => self.resource_id?,
            "resourcePath" => self.resource_path?,
            "routeKey" => self.route_key?,
            "httpMethod" => self.method,
            "path" => self.path,
            "protocol" => self.protocol,
            "domainName" => self.domain_name,
            "domainPrefix" => self.domain_name.split('.').next().unwrap_or_default(),
            "isCanaryRequest" if self.is_canary? => "true",
            "isCanaryRequest" => "false",
            "customDomain.basePathMatched" => match self.base_path? {
                "" => "(none)",
                path => path,
            },
            "requestId" => self.request_id,
            "extendedRequestId" | "awsEndpointRequestId" => self.extended_request_id,
            "requestTime" => return Some(Cow::Owned(log_time(self.request_time))),
            "requestTimeEpoch" => return Some(Cow::Owned(self.request_time.milliseconds().to_string())),
            "identity.sourceIp" => return Some(Cow::Owned(self.source_ip.to_string())),
            "identity.userAgent" => self.user_agent?,
            "identity.apiKey" => self.api_key?,
            "identity.apiKeyId" => self.api_key_id?,
            "identity.accountId" => self.signer?.account.as_str(),
            "identity.caller" | "identity.user" => &self.signer?.id,
            "identity.userArn" => &self.signer?.arn,
            "identity.accessKey" => &self.signer?.access_key,
            _ => return self.of_authorizer(name.strip_prefix("authorizer.")?),
        };
        Some(Cow::Borrowed(value))
    }

    /// `authorizer.claims.{name}`, which is all that a user pool authorizer gives, or what a Lambda authorizer said.
    fn of_authorizer(&self, name: &str) -> Option<Cow<'a, str>> {
        match name.strip_prefix("claims.") {
            Some(claim) => self.claims?.text(claim).map(Cow::Owned),
            None => self.authorizer?.value(name),
        }
    }

    /// What stands under `authorizer`; none where nobody was asked.
    pub fn authorizer_map(&self) -> Option<Map<String, Value>> {
        if let Some(authorizer) = self.authorizer {
            let mut map = authorizer.values.clone();
            if let Some(principal_id) = &authorizer.principal_id {
                map.insert("principalId".to_owned(), principal_id.as_str().into());
            }
            map.insert("integrationLatency".to_owned(), authorizer.latency_milliseconds.into());
            return Some(map);
        }
        let claims = self.claims?.texts().map(|(name, value)| (name.to_owned(), Value::String(value)));
        Some(Map::from_iter([("claims".to_owned(), Value::Object(claims.collect()))]))
    }

    /// Everything, as the map that a mapping template walks through.
    pub fn to_map(&self) -> Map<String, Value> {
        let mut root = Map::new();
        for name in TOP_LEVEL {
            if let Some(value) = self.variable(name) {
                root.insert(name.to_owned(), Value::String(value.into_owned()));
            }
        }
        root.insert("requestTimeEpoch".to_owned(), Value::from(self.request_time.milliseconds()));
        if let Some(is_canary) = self.is_canary {
            root.insert("isCanaryRequest".to_owned(), Value::Bool(is_canary));
        }
        if let Some(path) = self.variable("customDomain.basePathMatched") {
            let domain = Map::from_iter([("basePathMatched".to_owned(), Value::String(path.into_owned()))]);
            root.insert("customDomain".to_owned(), Value::Object(domain));
        }
        let mut identity = Map::new();
        let names =
            ["sourceIp", "userAgent", "apiKey", "apiKeyId", "accountId", "caller", "user", "userArn", "accessKey"];
        for name in names {
            if let Some(value) = self.variable(&format!("identity.{name}")) {
                identity.insert(name.to_owned(), Value::String(value.into_owned()));
            }
        }
        root.insert("identity".to_owned(), Value::Object(identity));
        if let Some(authorizer) = self.authorizer_map() {
            root.insert("authorizer".to_owned(), Value::Object(authorizer));
        }
        root
    }
}

/// A time in the form of web server logs: `02/Jul/2026:11:43:52 +0000`.
fn log_time(time: Timestamp) -> String {
    let format = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    time.utc().format(format).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    /// A context with a value in every place that does not depend on an authorizer.
    pub(crate) fn example() -> Context<'static> {
        static ACCOUNT: AccountId = AccountId::DEFAULT;
        Context {
            account: &ACCOUNT,
            api_id: "a1b2c3d4e5",
            stage: "prod",
            deployment_id: "p4kh99",
            resource_id: Some("eazplx"),
            resource_path: Some("/user/{id}"),
            route_key: None,
            method: "GET",
            path: "/prod/user/7",
            protocol: "HTTP/1.1",
            domain_name: "a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com",
            base_path: None,
            is_canary: None,
            request_id: "1be02043-9fd1-43a9-ace6-f4c6e4ec2603",
            extended_request_id: "f4FG6GoQvHcEtuQ=",
            request_time: Timestamp::from_milliseconds(1_782_992_632_627),
            secure: true,
            source_ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)),
            user_agent: Some("curl/8.13.0"),
            api_key: None,
            api_key_id: None,
            signer: None,
            claims: None,
            authorizer: None,
            stand_ins: None,
        }
    }

    #[test]
    fn variables_have_the_names_and_forms_of_api_gateway() {
        let claims = Claims::from_payload(br#"{"sub":"4f2h","custom:role":"x","exp":1782996167}"#);
        let (api_key, api_key_id) = (Some("0123456789abcdefghij"), Some("k1"));
        let context = Context { claims: Some(&claims), api_key, api_key_id, ..example() };
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(context.variable(name).as_deref(), expected, "{name}");
        };
        check("accountId", Some("000000000000"));
        check("apiId", Some("a1b2c3d4e5"));
        check("stage", Some("prod"));
        check("deploymentId", Some("p4kh99"));
        check("resourceId", Some("eazplx"));
        check("resourcePath", Some("/user/{id}"));
        check("httpMethod", Some("GET"));
        check("path", Some("/prod/user/7"));
        check("protocol", Some("HTTP/1.1"));
        check("domainName", Some("a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com"));
        check("domainPrefix", Some("a1b2c3d4e5"));
        check("isCanaryRequest", None);
        check("customDomain.basePathMatched", None);
        check("requestId", Some("1be02043-9fd1-43a9-ace6-f4c6e4ec2603"));
        check("extendedRequestId", Some("f4FG6GoQvHcEtuQ="));
        check("requestTime", Some("02/Jul/2026:11:43:52 +0000"));
        check("requestTimeEpoch", Some("1782992632627"));
        check("identity.sourceIp", Some("192.0.2.10"));
        check("identity.userAgent", Some("curl/8.13.0"));
        check("identity.apiKey", Some("0123456789abcdefghij"));
        check("identity.apiKeyId", Some("k1"));
        check("identity.caller", None);
        check("authorizer.claims.sub", Some("4f2h"));
        check("authorizer.claims.custom:role", Some("x"));
        check("authorizer.claims.exp", Some("Thu Jul 02 12:42:47 UTC 2026"));
        check("authorizer.claims", None);
        check("authorizer.principalId", None);
        check("nonsense", None);
    }

    #[test]
    fn a_lambda_authorizer_names_the_caller_and_says_more() {
        let values = Map::from_iter([("level".to_owned(), "3".into()), ("list".to_owned(), vec![1].into())]);
        let authorizer = Authorizer { principal_id: Some("ada".to_owned()), values, latency_milliseconds: 12 };
        let context = Context { authorizer: Some(&authorizer), ..example() };
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(context.variable(name).as_deref(), expected, "{name}");
        };
        check("authorizer.principalId", Some("ada"));
        check("authorizer.level", Some("3"));
        check("authorizer.list", Some("[1]"));
        check("authorizer.integrationLatency", Some("12"));
        check("authorizer.claims.sub", None);
        check("authorizer.none", None);
        let map: Value = context.to_map().into();
        assert_eq!(
            map["authorizer"].to_string(),
            r#"{"level":"3","list":[1],"principalId":"ada","integrationLatency":12}"#
        );
    }

    #[test]
    fn the_map_holds_what_the_variables_say() {
        let claims = Claims::from_payload(br#"{"sub":"4f2h"}"#);
        let value: Value = Context { claims: Some(&claims), ..example() }.to_map().into();
        let check = |pointer: &str, expected: Value| assert_eq!(value.pointer(pointer), Some(&expected), "{pointer}");
        check("/stage", "prod".into());
        check("/requestTimeEpoch", 1_782_992_632_627_i64.into());
        check("/identity/sourceIp", "192.0.2.10".into());
        check("/authorizer/claims/sub", "4f2h".into());
        assert_eq!(example().to_map().get("authorizer"), None);
        assert_eq!(example().to_map().get("customDomain"), None);
        for is_canary in [true, false] {
            let context = Context { is_canary: Some(is_canary), ..example() };
            assert_eq!(context.variable("isCanaryRequest").as_deref(), Some(&*is_canary.to_string()));
            assert_eq!(context.to_map()["isCanaryRequest"], is_canary);
        }
        let mapped = |base_path| Value::from(Context { base_path: Some(base_path), ..example() }.to_map());
        assert_eq!(mapped("v1")["customDomain"]["basePathMatched"], "v1");
        assert_eq!(mapped("")["customDomain"]["basePathMatched"], "(none)");
    }

    #[test]
    fn variables_stand_in_for_a_caller_who_is_not_there() {
        let stand_ins = [("identity.sourceIp", "nowhere"), ("requestId", "r1"), ("own", "x")];
        let stand_ins = stand_ins.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let context = Context { stand_ins: Some(&stand_ins), deployment_id: "", ..example() };
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(context.variable(name).as_deref(), expected, "{name}");
        };
        check("identity.sourceIp", Some("nowhere"));
        check("requestId", Some("r1"));
        check("own", Some("x"));
        check("identity.userAgent", Some("curl/8.13.0"));
        check("deploymentId", None);
        let map: Value = context.to_map().into();
        assert_eq!((&map["identity"]["sourceIp"], &map["requestId"]), (&"nowhere".into(), &"r1".into()));
        assert_eq!(map.get("deploymentId"), None);
    }

    #[test]
    fn who_signed_a_request_is_its_identity() {
        let signer = Signer {
            access_key: "AKIA".to_owned(),
            account: AccountId::DEFAULT,
            arn: "arn:aws:iam::000000000000:user/ada".to_owned(),
            id: "AIDA".to_owned(),
        };
        let context = Context { signer: Some(&signer), ..example() };
        let map: Value = context.to_map().into();
        for (name, expected) in [
            ("accountId", "000000000000"),
            ("caller", "AIDA"),
            ("user", "AIDA"),
            ("userArn", "arn:aws:iam::000000000000:user/ada"),
            ("accessKey", "AKIA"),
        ] {
            assert_eq!(context.variable(&format!("identity.{name}")).as_deref(), Some(expected), "{name}");
            assert_eq!(map["identity"][name], expected);
            assert_eq!(example().variable(&format!("identity.{name}")), None, "{name}");
        }
    }
}
