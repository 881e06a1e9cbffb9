//! What every built-in role may do, operation by operation. `decisions.txt` has a line for each operation that is served: one
//! without a line, and one whose roles are not those of its line, fails here.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;

use claviger_aws_protocol::rest_json::RestOperation;
use claviger_resources::{AccountId, Region, Tenant, Timestamp};
use claviger_runtime::roles::{BUILT_IN, Rights, Roles};
use http::{Method, Uri};
use serde_json::json;

use super::demands::{self, READ_API_KEY_VALUE, READ_CLIENT_SECRET, READ_FUNCTION_ENVIRONMENT};
use super::{Demand, Source, VerifiedCaller};
use crate::dispatch::is_open_to_everybody;
use crate::operation::{Caller, Row};
use crate::{
    apigateway, apigatewayv2, claviger, cloudformation, cognito, ecr, iam, lambda, logs, s3, secrets_manager, ssm, sts,
};

const DECISIONS: &str = include_str!("decisions.txt");

fn tenant() -> Tenant {
    Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() }
}

fn caller(role: &str) -> VerifiedCaller {
    let rights = Rights::AllOf(vec![Arc::clone(Roles::default().policy(role).unwrap())]);
    let source = Source { ip: Ipv4Addr::LOCALHOST.into(), secure: true, user_agent: None };
    VerifiedCaller::proven(Caller::root(tenant()), rights, source, Timestamp::from_seconds(0))
}

/// A line: what is asked for, and the roles that may.
fn line(name: &str, demands: &[Demand]) -> String {
    let may = |role: &str| demands.iter().all(|demand| caller(role).may(demand));
    let roles: Vec<&str> = BUILT_IN.iter().map(|(role, _)| *role).filter(|role| may(role)).collect();
    format!("{name}: {}", roles.join(" "))
}

fn named(service: &str, rows: &[Row]) -> Vec<String> {
    let demands = |operation: &str| {
        if service == "secretsmanager" {
            let value = (operation == "BatchGetSecretValue").then(|| Demand::new(service, "GetSecretValue", "*"));
            return std::iter::once(Demand::new(service, operation, "*")).chain(value).collect();
        }
        let makes_keys = matches!(operation, "CreateAccessKey" | "RotateAccessKey");
        let input = if makes_keys { json!({ "RoleName": "admin" }) } else { json!({}) };
        demands::of(service, operation, &input, &tenant())
    };
    rows.iter()
        .map(|row| {
            let name = format!("{service}:{}", row.name);
            if is_open_to_everybody(service, row.name) { name + ": everybody" } else { line(&name, &demands(row.name)) }
        })
        .collect()
}

fn by_path(version: &str, rows: &[Row], known: &[RestOperation]) -> Vec<String> {
    let of = |row: &Row| {
        let operation = known.iter().find(|known| known.name == row.name).unwrap();
        let path = operation.uri.split('?').next().unwrap().replace(['{', '}', '+'], "");
        let (method, uri): (Method, Uri) = (operation.method.parse().unwrap(), path.parse().unwrap());
        let demands = demands::of_api_gateway(&method, &uri, row.name, &json!({}), &tenant());
        line(&format!("apigateway{version}:{}", row.name), &demands)
    };
    rows.iter().map(of).collect()
}

/// Every operation of every service, and every right beside them, with the roles that may.
fn decisions() -> String {
    let mut lines = Vec::new();
    for (service, rows) in [
        ("claviger", claviger::operations::OPERATIONS),
        ("cloudformation", cloudformation::operations::OPERATIONS),
        ("cognito-idp", cognito::operations::OPERATIONS),
        ("ecr", ecr::operations::OPERATIONS),
        ("iam", iam::operations::OPERATIONS),
        ("lambda", lambda::operations::OPERATIONS),
        ("logs", logs::operations::OPERATIONS),
        ("secretsmanager", secrets_manager::operations::OPERATIONS),
        ("ssm", ssm::operations::OPERATIONS),
        ("sts", sts::operations::OPERATIONS),
    ] {
        lines.extend(named(service, rows));
    }
    lines.extend(by_path("", apigateway::operations::OPERATIONS, apigateway::shapes::OPERATIONS));
    lines.extend(by_path("v2", apigatewayv2::operations::OPERATIONS, apigatewayv2::shapes::OPERATIONS));
    let s3 = s3::operations::names();
    lines.extend(s3.into_iter().map(|name| line(&format!("s3:{name}"), &[demands::s3_object(name, "bucket", "key")])));
    for right in [
        READ_API_KEY_VALUE,
        READ_CLIENT_SECRET,
        READ_FUNCTION_ENVIRONMENT,
        demands::EXPLAIN,
        demands::READ_MESSAGES,
        "claviger:ActInAccount",
        "claviger:GrantRole",
        "execute-api:Invoke",
        "kms:Decrypt",
    ] {
        lines.push(line(right, &[Demand::own(right, "*")]));
    }
    lines.sort();
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

#[test]
fn every_operation_has_a_decision_for_every_role() {
    let made = decisions();
    let (made_lines, known): (Vec<&str>, Vec<&str>) = (made.lines().collect(), DECISIONS.lines().collect());
    let missing: Vec<_> = made_lines.iter().filter(|line| !known.contains(line)).collect();
    let stale: Vec<_> = known.iter().filter(|line| !made_lines.contains(line)).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not in decisions.txt: {missing:#?}\nonly there: {stale:#?}");
    assert!(made_lines.len() > 350, "{}", made_lines.len());
}
