//! `AWS_IAM` methods: signatures of keys that are known are checked, and of others in `dev` all but their secrets.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use claviger_resources::{AccountId, Clock, Secret, Timestamp};
use claviger_runtime::access_keys::{AccessKey, AccessKeys, KeySession, Principal, UnknownKeys};
use claviger_runtime::functions::{FunctionUrl, Functions};
use claviger_server::clock::MovableClock;
use claviger_server::node::{Options, Place};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::claims_hook::Function;
use crate::http_apis::{FORBIDDEN, HttpApi};
use crate::lambda::{answers, arn};
use crate::stack::{Reply, request};
use crate::support::Server;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE";
const CALLER: &str = "$context.identity.accountId $context.identity.caller $context.identity.user \
                      $context.identity.userArn $context.identity.accessKey";

/// How a request is signed.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) key: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) session_token: Option<&'static str>,
    pub(crate) service: &'static str,
    pub(crate) region: &'static str,
    pub(crate) is_presigned: bool,
    pub(crate) seconds_ago: u64,
    pub(crate) body: &'static str,
}

pub(crate) const PLAN: Plan = Plan {
    key: "AKIAKNOWN",
    secret: SECRET,
    session_token: None,
    service: "execute-api",
    region: "us-east-1",
    is_presigned: false,
    seconds_ago: 0,
    body: "",
};

impl Plan {
    /// A signed request for a target of the server.
    fn request(&self, server: &Server, method: &str, target: &str) -> Request<Full<Bytes>> {
        let mut settings = SigningSettings::default();
        if self.is_presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_mins(1));
        }
        let token = self.session_token.map(str::to_owned);
        let identity: Identity = Credentials::new(self.key, self.secret, token, None, "test").into();
        let now = u64::try_from(MovableClock::default().now().seconds()).unwrap();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(now - self.seconds_ago))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!("http://{}{target}", server.address);
        let host = server.address.to_string();
        let headers = [("host", &*host)];
        let body = SignableBody::Bytes(self.body.as_bytes());
        let signable = SignableRequest::new(method, &uri, headers.into_iter(), body).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let mut signed = request(method, &uri, &headers, self.body);
        instructions.apply_to_request_http1x(&mut signed);
        let path = signed.uri().path_and_query().unwrap().as_str().parse().unwrap();
        *signed.uri_mut() = path;
        signed
    }
}

fn keys(unknown: UnknownKeys) -> AccessKeys {
    let key = |name: &str, session: Option<i64>| AccessKey {
        secret: Secret::new(SECRET.to_owned()),
        principal: Principal {
            account: AccountId::DEFAULT,
            arn: format!("arn:aws:iam::000000000000:{name}"),
            id: format!("AIDA{}", name.len()),
        },
        session: session.map(|seconds| KeySession {
            token: Secret::new(SESSION_TOKEN.to_owned()),
            expires: Timestamp::from_seconds(MovableClock::default().now().seconds() + seconds),
        }),
    };
    let known = [
        ("AKIAKNOWN", key("user/ada", None)),
        ("ASIALIVE", key("role/live", Some(3600))),
        ("ASIADEAD", key("role/dead", Some(-1))),
    ];
    AccessKeys::new(known.map(|(id, key)| (id.to_owned(), key)), unknown)
}

/// A server whose one API asks for signatures, with a few keys that it knows.
pub(crate) struct Signed {
    server: Server,
    target: String,
}

impl Signed {
    pub(crate) async fn start() -> Arc<Self> {
        let (server, target) = serving(UnknownKeys::Refused).await;
        Arc::new(Self { server, target })
    }

    pub(crate) async fn ask(&self, plan: &Plan) -> Reply {
        self.server.ask(plan.request(&self.server, "GET", &self.target)).await
    }
}

async fn serving(unknown: UnknownKeys) -> (Server, String) {
    serving_under(unknown, json!({})).await
}

/// The same, the API's document with these members, too.
async fn serving_under(unknown: UnknownKeys, members: Value) -> (Server, String) {
    let server = Server::with_node(&Place::Memory, Options { access_keys: keys(unknown), ..Options::default() });
    let method = json!({
        "security": [{ "sigv4": [] }],
        "responses": { "200": { "description": "OK" } },
        "x-amazon-apigateway-integration": {
            "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "responses": { "default": { "statusCode": "200", "responseTemplates": { "application/json": CALLER } } },
        },
    });
    let scheme = json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" });
    let mut document = json!({
        "openapi": "3.0.0", "info": { "title": "signed" }, "paths": { "/who": { "get": method.clone(), "post": method } },
        "components": { "securitySchemes": { "sigv4": scheme } },
    });
    document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let imported = server.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
    assert_eq!(imported.status, 201, "{imported:?}");
    let api = imported.json()["id"].as_str().unwrap().to_owned();
    let target = format!("/restapis/{api}/deployments");
    assert_eq!(server.ask(request("POST", &target, &[], r#"{"stageName":"live"}"#)).await.status, 201);
    (server, format!("/_aws/execute-api/{api}/live/who"))
}

pub(crate) fn refused(reply: &Reply, error_type: &str, message: &str) {
    assert_eq!((reply.status.as_u16(), reply.header("x-amzn-errortype")), (403, Some(error_type)), "{reply:?}");
    assert!(reply.json()["message"].as_str().unwrap().contains(message), "{message}: {reply:?}");
}

#[tokio::test]
async fn the_signature_of_a_known_key_is_checked_in_every_part() {
    let (server, target) = serving(UnknownKeys::Root(AccountId::DEFAULT)).await;
    let ask = async |plan: Plan, method: &str| server.ask(plan.request(&server, method, &target)).await;
    let ada = "000000000000 AIDA8 AIDA8 arn:aws:iam::000000000000:user/ada AKIAKNOWN";
    for is_presigned in [false, true] {
        let plan = Plan { is_presigned, ..PLAN };
        assert_eq!(ask(plan.clone(), "GET").await.said(), (200, ada));
        let posted = Plan { body: "{\"a\": 1}", ..plan.clone() };
        assert_eq!(ask(posted.clone(), "POST").await.said(), (200, ada));
        let mut altered = posted.request(&server, "POST", &target);
        *altered.body_mut() = Full::from("{\"a\": 2}");
        let invalid = "InvalidSignatureException";
        let mismatch = "The request signature we calculated does not match the signature you provided.";
        refused(&server.ask(altered).await, invalid, mismatch);
        refused(&ask(Plan { secret: "wrong", ..plan.clone() }, "GET").await, invalid, mismatch);
        let scope = "Credential should be scoped to correct service: 'execute-api'.";
        refused(&ask(Plan { service: "s3", ..plan.clone() }, "GET").await, invalid, scope);
        let region = "Credential should be scoped to a valid region";
        refused(&ask(Plan { region: "eu-west-1", ..plan.clone() }, "GET").await, invalid, region);
        refused(&ask(Plan { seconds_ago: 600, ..plan }, "GET").await, invalid, "expired");
    }
    let live = Plan { key: "ASIALIVE", session_token: Some(SESSION_TOKEN), ..PLAN };
    let role = "000000000000 AIDA9 AIDA9 arn:aws:iam::000000000000:role/live ASIALIVE";
    assert_eq!(ask(live.clone(), "GET").await.said(), (200, role));
    let unrecognized = "The security token included in the request is invalid.";
    for session_token in [None, Some("other")] {
        let plan = Plan { session_token, ..live.clone() };
        refused(&ask(plan, "GET").await, "UnrecognizedClientException", unrecognized);
    }
    let dead = Plan { key: "ASIADEAD", ..live };
    refused(&ask(dead, "GET").await, "ExpiredTokenException", "The security token included in the request is expired");
}

#[tokio::test]
async fn a_resource_policy_denies_some_of_those_who_sign_rightly() {
    let statement = |effect: &str, arn: &str, resource: &str| json!({ "Effect": effect, "Principal": { "AWS": arn }, "Action": "execute-api:Invoke", "Resource": resource });
    let ada = "arn:aws:iam::000000000000:user/ada";
    let statements = [statement("Deny", ada, "execute-api:/*/GET/*"), statement("Allow", ada, "execute-api:/*")];
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let (server, target) = serving_under(UnknownKeys::Refused, json!({ "x-amazon-apigateway-policy": policy })).await;
    let ask = async |plan: Plan, method: &str| server.ask(plan.request(&server, method, &target)).await;
    let denied = ask(PLAN, "GET").await;
    assert_eq!((denied.status.as_u16(), denied.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
    let api = target.split('/').nth(3).unwrap();
    let message = format!(
        "User: {ada} is not authorized to perform: execute-api:Invoke on resource: \
         arn:aws:execute-api:us-east-1:********0000:{api}/live/GET/who with an explicit deny"
    );
    assert_eq!(denied.json(), json!({ "Message": message }));
    let reason = "the resource policy of the API denies the method explicitly";
    let setting = "the policy of the REST API, as it was when it was deployed";
    server.check(&denied, "gate", "AccessDeniedException", reason, setting).await;
    assert_eq!(ask(PLAN, "POST").await.status, 200, "another method");
    // Whom the policy does not name may call within the account, by rights that are not the policy's.
    let live = Plan { key: "ASIALIVE", session_token: Some(SESSION_TOKEN), ..PLAN };
    assert_eq!(ask(live, "GET").await.status, 200);
    // A signature that is wrong is refused before the policy is asked.
    refused(&ask(Plan { secret: "wrong", ..PLAN }, "GET").await, "InvalidSignatureException", "does not match");
}

#[tokio::test]
async fn a_key_that_nobody_knows_is_root_in_dev_and_refused_elsewhere() {
    let unknown = |key: &'static str| Plan { key, secret: "whatever", ..PLAN };
    let (server, target) = serving(UnknownKeys::Root(AccountId::DEFAULT)).await;
    let ask = async |plan: Plan| server.ask(plan.request(&server, "GET", &target)).await;
    let root = "000000000000 000000000000 000000000000 arn:aws:iam::000000000000:root test";
    assert_eq!(ask(unknown("test")).await.said(), (200, root));
    // What can be wrong without the secret is wrong here as well.
    refused(&ask(Plan { service: "sts", ..unknown("test") }).await, "InvalidSignatureException", "correct service");
    // The root of another account has no rights in this one.
    let stranger = ask(unknown("111122223333")).await;
    let denied = r#"{"Message":"User is not authorized to access this resource"}"#;
    assert_eq!(stranger.said(), (403, denied));
    let setting = "the API belongs to the account 000000000000, and the key 111122223333 to 111122223333";
    server.check(&stranger, "gate", "AccessDeniedException", "", setting).await;

    let (server, target) = serving(UnknownKeys::Refused).await;
    let reply = server.ask(unknown("test").request(&server, "GET", &target)).await;
    refused(&reply, "UnrecognizedClientException", "The security token included in the request is invalid.");
    assert_eq!(server.ask(PLAN.request(&server, "GET", &target)).await.status, 200);
}

#[tokio::test]
async fn what_is_no_signature_is_explained() {
    let (server, target) = serving(UnknownKeys::Refused).await;
    let ask = async |headers: &[(&str, &str)]| server.ask(request("GET", &target, headers, "")).await;
    let missing = ask(&[]).await;
    refused(&missing, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let reason = "the method asks for an AWS signature, and the request has none";
    let found = server.check(&missing, "gate", "MissingAuthenticationTokenException", reason, "AWS_IAM").await;
    assert_eq!(found["about"]["method"], Value::from("GET /who"));
    let bearer = ask(&[("Authorization", "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln")]).await;
    refused(&bearer, "IncompleteSignatureException", "Invalid key=value pair (missing equal-sign)");
    let partial =
        ask(&[("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host")]).await;
    refused(&partial, "IncompleteSignatureException", "Authorization header requires 'Signature' parameter.");
}

#[tokio::test]
async fn routes_of_http_apis_ask_for_signatures_as_well() {
    let function = Function::start().await;
    function.reacts(answers(&json!({})));
    let url = FunctionUrl::parse(&format!("{}={}", arn("backend"), function.url)).unwrap();
    let server = Server::with_node(
        &Place::Memory,
        Options {
            access_keys: keys(UnknownKeys::Root(AccountId::DEFAULT)),
            functions: Functions::new([url]),
            ..Options::default()
        },
    );
    let api = HttpApi::new(&server).await;
    for (format, path) in [("2.0", "/who"), ("1.0", "/old")] {
        let function = api.function("backend", format, json!({})).await;
        api.route(&format!("ANY {path}"), &function, json!({ "authorizationType": "AWS_IAM" })).await;
    }
    let target = format!("/_aws/execute-api/{}/who", api.id);
    let ask = async |plan: Plan| server.ask(plan.request(&server, "POST", &target)).await;
    assert_eq!(ask(Plan { body: "{}", ..PLAN }).await.status, 200);
    let told = function.seen().remove(0).1["requestContext"]["authorizer"].take();
    let expected = json!({ "iam": {
        "accessKey": "AKIAKNOWN", "accountId": "000000000000", "callerId": "AIDA8", "cognitoIdentity": null,
        "principalOrgId": null, "userArn": "arn:aws:iam::000000000000:user/ada", "userId": "AIDA8",
    } });
    assert_eq!(told, expected);
    let old = format!("/_aws/execute-api/{}/old", api.id);
    // The function answers what is no answer in the old format.
    assert_eq!(server.ask(PLAN.request(&server, "GET", &old)).await.status, 500);
    let context = function.seen().remove(0).1["requestContext"].take();
    assert_eq!((context.get("authorizer"), &context["identity"]["userArn"]), (None, &expected["iam"]["userArn"]));
    let mut altered = Plan { body: "{}", ..PLAN }.request(&server, "POST", &target);
    *altered.body_mut() = Full::from("[]");
    let setting = "authorizationType of the route is AWS_IAM";
    for (reply, reason) in [
        (server.ask(altered).await, "does not match the signature you provided"),
        (server.ask(request("POST", &target, &[], "")).await, "asks for an AWS signature"),
        (server.ask(request("POST", &target, &[("Authorization", "Bearer a")], "")).await, ""),
        (ask(Plan { secret: "wrong", ..PLAN }).await, "does not match the signature you provided"),
        (ask(Plan { service: "s3", ..PLAN }).await, "correct service"),
        (ask(Plan { seconds_ago: 600, ..PLAN }).await, "expired"),
        (ask(Plan { key: "ASIADEAD", session_token: Some(SESSION_TOKEN), ..PLAN }).await, "expired"),
    ] {
        assert_eq!((reply.said(), reply.header("content-type")), ((403, FORBIDDEN), None), "{reason}");
        server.check(&reply, "gate", "Forbidden", reason, setting).await;
    }
    let stranger = ask(Plan { key: "111122223333", ..PLAN }).await;
    let setting = "the API belongs to the account 000000000000, and the key 111122223333 to 111122223333";
    assert_eq!(stranger.said(), (403, FORBIDDEN));
    server.check(&stranger, "gate", "Forbidden", "of another account", setting).await;
    assert_eq!(function.seen().len(), 0);
}
