use serde_json::{Value, json};

use super::*;

const METHOD: &str = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/pets/7";

fn circumstances() -> Circumstances<'static> {
    Circumstances {
        source_ip: "192.0.2.10".parse().unwrap(),
        now: claviger_resources::Timestamp::from_seconds(1_782_992_632),
        secure: true,
        user_agent: Some("curl/8.13.0"),
        referer: None,
    }
}

fn decide(statements: &Value, asker: Asker<'_>) -> Decision {
    let policy = Policy::read(&json!({ "Version": "2012-10-17", "Statement": statements })).unwrap();
    policy.decide(&Question { asker, action: INVOKE, resource: METHOD, circumstances: &circumstances() })
}

#[test]
fn a_denial_wins_over_an_allowance_and_silence_allows_nothing() {
    let statement = |effect: &str, resource: &str| json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
    let check = |statements: Value, expected: Decision| {
        assert_eq!(decide(&statements, Asker::Bearer), expected, "{statements}");
    };
    check(json!([]), Decision::NotAllowed);
    check(statement("Allow", METHOD), Decision::Allowed);
    check(
        statement("Allow", "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/POST/*"),
        Decision::NotAllowed,
    );
    check(statement("Deny", "*"), Decision::Denied);
    check(json!([statement("Allow", "*"), statement("Deny", "*/pets/*")]), Decision::Denied);
    check(json!([statement("Deny", "*/pets/*"), statement("Allow", "*")]), Decision::Denied);
    check(
        json!([statement("Allow", "*"), statement("Allow", "*"), statement("Deny", "*/DELETE/*")]),
        Decision::Allowed,
    );
}

#[test]
fn actions_and_resources_may_be_listed_excluded_and_abbreviated() {
    let check = |members: Value, expected: Decision| {
        let mut statement = json!({ "Effect": "Allow" });
        for (name, value) in members.as_object().unwrap() {
            statement[name] = value.clone();
        }
        assert_eq!(decide(&statement, Asker::Bearer), expected, "{members}");
    };
    let (yes, no) = (Decision::Allowed, Decision::NotAllowed);
    let action = |action: Value| json!({ "Action": action, "Resource": "*" });
    check(action(json!("*")), yes);
    check(action(json!("execute-api:*")), yes);
    check(action(json!("EXECUTE-API:invoke")), yes);
    check(action(json!("execute-api:Inv?ke")), yes);
    check(action(json!("execute-api:InvalidateCache")), no);
    check(action(json!(["sns:Publish", "execute-api:Invoke"])), yes);
    check(json!({ "NotAction": "execute-api:InvalidateCache", "Resource": "*" }), yes);
    check(json!({ "NotAction": "execute-api:*", "Resource": "*" }), no);
    let resource = |resource: Value| json!({ "Action": "*", "Resource": resource });
    check(resource(json!("arn:aws:execute-api:*:*:*/*/GET/pets/*")), yes);
    check(resource(json!("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*")), yes);
    check(resource(json!("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/pets/?")), yes);
    check(resource(json!("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/pets")), no);
    check(resource(json!("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/PROD/*")), no);
    check(resource(json!(["arn:aws:execute-api:*:*:other/*", METHOD])), yes);
    check(resource(json!("execute-api:/prod/GET/*")), yes);
    check(resource(json!("execute-api:/test/*")), no);
    check(json!({ "Action": "*", "NotResource": "*/DELETE/*" }), yes);
    check(json!({ "Action": "*", "NotResource": "*/GET/*" }), no);
}

#[test]
fn a_condition_must_hold() {
    let check = |condition: Value, expected: bool| {
        let statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition });
        assert_eq!(decide(&statement, Asker::Bearer) == Decision::Allowed, expected, "{condition}");
    };
    check(json!({}), true);
    check(json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } }), true);
    check(json!({ "IpAddress": { "AWS:sourceip": ["203.0.113.0/24", "192.0.2.10"] } }), true);
    check(json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }), false);
    check(json!({ "NotIpAddress": { "aws:SourceIp": "203.0.113.0/24" } }), true);
    check(json!({ "NotIpAddress": { "aws:SourceIp": ["203.0.113.0/24", "192.0.2.0/24"] } }), false);
    check(json!({ "StringEquals": { "aws:UserAgent": "curl/8.13.0" } }), true);
    check(json!({ "StringEquals": { "aws:UserAgent": "CURL/8.13.0" } }), false);
    check(json!({ "StringEqualsIgnoreCase": { "aws:UserAgent": "CURL/8.13.0" } }), true);
    check(json!({ "StringNotEquals": { "aws:UserAgent": "wget" } }), true);
    check(json!({ "StringNotEqualsIgnoreCase": { "aws:UserAgent": "Curl/8.13.0" } }), false);
    check(json!({ "StringLike": { "aws:UserAgent": ["wget*", "curl/*"] } }), true);
    check(json!({ "StringNotLike": { "aws:UserAgent": ["wget*", "curl/*"] } }), false);
    check(json!({ "DateGreaterThan": { "aws:CurrentTime": "2026-07-01T00:00:00Z" } }), true);
    check(json!({ "DateLessThan": { "aws:CurrentTime": "2026-07-01" } }), false);
    check(json!({ "DateLessThanEquals": { "aws:EpochTime": 1_782_992_632 } }), true);
    check(json!({ "DateNotEquals": { "aws:EpochTime": "1782992632" } }), false);
    check(json!({ "NumericEquals": { "aws:EpochTime": "1782992632.0" } }), true);
    check(json!({ "NumericLessThan": { "aws:EpochTime": 1 } }), false);
    check(json!({ "NumericGreaterThanEquals": { "aws:EpochTime": 1 } }), true);
    check(json!({ "Bool": { "aws:SecureTransport": "true" } }), true);
    check(json!({ "Bool": { "aws:SecureTransport": false } }), false);
    check(json!({ "Null": { "aws:Referer": "true" } }), true);
    check(json!({ "Null": { "aws:UserAgent": true } }), false);
    check(json!({ "Null": { "aws:UserAgent": "false" } }), true);
    check(json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns:*:*:*" } }), false);
    check(json!({ "ArnNotEquals": { "aws:SourceArn": "arn:aws:sns:*:*:*" } }), true);
    check(json!({ "StringEquals": { "aws:Referer": "https://a" } }), false);
    check(json!({ "StringNotEquals": { "aws:Referer": "https://a" } }), true);
    check(json!({ "StringEqualsIfExists": { "aws:Referer": "https://a", "aws:UserAgent": "curl/8.13.0" } }), true);
    check(json!({ "StringEqualsIfExists": { "aws:UserAgent": "wget" } }), false);
    check(json!({ "ForAnyValue:StringEquals": { "aws:Referer": "https://a" } }), false);
    check(json!({ "ForAllValues:StringEquals": { "aws:Referer": "https://a" } }), true);
    check(json!({ "ForAnyValue:StringLike": { "aws:UserAgent": ["curl*", "x"] } }), true);
    check(json!({ "ForAllValues:StringLike": { "aws:UserAgent": ["wget*"] } }), false);
    check(json!({ "Bool": { "aws:SecureTransport": "true" }, "IpAddress": { "aws:SourceIp": "203.0.113.1" } }), false);
}

#[test]
fn a_resource_policy_speaks_of_those_it_names() {
    let check = |principal: Value, asker: Asker<'_>, expected: bool| {
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*" });
        assert_eq!(decide(&statement, asker) == Decision::Allowed, expected, "{principal} {asker:?}");
    };
    let ada = Asker::Arn("arn:aws:iam::123456789012:user/ada");
    check(json!("*"), Asker::Anonymous, true);
    check(json!({ "AWS": "*" }), Asker::Anonymous, true);
    check(json!({ "AWS": "123456789012" }), Asker::Anonymous, false);
    check(json!({ "Service": "lambda.amazonaws.com" }), Asker::Anonymous, false);
    check(json!("*"), ada, true);
    check(json!({ "AWS": ["arn:aws:iam::123456789012:user/eve", "arn:aws:iam::123456789012:user/ada"] }), ada, true);
    check(json!({ "AWS": "123456789012" }), ada, true);
    check(json!({ "AWS": "arn:aws:iam::123456789012:root" }), ada, true);
    check(json!({ "AWS": "arn:aws:iam::210987654321:root" }), ada, false);
    let nobody = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    assert_eq!(decide(&nobody, Asker::Anonymous), Decision::NotAllowed);
    let others = json!({ "Effect": "Deny", "NotPrincipal": { "AWS": "123456789012" }, "Action": "*", "Resource": "*" });
    assert_eq!(decide(&others, Asker::Anonymous), Decision::Denied);
    assert_eq!(decide(&others, ada), Decision::NotAllowed);
}

#[test]
fn says_why_a_document_is_no_policy() {
    let check = |document: Value, expected: &str| {
        assert_eq!(Policy::read(&document).map(drop).unwrap_err().to_string(), expected, "{document}");
    };
    let with = |name: &str, value: Value| {
        let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        statement[name] = value;
        json!({ "Statement": statement })
    };
    check(json!("x"), "the policy document is not an object");
    check(json!({}), "the policy document has no Statement");
    check(json!({ "Statement": "x" }), "Statement must be an object or a list of objects");
    check(
        json!({ "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }, 1] }),
        "statement 2: it is not an object",
    );
    check(with("Effect", json!("allow")), "statement 1: Effect must be Allow or Deny");
    check(with("Action", json!(null)), "statement 1: Action must be a text or a list of texts");
    check(with("Action", json!([])), "statement 1: Action names nothing");
    check(with("NotAction", json!("*")), "statement 1: it has both Action and NotAction");
    check(json!({ "Statement": { "Effect": "Allow", "Action": "*" } }), "statement 1: it has no Resource");
    check(with("Resource", json!([1])), "statement 1: Resource must be a text or a list of texts");
    check(with("Resource", json!("r".repeat(513))), "statement 1: a Resource is longer than 512 characters");
    check(with("Resource", json!(vec!["r"; 5_000])), "statement 1: the policy has more than 5000 elements");
    check(with("Principal", json!(1)), "statement 1: Principal must be \"*\" or an object");
    check(with("Condition", json!("x")), "statement 1: Condition must be an object");
    check(with("Condition", json!({ "Bool": 1 })), "statement 1: Bool must be an object");
    let condition = |operator: &str, value: Value| with("Condition", json!({ (operator): { "aws:SourceIp": value } }));
    check(condition("Equals", json!("x")), "statement 1: the condition operator Equals is not known");
    check(
        condition("ForNoValue:StringEquals", json!("x")),
        "statement 1: the condition operator ForNoValue:StringEquals is not known",
    );
    check(condition("NumericNearly", json!([])), "statement 1: the condition operator NumericNearly is not known");
    check(condition("IpAddress", json!("x")), "statement 1: \"x\" is no value of the condition operator IpAddress");
    check(
        condition("DateEquals", json!("soon")),
        "statement 1: \"soon\" is no value of the condition operator DateEquals",
    );
    check(
        condition("NumericEquals", json!("NaN")),
        "statement 1: \"NaN\" is no value of the condition operator NumericEquals",
    );
    check(condition("ArnLike", json!("x")), "statement 1: \"x\" is no value of the condition operator ArnLike");
    check(condition("StringLike", json!({})), "statement 1: StringLike compares with texts, numbers or truth values");
    check(condition("Null", json!("x")), "statement 1: Null compares with true or false");
    check(json!({ "Statement": vec![json!({}); 1_001] }), "the policy has more than 1000 statements");
    assert_eq!(Policy::parse("{").map(drop).unwrap_err().to_string(), "the policy document is not JSON");
}
