//! How requests name an AWS service: host label, signature, `X-Amz-Target`, form `Version`, REST path.

use claviger_aws_protocol::sigv4::credential_scope;

use super::RequestHead;

/// Services whose host label differs from the name they sign with.
const ALIASES: &[(&str, &str)] = &[("queue", "sqs"), ("email", "ses")];

/// Names that deploy tools and SDKs for these stacks sign with; on our own suffixes any other label is a bucket.
const SERVICES: &[&str] = &[
    "apigateway",
    "cloudformation",
    "cloudfront",
    "cognito-identity",
    "cognito-idp",
    "dynamodb",
    "ec2",
    "ecr",
    "events",
    "execute-api",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "route53",
    "s3",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "wafv2",
    "xray",
];

/// What precedes the operation in `X-Amz-Target`.
const TARGET_PREFIXES: &[(&str, &str)] = &[
    ("AWSCognitoIdentityProviderService", "cognito-idp"),
    ("AWSCognitoIdentityService", "cognito-identity"),
    ("Claviger", "claviger"),
    ("AmazonSSM", "ssm"),
    ("Logs_20140328", "logs"),
    ("GraniteServiceVersion20100801", "monitoring"),
    ("AmazonSQS", "sqs"),
    ("AmazonEC2ContainerRegistry_V20150921", "ecr"),
    ("TrentService", "kms"),
    ("secretsmanager", "secretsmanager"),
];

/// The API version of each service that takes forms.
const FORM_VERSIONS: &[(&str, &str)] = &[
    ("2011-06-15", "sts"),
    ("2010-05-15", "cloudformation"),
    ("2010-05-08", "iam"),
    ("2012-11-05", "sqs"),
    ("2010-08-01", "monitoring"),
];

/// First path segments of API Gateway's control planes, version 1 and, below `/v2`, version 2.
const API_GATEWAY_V1: &[&str] = &[
    "account",
    "apikeys",
    "clientcertificates",
    "domainnameaccessassociations",
    "domainnames",
    "restapis",
    "sdktypes",
    "tags",
    "usageplans",
    "vpclinks",
];
const API_GATEWAY_V2: &[&str] = &["apis", "domainnames", "tags", "vpclinks"];
/// What follows the date in Lambda's paths.
const LAMBDA: &[&str] = &["account-settings", "event-source-mappings", "functions", "layers", "tags"];

/// The service that a label of a host name stands for.
pub(super) fn of_host_label(label: &str) -> Option<&'static str> {
    find(ALIASES, label).or_else(|| SERVICES.iter().copied().find(|service| *service == label))
}

/// The service of an `X-Amz-Target`; a prefix that is no service's is returned as it came.
pub(super) fn of_target(target: &str) -> &str {
    let prefix = target.split_once('.').map_or(target, |(prefix, _)| prefix);
    find(TARGET_PREFIXES, prefix).unwrap_or(prefix)
}

/// The service of a form, told by its `Version`; `None` without an `Action` or with a version that is no service's.
pub(super) fn of_form(form: &[u8]) -> Option<&'static str> {
    let (mut has_action, mut service) = (false, None);
    for (name, value) in form_urlencoded::parse(form) {
        match &*name {
            "Action" => has_action = true,
            "Version" => service = find(FORM_VERSIONS, &value),
            _ => {}
        }
    }
    service.filter(|_| has_action)
}

/// The service of an unsigned REST path.
pub(super) fn of_rest_path(path: &str) -> Option<&'static str> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let (first, second) = (segments.next()?, segments.next());
    if API_GATEWAY_V1.contains(&first) {
        return Some("apigateway");
    }
    let second = second?;
    if first == "v2" && API_GATEWAY_V2.contains(&second) {
        return Some("apigateway");
    }
    (is_date(first) && LAMBDA.contains(&second)).then_some("lambda")
}

/// The service, and region where told, that a request is signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignedFor {
    pub(super) service: String,
    pub(super) region: Option<String>,
}

/// Reads the signature's scope. Query signatures older than SigV4 tell their service only by `Version`, and S3's by none.
pub(super) fn of_signature(head: &RequestHead<'_>) -> Option<SignedFor> {
    let credential = credential_scope(head.headers, head.uri)?;
    if credential.region.is_empty() {
        let service = of_form(head.query().unwrap_or_default().as_bytes()).unwrap_or("s3");
        return Some(SignedFor { service: service.to_owned(), region: None });
    }
    Some(SignedFor { service: credential.service, region: Some(credential.region) })
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(key, _)| *key == name).map(|(_, service)| *service)
}

/// Whether `text` has the form `2015-03-31`.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}
