//! Stacks over forms and XML, on an embedded store.

mod change_sets;
mod crashes;
mod exports;
mod kept_types;
mod lambda_versions;
mod lifecycle;
mod rollback;
mod services_beside;
mod stack_policies;
mod turning_back;
mod tutorials;
mod users;
mod wait_conditions;
mod xml;

use std::fmt::Write as _;

use claviger_store::Kind;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use self::xml::Element;
use crate::plane::Plane;

/// A call of CloudFormation: its name and its parameters.
pub(crate) async fn call(
    plane: &Plane,
    action: &str,
    parameters: &[(&str, &str)],
) -> Result<Element, (String, String)> {
    let mut form = format!("Version=2010-05-15&Action={action}");
    for (name, value) in parameters {
        let encoded = utf8_percent_encode(value, NON_ALPHANUMERIC);
        write!(form, "&{name}={encoded}").unwrap();
    }
    let (status, xml) = plane.query("cloudformation", &form).await;
    let answer = Element::parse(&xml);
    if status == 200 { Ok(answer) } else { Err((answer.text("Error/Code"), answer.text("Error/Message"))) }
}

/// A call that must succeed.
pub(crate) async fn ok(plane: &Plane, action: &str, parameters: &[(&str, &str)]) -> Element {
    call(plane, action, parameters).await.unwrap_or_else(|refused| panic!("{action}: {refused:?}"))
}

/// A call that must be refused with a `ValidationError`.
pub(crate) async fn invalid(plane: &Plane, action: &str, parameters: &[(&str, &str)], message: &str) {
    let refused = call(plane, action, parameters).await.err();
    assert_eq!(refused, Some(("ValidationError".to_owned(), message.to_owned())), "{action}");
}

pub(crate) async fn create(plane: &Plane, name: &str, template: &Value) {
    ok(plane, "CreateStack", &[("StackName", name), ("TemplateBody", &template.to_string())]).await;
}

pub(crate) async fn update(plane: &Plane, name: &str, template: &Value) {
    ok(plane, "UpdateStack", &[("StackName", name), ("TemplateBody", &template.to_string())]).await;
}

pub(crate) async fn status(plane: &Plane, name: &str) -> String {
    let stacks = ok(plane, "DescribeStacks", &[("StackName", name)]).await;
    stacks.text("DescribeStacksResult/Stacks/member/StackStatus")
}

/// What has happened, oldest first: logical id, status and reason.
pub(crate) async fn events(plane: &Plane, name: &str) -> Vec<(String, String, String)> {
    let events = ok(plane, "DescribeStackEvents", &[("StackName", name)]).await;
    let mut told: Vec<_> = events
        .all("DescribeStackEventsResult/StackEvents/member")
        .map(|event| {
            (event.text("LogicalResourceId"), event.text("ResourceStatus"), event.text("ResourceStatusReason"))
        })
        .collect();
    told.reverse();
    told
}

pub(crate) async fn output(plane: &Plane, name: &str, key: &str) -> String {
    let stacks = ok(plane, "DescribeStacks", &[("StackName", name)]).await;
    let found = stacks
        .all("DescribeStacksResult/Stacks/member/Outputs/member")
        .find(|output| output.text("OutputKey") == key)
        .map(|output| output.text("OutputValue"));
    found.unwrap_or_default()
}

/// Every record that is not CloudFormation's own, by key.
pub(crate) async fn everything_made(plane: &Plane) -> Vec<(String, String)> {
    let mut tx = plane.store.read().await.unwrap();
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let own = ["stack", "change_set"].iter().any(|prefix| kind.as_str().starts_with(prefix));
        if own {
            continue;
        }
        for row in tx.rows_of_kind(*kind, None, 10_000).await.unwrap() {
            // An API that has been touched shows its tags even when there are none, as in AWS. A function's policy has
            // another revision after every change, though the change is undone.
            let mut record: Value = serde_json::from_str(&row.body).unwrap();
            if let Some(members) = record.as_object_mut() {
                members.retain(|name, value| name != "policyRevisionId" && !(name == "tags" && *value == json!({})));
            }
            let body = record.to_string();
            found.push((format!("{kind} {} {}", row.key.parent, row.key.id), body));
        }
    }
    found
}

/// Holds what has been made to what should have been, and shows no more than the difference.
pub(crate) async fn assert_made(plane: &Plane, expected: &[(String, String)], when: &str) {
    let found = everything_made(plane).await;
    let only = |these: &[(String, String)], those: &[(String, String)]| -> Vec<(String, String)> {
        these.iter().filter(|it| !those.contains(it)).cloned().collect()
    };
    let (gained, lost) = (only(&found, expected), only(expected, &found));
    assert!(gained.is_empty() && lost.is_empty(), "{when}: gained {gained:#?}, lost {lost:#?}");
}

/// A pool, a resource server, a client, and an API that takes its tokens.
pub(crate) fn weather() -> Value {
    json!({
        "Parameters": {"Name": {"Type": "String", "Default": "weather"}},
        "Resources": {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": {"Ref": "Name"}}},
            "Server": {
                "Type": "AWS::Cognito::UserPoolResourceServer",
                "Properties": {
                    "UserPoolId": {"Ref": "Pool"},
                    "Identifier": "weather",
                    "Name": "weather",
                    "Scopes": [{"ScopeName": "get", "ScopeDescription": "Read"}],
                },
            },
            "Client": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {
                    "UserPoolId": {"Ref": "Pool"},
                    "ClientName": "station",
                    "GenerateSecret": "true",
                    "AllowedOAuthFlows": ["client_credentials"],
                    "AllowedOAuthFlowsUserPoolClient": true,
                    "AllowedOAuthScopes": [{"Fn::Sub": "${Server}/get"}],
                },
            },
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": {"Fn::Sub": "${Name}-api"}}},
            "Events": {
                "Type": "AWS::ApiGateway::Resource",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                    "PathPart": "events",
                },
            },
            "Authorizer": {
                "Type": "AWS::ApiGateway::Authorizer",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "Name": "pool",
                    "Type": "COGNITO_USER_POOLS",
                    "IdentitySource": "method.request.header.Authorization",
                    "ProviderARNs": [{"Fn::GetAtt": "Pool.Arn"}],
                },
            },
            "Get": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "ResourceId": {"Ref": "Events"},
                    "HttpMethod": "GET",
                    "AuthorizationType": "COGNITO_USER_POOLS",
                    "AuthorizerId": {"Ref": "Authorizer"},
                    "AuthorizationScopes": ["weather/get"],
                    "Integration": {
                        "Type": "MOCK",
                        "RequestTemplates": {"application/json": "{\"statusCode\": 200}"},
                        "IntegrationResponses": [{"StatusCode": 200}],
                    },
                    "MethodResponses": [{"StatusCode": 200}],
                },
            },
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": "Get",
                "Properties": {"RestApiId": {"Ref": "Api"}},
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "DeploymentId": {"Ref": "Deployment"},
                    "StageName": "prod",
                },
            },
        },
        "Outputs": {
            "ClientId": {"Value": {"Ref": "Client"}},
            "Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/${Stage}"}},
        },
    })
}
