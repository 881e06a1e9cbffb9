//! Custom domain names over the wire: which API and stage a host and a path lead to, and what that API is told of it.

use claviger_server::node::{Options, Place};
use serde_json::{Value, json};

use crate::http_apis;
use crate::lambda::{self, Node};
use crate::stack::{Reply, request};
use crate::support::{Server, get, send};

const ARN: &str = "arn:aws:acm:us-east-1:000000000000:certificate/c";
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;

/// A call of the control plane that succeeds.
async fn control(server: &Server, call: &str, input: Value) -> Value {
    let (method, target) = call.split_once(' ').unwrap();
    let body = if input.is_null() { String::new() } else { input.to_string() };
    let reply = server.ask(request(method, target, &[], &body)).await;
    assert!(reply.status.is_success(), "{call} {input}: {reply:?}");
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

/// Registers a regional domain; gives the first label of its regional name.
async fn domain(server: &Server, name: &str) -> String {
    let input = json!({ "domainName": name, "domainNameConfigurations": [{ "certificateArn": ARN }] });
    let made = control(server, "POST /v2/domainnames", input).await;
    let regional = made["domainNameConfigurations"][0]["apiGatewayDomainName"].as_str().unwrap();
    regional.split('.').next().unwrap().to_owned()
}

async fn map(server: &Server, domain: &str, api: &str, stage: &str, key: &str) -> String {
    let input = json!({ "apiId": api, "stage": stage, "apiMappingKey": key });
    let made = control(server, &format!("POST /v2/domainnames/{domain}/apimappings"), input).await;
    made["apiMappingId"].as_str().unwrap().to_owned()
}

async fn ask(server: &Server, host: &str, path: &str) -> Reply {
    server.ask(request("GET", path, &[("Host", host)], "")).await
}

/// A REST API that says where it was asked, served as `live` and `test`.
async fn places(server: &Server) -> String {
    let template = "$context.stage $context.path $context.resourcePath $context.domainName $context.domainPrefix \
                    $context.customDomain.basePathMatched";
    let operation = json!({
        "responses": { "200": { "description": "" } },
        "x-amazon-apigateway-integration": {
            "type": "mock", "requestTemplates": { "application/json": r#"{"statusCode": 200}"# },
            "responses": { "default": {
                "statusCode": "200", "responseTemplates": { "application/json": template },
            } },
        },
    });
    let document = json!({
        "openapi": "3.0.1", "info": { "title": "places", "version": "1" },
        "paths": { "/": { "get": operation }, "/pets/{id}": { "get": operation } },
    });
    let api = control(server, "POST /restapis?mode=import", document).await["id"].as_str().unwrap().to_owned();
    for stage in ["live", "test"] {
        control(server, &format!("POST /restapis/{api}/deployments"), json!({ "stageName": stage })).await;
    }
    api
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_leads_to_the_api_of_the_longest_key() {
    let server = Server::dev();
    let api = places(&server).await;
    let target = domain(&server, "api.example.com").await;
    map(&server, "api.example.com", &api, "live", "").await;
    map(&server, "api.example.com", &api, "test", "a/b").await;
    let check = async |host: &str, path: &str, expected: &str| {
        assert_eq!(ask(&server, host, path).await.said(), (200, expected), "{host} {path}");
    };
    check("api.example.com", "/", "live / / api.example.com api (none)").await;
    check("api.example.com", "/pets/7", "live /pets/7 /pets/{id} api.example.com api (none)").await;
    check("API.example.com:8443", "/a/b/pets/7", "test /a/b/pets/7 /pets/{id} api.example.com api a/b").await;
    check("api.example.com", "/a/b", "test /a/b / api.example.com api a/b").await;
    let regional = format!("{target}.execute-api.us-east-1.amazonaws.com");
    check(&regional, "/a/b/pets/7", &format!("test /a/b/pets/7 /pets/{{id}} {regional} {target} a/b")).await;
    let local = format!("{target}.execute-api.localhost");
    check(&local, "/pets/7", &format!("live /pets/7 /pets/{{id}} {local} {target} (none)")).await;
    // What the mapping leads to has no such path.
    assert_eq!(ask(&server, "api.example.com", "/a/pets/7").await.status, 403);
    // The API's own host knows nothing of it.
    let own = format!("{api}.execute-api.us-east-1.amazonaws.com");
    check(&own, "/test/pets/7", &format!("test /test/pets/7 /pets/{{id}} {own} {api} ")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_without_a_stage_finds_it_in_the_path() {
    let server = Server::dev();
    let api = places(&server).await;
    domain(&server, "api.example.com").await;
    let mappings = "POST /domainnames/api.example.com/basepathmappings";
    control(&server, mappings, json!({ "restApiId": api, "basePath": "v1" })).await;
    let expected = "test /v1/test/pets/7 /pets/{id} api.example.com api v1";
    assert_eq!(ask(&server, "api.example.com", "/v1/test/pets/7").await.said(), (200, expected));
    assert_eq!(ask(&server, "api.example.com", "/v1/test").await.status, 200);
    for path in ["/v1/none/pets/7", "/v1/", "/v1", "/test/pets/7", "/"] {
        assert_eq!(ask(&server, "api.example.com", path).await.said(), (403, FORBIDDEN), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_stands_for_one_label_and_gives_way_to_names() {
    let server = Server::dev();
    let api = places(&server).await;
    for (name, stage) in [("*.example.com", "live"), ("shop.example.com", "test")] {
        domain(&server, name).await;
        map(&server, name, &api, stage, "").await;
    }
    let check = async |host: &str, expected: &str| {
        assert_eq!(ask(&server, host, "/").await.said(), (200, expected), "{host}");
    };
    check("any.example.com", "live / / any.example.com any (none)").await;
    check("shop.example.com", "test / / shop.example.com shop (none)").await;
    for host in ["example.com", "a.b.example.com"] {
        let reply = ask(&server, host, "/").await;
        assert!(reply.body.contains("Claviger is running"), "{host}: {reply:?}");
    }
    control(&server, "DELETE /v2/domainnames/shop.example.com", Value::Null).await;
    check("shop.example.com", "live / / shop.example.com shop (none)").await;
    control(&server, "DELETE /v2/domainnames/*.example.com", Value::Null).await;
    assert!(ask(&server, "shop.example.com", "/").await.body.contains("Claviger is running"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_may_answer_under_its_domains_alone() {
    let server = Server::dev();
    let api = places(&server).await;
    domain(&server, "api.example.com").await;
    map(&server, "api.example.com", &api, "live", "").await;
    let disable = json!({ "op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true" });
    control(&server, &format!("PATCH /restapis/{api}"), json!({ "patchOperations": [disable] })).await;
    control(&server, &format!("POST /restapis/{api}/deployments"), json!({ "stageName": "live" })).await;
    let own = format!("{api}.execute-api.us-east-1.amazonaws.com");
    assert_eq!(ask(&server, &own, "/live/pets/7").await.said(), (403, FORBIDDEN));
    let by_path = format!("/_aws/execute-api/{api}/live/pets/7");
    assert_eq!(ask(&server, "localhost", &by_path).await.said(), (403, FORBIDDEN));
    assert_eq!(ask(&server, "api.example.com", "/pets/7").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_apis_are_asked_without_the_mappings_path() {
    let server = Server::dev();
    let (_backend, api) = http_apis::open(&server).await;
    api.make("stages", json!({ "stageName": "test", "autoDeploy": true })).await;
    domain(&server, "api.example.com").await;
    map(&server, "api.example.com", &api.id, "$default", "storms/v1").await;
    map(&server, "api.example.com", &api.id, "test", "").await;
    let check = async |path: &str, expected: &str| {
        let reply = ask(&server, "api.example.com", path).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["uri"]), (200, &json!(expected)), "{path}: {reply:?}");
    };
    check("/storms/v1/dudley?q=1", "/dudley?q=1").await;
    check("/storms/v1", "/").await;
    // The names of stages mean nothing under a mapping that gives one.
    check("/test/dudley", "/test/dudley").await;
    check("/storms/v1/test/dudley", "/test/dudley").await;
    let changes = json!({ "disableExecuteApiEndpoint": true });
    server.v2(&format!("PATCH /apis/{}", api.id), changes).await;
    assert_eq!(api.send("GET", "/dudley", &[], "").await.said(), (404, http_apis::NOT_FOUND));
    check("/storms/v1/dudley", "/dudley").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_see_the_whole_path_and_the_domain() {
    let node = Node::start().await;
    let pets = node.serve(&lambda::integration("AWS_PROXY", &json!({})), None, &json!({})).await;
    pets.backend.reacts(lambda::answers(&json!({ "statusCode": 200, "body": "" })));
    domain(&node.server, "api.example.com").await;
    map(&node.server, "api.example.com", &pets.api, "prod", "zoo").await;
    assert_eq!(ask(&node.server, "api.example.com", "/zoo/pets/7").await.status, 200);
    let (events, _) = node.seen();
    let event = &events[0];
    assert_eq!((&event["resource"], &event["path"]), (&json!("/pets/{id}"), &json!("/zoo/pets/7")));
    assert_eq!(event["pathParameters"], json!({ "id": "7" }));
    let context = &event["requestContext"];
    for (name, expected) in [
        ("path", "/zoo/pets/7"),
        ("resourcePath", "/pets/{id}"),
        ("stage", "prod"),
        ("domainName", "api.example.com"),
        ("domainPrefix", "api"),
    ] {
        assert_eq!(context[name], expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_which_mappings_a_domain_has() {
    let server = Server::dev();
    let api = places(&server).await;
    domain(&server, "api.example.com").await;
    map(&server, "api.example.com", &api, "live", "a").await;
    map(&server, "api.example.com", &api, "test", "b/c").await;
    let reply = ask(&server, "api.example.com", "/none").await;
    let setting = "the domain name has the API mappings [a, b/c]";
    let told = server.check(&reply, "gate", "ForbiddenException", "no API mapping of the domain name", setting).await;
    assert!(told.to_string().contains(r#""domainName":"api.example.com""#), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_answer_over_tls_with_a_certificate_of_their_own() {
    let server = Server::dev();
    let api = places(&server).await;
    domain(&server, "api.example.com").await;
    map(&server, "api.example.com", &api, "live", "").await;
    let stream = server.encrypt(server.connect().await, "api.example.com", &["http/1.1"]).await;
    let answer = send(stream, get("api.example.com", "/pets/7")).await;
    assert_eq!(answer.body, "live /pets/7 /pets/{id} api.example.com api (none)");
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_are_still_served_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Directory(directory.path().to_owned());
    let server = Server::with_node(&place, Options::default());
    let api = places(&server).await;
    domain(&server, "api.example.com").await;
    map(&server, "api.example.com", &api, "live", "a").await;
    let moved = map(&server, "api.example.com", &api, "live", "b").await;
    let input = json!({ "apiId": api, "stage": "test", "apiMappingKey": "c" });
    control(&server, &format!("PATCH /v2/domainnames/api.example.com/apimappings/{moved}"), input).await;
    let check = async |server: &Server| {
        for (path, status) in [("/a/pets/7", 200), ("/b/pets/7", 403), ("/c/pets/7", 200)] {
            assert_eq!(ask(server, "api.example.com", path).await.status, status, "{path}");
        }
    };
    check(&server).await;
    server.stop().await;
    let server = Server::with_node(&place, Options::default());
    check(&server).await;
}
