//! Lists of users, and users in groups.

use claviger_resources::group::Group;
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const INVALID: &str = "InvalidParameterException";

/// A pool whose users need no password, with these users: name, and email when there is one.
async fn people(plane: &Plane, members: Value, users: &[(&str, &str)]) -> String {
    let policies = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let input = with(json!({"PoolName": "people", "Policies": policies}), members);
    let pool = plane.ok("CreateUserPool", input).await["UserPool"]["Id"].as_str().unwrap().to_owned();
    for (username, email) in users {
        let attributes = if email.is_empty() { json!([]) } else { json!([{"Name": "email", "Value": email}]) };
        let input = json!({"UserPoolId": pool, "Username": username, "UserAttributes": attributes});
        plane.ok("AdminCreateUser", input).await;
    }
    pool
}

fn names(answer: &Value) -> Vec<&str> {
    answer["Users"].as_array().unwrap().iter().map(|user| user["Username"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_filter_chooses_users() {
    let plane = Plane::new();
    let users = [("ada", "a@example.com"), ("alan", "a@example.com"), ("Bob", "b@example.com"), ("eve", "")];
    let pool = people(&plane, json!({}), &users).await;
    plane.ok("AdminDisableUser", json!({"UserPoolId": pool, "Username": "eve"})).await;
    let ada = plane.ok("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"})).await;
    let sub = ada["UserAttributes"][0]["Value"].as_str().unwrap();
    let check = async |filter: &str, expected: &[&str]| {
        let answer = plane.ok("ListUsers", json!({"UserPoolId": pool, "Filter": filter})).await;
        assert_eq!((names(&answer), &answer["PaginationToken"]), (expected.to_vec(), &Value::Null), "{filter}");
    };
    check("", &["Bob", "ada", "alan", "eve"]).await;
    check(r#"username = "ada""#, &["ada"]).await;
    check(r#"username = "bob""#, &[]).await;
    check(r#"username ^= "a""#, &["ada", "alan"]).await;
    check(&format!("sub = \"{sub}\""), &["ada"]).await;
    check(&format!("sub ^= \"{}\"", &sub[..13]), &["ada"]).await;
    check(r#"email = "a@example.com""#, &["ada", "alan"]).await;
    check(r#"email ^= "b@""#, &["Bob"]).await;
    check(r#"status = "Disabled""#, &["eve"]).await;
    check(r#"status = "Enabled""#, &["Bob", "ada", "alan"]).await;
    check(r#"cognito:user_status = "confirmed""#, &["Bob", "ada", "alan", "eve"]).await;
    check(r#"name = "Ada""#, &[]).await;
    let refused = async |members: Value, message: &str| {
        plane.refused("ListUsers", with(json!({"UserPoolId": pool}), members), INVALID, message).await;
    };
    refused(json!({"Filter": "username"}), "Error while parsing filter.").await;
    refused(json!({"Filter": r#"custom:a = "b""#}), "Invalid search attribute: custom:a").await;
    refused(json!({"AttributesToGet": ["colour"]}), "One or more requested attributes do not exist.").await;
    refused(json!({"PaginationToken": "none"}), "Invalid pagination token").await;
}

#[tokio::test]
async fn pages_follow_each_other_with_and_without_a_filter() {
    let plane = Plane::new();
    let users = [("a1", ""), ("a2", ""), ("b1", ""), ("a3", ""), ("b2", "")];
    let pool = people(&plane, json!({}), &users).await;
    let check = async |members: Value, expected: &[&[&str]]| {
        let (mut pages, mut token) = (Vec::new(), Value::Null);
        loop {
            let input = with(json!({"UserPoolId": pool, "PaginationToken": token}), members.clone());
            let answer = plane.ok("ListUsers", input).await;
            pages.push(names(&answer).into_iter().map(str::to_owned).collect::<Vec<_>>());
            token = answer["PaginationToken"].clone();
            if token.is_null() {
                break;
            }
        }
        assert_eq!(pages, expected, "{members}");
    };
    check(json!({"Limit": 2}), &[&["a1", "a2"], &["a3", "b1"], &["b2"]]).await;
    check(json!({"Limit": 0}), &[&["a1", "a2", "a3", "b1", "b2"]]).await;
    check(json!({"Limit": 2, "Filter": "username ^= \"a\""}), &[&["a1", "a2"], &["a3"]]).await;
    check(json!({"Limit": 1, "Filter": "username ^= \"b\""}), &[&["b1"], &["b2"]]).await;
    check(json!({"Limit": 60, "Filter": "username ^= \"c\""}), &[&[]]).await;
}

#[tokio::test]
async fn only_the_attributes_asked_for_are_shown() {
    let plane = Plane::new();
    let pool = people(&plane, json!({}), &[("ada", "a@example.com")]).await;
    let answer = plane.ok("ListUsers", json!({"UserPoolId": pool, "AttributesToGet": ["name"]})).await;
    let shown: Vec<&Value> =
        answer["Users"][0]["Attributes"].as_array().unwrap().iter().map(|attribute| &attribute["Name"]).collect();
    assert_eq!(shown, ["sub"]);
}

#[tokio::test]
async fn a_place_in_a_group_is_seen_from_both_sides() {
    let plane = Plane::new();
    let pool = people(&plane, json!({}), &[("ada", ""), ("bob", "")]).await;
    let key = |group: &str| json!({"UserPoolId": pool, "GroupName": group});
    for group in ["pilots", "sailors"] {
        plane.ok("CreateGroup", key(group)).await;
        plane.ok("AdminAddUserToGroup", with(key(group), json!({"Username": "ada"}))).await;
    }
    plane.ok("AdminAddUserToGroup", with(key("sailors"), json!({"Username": "ada"}))).await;
    plane.ok("AdminAddUserToGroup", with(key("sailors"), json!({"Username": "bob"}))).await;
    let groups = async |members: Value| {
        let answer =
            plane.ok("AdminListGroupsForUser", with(json!({"UserPoolId": pool, "Username": "ada"}), members)).await;
        let names: Vec<String> = answer["Groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["GroupName"].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), answer["NextToken"].clone())
    };
    assert_eq!(groups(json!({})).await, ("pilots sailors".to_owned(), Value::Null));
    let (first, token) = groups(json!({"Limit": 1})).await;
    assert_eq!((first.as_str(), groups(json!({"NextToken": token})).await.0.as_str()), ("pilots", "sailors"));
    assert_eq!(names(&plane.ok("ListUsersInGroup", key("sailors")).await), ["ada", "bob"]);
    let page = plane.ok("ListUsersInGroup", with(key("sailors"), json!({"Limit": 1}))).await;
    let rest = with(key("sailors"), json!({"NextToken": page["NextToken"]}));
    assert_eq!((names(&page), names(&plane.ok("ListUsersInGroup", rest).await)), (vec!["ada"], vec!["bob"]));
    plane.ok("AdminRemoveUserFromGroup", with(key("sailors"), json!({"Username": "ada"}))).await;
    assert_eq!(names(&plane.ok("ListUsersInGroup", key("sailors")).await), ["bob"]);
    assert_eq!(groups(json!({})).await.0, "pilots");
    // A group of the same name is another group.
    plane.ok("DeleteGroup", key("pilots")).await;
    plane.ok("CreateGroup", key("pilots")).await;
    assert_eq!(
        (groups(json!({})).await.0, names(&plane.ok("ListUsersInGroup", key("pilots")).await)),
        (String::new(), vec![])
    );
    plane.ok("AdminAddUserToGroup", with(key("pilots"), json!({"Username": "ada"}))).await;
    assert_eq!(groups(json!({})).await.0, "pilots");
}

#[tokio::test]
async fn a_group_is_created_changed_and_found() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let role = "arn:aws:iam::000000000000:role/sea";
    let input =
        json!({"UserPoolId": pool, "GroupName": "sailors", "Description": "At sea", "RoleArn": role, "Precedence": 3});
    let created = plane.ok("CreateGroup", input.clone()).await;
    let mut expected = input.clone();
    expected["CreationDate"] = created["Group"]["CreationDate"].clone();
    expected["LastModifiedDate"] = created["Group"]["LastModifiedDate"].clone();
    assert_eq!(created["Group"], expected);
    let key = json!({"UserPoolId": pool, "GroupName": "sailors"});
    let updated = plane.ok("UpdateGroup", with(key.clone(), json!({"Precedence": 0}))).await;
    assert_eq!(updated["Group"], with(expected, json!({"Precedence": 0})));
    assert_eq!(plane.ok("GetGroup", key.clone()).await, updated);
    let stored = plane.stored().await.find::<Group>(&plane.caller.tenant(), &pool, "sailors").await.unwrap().unwrap();
    assert_eq!((stored.precedence, stored.role_arn.as_deref()), (Some(0), Some(role)));
    plane.refused("CreateGroup", key.clone(), "GroupExistsException", "A group with the name already exists.").await;
    plane.ok("DeleteGroup", key.clone()).await;
    for operation in ["GetGroup", "UpdateGroup", "DeleteGroup", "ListUsersInGroup"] {
        plane.refused(operation, key.clone(), "ResourceNotFoundException", "Group not found.").await;
    }
}

#[tokio::test]
async fn a_user_is_in_up_to_100_groups() {
    let plane = Plane::new();
    let pool = people(&plane, json!({}), &[("ada", "")]).await;
    let member = |index: usize| json!({"UserPoolId": pool, "GroupName": format!("g{index}"), "Username": "ada"});
    for index in 0..=100 {
        plane.ok("CreateGroup", json!({"UserPoolId": pool, "GroupName": format!("g{index}")})).await;
    }
    for index in 0..100 {
        plane.ok("AdminAddUserToGroup", member(index)).await;
    }
    let message = "The quota of 100 groups per user is used up.";
    plane.refused("AdminAddUserToGroup", member(100), "LimitExceededException", message).await;
    // A deleted group makes room.
    plane.ok("DeleteGroup", json!({"UserPoolId": pool, "GroupName": "g0"})).await;
    plane.ok("AdminAddUserToGroup", member(100)).await;
}
