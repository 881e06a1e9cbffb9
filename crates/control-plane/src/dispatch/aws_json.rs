//! awsJson in and out: one endpoint, the operation's name in `X-Amz-Target`.

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::json_rpc;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::shape::{self, OperationShape, Rules, Shape, Wording};
use claviger_resources::request_rates::Category;
use claviger_runtime::limits::request_rates::Call;
use http::{HeaderMap, Response};
use serde::Deserialize;
use serde_json::Value;

use super::within::Callable;
use super::{Asked, ControlPlane};
use crate::access::{Demand, VerifiedCaller, demands};
use crate::audited::Trail;
use crate::operation::{Caller, Row};
use crate::{claviger, cognito, ecr, logs, secrets_manager, ssm};

/// A service that speaks awsJson.
struct Service {
    /// What `X-Amz-Target` calls it.
    target: &'static str,
    /// The name that calls are signed with, and what its actions start with.
    prefix: &'static str,
    /// Its name, for people.
    name: &'static str,
    /// The operations it has here.
    served: &'static [Row],
    /// The operations it has, with what they take.
    known: &'static [OperationShape],
    /// What they answer, by name; none where no table says.
    outputs: &'static [(&'static str, Option<&'static Shape>)],
    /// How it refuses what they do not take.
    rules: Rules<'static>,
    /// The category an operation is counted in, when its service bounds request rates.
    category: fn(&str) -> Option<Category>,
}

static SERVICES: &[Service] = &[
    Service {
        target: "AWSCognitoIdentityProviderService",
        prefix: "cognito-idp",
        name: "Amazon Cognito user pools",
        served: cognito::operations::OPERATIONS,
        known: cognito::shapes::OPERATIONS,
        outputs: cognito::output_shapes::OUTPUTS,
        rules: Rules { code: "InvalidParameterException", wording: Wording::AwsJson, root: "" },
        category: cognito::categories::of,
    },
    Service {
        target: "AmazonSSM",
        prefix: "ssm",
        name: "AWS Systems Manager",
        served: ssm::operations::OPERATIONS,
        known: ssm::shapes::OPERATIONS,
        outputs: ssm::output_shapes::OUTPUTS,
        rules: Rules { code: "ValidationException", wording: Wording::AwsJson, root: "" },
        category: |_| None,
    },
    Service {
        target: "secretsmanager",
        prefix: "secretsmanager",
        name: "AWS Secrets Manager",
        served: secrets_manager::operations::OPERATIONS,
        known: secrets_manager::shapes::OPERATIONS,
        outputs: secrets_manager::output_shapes::OUTPUTS,
        rules: Rules { code: "ValidationException", wording: Wording::AwsJson, root: "" },
        category: |_| None,
    },
    Service {
        target: "Logs_20140328",
        prefix: "logs",
        name: "Amazon CloudWatch Logs",
        served: logs::operations::OPERATIONS,
        known: logs::shapes::OPERATIONS,
        outputs: logs::output_shapes::OUTPUTS,
        rules: Rules { code: "InvalidParameterException", wording: Wording::AwsJson, root: "" },
        category: |_| None,
    },
    Service {
        target: "AmazonEC2ContainerRegistry_V20150921",
        prefix: "ecr",
        name: "Amazon ECR",
        served: ecr::operations::OPERATIONS,
        known: ecr::shapes::OPERATIONS,
        outputs: ecr::output_shapes::OUTPUTS,
        rules: Rules { code: "InvalidParameterException", wording: Wording::AwsJson, root: "" },
        category: |_| None,
    },
    Service {
        target: "Claviger",
        prefix: "claviger",
        name: "Claviger",
        served: claviger::operations::OPERATIONS,
        known: claviger::shapes::OPERATIONS,
        outputs: &[],
        rules: Rules { code: "InvalidParameterException", wording: Wording::AwsJson, root: "" },
        category: |_| None,
    },
];

impl ControlPlane {
    /// Answers one awsJson request, whose body has been read and whose caller is known.
    pub async fn aws_json(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        caller: &VerifiedCaller,
        request_id: &str,
    ) -> Response<Bytes> {
        let target = json_rpc::target(headers);
        let service = service_of_target(headers).unwrap_or("Unknown");
        let operation = target.map(|target| target.operation);
        let mut trail = Trail::new(&self.services, service, operation, caller, request_id);
        let mut response = match self.answer(headers, body, caller, request_id, &mut trail).await {
            Ok(output) => json_rpc::encode(output, request_id),
            Err(failure) => {
                trail.refuses(&failure);
                let mut response = Protocol::AwsJson11.failure(&failure, request_id);
                let subject = subject(body);
                super::refused(failure)
                    .about("operation", operation)
                    .about("userPool", subject.user_pool_id)
                    .about("appClient", subject.client_id)
                    .about("account", Some(caller.caller().account.to_string()))
                    .about("region", Some(caller.caller().region.as_str()))
                    .attach(&mut response);
                response
            }
        };
        trail.attach(&mut response);
        response
    }

    async fn answer(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        caller: &VerifiedCaller,
        request_id: &str,
        trail: &mut Trail,
    ) -> Result<Option<String>, Failure> {
        let (service, row, shape) = find(headers)?;
        trail.is_of(row.name, row.access);
        let input = json_rpc::decode(body)?;
        self.count(shape, (service.category)(row.name), &input, caller.caller())?;
        let input = service.rules.check(shape.input, input);
        let input = input.map_err(|failure| super::by_shape(failure, shape.name))?;
        let demands = if is_open(service, shape) || caller.is_trusted() {
            None
        } else {
            Some(self.demands(service, row.name, &input, caller.caller()).await)
        };
        let shapes = (shape.input, super::output(service.outputs, row.name));
        let asked = Asked { row, service: service.prefix, demands, protocol: Protocol::AwsJson11, shapes };
        self.call(asked, input, caller, request_id, trail).await
    }

    /// What an operation of one of these services needs.
    async fn demands(&self, service: &Service, operation: &str, input: &Value, caller: &Caller) -> Vec<Demand> {
        if service.prefix == "secretsmanager" {
            return demands::of_secrets_manager(&self.services, caller, operation, input).await;
        }
        let mut demands = demands::of(service.prefix, operation, input, &caller.tenant());
        // A key that is made anew has the role of the old one, whose secret nobody is told who may not give that role away.
        let rotated = input.get("AccessKeyId").and_then(Value::as_str).filter(|_| operation == "RotateAccessKey");
        let snapshot = self.services.issuance.snapshot();
        let key = rotated.and_then(|id| snapshot.access_key(id));
        demands.extend(key.map(|key| demands::grant(key.role.as_str())));
        demands
    }

    /// Counts a call against AWS's request rates, where they are enforced, well formed or not.
    fn count(
        &self,
        shape: &OperationShape,
        category: Option<Category>,
        input: &Value,
        caller: &Caller,
    ) -> Result<(), Failure> {
        let Some(rates) = &self.services.issuance.limits().rates else { return Ok(()) };
        // Requests for tokens are counted where they are granted, however they come.
        let Some(category) = category.filter(|category| *category != Category::ClientAuthentication) else {
            return Ok(());
        };
        let text = |member: &str| input.get(member).and_then(Value::as_str);
        let (tenant, operation) = (caller.tenant(), shape.name);
        let pool = text("UserPoolId").or_else(|| text("ResourceArn"));
        let client = text("ClientId").filter(|_| !shape.signed);
        let call = Call { tenant: &tenant, operation, category, pool, client };
        rates.call(&call).map_err(|exceeded| {
            let setting = "AWS's request rates, which --quotas aws enforces".to_owned();
            Failure::new("TooManyRequestsException", 400, "Rate exceeded".to_owned())
                .for_operators(Some(exceeded.to_string()), Some(setting))
        })
    }
}

/// An operation, for callers from within.
pub(super) fn callable(target: &str, operation: &str) -> Option<Callable> {
    let service = SERVICES.iter().find(|service| service.target == target)?;
    let row = service.served.iter().find(|row| row.name == operation)?;
    let shape = shape::find(service.known, operation)?;
    Some(Callable { row, input: shape.input, rules: service.rules })
}

/// The name that a call's service is signed with, told by its target.
pub fn service_of_target(headers: &HeaderMap) -> Option<&'static str> {
    let target = json_rpc::target(headers)?;
    SERVICES.iter().find(|service| service.target == target.service).map(|service| service.prefix)
}

/// Whether an operation is open to everybody: a user's own words or tokens are what allows it, or a client's secret. AWS's
/// description has `GetClientToken` signed, and its service asks nobody for a signature.
fn is_open(service: &Service, shape: &OperationShape) -> bool {
    !shape.signed || (service.prefix, shape.name) == ("cognito-idp", "GetClientToken")
}

/// Whether an operation is open to everybody, for tests over all of them.
#[cfg(test)]
pub(crate) fn is_open_to_everybody(prefix: &str, operation: &str) -> bool {
    let service = SERVICES.iter().find(|service| service.prefix == prefix);
    service.is_some_and(|service| shape::find(service.known, operation).is_some_and(|shape| is_open(service, shape)))
}

/// Whether a call needs no signature, so that a web page may send it: one of those that a user's own words or tokens allow.
pub fn is_unsigned(headers: &HeaderMap) -> bool {
    let found = json_rpc::target(headers).and_then(|target| {
        let service = SERVICES.iter().find(|service| service.target == target.service)?;
        Some((service, shape::find(service.known, target.operation)?))
    });
    found.is_some_and(|(_, shape)| !shape.signed)
}

/// Whether a call is answered whoever signed it, or nobody.
pub fn needs_no_signature(headers: &HeaderMap) -> bool {
    find(headers).is_ok_and(|(service, _, shape)| is_open(service, shape))
}

/// Bytes of the largest body that is read again to say what a refused call was about.
const SUBJECT_BYTES_MAX: usize = 64 * 1024;

/// What a call is about.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Subject {
    user_pool_id: Option<String>,
    client_id: Option<String>,
}

fn subject(body: &[u8]) -> Subject {
    let body = if body.len() > SUBJECT_BYTES_MAX { &[] } else { body };
    serde_json::from_slice(body).unwrap_or_default()
}

/// The operation a request names, or why there is none.
fn find(headers: &HeaderMap) -> Result<(&'static Service, &'static Row, &'static OperationShape), Failure> {
    let unknown = |message: String| Failure::unknown_operation(message);
    let target = json_rpc::target(headers).ok_or_else(|| {
        unknown("X-Amz-Target must name a service and an operation, as Service.Operation.".to_owned())
    })?;
    let service = SERVICES
        .iter()
        .find(|service| service.target == target.service)
        .ok_or_else(|| unknown(format!("The service {} is not served here.", target.service)))?;
    let (name, operation) = (service.name, target.operation);
    let shape = shape::find(service.known, operation)
        .ok_or_else(|| unknown(format!("{name} has no operation {operation}.")))?;
    let row = service
        .served
        .iter()
        .find(|row| row.name == operation)
        .ok_or_else(|| unknown(format!("{operation} is an operation of {name} that is not served here.")))?;
    Ok((service, row, shape))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_target_names_an_operation_that_is_served_one_that_is_not_or_none() {
        fn check(target: &str, expected: Result<&str, &str>) {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-amz-target"),
                HeaderValue::from_str(target).unwrap(),
            )]);
            let found = find(&headers).map(|(_, row, shape)| {
                assert_eq!(row.name, shape.name);
                row.name
            });
            let found = found.map_err(|failure| {
                assert_eq!((&*failure.code, failure.status), ("UnknownOperationException", 400));
                failure.message
            });
            assert_eq!(found, expected.map_err(str::to_owned));
        }
        check("AWSCognitoIdentityProviderService.CreateUserPool", Ok("CreateUserPool"));
        check(
            "AWSCognitoIdentityProviderService.CreateUserImportJob",
            Err("CreateUserImportJob is an operation of Amazon Cognito user pools that is not served here."),
        );
        check("AWSCognitoIdentityProviderService.Fly", Err("Amazon Cognito user pools has no operation Fly."));
        check("Claviger.DescribeAppClientExtras", Ok("DescribeAppClientExtras"));
        check("AmazonSQS.SendMessage", Err("The service AmazonSQS is not served here."));
        check("CreateUserPool", Err("X-Amz-Target must name a service and an operation, as Service.Operation."));
    }

    #[test]
    fn only_calls_that_aws_leaves_unsigned_are_open_to_web_pages() {
        let check = |operation: &str, expected: bool| {
            let target = format!("AWSCognitoIdentityProviderService.{operation}");
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-amz-target"),
                HeaderValue::from_str(&target).unwrap(),
            )]);
            assert_eq!(is_unsigned(&headers), expected, "{operation}");
        };
        for shape in cognito::shapes::OPERATIONS {
            check(shape.name, !shape.signed);
        }
        check("InitiateAuth", true);
        check("DescribeUserPoolClient", false);
        check("Fly", false);
        assert!(!is_unsigned(&HeaderMap::new()));
    }

    #[test]
    fn what_needs_no_signature_is_what_aws_leaves_open_and_a_client_s_token() {
        let check = |target: &str, expected: bool| {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-amz-target"),
                HeaderValue::from_str(target).unwrap(),
            )]);
            assert_eq!(needs_no_signature(&headers), expected, "{target}");
        };
        check("AWSCognitoIdentityProviderService.InitiateAuth", true);
        check("AWSCognitoIdentityProviderService.GetClientToken", true);
        check("AWSCognitoIdentityProviderService.DescribeUserPool", false);
        check("AWSCognitoIdentityProviderService.Fly", false);
        check("Claviger.CreateAccessKey", false);
        check("AmazonSSM.GetParameter", false);
        assert!(!needs_no_signature(&HeaderMap::new()));
    }

    #[test]
    fn every_row_is_an_operation_of_its_service() {
        for service in SERVICES {
            for row in service.served {
                assert!(shape::find(service.known, row.name).is_some(), "{}", row.name);
            }
        }
    }
}
