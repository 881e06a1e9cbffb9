use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::claims::is_protected;

fn machine(version: EventVersion, client_metadata: Option<&ClientMetadata>) -> Event<'_> {
    Event {
        version,
        trigger: Trigger::ClientCredentials,
        region: "us-east-1",
        pool: "us-east-1_pool",
        client_id: "client",
        user: None,
        scopes: vec!["api/read", "api/write"],
        client_metadata,
    }
}

#[test]
fn a_machines_event_is_as_aws_sends_it() {
    let metadata = ClientMetadata::from([("tenant".to_owned(), "north".to_owned())]);
    let expected = concat!(
        r#"{"version":"3","triggerSource":"TokenGeneration_ClientCredentials","region":"us-east-1","#,
        r#""userPoolId":"us-east-1_pool","userName":"ClientCredentials","#,
        r#""callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"client"},"#,
        r#""request":{"userAttributes":{},"groupConfiguration":null,"scopes":["api/read","api/write"],"#,
        r#""clientMetadata":{"tenant":"north"}},"response":{"claimsAndScopeOverrideDetails":null}}"#,
    );
    assert_eq!(machine(EventVersion::V3, Some(&metadata)).to_json(), expected);
    let without = expected.replace(r#","clientMetadata":{"tenant":"north"}"#, "");
    assert_eq!(machine(EventVersion::V3, None).to_json(), without);
}

#[test]
fn a_users_event_shows_attributes_and_groups() {
    let attributes = BTreeMap::from([("email".to_owned(), "ada@example.com".to_owned())]);
    let event = |version, trigger, groups: &[&'static str]| {
        let role = groups.first().map(|_| "arn:aws:iam::000000000000:role/x");
        let user = EventUser {
            username: "ada",
            attributes: &attributes,
            groups: groups.to_vec(),
            roles: role.into_iter().collect(),
            preferred_role: role,
        };
        let event = Event { trigger, user: Some(user), ..machine(version, None) };
        serde_json::from_str::<Value>(&event.to_json()).unwrap()
    };
    let second = event(EventVersion::V2, Trigger::Authentication, &["staff"]);
    let role = "arn:aws:iam::000000000000:role/x";
    assert_eq!(
        second,
        json!({
            "version": "2", "triggerSource": "TokenGeneration_Authentication", "region": "us-east-1",
            "userPoolId": "us-east-1_pool", "userName": "ada",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client"},
            "request": {
                "userAttributes": {"email": "ada@example.com"},
                "groupConfiguration": {
                    "groupsToOverride": ["staff"], "iamRolesToOverride": [role], "preferredRole": role,
                },
                "scopes": ["api/read", "api/write"],
            },
            "response": {"claimsAndScopeOverrideDetails": null},
        })
    );
    let first = event(EventVersion::V1, Trigger::RefreshTokens, &[]);
    assert_eq!((&first["version"], &first["response"]), (&json!("1"), &json!({"claimsOverrideDetails": null})));
    let none = json!({"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null});
    assert_eq!(first["request"], json!({"userAttributes": {"email": "ada@example.com"}, "groupConfiguration": none}));
    for (trigger, name) in [
        (Trigger::NewPasswordChallenge, "TokenGeneration_NewPasswordChallenge"),
        (Trigger::RefreshTokens, "TokenGeneration_RefreshTokens"),
        (Trigger::HostedAuth, "TokenGeneration_HostedAuth"),
        (Trigger::AuthenticateDevice, "TokenGeneration_AuthenticateDevice"),
    ] {
        assert_eq!(event(EventVersion::V3, trigger, &[])["triggerSource"], name);
    }
}

#[test]
fn versions_are_named_as_in_a_pools_settings() {
    let names = ["V1_0", "V2_0", "V3_0"].map(|name| EventVersion::parse(name).unwrap().as_str());
    assert_eq!((names, EventVersion::parse("V4_0")), (["1", "2", "3"], None));
}

fn answer(version: EventVersion, details: &Value) -> String {
    json!({"version": version.as_str(), "response": {version.response_member(): details}}).to_string()
}

#[test]
fn answers_that_are_no_answers_are_refused_with_the_reason() {
    let check = |version, answer: &str, expected: &str| {
        assert_eq!(read(version, answer.as_bytes()).unwrap_err().to_string(), expected, "{answer}");
    };
    let (first, third) = (EventVersion::V1, EventVersion::V3);
    check(third, "", "the answer is not JSON");
    check(third, "{\"version\":\"3\",", "the answer is not JSON");
    let event = |version: &str| format!("the answer is not the event handed back: its version must be {version:?}");
    check(third, "null", &event("3"));
    check(third, "[]", &event("3"));
    check(third, "\"3\"", &event("3"));
    check(third, r#"{"response":{}}"#, &event("3"));
    check(third, r#"{"version":3,"response":{}}"#, &event("3"));
    check(first, r#"{"version":"3","response":{}}"#, &event("1"));
    check(third, r#"{"version":"3"}"#, "response must be an object");
    check(third, r#"{"version":"3","response":null}"#, "response must be an object");
    check(third, r#"{"version":"3","response":[]}"#, "response must be an object");
    let wrong = |version: EventVersion, details: Value, place: &str, expected: &str| {
        let expected = format!("response.{}{place} must be {expected}", version.response_member());
        check(version, &answer(version, &details), &expected);
    };
    wrong(third, json!(1), "", "an object");
    wrong(third, json!({"accessTokenGeneration": []}), ".accessTokenGeneration", "an object");
    wrong(third, json!({"idTokenGeneration": "x"}), ".idTokenGeneration", "an object");
    let access = |generation: Value, place: &str, expected: &str| {
        let place = format!(".accessTokenGeneration.{place}");
        wrong(third, json!({"accessTokenGeneration": generation}), &place, expected);
    };
    access(json!({"claimsToAddOrOverride": ["a"]}), "claimsToAddOrOverride", "an object");
    access(json!({"claimsToSuppress": "a"}), "claimsToSuppress", "a list of strings");
    access(json!({"claimsToSuppress": ["a", 1]}), "claimsToSuppress", "a list of strings");
    access(json!({"scopesToAdd": {}}), "scopesToAdd", "a list of strings");
    access(json!({"scopesToSuppress": [null]}), "scopesToSuppress", "a list of strings");
    for scope in ["", "a b", "a\"b", "a\u{e9}"] {
        let details = json!({"accessTokenGeneration": {"scopesToAdd": ["api/read", scope]}});
        check(third, &answer(third, &details), &format!("{scope:?} in scopesToAdd is not a scope"));
    }
    wrong(third, json!({"groupOverrideDetails": []}), ".groupOverrideDetails", "an object");
    let groups = json!({"groupOverrideDetails": {"groupsToOverride": "staff"}});
    wrong(third, groups, ".groupOverrideDetails.groupsToOverride", "a list of strings");
    let role = json!({"groupOverrideDetails": {"preferredRole": ["x"]}});
    wrong(third, role, ".groupOverrideDetails.preferredRole", "a string");
    // The first version knows texts only.
    for value in [json!(1), json!(true), json!(["a"]), json!({"a": "b"})] {
        let details = json!({"claimsToAddOrOverride": {"a": "b", "tenant": value}});
        wrong(first, details, ".claimsToAddOrOverride.tenant", "a string");
    }
}

#[test]
fn an_answer_makes_five_thousand_changes_and_no_more() {
    let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    let check = |in_both: usize, expected: Option<AnswerError>| {
        let add: Map<String, Value> = names(2_000).into_iter().map(|name| (name, json!(0))).collect();
        let details = json!({
            "idTokenGeneration": {"claimsToAddOrOverride": add},
            "accessTokenGeneration": {
                "claimsToSuppress": names(1_000), "scopesToAdd": names(1_000), "scopesToSuppress": names(in_both),
            },
        });
        assert_eq!(read(EventVersion::V2, answer(EventVersion::V2, &details).as_bytes()).err(), expected);
    };
    check(1_000, None);
    check(1_001, Some(AnswerError::TooManyChanges));
}

fn claims() -> Map<String, Value> {
    let claims = json!({
        "sub": "client", "token_use": "access", "scope": "api/read api/write", "iss": "https://issuer.example",
        "exp": 2, "iat": 1, "version": 2, "jti": "j", "client_id": "client", "tenant": "south",
        "cognito:groups": ["staff"], "cognito:roles": ["role"], "cognito:username": "ada",
    });
    claims.as_object().unwrap().clone()
}

/// The claims that differ after the change, `null` for those that are gone.
fn applied(kind: TokenKind, version: EventVersion, details: &Value) -> Value {
    let mut after = claims();
    read(version, answer(version, details).as_bytes()).unwrap().apply(kind, &mut after, "client");
    let before = claims();
    let gone = before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    gone.chain(changed.map(|(name, value)| (name.clone(), value.clone()))).collect::<Map<_, _>>().into()
}

#[test]
fn claims_and_scopes_are_added_changed_and_suppressed() {
    let check = |generation: Value, expected: Value| {
        let details = json!({"accessTokenGeneration": generation});
        assert_eq!(applied(TokenKind::Machine, EventVersion::V3, &details), expected, "{generation}");
        let other = json!({"idTokenGeneration": generation});
        assert_eq!(applied(TokenKind::Machine, EventVersion::V3, &other), json!({}), "{generation}");
    };
    check(json!(null), json!({}));
    check(json!({"unknown": 1}), json!({}));
    let values = json!({"a": "b", "b": 1.5, "c": true, "d": [1, "x", {}], "e": {"f": {"g": null}}, "tenant": "north"});
    check(json!({"claimsToAddOrOverride": values}), values);
    check(json!({"claimsToAddOrOverride": {"a": null, "tenant": null}}), json!({}));
    check(json!({"claimsToSuppress": ["tenant", "other"]}), json!({"tenant": null}));
    check(json!({"claimsToAddOrOverride": {"tenant": 1}, "claimsToSuppress": ["tenant"]}), json!({"tenant": null}));
    check(json!({"scopesToAdd": ["x/y", "api/read", "x/y"]}), json!({"scope": "api/read api/write x/y"}));
    check(json!({"scopesToSuppress": ["api/read", "x/y"]}), json!({"scope": "api/write"}));
    check(json!({"scopesToAdd": ["x/y"], "scopesToSuppress": ["api/read", "x/y"]}), json!({"scope": "api/write"}));
    check(json!({"scopesToSuppress": ["api/read", "api/write"]}), json!({"scope": null}));
    check(json!({"scopesToAdd": ["aws.cognito.signin.user.admin"]}), json!({}));
}

#[test]
fn what_the_issuer_says_stays() {
    let check = |kind, generation: Value, expected: Value| {
        let details = json!({"accessTokenGeneration": generation, "idTokenGeneration": generation});
        assert_eq!(applied(kind, EventVersion::V3, &details), expected, "{kind:?} {generation}");
    };
    let names: Vec<String> = claims().keys().filter(|name| is_protected(name)).cloned().collect();
    let forged: Map<String, Value> = names.iter().map(|name| (name.clone(), json!("forged"))).collect();
    let generation = json!({"claimsToAddOrOverride": forged, "claimsToSuppress": names});
    check(TokenKind::Machine, generation.clone(), json!({"cognito:groups": null}));
    check(TokenKind::Access, generation.clone(), json!({"cognito:groups": null}));
    check(TokenKind::Id, generation, json!({"cognito:groups": null, "cognito:roles": null}));
    for name in ["nbf", "nonce", "at_hash", "origin_jti", "username", "identities", "cognito:tenant"] {
        check(TokenKind::Machine, json!({"claimsToAddOrOverride": {name: "forged"}}), json!({}));
    }
    let scope = json!({"claimsToAddOrOverride": {"scope": "api/all"}, "claimsToSuppress": ["scope"]});
    check(TokenKind::Machine, scope, json!({}));
    let audience = |audience: Value| json!({"claimsToAddOrOverride": {"aud": audience}});
    check(TokenKind::Machine, audience(json!("client")), json!({"aud": "client"}));
    check(TokenKind::Access, audience(json!("client")), json!({"aud": "client"}));
    check(TokenKind::Machine, audience(json!("other")), json!({}));
    check(TokenKind::Machine, audience(json!(["client"])), json!({}));
}

#[test]
fn groups_take_the_place_of_a_users_groups() {
    let check = |kind, groups: Value, expected: Value| {
        for version in [EventVersion::V1, EventVersion::V2] {
            let details = json!({"groupOverrideDetails": groups});
            assert_eq!(applied(kind, version, &details), expected, "{kind:?} {groups}");
        }
    };
    let groups = json!({"groupsToOverride": ["a", "b"], "iamRolesToOverride": ["r"], "preferredRole": "r"});
    check(TokenKind::Access, groups.clone(), json!({"cognito:groups": ["a", "b"]}));
    let id = json!({"cognito:groups": ["a", "b"], "cognito:roles": ["r"], "cognito:preferred_role": "r"});
    check(TokenKind::Id, groups.clone(), id);
    check(TokenKind::Machine, groups, json!({}));
    for nothing in [json!(null), json!({}), json!({"groupsToOverride": null, "iamRolesToOverride": []})] {
        check(TokenKind::Access, nothing.clone(), json!({"cognito:groups": null}));
        check(TokenKind::Id, nothing, json!({"cognito:groups": null, "cognito:roles": null}));
    }
}

#[test]
fn the_first_version_changes_id_tokens_only() {
    let details = json!({"claimsToAddOrOverride": {"tenant": "north"}, "claimsToSuppress": ["cognito:roles"]});
    let expected = json!({"tenant": "north", "cognito:roles": null});
    assert_eq!(applied(TokenKind::Id, EventVersion::V1, &details), expected);
    assert_eq!(applied(TokenKind::Access, EventVersion::V1, &details), json!({}));
}

#[test]
fn claims_that_no_header_takes_are_refused() {
    let of = |bytes: usize| Map::from_iter([("a".to_owned(), json!("x".repeat(bytes - r#"{"a":""}"#.len())))]);
    assert_eq!(to_json(&of(CLAIMS_BYTES_MAX)).map(|json| json.len()), Ok(CLAIMS_BYTES_MAX));
    assert_eq!(to_json(&of(CLAIMS_BYTES_MAX + 1)), Err(AnswerError::TooLarge));
}

fn value() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "version",
            "response",
            "claimsAndScopeOverrideDetails",
            "accessTokenGeneration",
            "claimsToAddOrOverride",
            "claimsToSuppress",
            "scopesToAdd",
            "scopesToSuppress",
            "sub",
            "scope",
            "exp",
            "aud",
            "cognito:groups",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        name.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic_or_changes_what_the_issuer_says(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        add in prop::collection::btree_map("(sub|exp|client_id|jti|tenant|scope|cognito:username|\\PC{0,4})", value(), 0..6),
        suppress in prop::collection::vec("(sub|iss|token_use|scope|tenant|cognito:username)", 0..4),
        details in value(),
        well_formed in any::<bool>(),
    ) {
        for version in [EventVersion::V1, EventVersion::V2, EventVersion::V3] {
            let _ = read(version, &bytes);
            let generation = json!({"claimsToAddOrOverride": add, "claimsToSuppress": suppress});
            let whole = json!({"accessTokenGeneration": generation, "idTokenGeneration": generation});
            let details = if well_formed { &whole } else { &details };
            let Ok(changes) = read(version, answer(version, details).as_bytes()) else { continue };
            for kind in [TokenKind::Machine, TokenKind::Access, TokenKind::Id] {
                let mut after = claims();
                changes.apply(kind, &mut after, "client");
                for (name, value) in claims().iter().filter(|(name, _)| is_protected(name)) {
                    let may_go = ["cognito:groups", "cognito:roles"].contains(&name.as_str());
                    prop_assert!(may_go || after.get(name) == Some(value), "{:?} {}", kind, name);
                }
            }
        }
    }
}
