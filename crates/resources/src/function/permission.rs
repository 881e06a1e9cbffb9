//! Statements of a function's resource policy, and whether one lets a service call the function.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::wildcard::ArnPattern;

/// One statement of a function's resource policy, as `AddPermission` takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// Its id within the policy.
    pub statement_id: String,
    /// What it allows: `lambda:InvokeFunction`, another action, or a `*`.
    pub action: String,
    /// Whom.
    pub principal: Principal,
    /// On behalf of which resources: an ARN in which `*` and `?` stand for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<String>,
    /// On behalf of whose resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_account: Option<String>,
    /// The token that the service must present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_source_token: Option<String>,
    /// The organization that the caller must belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_org_id: Option<String>,
    /// The kind of function URL that the call must come through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_url_auth_type: Option<String>,
    /// Whether the call must come through a function URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_via_function_url: Option<bool>,
}

/// Whom a statement allows something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// Everyone.
    Anyone,
    /// An AWS service, such as `apigateway.amazonaws.com`.
    Service(String),
    /// An account, a role or a user, by its ARN.
    Aws(String),
}

impl Permission {
    /// Whether a service may call the function on behalf of the resource with this ARN. What only organizations, tokens or
    /// function URLs fulfil, a service does not.
    pub fn lets_invoke(&self, principal: &str, source_arn: &str) -> bool {
        let names_action = matches!(&*self.action, "lambda:InvokeFunction" | "lambda:*" | "*");
        let names_principal = match &self.principal {
            Principal::Anyone => true,
            Principal::Service(service) => service == principal,
            Principal::Aws(_) => false,
        };
        let is_bound_elsewhere = self.event_source_token.is_some()
            || self.principal_org_id.is_some()
            || self.function_url_auth_type.is_some()
            || self.invoked_via_function_url.is_some();
        names_action
            && names_principal
            && !is_bound_elsewhere
            && self.source_arn.as_deref().is_none_or(|pattern| is_like(source_arn, pattern))
            && self.source_account.as_deref().is_none_or(|account| source_arn.split(':').nth(4) == Some(account))
    }

    /// The statement as policies have it.
    pub fn to_json(&self, function_arn: &str) -> Value {
        let principal = match &self.principal {
            Principal::Anyone => Value::from("*"),
            Principal::Service(service) => json!({ "Service": service }),
            Principal::Aws(arn) => json!({ "AWS": arn }),
        };
        let mut statement = json!({
            "Sid": self.statement_id, "Effect": "Allow", "Principal": principal, "Action": self.action,
            "Resource": function_arn,
        });
        let equal = [
            ("AWS:SourceAccount", &self.source_account),
            ("lambda:EventSourceToken", &self.event_source_token),
            ("aws:PrincipalOrgID", &self.principal_org_id),
            ("lambda:FunctionUrlAuthType", &self.function_url_auth_type),
        ];
        let equal: Map<String, Value> = equal
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.as_deref()?))))
            .collect();
        let mut conditions = Map::new();
        if !equal.is_empty() {
            conditions.insert("StringEquals".to_owned(), Value::Object(equal));
        }
        if let Some(via_url) = self.invoked_via_function_url {
            conditions.insert("Bool".to_owned(), json!({ "lambda:InvokedViaFunctionUrl": via_url.to_string() }));
        }
        if let Some(source) = &self.source_arn {
            conditions.insert("ArnLike".to_owned(), json!({ "AWS:SourceArn": source }));
        }
        if let (false, Some(statement)) = (conditions.is_empty(), statement.as_object_mut()) {
            statement.insert("Condition".to_owned(), Value::Object(conditions));
        }
        statement
    }
}

fn is_like(arn: &str, pattern: &str) -> bool {
    ArnPattern::new(pattern).is_some_and(|pattern| pattern.matches(arn))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: &str = "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/user";
    const GATEWAY: &str = "apigateway.amazonaws.com";

    fn permission(source_arn: Option<&str>) -> Permission {
        Permission {
            statement_id: "gateway".to_owned(),
            action: "lambda:InvokeFunction".to_owned(),
            principal: Principal::Service(GATEWAY.to_owned()),
            source_arn: source_arn.map(str::to_owned),
            source_account: None,
            event_source_token: None,
            principal_org_id: None,
            function_url_auth_type: None,
            invoked_via_function_url: None,
        }
    }

    #[test]
    fn a_source_is_like_a_pattern_part_by_part() {
        let check = |pattern: &str, expected: bool| {
            assert_eq!(permission(Some(pattern)).lets_invoke(GATEWAY, METHOD), expected, "{pattern}");
        };
        check(METHOD, true);
        check("arn:aws:execute-api:us-east-1:123456789012:api/*/GET/user", true);
        check("arn:aws:execute-api:us-east-1:123456789012:api/*", true);
        check("arn:aws:execute-api:us-east-1:123456789012:api/*/*", true);
        check("arn:aws:execute-api:*:*:api/prod/???/us*", true);
        check("arn:aws:execute-api:us-east-1:123456789012:*", true);
        check("arn:*:*:*:*:*", true);
        check("*", false);
        check("arn:aws:execute-api:*", false);
        check("arn:aws:execute-api:us-east-1:123456789012:api/prod/POST/user", false);
        check("arn:aws:execute-api:us-east-1:123456789012:api/test-invoke-stage/GET/user", false);
        check("arn:aws:execute-api:us-east-1:123456789012:api", false);
        check("arn:aws:execute-api:us-east-1:210987654321:api/*", false);
        check("arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/user/?", false);
        check("arn:aws:execute-api:us-east-1:123456789012:API/*", false);
        check("", false);
    }

    #[test]
    fn a_statement_allows_its_principal_its_action_and_nothing_bound_elsewhere() {
        let check = |change: &dyn Fn(&mut Permission), expected: bool| {
            let mut permission = permission(None);
            change(&mut permission);
            assert_eq!(permission.lets_invoke(GATEWAY, METHOD), expected, "{permission:?}");
        };
        check(&|_| {}, true);
        check(&|it| it.principal = Principal::Anyone, true);
        check(&|it| it.principal = Principal::Service("cognito-idp.amazonaws.com".to_owned()), false);
        check(&|it| it.principal = Principal::Aws("arn:aws:iam::123456789012:root".to_owned()), false);
        check(&|it| "lambda:*".clone_into(&mut it.action), true);
        check(&|it| "*".clone_into(&mut it.action), true);
        check(&|it| "lambda:GetFunction".clone_into(&mut it.action), false);
        check(&|it| it.source_account = Some("123456789012".to_owned()), true);
        check(&|it| it.source_account = Some("210987654321".to_owned()), false);
        check(&|it| it.event_source_token = Some("token".to_owned()), false);
        check(&|it| it.principal_org_id = Some("o-0123456789".to_owned()), false);
        check(&|it| it.function_url_auth_type = Some("NONE".to_owned()), false);
        check(&|it| it.invoked_via_function_url = Some(true), false);
    }

    #[test]
    fn a_statement_reads_as_in_a_policy() {
        let function = "arn:aws:lambda:us-east-1:123456789012:function:storms";
        let mut statement = permission(Some("arn:aws:s3:::bucket"));
        statement.source_account = Some("123456789012".to_owned());
        let expected = json!({
            "Sid": "gateway", "Effect": "Allow", "Principal": {"Service": GATEWAY}, "Action": "lambda:InvokeFunction",
            "Resource": function,
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": "123456789012"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
            },
        });
        assert_eq!(statement.to_json(function).to_string(), expected.to_string());
        let mut open = permission(None);
        open.principal = Principal::Anyone;
        let open = open.to_json(function);
        assert_eq!((&open["Principal"], open.get("Condition")), (&json!("*"), None));
    }
}
