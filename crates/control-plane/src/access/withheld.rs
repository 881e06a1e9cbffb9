//! What of an answer only those see who may see secrets.
//!
//! AWS shows a client's secret to whoever may describe the client, and a function's environment to whoever may look at the
//! function. Here that is a right of its own. Who has it not is answered all the same, without the secret, as AWS answers for
//! what has none: tools that only look go on working. What asks for a secret by name is refused instead.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::demands::{READ_API_KEY_VALUE, READ_CLIENT_SECRET, READ_FUNCTION_ENVIRONMENT};
use super::{Demand, VerifiedCaller};

/// A secret in the answers of operations.
struct Withheld {
    /// The prefix of the service's actions.
    service: &'static str,
    operations: &'static [&'static str],
    /// Where in the answer; `*` is every element of a list.
    path: &'static [&'static str],
    /// The right to see it.
    right: &'static str,
    /// What stands there instead, where AWS has something for it.
    instead: Option<fn() -> Value>,
}

static WITHHELD: &[Withheld] = &[
    Withheld {
        service: "cognito-idp",
        operations: &["DescribeUserPoolClient", "UpdateUserPoolClient"],
        path: &["UserPoolClient", "ClientSecret"],
        right: READ_CLIENT_SECRET,
        instead: None,
    },
    Withheld {
        service: "cognito-idp",
        operations: &["ListUserPoolClientSecrets"],
        path: &["ClientSecrets", "*", "ClientSecretValue"],
        right: READ_CLIENT_SECRET,
        instead: None,
    },
    Withheld {
        service: "apigateway",
        operations: &["GetUsagePlanKey", "UpdateApiKey"],
        path: &["value"],
        right: READ_API_KEY_VALUE,
        instead: None,
    },
    Withheld {
        service: "apigateway",
        operations: &["GetUsagePlanKeys"],
        path: &["item", "*", "value"],
        right: READ_API_KEY_VALUE,
        instead: None,
    },
    Withheld {
        service: "lambda",
        operations: &["GetFunction"],
        path: &["Configuration", "Environment"],
        right: READ_FUNCTION_ENVIRONMENT,
        instead: Some(no_environment),
    },
    Withheld {
        service: "lambda",
        operations: &[
            "GetFunctionConfiguration",
            "PublishVersion",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
        ],
        path: &["Environment"],
        right: READ_FUNCTION_ENVIRONMENT,
        instead: Some(no_environment),
    },
    Withheld {
        service: "lambda",
        operations: &["ListFunctions"],
        path: &["Functions", "*", "Environment"],
        right: READ_FUNCTION_ENVIRONMENT,
        instead: Some(no_environment),
    },
    Withheld {
        service: "lambda",
        operations: &["ListVersionsByFunction"],
        path: &["Versions", "*", "Environment"],
        right: READ_FUNCTION_ENVIRONMENT,
        instead: Some(no_environment),
    },
];

/// An answer without what this caller may not see of it.
pub(crate) fn without_secrets(
    caller: &VerifiedCaller,
    service: &str,
    operation: &str,
    demands: &[Demand],
    answer: Option<String>,
) -> Option<String> {
    let rows = || WITHHELD.iter().filter(|row| row.service == service && row.operations.contains(&operation));
    if caller.is_trusted() || rows().next().is_none() {
        return answer;
    }
    // The right is asked for what the operation is about.
    let resource = demands.first().map_or(Cow::Borrowed("*"), |demand| demand.resource.clone());
    let mut document: Value = serde_json::from_str(&answer?).ok()?;
    for row in rows().filter(|row| !caller.may(&Demand::own(row.right, resource.clone()))) {
        remove(&mut document, row.path, row.instead);
    }
    Some(document.to_string())
}

/// The rights to those secrets that an answer shows.
pub(crate) fn shown(service: &str, operation: &str, answer: &str) -> Vec<&'static str> {
    let rows = || WITHHELD.iter().filter(|row| row.service == service && row.operations.contains(&operation));
    if rows().next().is_none() {
        return Vec::new();
    }
    let document: Value = serde_json::from_str(answer).unwrap_or_default();
    rows().filter(|row| has(&document, row.path, row.instead)).map(|row| row.right).collect()
}

fn has(value: &Value, path: &[&str], instead: Option<fn() -> Value>) -> bool {
    match path {
        ["*", rest @ ..] => value.as_array().is_some_and(|list| list.iter().any(|element| has(element, rest, instead))),
        [first, rest @ ..] => value.get(first).is_some_and(|inner| has(inner, rest, instead)),
        [] => instead.is_none_or(|instead| *value != instead()),
    }
}

fn remove(value: &mut Value, path: &[&str], instead: Option<fn() -> Value>) {
    match (path, value) {
        (["*", rest @ ..], Value::Array(list)) => list.iter_mut().for_each(|element| remove(element, rest, instead)),
        ([last], Value::Object(members)) => {
            if members.remove(*last).is_some()
                && let Some(instead) = instead
            {
                members.insert((*last).to_owned(), instead());
            }
        }
        ([first, rest @ ..], Value::Object(members)) => {
            if let Some(inner) = members.get_mut(*first) {
                remove(inner, rest, instead);
            }
        }
        _ => {}
    }
}

/// What AWS shows of an environment that cannot be decrypted for the caller (Lambda API, `EnvironmentError`).
fn no_environment() -> Value {
    let message = "The role of the access key does not allow claviger:ReadFunctionEnvironment.";
    json!({ "Error": { "ErrorCode": "AccessDeniedException", "Message": message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let check = |mut value: Value, path: &[&str], expected: Value| {
            remove(&mut value, path, None);
            assert_eq!(value, expected, "{path:?}");
        };
        check(json!({"a": {"b": 1, "c": 2}}), &["a", "b"], json!({"a": {"c": 2}}));
        check(json!({"a": [{"b": 1}, {"c": 2}]}), &["a", "*", "b"], json!({"a": [{}, {"c": 2}]}));
        check(json!({"a": 1}), &["a", "b"], json!({"a": 1}));
        check(json!({"a": 1}), &["b"], json!({"a": 1}));
        let shown = |operation: &str, answer: Value| shown("cognito-idp", operation, &answer.to_string());
        let secret = json!({"UserPoolClient": {"ClientId": "c", "ClientSecret": "s"}});
        assert_eq!(shown("DescribeUserPoolClient", secret.clone()), [READ_CLIENT_SECRET]);
        assert!(shown("CreateUserPoolClient", secret).is_empty());
        assert!(shown("DescribeUserPoolClient", json!({"UserPoolClient": {"ClientId": "c"}})).is_empty());
        let mut value = json!({"Environment": {"Variables": {"KEY": "secret"}}});
        remove(&mut value, &["Environment"], Some(no_environment));
        assert!(!has(&value, &["Environment"], Some(no_environment)));
        assert_eq!(value["Environment"]["Error"]["ErrorCode"], "AccessDeniedException");
        assert!(!value.to_string().contains("secret"));
    }
}
