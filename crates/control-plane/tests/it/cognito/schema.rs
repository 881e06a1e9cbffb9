//! The attributes of a pool.

use serde_json::{Value, json};

use crate::plane::Plane;

const INVALID: &str = "InvalidParameterException";

async fn described(plane: &Plane, pool: &str) -> Value {
    plane.ok("DescribeUserPool", json!({"UserPoolId": pool})).await["UserPool"].take()
}

#[tokio::test]
async fn the_standard_attributes_are_twenty() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let pool = described(&plane, &pool).await;
    let attributes = pool["SchemaAttributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 20);
    let of = |name: &str| attributes.iter().find(|attribute| attribute["Name"] == name).unwrap();
    let text = |min, max| json!({"MinLength": min, "MaxLength": max});
    assert_eq!((&of("sub")["Required"], &of("sub")["Mutable"]), (&json!(true), &json!(false)));
    assert_eq!(of("sub")["StringAttributeConstraints"], text("1", "2048"));
    assert_eq!(of("birthdate")["StringAttributeConstraints"], text("10", "10"));
    assert_eq!(of("email")["StringAttributeConstraints"], text("0", "2048"));
    assert_eq!(of("email_verified")["AttributeDataType"], "Boolean");
    assert_eq!(of("updated_at")["NumberAttributeConstraints"], json!({"MinValue": "0"}));
}

#[tokio::test]
async fn schema_changes_standard_attributes_and_adds_custom_ones() {
    let plane = Plane::new();
    let schema = json!([
        {"Name": "email", "Required": true, "Mutable": false},
        {"Name": "tenant", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "10"}},
        {"Name": "level", "AttributeDataType": "Number", "DeveloperOnlyAttribute": true},
    ]);
    let created = plane.ok("CreateUserPool", json!({"PoolName": "a", "Schema": schema})).await;
    let pool = created["UserPool"]["Id"].as_str().unwrap();
    plane.ok("AddCustomAttributes", json!({
        "UserPoolId": pool, "CustomAttributes": [{"Name": "born", "AttributeDataType": "DateTime", "Mutable": false}],
    })).await;
    let described = described(&plane, pool).await;
    let attributes = described["SchemaAttributes"].as_array().unwrap();
    let of = |name: &str| attributes.iter().find(|attribute| attribute["Name"] == name).unwrap();
    assert_eq!(attributes.len(), 23);
    assert_eq!(of("email")["Required"], true);
    assert_eq!(of("email")["StringAttributeConstraints"], json!({"MinLength": "0", "MaxLength": "2048"}));
    assert_eq!(
        *of("custom:tenant"),
        json!({
            "Name": "custom:tenant", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true,
            "Required": false, "StringAttributeConstraints": {"MaxLength": "10"},
        })
    );
    assert_eq!(of("dev:custom:level")["NumberAttributeConstraints"], json!({}));
    assert_eq!(of("custom:born")["Mutable"], false);

    let refused = |attribute: Value, message: &'static str| {
        let input = json!({"UserPoolId": pool, "CustomAttributes": [attribute]});
        plane.refused("AddCustomAttributes", input, INVALID, message)
    };
    refused(
        json!({"Name": "tenant", "AttributeDataType": "String"}),
        "custom:tenant: Existing attribute already has name custom:tenant.",
    )
    .await;
    refused(
        json!({"Name": "x", "AttributeDataType": "String", "Required": true}),
        "Required custom attributes are not supported currently.",
    )
    .await;
    refused(json!({"Name": "x"}), "Schema attributes need a Name, and custom ones an AttributeDataType.").await;
    plane
        .refused(
            "CreateUserPool",
            json!({"PoolName": "a", "Schema": [{"Name": "name", "AttributeDataType": "Number"}]}),
            INVALID,
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute name",
        )
        .await;
}

#[tokio::test]
async fn a_pool_has_up_to_50_custom_attributes() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let batch = |from: usize, to: usize| {
        let attributes: Vec<Value> =
            (from..to).map(|index| json!({"Name": format!("a{index}"), "AttributeDataType": "String"})).collect();
        json!({"UserPoolId": pool, "CustomAttributes": attributes})
    };
    plane.ok("AddCustomAttributes", batch(0, 25)).await;
    plane.ok("AddCustomAttributes", batch(25, 50)).await;
    let message = "A user pool can have up to 50 custom attributes.";
    plane.refused("AddCustomAttributes", batch(50, 51), INVALID, message).await;
}
