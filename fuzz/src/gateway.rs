//! What targets of the gateway need around what they try: a request that came to an API.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use claviger_gateway::context::Context;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::request::Request;
use claviger_resources::{AccountId, HttpApiId, Region, RestApiId, Tenant, Timestamp};
use http::{HeaderMap, HeaderValue};

/// The time of every request.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_769_860_800);

/// Calls `look` with a request with this body.
pub(crate) fn with_exchange<R>(body: &[u8], look: impl FnOnce(&Exchange<'_>) -> R) -> R {
    let headers = HeaderMap::from_iter([
        (http::header::HOST, HeaderValue::from_static("a1b2c3d4e5.execute-api.localhost")),
        (http::header::ACCEPT, HeaderValue::from_static("image/png")),
        (http::header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ]);
    let stage_variables = BTreeMap::from([("color".to_owned(), "blue".to_owned())]);
    let request = Request {
        method: "POST",
        path: "/user/7",
        query: Some("q=1&q=%20&r"),
        headers: &headers,
        path_parameters: &[("id", "7")],
        body,
    };
    look(&Exchange { request, context: context(), stage_variables: &stage_variables })
}

fn context() -> Context<'static> {
    static ACCOUNT: AccountId = AccountId::DEFAULT;
    Context {
        account: &ACCOUNT,
        api_id: "a1b2c3d4e5",
        stage: "prod",
        deployment_id: "p4kh99",
        resource_id: Some("eazplx"),
        resource_path: Some("/user/{id}"),
        route_key: None,
        method: "POST",
        path: "/prod/user/7",
        protocol: "HTTP/1.1",
        domain_name: "a1b2c3d4e5.execute-api.localhost",
        base_path: None,
        is_canary: None,
        request_id: "1be02043-9fd1-43a9-ace6-f4c6e4ec2603",
        extended_request_id: "f4FG6GoQvHcEtuQ=",
        request_time: NOW,
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

/// Where APIs are.
pub(crate) fn tenant() -> Tenant {
    Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() }
}

/// The id of a REST API.
pub(crate) fn rest_api_id() -> Option<RestApiId> {
    RestApiId::parse("a1b2c3d4e5").ok()
}

/// The id of an HTTP API.
pub(crate) fn http_api_id() -> Option<HttpApiId> {
    HttpApiId::parse("a1b2c3d4e5").ok()
}
