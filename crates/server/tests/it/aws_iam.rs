//! `AWS_IAM` methods: signatures of keys that are known are checked, and of others in `dev` all but their secrets.

use std::sync::Arc;

use bytes::Bytes;
use claviger_resources::AccountId;
use claviger_runtime::access_keys::UnknownKeys;
use claviger_runtime::functions::{FunctionUrl, Functions};
use claviger_runtime::roles::Roles;
use claviger_server::node::{Options, Place};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::claims_hook::Function;
use crate::http_apis::{FORBIDDEN, HttpApi};
use crate::lambda::{answers, arn};
use crate::locked::{Key, Locked, Signing, assume, element};
use crate::stack::{Reply, request};
use crate::support::Server;

const CALLER: &str = "$context.identity.accountId $context.identity.caller $context.identity.user \
                      $context.identity.userArn $context.identity.accessKey";

/// The keys of a store: of a user, of a session that lives, and of one that is over.
pub(crate) struct Keys {
    directory: TempDir,
    pub(crate) ada: Key,
    /// The unique id of the user.
    ada_id: String,
    live: Key,
    /// The unique id of who bears the session.
    live_id: String,
    pub(crate) dead: Key,
    auditor: Key,
}

impl Keys {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ada = Key::first(&directory, "admin", "ada").await;
        let auditor = Key::first(&directory, "auditor", "eve").await;
        let form = assume("arn:aws:iam::000000000000:role/live", "&DurationSeconds=900");
        let ask = async |seconds_off: i64, form: &str| {
            let server = Locked::on(&directory, Roles::default(), seconds_off);
            let signing = Signing { seconds_ago: -seconds_off, ..ada.signing("sts") };
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            let host = server.address.to_string();
            let reply = server.ask(signing.request(&host, "POST", "/", &headers, form.as_bytes())).await;
            server.stop().await;
            assert_eq!(reply.status, 200, "{reply:?}");
            reply
        };
        let dead = Key::of_session(&ask(-7_200, &form).await);
        let live = ask(0, &form).await;
        let live_id = element(&live.body, "AssumedRoleId").to_owned();
        let live = Key::of_session(&live);
        let who = ask(0, "Action=GetCallerIdentity&Version=2011-06-15").await;
        let ada_id = element(&who.body, "UserId").to_owned();
        Self { directory, ada, ada_id, live, live_id, dead, auditor }
    }

    /// How a user, a session or a stranger signs.
    fn plan(&self) -> Plan {
        plan(&self.ada)
    }

    fn stranger(id: &str) -> Plan {
        plan(&Key { id: id.to_owned(), secret: "whatever".to_owned(), token: None })
    }
}

/// How a request is signed, and what it holds.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) signing: Signing,
    pub(crate) body: &'static str,
}

pub(crate) fn plan(key: &Key) -> Plan {
    Plan { signing: key.signing("execute-api"), body: "" }
}

impl Plan {
    fn with(mut self, change: impl FnOnce(&mut Signing)) -> Self {
        change(&mut self.signing);
        self
    }

    pub(crate) fn with_secret(self, secret: &str) -> Self {
        self.with(|signing| secret.clone_into(&mut signing.key.secret))
    }

    /// A signed request for a target of the server.
    fn request(&self, server: &Server, method: &str, target: &str) -> Request<Full<Bytes>> {
        self.signing.request(&server.address.to_string(), method, target, &[], self.body.as_bytes())
    }
}

/// A server whose one API asks for signatures, with a few keys that it knows.
pub(crate) struct Signed {
    server: Server,
    target: String,
    pub(crate) keys: Keys,
}

impl Signed {
    pub(crate) async fn start() -> Arc<Self> {
        Arc::new(serving(UnknownKeys::Refused).await)
    }

    pub(crate) async fn ask(&self, plan: &Plan) -> Reply {
        self.call(plan.clone(), "GET").await
    }

    async fn call(&self, plan: Plan, method: &str) -> Reply {
        self.server.ask(plan.request(&self.server, method, &self.target)).await
    }
}

async fn serving(unknown: UnknownKeys) -> Signed {
    serving_under(unknown, json!({})).await
}

/// The same, the API's document with these members, too.
async fn serving_under(unknown: UnknownKeys, members: Value) -> Signed {
    let keys = Keys::new().await;
    let place = Place::Directory(keys.directory.path().to_owned());
    let server = Server::with_node(&place, Options { unknown_keys: unknown, ..Options::default() });
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
    Signed { server, target: format!("/_aws/execute-api/{api}/live/who"), keys }
}

pub(crate) fn refused(reply: &Reply, error_type: &str, message: &str) {
    assert_eq!((reply.status.as_u16(), reply.header("x-amzn-errortype")), (403, Some(error_type)), "{reply:?}");
    assert!(reply.json()["message"].as_str().unwrap().contains(message), "{message}: {reply:?}");
}

#[tokio::test]
async fn the_signature_of_a_known_key_is_checked_in_every_part() {
    let world = serving(UnknownKeys::Root(AccountId::DEFAULT)).await;
    let Keys { ada, ada_id, live, live_id, .. } = &world.keys;
    let who = format!("000000000000 {ada_id} {ada_id} arn:aws:iam::000000000000:user/ada {}", ada.id);
    for is_presigned in [false, true] {
        let plan = world.keys.plan().with(|signing| signing.is_presigned = is_presigned);
        assert_eq!(world.ask(&plan).await.said(), (200, &*who));
        let posted = Plan { body: "{\"a\": 1}", ..plan.clone() };
        assert_eq!(world.call(posted.clone(), "POST").await.said(), (200, &*who));
        let mut altered = posted.request(&world.server, "POST", &world.target);
        *altered.body_mut() = Full::from("{\"a\": 2}");
        let invalid = "InvalidSignatureException";
        let mismatch = "The request signature we calculated does not match the signature you provided.";
        refused(&world.server.ask(altered).await, invalid, mismatch);
        refused(&world.ask(&plan.clone().with_secret("wrong")).await, invalid, mismatch);
        let scope = "Credential should be scoped to correct service: 'execute-api'.";
        refused(&world.ask(&plan.clone().with(|signing| signing.service = "s3")).await, invalid, scope);
        let region = "Credential should be scoped to a valid region";
        refused(&world.ask(&plan.clone().with(|signing| signing.region = "eu-west-1")).await, invalid, region);
        refused(&world.ask(&plan.with(|signing| signing.seconds_ago = 600)).await, invalid, "expired");
    }
    let role = "arn:aws:sts::000000000000:assumed-role/live/live";
    let who = format!("000000000000 {live_id} {live_id} {role} {}", live.id);
    assert_eq!(world.ask(&plan(live)).await.said(), (200, &*who));
    refused(
        &world.ask(&plan(&world.keys.dead)).await,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    );
}

#[tokio::test]
async fn a_session_s_key_is_nothing_without_its_token() {
    let world = serving(UnknownKeys::Refused).await;
    assert_eq!(world.ask(&plan(&world.keys.live)).await.status, 200);
    for token in [None, Some("other".to_owned()), world.keys.dead.token.clone()] {
        let plan = plan(&world.keys.live).with(|signing| signing.key.token = token);
        let reply = world.ask(&plan).await;
        refused(&reply, "UnrecognizedClientException", "The security token included in the request is invalid.");
    }
}

#[tokio::test]
async fn a_role_that_does_not_allow_it_calls_no_method_unless_the_resource_policy_does() {
    let statement = json!({
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::000000000000:user/eve" },
        "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/*",
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let world = serving_under(UnknownKeys::Refused, json!({ "x-amazon-apigateway-policy": policy })).await;
    let eve = plan(&world.keys.auditor);
    assert_eq!(world.call(eve.clone(), "GET").await.status, 200);
    let denied = world.call(eve, "POST").await;
    let api = world.target.split('/').nth(3).unwrap();
    let message = format!(
        "User: arn:aws:iam::000000000000:user/eve is not authorized to perform: execute-api:Invoke on resource: \
         arn:aws:execute-api:us-east-1:********0000:{api}/live/POST/who"
    );
    assert_eq!((denied.status.as_u16(), denied.json()), (403, json!({ "Message": message })));
    let reason = "the role of the access key does not allow the method";
    let setting = "which does not allow execute-api:Invoke";
    world.server.check(&denied, "gate", "AccessDeniedException", reason, setting).await;
}

#[tokio::test]
async fn a_resource_policy_denies_some_of_those_who_sign_rightly() {
    let statement = |effect: &str, arn: &str, resource: &str| json!({ "Effect": effect, "Principal": { "AWS": arn }, "Action": "execute-api:Invoke", "Resource": resource });
    let ada = "arn:aws:iam::000000000000:user/ada";
    let statements = [statement("Deny", ada, "execute-api:/*/GET/*"), statement("Allow", ada, "execute-api:/*")];
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let world = serving_under(UnknownKeys::Refused, json!({ "x-amazon-apigateway-policy": policy })).await;
    let denied = world.call(world.keys.plan(), "GET").await;
    assert_eq!((denied.status.as_u16(), denied.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
    let api = world.target.split('/').nth(3).unwrap();
    let message = format!(
        "User: {ada} is not authorized to perform: execute-api:Invoke on resource: \
         arn:aws:execute-api:us-east-1:********0000:{api}/live/GET/who with an explicit deny"
    );
    assert_eq!(denied.json(), json!({ "Message": message }));
    let reason = "the resource policy of the API denies the method explicitly";
    let setting = "the policy of the REST API, as it was when it was deployed";
    world.server.check(&denied, "gate", "AccessDeniedException", reason, setting).await;
    assert_eq!(world.call(world.keys.plan(), "POST").await.status, 200, "another method");
    // Whom the policy does not name may call within the account, by the rights of its key.
    assert_eq!(world.ask(&plan(&world.keys.live)).await.status, 200);
    // A signature that is wrong is refused before the policy is asked.
    refused(&world.ask(&world.keys.plan().with_secret("wrong")).await, "InvalidSignatureException", "does not match");
}

#[tokio::test]
async fn a_key_that_nobody_knows_is_root_in_dev_and_refused_elsewhere() {
    let world = serving(UnknownKeys::Root(AccountId::DEFAULT)).await;
    let root = "000000000000 000000000000 000000000000 arn:aws:iam::000000000000:root test";
    assert_eq!(world.ask(&Keys::stranger("test")).await.said(), (200, root));
    // What can be wrong without the secret is wrong here as well.
    let elsewhere = Keys::stranger("test").with(|signing| signing.service = "sts");
    refused(&world.ask(&elsewhere).await, "InvalidSignatureException", "correct service");
    // The root of another account has no rights in this one.
    let stranger = world.ask(&Keys::stranger("111122223333")).await;
    let denied = r#"{"Message":"User is not authorized to access this resource"}"#;
    assert_eq!(stranger.said(), (403, denied));
    let setting = "the API belongs to the account 000000000000, and the key 111122223333 to 111122223333";
    world.server.check(&stranger, "gate", "AccessDeniedException", "", setting).await;

    let world = serving(UnknownKeys::Refused).await;
    let reply = world.ask(&Keys::stranger("test")).await;
    refused(&reply, "UnrecognizedClientException", "The security token included in the request is invalid.");
    assert_eq!(world.ask(&world.keys.plan()).await.status, 200);
}

#[tokio::test]
async fn what_is_no_signature_is_explained() {
    let Signed { server, target, .. } = serving(UnknownKeys::Refused).await;
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
    let keys = Keys::new().await;
    let server = Server::with_node(
        &Place::Directory(keys.directory.path().to_owned()),
        Options {
            unknown_keys: UnknownKeys::Root(AccountId::DEFAULT),
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
    assert_eq!(ask(Plan { body: "{}", ..keys.plan() }).await.status, 200);
    let told = function.seen().remove(0).1["requestContext"]["authorizer"].take();
    let expected = json!({ "iam": {
        "accessKey": keys.ada.id, "accountId": "000000000000", "callerId": keys.ada_id, "cognitoIdentity": null,
        "principalOrgId": null, "userArn": "arn:aws:iam::000000000000:user/ada", "userId": keys.ada_id,
    } });
    assert_eq!(told, expected);
    let old = format!("/_aws/execute-api/{}/old", api.id);
    // The function answers what is no answer in the old format.
    assert_eq!(server.ask(keys.plan().request(&server, "GET", &old)).await.status, 500);
    let context = function.seen().remove(0).1["requestContext"].take();
    assert_eq!((context.get("authorizer"), &context["identity"]["userArn"]), (None, &expected["iam"]["userArn"]));
    let mut altered = Plan { body: "{}", ..keys.plan() }.request(&server, "POST", &target);
    *altered.body_mut() = Full::from("[]");
    let setting = "authorizationType of the route is AWS_IAM";
    for (reply, reason) in [
        (server.ask(altered).await, "does not match the signature you provided"),
        (server.ask(request("POST", &target, &[], "")).await, "asks for an AWS signature"),
        (server.ask(request("POST", &target, &[("Authorization", "Bearer a")], "")).await, ""),
        (ask(keys.plan().with_secret("wrong")).await, "does not match the signature you provided"),
        (ask(keys.plan().with(|signing| signing.service = "s3")).await, "correct service"),
        (ask(keys.plan().with(|signing| signing.seconds_ago = 600)).await, "expired"),
        (ask(plan(&keys.dead)).await, "expired"),
    ] {
        assert_eq!((reply.said(), reply.header("content-type")), ((403, FORBIDDEN), None), "{reason}");
        server.check(&reply, "gate", "Forbidden", reason, setting).await;
    }
    let eve = ask(plan(&keys.auditor)).await;
    assert_eq!(eve.said(), (403, FORBIDDEN));
    let reason = "arn:aws:iam::000000000000:user/eve is not allowed to call the route";
    server.check(&eve, "gate", "Forbidden", reason, "which does not allow execute-api:Invoke").await;
    let stranger = ask(Keys::stranger("111122223333")).await;
    let setting = "the API belongs to the account 000000000000, and the key 111122223333 to 111122223333";
    assert_eq!(stranger.said(), (403, FORBIDDEN));
    server.check(&stranger, "gate", "Forbidden", "of another account", setting).await;
    assert_eq!(function.seen().len(), 0);
}
