//! API keys: what they look like, who may have them, and how files of them are imported.

use claviger_resources::api_key::ApiKey;
use claviger_resources::key_usage::KeyUsage;
use claviger_resources::usage_plan::UsagePlanKey;
use claviger_store::{Kind, TransactionExt};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{answered, refused};
use crate::plane::Plane;

/// A new key with these members.
async fn key(plane: &Plane, input: Value) -> Value {
    answered(plane, 201, "POST /apikeys", input).await
}

fn ids(list: &Value) -> Vec<&str> {
    list["item"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_new_key_is_disabled_and_has_a_value_of_forty_letters_and_digits() {
    let plane = Plane::new();
    let created = key(&plane, json!({})).await;
    let value = created["value"].as_str().unwrap();
    assert!(value.len() == 40 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{value}");
    let id = created["id"].as_str().unwrap();
    assert_eq!(id.len(), 10);
    let expected = json!({
        "id": id, "value": value, "enabled": false, "createdDate": 1_893_456_000, "lastUpdatedDate": 1_893_456_000,
        "stageKeys": [],
    });
    assert_eq!(created, expected);
    let get = format!("GET /apikeys/{id}");
    let shown = answered(&plane, 200, &get, Value::Null).await;
    assert!(shown.get("value").is_none(), "{shown}");
    assert_eq!(answered(&plane, 200, &format!("{get}?includeValue=true"), Value::Null).await, expected);

    let given = json!({
        "name": "station", "description": "d", "customerId": "c", "enabled": true, "value": "0123456789abcdefghij",
        "generateDistinctId": true, "tags": {"team": "weather"},
    });
    let created = key(&plane, given.clone()).await;
    for member in ["name", "description", "customerId", "enabled", "value", "tags"] {
        assert_eq!(created[member], given[member], "{member}");
    }
}

#[tokio::test]
async fn no_value_is_stored_in_clear() {
    let plane = Plane::new();
    let value = "plainly-visible-value";
    let created = key(&plane, json!({"value": value})).await;
    let mut tx = plane.stored().await;
    let rows = tx.rows_of_kind(Kind::ApiKey, None, 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    let hexadecimal = String::from(claviger_resources::Sealed::from_bytes(value.as_bytes()));
    for text in [value, &hexadecimal] {
        assert!(!rows[0].body.contains(text), "{}", rows[0].body);
    }
    let stored: ApiKey =
        tx.find(&plane.caller.tenant(), "", created["id"].as_str().unwrap()).await.unwrap().unwrap().record;
    assert!(stored.digest == plane.vault.api_key_digest(&plane.caller.tenant(), value.as_bytes()));
}

#[tokio::test]
async fn what_no_key_can_be_is_refused() {
    let plane = Plane::new();
    key(&plane, json!({"value": "0123456789abcdefghij"})).await;
    let (bad, conflict) = ("BadRequestException", "ConflictException");
    for (input, status, exception, message) in [
        (json!({"value": "0123456789abcdefghi"}), 400, bad, "API Key value should be at least 20 characters"),
        (json!({"value": "x".repeat(129)}), 400, bad, "API Key value exceeds maximum size of 128 characters"),
        (json!({"name": "x".repeat(1025)}), 400, bad, "Invalid API Key name, can be at most 1024 characters."),
        (json!({"description": "x".repeat(1025)}), 400, bad, "Invalid API Key description specified."),
        (json!({"value": "0123456789abcdefghij"}), 409, conflict, "API Key already exists"),
    ] {
        refused(&plane, "POST /apikeys", input, status, exception, message).await;
    }
    let unknown = "Invalid API Key identifier specified";
    for request in ["GET /apikeys/none", "PATCH /apikeys/none", "DELETE /apikeys/none"] {
        refused(&plane, request, Value::Null, 404, "NotFoundException", unknown).await;
    }
    let stages = json!({"stageKeys": [{"restApiId": "none", "stageName": "live"}]});
    let message = "Invalid API identifier specified 000000000000:none";
    refused(&plane, "POST /apikeys", stages, 404, "NotFoundException", message).await;
}

#[tokio::test]
async fn lists_begin_with_the_newest_and_are_asked_for_by_name_or_customer() {
    let plane = Plane::new();
    let mut made = Vec::new();
    for (name, customer) in [("Storm one", "a"), ("storm two", "b"), ("Storm three", "a")] {
        made.push(key(&plane, json!({"name": name, "customerId": customer})).await["id"].as_str().unwrap().to_owned());
    }
    let check = async |query: &str, expected: &[usize]| {
        let list = answered(&plane, 200, &format!("GET /apikeys{query}"), Value::Null).await;
        let expected: Vec<&str> = expected.iter().map(|index| made[*index].as_str()).collect();
        assert_eq!(ids(&list), expected, "{query}");
        list
    };
    let list = check("", &[2, 1, 0]).await;
    assert!(list["item"][0].get("value").is_none() && list.get("position").is_none());
    check("?name=Storm", &[2, 0]).await;
    check("?name=storm", &[1]).await;
    check("?name=one", &[]).await;
    check("?customerId=a", &[2, 0]).await;
    let list = check("?includeValues=true", &[2, 1, 0]).await;
    assert_eq!(list["item"][0]["value"].as_str().unwrap().len(), 40);
    let first = check("?limit=2", &[2, 1]).await;
    check(&format!("?limit=2&position={}", first["position"].as_str().unwrap()), &[0]).await;
    refused(&plane, "GET /apikeys?position=x", Value::Null, 400, "BadRequestException", "Invalid position specified")
        .await;
}

#[tokio::test]
async fn a_key_is_changed_by_patches() {
    let plane = Plane::new();
    let created = key(&plane, json!({"enabled": true})).await;
    let request = format!("PATCH /apikeys/{}", created["id"].as_str().unwrap());
    let operation =
        |op: &str, path: &str, value: &str| json!({"patchOperations": [{"op": op, "path": path, "value": value}]});
    plane.clock.advance_seconds(60);
    for (path, value) in [("/name", "n"), ("/description", "d"), ("/customerId", "c")] {
        let shown = answered(&plane, 200, &request, operation("replace", path, value)).await;
        assert_eq!((&shown[&path[1..]], &shown["lastUpdatedDate"]), (&json!(value), &json!(1_893_456_060)));
        assert!(shown.get("value").is_none());
    }
    for (value, expected) in [("false", false), ("TRUE", true), ("yes", false)] {
        let shown = answered(&plane, 200, &request, operation("replace", "/enabled", value)).await;
        assert_eq!(shown["enabled"], expected, "{value}");
    }
    let bad = "BadRequestException";
    let only = "Invalid patch operation specified. Must be one of: [replace]";
    refused(&plane, &request, operation("add", "/name", "x"), 400, bad, only).await;
    let message = "Invalid patch path  '/value' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]";
    refused(&plane, &request, operation("replace", "/value", "x"), 400, bad, message).await;
}

#[tokio::test]
async fn a_deleted_key_is_in_no_plan_any_more() {
    let plane = Plane::new();
    let key = key(&plane, json!({})).await["id"].as_str().unwrap().to_owned();
    let plan = answered(&plane, 201, "POST /usageplans", json!({"name": "p"})).await["id"].as_str().unwrap().to_owned();
    let input = json!({"keyId": key, "keyType": "API_KEY"});
    answered(&plane, 201, &format!("POST /usageplans/{plan}/keys"), input).await;
    let tenant = plane.caller.tenant();
    let mut tx = plane.store.write().await.unwrap();
    let stored: UsagePlanKey = tx.find(&tenant, &plan, &key).await.unwrap().unwrap().record;
    let usage = KeyUsage { plan: stored.plan, key: stored.key, tenant: tenant.clone(), days: [].into() };
    tx.insert(&usage).await.unwrap();
    tx.commit().await.unwrap();
    answered(&plane, 202, &format!("DELETE /apikeys/{key}"), Value::Null).await;
    let mut tx = plane.stored().await;
    for kind in [Kind::ApiKey, Kind::UsagePlanKey, Kind::KeyUsage] {
        assert_eq!(tx.rows_of_kind(kind, None, 10).await.unwrap().len(), 0, "{kind}");
    }
}

#[tokio::test]
async fn files_of_keys_are_imported_row_by_row() {
    let plane = Plane::new();
    let plan = answered(&plane, 201, "POST /usageplans", json!({"name": "p"})).await["id"].as_str().unwrap().to_owned();
    let file = format!(
        "Name,key,description,Enabled,usageplanIds\n\
         First,apikey1234abcdefghij0123456789,An imported key,TRUE,{plan}\n\
         Second,apikey1234abcdefghij9876543210,,false,\"{plan},nosuch\"\n\
         Third,short,,,\n"
    );
    let import = async |file: &str, query: &str| {
        let (uri, headers) = (format!("/apikeys?mode=import&format=csv{query}"), HeaderMap::new());
        let body = bytes::Bytes::copy_from_slice(file.as_bytes());
        let id = "00000000-0000-4000-8000-000000000000";
        plane.api_gateway(&Method::POST, &uri.parse().unwrap(), &headers, &body, id).await
    };
    let (status, imported) = import(&file, "").await;
    assert_eq!(status, 201, "{imported}");
    let warnings =
        json!(["Line 3: Invalid Usage Plan ID specified", "Line 4: API Key value should be at least 20 characters",]);
    assert_eq!((imported["ids"].as_array().unwrap().len(), &imported["warnings"]), (1, &warnings));
    let list = answered(&plane, 200, "GET /apikeys?includeValues=true", Value::Null).await;
    let first = &list["item"][0];
    assert_eq!(
        (&first["id"], &first["name"], &first["enabled"], &first["value"]),
        (&imported["ids"][0], &json!("First"), &json!(true), &json!("apikey1234abcdefghij0123456789"))
    );
    let keys = answered(&plane, 200, &format!("GET /usageplans/{plan}/keys"), Value::Null).await;
    assert_eq!(ids(&keys), ids(&list));

    // The same value again changes the key that has it.
    let again = "key,NAME,enabled\napikey1234abcdefghij0123456789,Changed,no";
    let (_, changed) = import(again, "").await;
    assert_eq!(changed, json!({"ids": imported["ids"], "warnings": []}));
    let list = answered(&plane, 200, "GET /apikeys", Value::Null).await;
    assert_eq!((&list["item"][0]["name"], &list["item"][0]["enabled"]), (&json!("Changed"), &json!(false)));

    let (status, refused) = import(&file, "&failonwarnings=true").await;
    assert_eq!((status, &refused["message"]), (400, &json!("Line 3: Invalid Usage Plan ID specified")));
    let list = answered(&plane, 200, "GET /apikeys", Value::Null).await;
    assert_eq!(list["item"][0]["name"], "Changed", "nothing of a file that fails is kept");
    let (status, refused) = import("value\na", "").await;
    assert_eq!((status, &refused["message"]), (400, &json!("The API key file must have the columns Name and Key")));
}
