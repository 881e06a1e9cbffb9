//! Our own service: role mappings of APIs, and the policies that proxies ask about.

use claviger_resources::authorization_policy::AuthorizationPolicy;
use claviger_resources::role_mapping::RoleMapping;
use claviger_store::{ROLE_MAPPING_ID, TransactionExt, policy_tenant};
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const INVALID: &str = "InvalidParameterException";
const NOT_FOUND: &str = "ResourceNotFoundException";

impl Plane {
    async fn ours(&self, operation: &str, input: Value) -> (u16, Value) {
        self.call(&format!("Claviger.{operation}"), input).await
    }

    async fn ours_refused(&self, operation: &str, input: Value, exception: &str, message: &str) {
        let expected = json!({"__type": exception, "message": message});
        assert_eq!(self.ours(operation, input.clone()).await, (400, expected), "{operation} {input}");
    }

    async fn new_api(&self) -> String {
        let (status, _, api) = self.rest("POST /restapis", json!({"name": "weather"})).await;
        assert_eq!(status, 201, "{api}");
        api["id"].as_str().unwrap().to_owned()
    }

    async fn stored_mapping(&self, api: &str) -> Option<RoleMapping> {
        let mut tx = self.store.read().await.unwrap();
        let stored = tx.find::<RoleMapping>(&self.caller.tenant(), api, ROLE_MAPPING_ID).await.unwrap();
        stored.map(|stored| stored.record)
    }
}

fn table() -> Value {
    json!({"Scopes": {"weather/read": ["reader"]}, "Roles": {"reader": ["GET /storms", "GET /storms/{id}"], "none": []}})
}

#[tokio::test]
async fn a_mapping_is_put_whole_shown_and_deleted() {
    let mut plane = Plane::new();
    let api = plane.new_api().await;
    let named = json!({"ApiId": api});
    let missing = format!("API {api} has no role mapping.");
    plane.ours_refused("DescribeRoleMapping", named.clone(), NOT_FOUND, &missing).await;
    plane.ours_refused("DeleteRoleMapping", named.clone(), NOT_FOUND, &missing).await;
    let whole = with(named.clone(), table());
    assert_eq!(plane.ours("PutRoleMapping", whole.clone()).await, (200, whole.clone()));
    assert_eq!(plane.ours("DescribeRoleMapping", named.clone()).await, (200, whole));
    let stored = plane.stored_mapping(&api).await.unwrap();
    assert_eq!((stored.table.scopes.len(), stored.table.roles["reader"].len()), (1, 2));

    // Whoever runs the server may name the API from wherever.
    plane.caller.region = claviger_resources::Region::parse("eu-west-1").unwrap();
    let other = with(named.clone(), json!({"Scopes": {}, "Roles": {}}));
    assert_eq!(plane.ours("PutRoleMapping", other.clone()).await, (200, other.clone()));
    assert_eq!(plane.ours("DescribeRoleMapping", named.clone()).await, (200, other));
    assert_eq!(plane.ours("DeleteRoleMapping", named.clone()).await, (200, Value::Null));
    plane.ours_refused("DescribeRoleMapping", named, NOT_FOUND, &missing).await;
}

#[tokio::test]
async fn a_mapping_goes_with_its_api() {
    let plane = Plane::new();
    let api = plane.new_api().await;
    assert_eq!(plane.ours("PutRoleMapping", with(json!({"ApiId": api}), table())).await.0, 200);
    assert_eq!(plane.rest(&format!("DELETE /restapis/{api}"), Value::Null).await.0, 202);
    assert_eq!(plane.stored_mapping(&api).await, None);
    let missing = format!("API {api} does not exist.");
    plane.ours_refused("DescribeRoleMapping", json!({"ApiId": api}), NOT_FOUND, &missing).await;
}

#[tokio::test]
async fn refuses_what_is_no_mapping() {
    let plane = Plane::new();
    let api = plane.new_api().await;
    let check = async |table: Value, message: &str| {
        plane.ours_refused("PutRoleMapping", with(json!({"ApiId": api}), table), INVALID, message).await;
    };
    let unknown =
        "The role mapping cannot be set: the scope \"a/b\" gives the role \"r\", which the mapping does not have.";
    check(json!({"Scopes": {"a/b": ["r"]}, "Roles": {}}), unknown).await;
    let rule = "The role mapping cannot be set: the rule \"GET storms\" of the role r: a path begins with a slash.";
    check(json!({"Scopes": {}, "Roles": {"r": ["GET storms"]}}), rule).await;
    for table in [json!({"Scopes": {}}), json!({"Roles": {}}), json!({"Scopes": [], "Roles": {}})] {
        let (status, body) = plane.ours("PutRoleMapping", with(json!({"ApiId": api}), table.clone())).await;
        assert_eq!(status, 400, "{table}: {body}");
    }
    plane
        .ours_refused("PutRoleMapping", with(json!({"ApiId": "none"}), table()), NOT_FOUND, "API none does not exist.")
        .await;
    assert_eq!(plane.stored_mapping(&api).await, None);
}

#[tokio::test]
async fn an_import_brings_its_mapping() {
    let plane = Plane::new();
    let document = |extension: Value| {
        let mock = json!({"type": "mock"});
        let paths = json!({"/": {"get": {"x-amazon-apigateway-integration": mock}}});
        let mut document = json!({"openapi": "3.0.0", "info": {"title": "t"}, "paths": paths});
        if !extension.is_null() {
            document["x-claviger-role-mapping"] = extension;
        }
        document
    };
    let one = json!({"scopes": {"weather/read": ["reader"]}, "roles": {"reader": ["GET /"]}});
    let (status, _, api) = plane.rest("POST /restapis?mode=import", document(one)).await;
    assert_eq!(status, 201, "{api}");
    let api = api["id"].as_str().unwrap().to_owned();
    assert_eq!(plane.stored_mapping(&api).await.unwrap().table.roles["reader"], ["GET /"]);

    // A document that says nothing of it takes nothing away: that would open the API.
    for mode in ["merge", "overwrite"] {
        let put = format!("PUT /restapis/{api}?mode={mode}");
        assert_eq!(plane.rest(&put, document(Value::Null)).await.0, 200);
        assert!(plane.stored_mapping(&api).await.is_some(), "{mode}");
    }
    let two = json!({"roles": {"writer": ["POST /"]}});
    assert_eq!(plane.rest(&format!("PUT /restapis/{api}?mode=merge"), document(two)).await.0, 200);
    let table = plane.stored_mapping(&api).await.unwrap().table;
    assert_eq!((table.scopes.len(), table.roles.keys().next().map(String::as_str)), (0, Some("writer")));

    for (wrong, message) in [
        (json!({"scopes": {"a": ["r"]}}), "gives the role \"r\", which the mapping does not have"),
        (json!({"roles": {"r": ["GET"]}}), "expected a method, a space and a path"),
        (json!({"role": {}}), "unknown field `role`"),
        (json!([]), "expected an object"),
    ] {
        let (status, exception, body) = plane.rest("POST /restapis?mode=import", document(wrong.clone())).await;
        let told = body["message"].as_str().unwrap_or_default();
        assert!(told.contains("x-claviger-role-mapping: ") && told.contains(message), "{wrong}: {told}");
        assert_eq!((status, &*exception), (400, "BadRequestException"));
    }
}

fn policy() -> Value {
    json!({"PolicyName": "weather", "UserPoolIds": ["us-east-1_abc", "eu-west-1_def"]})
}

fn shown(changes: Value, modified: f64) -> Value {
    let defaults = json!({"Scopes": [], "TokenUse": "ACCESS", "RequestSource": "PATH"});
    let times = json!({"CreationDate": crate::plane::NOW, "LastModifiedDate": modified});
    with(with(with(policy(), defaults), times), changes)
}

#[tokio::test]
async fn a_policy_is_put_whole_shown_listed_and_deleted() {
    let mut plane = Plane::new();
    let named = json!({"PolicyName": "weather"});
    let now = crate::plane::NOW;
    assert_eq!(plane.ours("PutAuthorizationPolicy", policy()).await, (200, shown(json!({}), now)));
    assert_eq!(plane.ours("DescribeAuthorizationPolicy", named.clone()).await, (200, shown(json!({}), now)));

    // Names are unique over all accounts and regions.
    plane.caller.account = claviger_resources::AccountId::parse("111122223333").unwrap();
    plane.clock.advance_seconds(5);
    let changes = json!({
        "Scopes": ["weather/read", "weather/write"], "TokenUse": "ID", "RequestSource": "ORIGINAL", "RoleMapping": table(),
    });
    let answer = plane.ours("PutAuthorizationPolicy", with(policy(), changes.clone())).await;
    assert_eq!(answer, (200, shown(changes.clone(), now + 5.0)));
    assert_eq!(plane.ours("DescribeAuthorizationPolicy", named.clone()).await, (200, shown(changes, now + 5.0)));

    for name in ["a", "b", "Z_-9"] {
        assert_eq!(plane.ours("PutAuthorizationPolicy", with(policy(), json!({"PolicyName": name}))).await.0, 200);
    }
    let listed = |page: &Value| -> Vec<String> {
        let policies = page["Policies"].as_array().unwrap().iter();
        policies.map(|policy| policy["PolicyName"].as_str().unwrap().to_owned()).collect()
    };
    let (_, all) = plane.ours("ListAuthorizationPolicies", json!({})).await;
    assert_eq!((listed(&all), all.get("NextToken")), (["Z_-9", "a", "b", "weather"].map(String::from).into(), None));
    let (_, first) = plane.ours("ListAuthorizationPolicies", json!({"MaxResults": 3})).await;
    let next = json!({"MaxResults": 3, "NextToken": first["NextToken"]});
    let (_, second) = plane.ours("ListAuthorizationPolicies", next).await;
    assert_eq!((listed(&first).len(), listed(&second)), (3, vec!["weather".to_owned()]));

    assert_eq!(plane.ours("DeleteAuthorizationPolicy", named.clone()).await, (200, Value::Null));
    let message = "Authorization policy weather does not exist.";
    plane.ours_refused("DescribeAuthorizationPolicy", named.clone(), NOT_FOUND, message).await;
    plane.ours_refused("DeleteAuthorizationPolicy", named, NOT_FOUND, message).await;
}

#[tokio::test]
async fn refuses_what_is_no_policy() {
    let plane = Plane::new();
    let check = async |changes: Value, message: &str| {
        plane.ours_refused("PutAuthorizationPolicy", with(policy(), changes), INVALID, message).await;
    };
    check(json!({"Scopes": ["a b"]}), "\"a b\" is no scope.").await;
    let pool = "The input is not a valid user pool id: expected a region, an underscore, then letters and digits.";
    check(json!({"UserPoolIds": ["US-EAST-1_abc"]}), pool).await;
    let roles = "The role mapping cannot be set: \"a b\" is no name of a role: 1 to 64 letters, digits, hyphens, \
                 underscores, colons and full stops.";
    check(json!({"RoleMapping": {"Scopes": {}, "Roles": {"a b": []}}}), roles).await;
    for broken in [
        json!({"PolicyName": "a/b"}),
        json!({"PolicyName": ""}),
        json!({"PolicyName": "x".repeat(65)}),
        json!({"UserPoolIds": []}),
        json!({"TokenUse": "REFRESH"}),
        json!({"RequestSource": "QUERY"}),
        json!({"RoleMapping": {"Scopes": {}}}),
    ] {
        let (status, body) = plane.ours("PutAuthorizationPolicy", with(policy(), broken.clone())).await;
        assert_eq!((status, &body["__type"]), (400, &json!(INVALID)), "{broken}: {body}");
    }
    let mut tx = plane.store.read().await.unwrap();
    assert_eq!(tx.count_of::<AuthorizationPolicy>(&policy_tenant(), "").await.unwrap(), 0);
}
