//! What each operation needs to be allowed: actions as AWS names them, on the resources that its input names.
//!
//! Where an operation names nothing, the resource is `*`, as it is on AWS. A name in an input is turned into the ARN of what
//! it names here, so that a policy over ARNs holds whichever way callers name things.

mod api_gateway;
mod lambda;
mod logs;
mod own;
mod s3;
mod secrets;
mod ssm;

use std::borrow::Cow;

use claviger_resources::Tenant;
use claviger_runtime::temporary_credentials;
use serde_json::Value;

pub(crate) use self::api_gateway::of_api_gateway;
pub(crate) use self::own::{EXPLAIN, READ_MESSAGES, grant};
pub(crate) use self::s3::{of_s3, s3_object};
pub(crate) use self::secrets::of_secrets_manager;
use super::Demand;

/// The right to act in another account than one's own.
const ACT_IN_ACCOUNT: &str = "claviger:ActInAccount";
/// The right to give a role away.
const GRANT_ROLE: &str = "claviger:GrantRole";
/// The rights to see secrets that AWS shows to whoever may look at what has them.
pub(crate) const READ_CLIENT_SECRET: &str = "claviger:ReadClientSecret";
pub(crate) const READ_API_KEY_VALUE: &str = "claviger:ReadApiKeyValue";
pub(crate) const READ_FUNCTION_ENVIRONMENT: &str = "claviger:ReadFunctionEnvironment";
/// What the resource is of what is done to nothing in particular.
const ANYTHING: &str = "*";

/// What an operation needs of a service that names its operations, by the prefix of its actions.
pub(crate) fn of(service: &str, operation: &str, input: &Value, tenant: &Tenant) -> Vec<Demand> {
    let asked = Asked { operation, input, tenant };
    match service {
        "cognito-idp" => cognito(asked),
        "cloudformation" => cloudformation(asked),
        "claviger" => own::demands(asked),
        "iam" => iam(asked),
        "lambda" => lambda::demands(asked),
        "logs" => logs::demands(asked),
        "ssm" => ssm::demands(asked),
        "sts" => sts(asked),
        _ => vec![Demand::new(service, operation, ANYTHING)],
    }
}

/// An operation with its input, and whose account and region it is asked in.
#[derive(Clone, Copy)]
struct Asked<'a> {
    operation: &'a str,
    input: &'a Value,
    tenant: &'a Tenant,
}

impl<'a> Asked<'a> {
    /// A member of the input that is text.
    fn text(&self, member: &str) -> Option<&'a str> {
        self.input.get(member).and_then(Value::as_str)
    }

    fn is_true(&self, member: &str) -> bool {
        self.input.get(member) == Some(&Value::Bool(true))
    }

    /// A member of the input that is one text, or a list of them.
    fn texts(&self, member: &str) -> Vec<&'a str> {
        match self.input.get(member) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// An ARN in the caller's account and region.
    fn arn(&self, service: &str, rest: &str) -> String {
        let Tenant { account, region } = self.tenant;
        format!("arn:aws:{service}:{region}:{account}:{rest}")
    }

    /// An ARN in the caller's account, for what is in no region.
    fn global_arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}::{}:{rest}", self.tenant.account)
    }

    /// The operation as the action of this service.
    fn demand(&self, service: &str, resource: impl Into<Cow<'static, str>>) -> Demand {
        Demand::new(service, self.operation, resource)
    }
}

fn cognito(asked: Asked<'_>) -> Vec<Demand> {
    let pool = asked.text("UserPoolId").map(|id| asked.arn("cognito-idp", &format!("userpool/{id}")));
    let resource = pool.or_else(|| asked.text("ResourceArn").map(str::to_owned));
    vec![asked.demand("cognito-idp", resource.map_or(Cow::Borrowed(ANYTHING), Cow::Owned))]
}

fn cloudformation(asked: Asked<'_>) -> Vec<Demand> {
    let stack = asked.text("StackName").map(|name| {
        let is_arn = name.starts_with("arn:");
        if is_arn { name.to_owned() } else { asked.arn("cloudformation", &format!("stack/{name}/*")) }
    });
    let change_set = || asked.text("ChangeSetName").filter(|name| name.starts_with("arn:")).map(str::to_owned);
    let resource = stack.or_else(change_set).map_or(Cow::Borrowed(ANYTHING), Cow::Owned);
    let pass = asked.text("RoleARN").map(|arn| Demand::new("iam", "PassRole", arn.to_owned()));
    std::iter::once(asked.demand("cloudformation", resource)).chain(pass).collect()
}

fn iam(asked: Asked<'_>) -> Vec<Demand> {
    let path = asked.text("Path").unwrap_or("/");
    let named = |member: &str, kind: &str| {
        let path = if asked.operation.starts_with("Create") { path } else { "/" };
        asked.text(member).map(|name| asked.global_arn("iam", &format!("{kind}{path}{name}")))
    };
    let resource = match asked.operation {
        "CreatePolicy" => named("PolicyName", "policy"),
        _ => named("RoleName", "role").or_else(|| named("UserName", "user")),
    };
    let resource = resource.or_else(|| asked.text("PolicyArn").map(str::to_owned));
    vec![asked.demand("iam", resource.map_or(Cow::Borrowed(ANYTHING), Cow::Owned))]
}

fn sts(asked: Asked<'_>) -> Vec<Demand> {
    match asked.operation {
        // Who it is may be asked by everybody, and a session with the same rights is nothing more (AWS STS API,
        // `GetCallerIdentity`, `GetSessionToken`).
        "GetCallerIdentity" | "GetSessionToken" => Vec::new(),
        "AssumeRole" => {
            let arn = asked.text("RoleArn").unwrap_or_default();
            let elsewhere = temporary_credentials::role(arn).filter(|(account, _)| *account != asked.tenant.account);
            let act = elsewhere
                .map(|(account, _)| Demand { is_own: false, ..Demand::own(ACT_IN_ACCOUNT, root(account.as_str())) });
            std::iter::once(asked.demand("sts", arn.to_owned())).chain(act).collect()
        }
        _ => vec![asked.demand("sts", ANYTHING)],
    }
}

/// The ARN of an account's root, which stands for the account.
fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region};
    use http::{Method, Uri};
    use serde_json::json;

    use super::*;

    pub(super) fn tenant() -> Tenant {
        Tenant { account: AccountId::parse("111122223333").unwrap(), region: Region::parse("eu-west-1").unwrap() }
    }

    fn shown(demands: &[Demand]) -> String {
        let line = |demand: &Demand| match &demand.alias {
            Some(alias) => format!("{}|{alias} {}", demand.action, demand.resource),
            None => format!("{} {}", demand.action, demand.resource),
        };
        demands.iter().map(line).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn operations_need_what_aws_demands_of_what_they_name() {
        let check = |service: &str, operation: &str, input: Value, expected: &str| {
            assert_eq!(shown(&of(service, operation, &input, &tenant())), expected);
        };
        let pool = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_a";
        check("cognito-idp", "CreateUserPool", json!({"PoolName": "a"}), "cognito-idp:CreateUserPool *");
        check(
            "cognito-idp",
            "DescribeUserPoolClient",
            json!({"UserPoolId": "eu-west-1_a", "ClientId": "c"}),
            &format!("cognito-idp:DescribeUserPoolClient {pool}"),
        );
        check("cognito-idp", "TagResource", json!({"ResourceArn": pool}), &format!("cognito-idp:TagResource {pool}"));
        let stack = "arn:aws:cloudformation:eu-west-1:111122223333:stack/";
        check(
            "cloudformation",
            "CreateStack",
            json!({"StackName": "a", "RoleARN": "arn:aws:iam::1:role/r"}),
            &format!("cloudformation:CreateStack {stack}a/*, iam:PassRole arn:aws:iam::1:role/r"),
        );
        check(
            "cloudformation",
            "DeleteStack",
            json!({"StackName": format!("{stack}a/uuid")}),
            &format!("cloudformation:DeleteStack {stack}a/uuid"),
        );
        check("cloudformation", "ListStacks", json!({}), "cloudformation:ListStacks *");
        let iam = "arn:aws:iam::111122223333";
        check("iam", "GetRole", json!({"RoleName": "a"}), &format!("iam:GetRole {iam}:role/a"));
        check("iam", "CreateRole", json!({"RoleName": "a", "Path": "/b/"}), &format!("iam:CreateRole {iam}:role/b/a"));
        check("iam", "CreatePolicy", json!({"PolicyName": "a"}), &format!("iam:CreatePolicy {iam}:policy/a"));
        check("iam", "ListRoles", json!({}), "iam:ListRoles *");
        check("sts", "GetCallerIdentity", json!({}), "");
        check("sts", "GetSessionToken", json!({}), "");
        let assume = |account: &str| json!({"RoleArn": format!("arn:aws:iam::{account}:role/a")});
        check("sts", "AssumeRole", assume("111122223333"), &format!("sts:AssumeRole {iam}:role/a"));
        check(
            "sts",
            "AssumeRole",
            assume("999999999999"),
            "sts:AssumeRole arn:aws:iam::999999999999:role/a, claviger:ActInAccount arn:aws:iam::999999999999:root",
        );
        let lambda = "arn:aws:lambda:eu-west-1:111122223333";
        check("lambda", "Invoke", json!({"FunctionName": "f"}), &format!("lambda:InvokeFunction {lambda}:function:f"));
        check(
            "lambda",
            "Invoke",
            json!({"FunctionName": "f", "Qualifier": "live"}),
            &format!("lambda:InvokeFunction {lambda}:function:f:live"),
        );
        check(
            "lambda",
            "GetFunction",
            json!({"FunctionName": format!("{lambda}:function:f:3")}),
            &format!("lambda:GetFunction {lambda}:function:f:3"),
        );
        check(
            "lambda",
            "CreateFunction",
            json!({"FunctionName": "f", "Role": "arn:aws:iam::1:role/r"}),
            &format!("lambda:CreateFunction {lambda}:function:f, iam:PassRole arn:aws:iam::1:role/r"),
        );
        check(
            "lambda",
            "GetLayerVersion",
            json!({"LayerName": "l", "VersionNumber": 3}),
            &format!("lambda:GetLayerVersion {lambda}:layer:l:3"),
        );
        check("lambda", "ListFunctions", json!({}), "lambda:ListFunctions *");
        check("lambda", "TagResource", json!({"Resource": "arn:x"}), "lambda:TagResource arn:x");
        let ssm = "arn:aws:ssm:eu-west-1:111122223333:parameter";
        for name in ["a", &format!("{ssm}/a")] {
            check("ssm", "GetParameter", json!({"Name": name}), &format!("ssm:GetParameter {ssm}/a"));
        }
        check(
            "ssm",
            "GetParameters",
            json!({"Names": ["/a/b:3", "c"], "WithDecryption": true}),
            &format!(
                "ssm:GetParameters {ssm}/a/b, ssm:GetParameters {ssm}/c, \
                 kms:Decrypt arn:aws:kms:eu-west-1:111122223333:alias/aws/ssm"
            ),
        );
        check("ssm", "GetParametersByPath", json!({"Path": "/a"}), &format!("ssm:GetParametersByPath {ssm}/a"));
        check("ssm", "DescribeParameters", json!({}), "ssm:DescribeParameters *");
        let logs = "arn:aws:logs:eu-west-1:111122223333:log-group";
        check("logs", "CreateLogGroup", json!({"logGroupName": "g"}), &format!("logs:CreateLogGroup {logs}:g:*"));
        check(
            "logs",
            "PutLogEvents",
            json!({"logGroupName": "g", "logStreamName": "s"}),
            &format!("logs:PutLogEvents {logs}:g:log-stream:s"),
        );
        check(
            "logs",
            "FilterLogEvents",
            json!({"logGroupIdentifier": format!("{logs}:g")}),
            &format!("logs:FilterLogEvents {logs}:g:*"),
        );
        check("logs", "DescribeLogGroups", json!({}), &format!("logs:DescribeLogGroups {logs}:*"));
        check("ecr", "DescribeRepositories", json!({}), "ecr:DescribeRepositories *");
        check(
            "claviger",
            "UpdateAppClientExtras",
            json!({"ClientId": "c"}),
            "claviger:UpdateAppClientExtras arn:aws:claviger:::app-client/c",
        );
        check(
            "claviger",
            "CreateAccessKey",
            json!({"RoleName": "admin", "AccountId": "999999999999"}),
            "claviger:CreateAccessKey arn:aws:claviger::999999999999:access-key/*, \
             claviger:GrantRole arn:aws:claviger:::role/admin, \
             claviger:ActInAccount arn:aws:iam::999999999999:root",
        );
    }

    #[test]
    fn calls_of_api_gateway_need_their_verb_on_their_path_or_their_name() {
        let check = |request: &str, operation: &str, input: Value, expected: &str| {
            let (method, uri) = request.split_once(' ').unwrap();
            let (method, uri): (Method, Uri) = (method.parse().unwrap(), uri.parse().unwrap());
            assert_eq!(shown(&of_api_gateway(&method, &uri, operation, &input, &tenant())), expected);
        };
        let of = |action: &str, path: &str| format!("apigateway:{action} arn:aws:apigateway:eu-west-1::{path}");
        check(
            "POST /restapis?mode=import",
            "ImportRestApi",
            json!({}),
            &of("POST|apigateway:ImportRestApi", "/restapis"),
        );
        check(
            "DELETE /restapis/%61bc/stages/live",
            "DeleteStage",
            json!({}),
            &of("DELETE|apigateway:DeleteStage", "/restapis/abc/stages/live"),
        );
        check("GET /v2/apis/a", "GetApi", json!({}), &of("GET|apigateway:GetApi", "/apis/a"));
        check(
            "GET /apikeys?includeValues=true",
            "GetApiKeys",
            json!({"includeValues": true}),
            &format!(
                "{}, claviger:ReadApiKeyValue arn:aws:apigateway:eu-west-1::/apikeys",
                of("GET|apigateway:GetApiKeys", "/apikeys")
            ),
        );
    }
}
