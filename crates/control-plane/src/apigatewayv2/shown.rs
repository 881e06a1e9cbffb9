//! Records as callers see them. Their stored form has AWS's own member names, so that showing one means leaving out what
//! only the store needs to know and writing times as AWS does here.

use claviger_resources::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use time::macros::format_description;

/// A record as callers see it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Shown(Map<String, Value>);

impl Shown {
    /// Nothing yet.
    pub(super) fn empty() -> Self {
        Self(Map::new())
    }

    /// A record that belongs to an API.
    pub(super) fn part(record: &impl Serialize) -> Self {
        Self::of(record).without("apiId")
    }

    /// A record without its tenant. Only what quick creation made is said to be managed.
    pub(super) fn of(record: &impl Serialize) -> Self {
        let mut members = match serde_json::to_value(record) {
            Ok(Value::Object(members)) => members,
            // Records are structs with names for members.
            Ok(_) | Err(_) => Map::new(),
        };
        if members.get("apiGatewayManaged") == Some(&Value::Bool(false)) {
            members.remove("apiGatewayManaged");
        }
        for name in ["createdDate", "lastUpdatedDate"] {
            if let Some(at) = members.get(name).and_then(Value::as_i64) {
                members.insert(name.to_owned(), iso_8601(Timestamp::from_milliseconds(at)).into());
            }
        }
        Self(members).without("tenant")
    }

    /// The same without a member.
    pub(super) fn without(mut self, member: &str) -> Self {
        self.0.remove(member);
        self
    }

    /// The same with another member.
    pub(super) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }
}

/// A time as version 2 of API Gateway's control plane writes it: `2020-03-12T19:03:58Z`.
pub(super) fn iso_8601(time: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.utc().format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use claviger_aws_protocol::shape::differences;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::super::output_shapes::OUTPUTS;
    use super::super::{api, deployment, route, stage};
    use super::*;

    /// A record that has every member, and how callers see it.
    fn check<R: DeserializeOwned>(operation: &str, record: Value, show: impl FnOnce(&R) -> Shown) -> Value {
        let mut record = record;
        for (name, value) in [
            ("apiId", json!("a1b2c3d4e5")),
            ("tenant", json!({ "account": "000000000000", "region": "us-east-1" })),
            ("apiGatewayManaged", json!(true)),
        ] {
            record[name] = value;
        }
        let shown = serde_json::to_value(show(&serde_json::from_value(record).unwrap())).unwrap();
        let shape = OUTPUTS.iter().find(|(name, _)| *name == operation).unwrap().1.unwrap();
        assert_eq!(differences(shape, &shown), Vec::<String>::new(), "{operation}: {shown}");
        shown
    }

    #[test]
    fn every_noun_is_shown_as_aws_shows_it() {
        use claviger_resources::http_api::{Authorizer, Deployment, HttpApi, Integration, Route, Stage};
        let created = 1_584_039_838_250_i64;
        let definition_of = json!({ "apiId": "a1b2c3d4e5", "tenant": { "account": "000000000000", "region": "us-east-1" },
            "name": "storms", "createdDate": created, "ipAddressType": "ipv4" });
        let shown = check::<HttpApi>(
            "GetApi",
            json!({
                "name": "storms", "description": "d", "version": "1", "createdDate": created, "ipAddressType": "ipv4",
                "corsConfiguration": { "allowCredentials": true, "allowHeaders": ["a"], "allowMethods": ["GET"],
                    "allowOrigins": ["https://a"], "exposeHeaders": ["b"], "maxAge": 5 },
                "disableExecuteApiEndpoint": true, "importInfo": ["i"], "warnings": ["w"], "tags": { "a": "b" },
            }),
            api::shown,
        );
        assert_eq!(shown["createdDate"], "2020-03-12T19:03:58Z");
        check::<Route>(
            "GetRoute",
            json!({
                "routeId": "abc1234", "routeKey": "GET /", "target": "integrations/abc1234", "authorizationType": "JWT",
                "authorizerId": "abc123", "authorizationScopes": ["a"], "operationName": "o",
            }),
            route::shown,
        );
        check::<Integration>(
            "GetIntegration",
            json!({
                "integrationId": "abc1234", "integrationType": "HTTP_PROXY", "integrationSubtype": "s",
                "integrationMethod": "GET", "integrationUri": "https://a", "connectionType": "VPC_LINK", "connectionId": "c",
                "credentialsArn": "arn", "description": "d", "payloadFormatVersion": "1.0",
                "requestParameters": { "append:header.a": "b" }, "responseParameters": { "200": { "append:header.a": "b" } },
                "timeoutInMillis": 30_000, "tlsConfig": { "serverNameToVerify": "a" },
            }),
            Shown::part,
        );
        check::<Authorizer>(
            "GetAuthorizer",
            json!({
                "authorizerId": "abc123", "name": "a", "authorizerType": "REQUEST", "identitySource": ["$request.header.a"],
                "jwtConfiguration": { "issuer": "https://a", "audience": ["a"] }, "authorizerUri": "u",
                "authorizerCredentialsArn": "arn", "authorizerPayloadFormatVersion": "2.0",
                "authorizerResultTtlInSeconds": 300, "enableSimpleResponses": true, "identityValidationExpression": "x",
            }),
            Shown::part,
        );
        check::<Stage>(
            "GetStage",
            json!({
                "stageName": "$default", "autoDeploy": true, "deploymentId": "abc123", "description": "d",
                "stageVariables": { "a": "b" }, "accessLogSettings": { "destinationArn": "arn", "format": "f" },
                "defaultRouteSettings": { "throttlingBurstLimit": 1, "throttlingRateLimit": 1.5 },
                "routeSettings": { "GET /": { "detailedMetricsEnabled": true, "dataTraceEnabled": false, "loggingLevel": "OFF" } },
                "clientCertificateId": "c", "lastDeploymentStatusMessage": "m", "tags": { "a": "b" },
                "createdDate": created, "lastUpdatedDate": created,
            }),
            stage::shown,
        );
        let shown = check::<Deployment>(
            "GetDeployment",
            json!({
                "deploymentId": "abc123", "description": "d", "autoDeployed": true, "createdDate": created,
                "definition": { "api": definition_of },
            }),
            deployment::shown,
        );
        assert_eq!(shown["deploymentStatus"], "DEPLOYED");
    }
}
