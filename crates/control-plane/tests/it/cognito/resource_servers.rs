//! Resource servers.

use claviger_resources::resource_server::{ResourceServer, Scope};
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{Plane, machine, with};

const INVALID: &str = "InvalidParameterException";
const MISSING: &str = "ResourceNotFoundException";

fn scopes(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"ScopeName": name, "ScopeDescription": format!("To {name}")})).collect()
}

#[tokio::test]
async fn a_resource_server_is_created_described_and_stored() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let input = json!({
        "UserPoolId": pool, "Identifier": "https://my-api.example/v1", "Name": "My API", "Scopes": scopes(&["read", "write"]),
    });
    let expected = json!({"ResourceServer": input});
    assert_eq!(plane.ok("CreateResourceServer", input.clone()).await, expected);
    let key = json!({"UserPoolId": pool, "Identifier": "https://my-api.example/v1"});
    assert_eq!(plane.ok("DescribeResourceServer", key).await, expected);
    let mut tx = plane.stored().await;
    let server =
        tx.find::<ResourceServer>(&plane.caller.tenant(), &pool, "https://my-api.example/v1").await.unwrap().unwrap();
    let scope = Scope { name: "read".to_owned(), description: "To read".to_owned() };
    assert_eq!((server.name.as_str(), server.scopes.first()), ("My API", Some(&scope)));
}

#[tokio::test]
async fn scopes_are_optional_and_shown_as_an_empty_list() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let input = json!({"UserPoolId": pool, "Identifier": "a", "Name": "A"});
    let created = plane.ok("CreateResourceServer", input).await;
    assert_eq!(created["ResourceServer"]["Scopes"], json!([]));
    assert_eq!(created["ResourceServer"]["ManagedBy"], Value::Null);
}

#[tokio::test]
async fn an_identifier_is_unique_in_its_pool() {
    let plane = Plane::new();
    let (pool, other) = (plane.pool().await, plane.pool().await);
    let input = |pool: &str| json!({"UserPoolId": pool, "Identifier": "a", "Name": "A"});
    plane.ok("CreateResourceServer", input(&pool)).await;
    plane.ok("CreateResourceServer", input(&other)).await;
    let message = format!("{pool} already has a resource server with identifier a");
    plane.refused("CreateResourceServer", input(&pool), INVALID, &message).await;
}

#[tokio::test]
async fn an_unknown_identifier_does_not_exist() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let input = json!({"UserPoolId": pool, "Identifier": "a", "Name": "A"});
    for operation in ["DescribeResourceServer", "UpdateResourceServer", "DeleteResourceServer"] {
        plane.refused(operation, input.clone(), MISSING, "Resource server a does not exist.").await;
    }
    let elsewhere = json!({"UserPoolId": "us-east-1_none", "Identifier": "a", "Name": "A"});
    for operation in ["CreateResourceServer", "DescribeResourceServer", "UpdateResourceServer", "DeleteResourceServer"]
    {
        plane.refused(operation, elsewhere.clone(), MISSING, "User pool us-east-1_none does not exist.").await;
    }
    plane.refused("ListResourceServers", elsewhere, MISSING, "User pool us-east-1_none does not exist.").await;
}

#[tokio::test]
async fn an_update_replaces_name_and_scopes_wholesale() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let input = json!({"UserPoolId": pool, "Identifier": "weather", "Name": "Sky"});
    let updated = plane.ok("UpdateResourceServer", with(input.clone(), json!({"Scopes": scopes(&["get"])}))).await;
    assert_eq!(updated["ResourceServer"]["Scopes"], scopes(&["get"]));
    assert_eq!(updated["ResourceServer"]["Name"], "Sky");
    let updated = plane.ok("UpdateResourceServer", input).await;
    assert_eq!(updated["ResourceServer"]["Scopes"], json!([]));
}

#[tokio::test]
async fn a_scope_is_defined_once() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let input = json!({"UserPoolId": pool, "Identifier": "a", "Name": "A", "Scopes": scopes(&["x", "y", "x"])});
    plane.refused("CreateResourceServer", input, INVALID, "The scope x is given twice.").await;
}

#[tokio::test]
async fn a_resource_server_is_deleted_while_clients_list_its_scopes() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let client = plane.client(&pool).await;
    let key = json!({"UserPoolId": pool, "Identifier": "weather"});
    assert_eq!(plane.ok("DeleteResourceServer", key).await, Value::Null);
    let key = json!({"UserPoolId": pool, "ClientId": client["ClientId"]});
    let described = plane.ok("DescribeUserPoolClient", key).await;
    assert_eq!(described["UserPoolClient"]["AllowedOAuthScopes"], json!(["weather/get"]));
    let update = with(machine(&pool), json!({"ClientId": client["ClientId"]}));
    let message = "Invalid scope requested: weather/get";
    plane.refused("UpdateUserPoolClient", update, "ScopeDoesNotExistException", message).await;
}

#[tokio::test]
async fn lists_hold_whole_resource_servers_up_to_50_a_page() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    for index in 0..3 {
        let input =
            json!({"UserPoolId": pool, "Identifier": format!("api{index}"), "Name": "A", "Scopes": scopes(&["x"])});
        plane.ok("CreateResourceServer", input).await;
    }
    let first = plane.ok("ListResourceServers", json!({"UserPoolId": pool, "MaxResults": 2})).await;
    assert_eq!(first["ResourceServers"].as_array().unwrap().len(), 2);
    assert_eq!(first["ResourceServers"][0]["Scopes"], scopes(&["x"]));
    let rest = json!({"UserPoolId": pool, "NextToken": first["NextToken"]});
    let rest = plane.ok("ListResourceServers", rest).await;
    assert_eq!((rest["ResourceServers"].as_array().unwrap().len(), &rest["NextToken"]), (1, &Value::Null));
    let message = "1 validation error detected: Value '51' at 'maxResults' failed to satisfy constraint: Member must have \
                   value less than or equal to 50";
    plane.refused("ListResourceServers", json!({"UserPoolId": pool, "MaxResults": 51}), INVALID, message).await;
    let other = plane.pool().await;
    let stolen = json!({"UserPoolId": other, "NextToken": first["NextToken"]});
    plane.refused("ListResourceServers", stolen, INVALID, "Invalid pagination token").await;
}

#[tokio::test]
async fn a_pool_has_up_to_25_resource_servers_of_up_to_100_scopes() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let input = |index: usize, scopes: Value| json!({"UserPoolId": pool, "Identifier": format!("api{index}"), "Name": "A", "Scopes": scopes});
    let many: Vec<String> = (0..101).map(|index| format!("s{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let response = plane.send("CreateResourceServer", input(0, scopes(&many)).to_string().as_bytes()).await;
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert!(body["message"].as_str().unwrap().ends_with("Member must have length less than or equal to 100"), "{body}");
    for index in 0..25 {
        plane.ok("CreateResourceServer", input(index, scopes(&many[..100]))).await;
    }
    let message = "The quota of 25 resource servers per user pool is used up.";
    plane.refused("CreateResourceServer", input(25, json!([])), "LimitExceededException", message).await;
}

#[tokio::test]
async fn names_and_identifiers_keep_their_patterns() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let check = |members: Value, path: &'static str, accepted: bool| {
        let base = json!({"UserPoolId": pool, "Identifier": format!("a{}", members.to_string().len()), "Name": "A"});
        let (plane, input) = (&plane, with(base, members));
        async move {
            let response = plane.send("CreateResourceServer", input.to_string().as_bytes()).await;
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(response.status() == 200, accepted, "{input}: {body}");
            assert!(accepted || body["message"].as_str().unwrap().contains(&format!("'{path}'")), "{body}");
        }
    };
    check(json!({"Identifier": "a b"}), "identifier", false).await;
    check(json!({"Identifier": "a\"b"}), "identifier", false).await;
    check(json!({"Identifier": "a\\b"}), "identifier", false).await;
    check(json!({"Identifier": "~!#[]/:"}), "identifier", true).await;
    check(json!({"Identifier": "i".repeat(257)}), "identifier", false).await;
    check(json!({"Name": "My API_1 +=,.@-"}), "name", true).await;
    check(json!({"Name": "a/b"}), "name", false).await;
    check(json!({"Scopes": scopes(&["read.all:x"])}), "", true).await;
    check(json!({"Scopes": scopes(&["ok", "a/b"])}), "scopes.2.member.scopeName", false).await;
    check(json!({"Scopes": [{"ScopeName": "a"}]}), "scopes.1.member.scopeDescription", false).await;
}
