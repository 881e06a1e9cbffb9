//! awsQuery in and out: a form whose `Action` names the operation, XML out. Adding a service is adding a row.

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::query::{self, Form};
use claviger_aws_protocol::shape::{self, OperationShape, Rules, Shape, Wording};
use http::Response;

use super::within::Callable;
use super::{Asked, ControlPlane};
use crate::access::{VerifiedCaller, demands};
use crate::audited::Trail;
use crate::operation::Row;
use crate::{cloudformation, iam, sts};

/// A service that speaks awsQuery.
struct Service {
    /// The name that requests to it are signed with.
    signing_name: &'static str,
    /// Its name, for people.
    name: &'static str,
    /// The version of its description, which callers name.
    version: &'static str,
    /// The XML namespace of its answers.
    namespace: &'static str,
    /// The operations it has here.
    served: &'static [Row],
    /// The operations it has, with what they take.
    known: &'static [OperationShape],
    /// What its operations answer, by name.
    outputs: &'static [(&'static str, Option<&'static Shape>)],
}

static SERVICES: &[Service] = &[
    Service {
        signing_name: "cloudformation",
        name: "AWS CloudFormation",
        version: "2010-05-15",
        namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        served: cloudformation::operations::OPERATIONS,
        known: cloudformation::shapes::OPERATIONS,
        outputs: cloudformation::output_shapes::OUTPUTS,
    },
    Service {
        signing_name: "sts",
        name: "AWS Security Token Service",
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        served: sts::operations::OPERATIONS,
        known: sts::shapes::OPERATIONS,
        outputs: sts::output_shapes::OUTPUTS,
    },
    Service {
        signing_name: "iam",
        name: "AWS Identity and Access Management",
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
        served: iam::operations::OPERATIONS,
        known: iam::shapes::OPERATIONS,
        outputs: iam::output_shapes::OUTPUTS,
    },
];

/// How these services refuse an input that their shapes do not allow.
static RULES: Rules<'static> = Rules { code: "ValidationError", wording: Wording::AwsJson, root: "" };

impl ControlPlane {
    /// Answers a form to the service that is signed with this name; `None` when it is none of these.
    pub async fn aws_query(
        &self,
        signing_name: &str,
        form: &[u8],
        caller: &VerifiedCaller,
        request_id: &str,
    ) -> Option<Response<Bytes>> {
        let service = SERVICES.iter().find(|service| service.signing_name == signing_name)?;
        let form = Form::parse(form);
        let action = form.as_ref().ok().and_then(Form::action).map(str::to_owned);
        let mut trail = Trail::new(&self.services, service.signing_name, action.as_deref(), caller, request_id);
        let answer = async { self.answer_form(service, &form?, caller, request_id, &mut trail).await };
        let mut response = answer.await.unwrap_or_else(|failure| {
            trail.refuses(&failure);
            let mut response = Protocol::AwsQuery { namespace: service.namespace }.failure(&failure, request_id);
            super::refused(failure)
                .about("operation", action)
                .about("account", Some(caller.caller().account.to_string()))
                .about("region", Some(caller.caller().region.as_str()))
                .attach(&mut response);
            response
        });
        trail.attach(&mut response);
        Some(response)
    }

    async fn answer_form(
        &self,
        service: &Service,
        form: &Form<'_>,
        caller: &VerifiedCaller,
        request_id: &str,
        trail: &mut Trail,
    ) -> Result<Response<Bytes>, Failure> {
        let (row, shape) = find(service, form)?;
        trail.is_of(row.name, row.access);
        let input = RULES.check(shape.input, form.decode(shape.input)?);
        let input = input.map_err(|failure| super::by_shape(failure, shape.name))?;
        let (prefix, protocol) = (service.signing_name, Protocol::AwsQuery { namespace: service.namespace });
        let demands = demands::of(prefix, row.name, &input, &caller.caller().tenant());
        let output_shape = super::output(service.outputs, row.name);
        let shapes = (shape.input, output_shape);
        let asked = Asked { row, service: prefix, demands: Some(demands), protocol, shapes };
        let output = self.call(asked, input, caller, request_id, trail).await?;
        Ok(query::encode(row.name, service.namespace, output_shape, output.as_deref(), request_id))
    }
}

/// An operation, for callers from within.
pub(super) fn callable(signing_name: &str, operation: &str) -> Option<Callable> {
    let service = SERVICES.iter().find(|service| service.signing_name == signing_name)?;
    let row = service.served.iter().find(|row| row.name == operation)?;
    let shape = shape::find(service.known, operation)?;
    Some(Callable { row, input: shape.input, rules: RULES })
}

/// The operation a form names, or why there is none.
fn find(service: &Service, form: &Form<'_>) -> Result<(&'static Row, &'static OperationShape), Failure> {
    let Service { name, version, known, served, .. } = service;
    let Some(action) = form.action() else {
        let message = "The request must contain the parameter Action";
        return Err(Failure::new("MissingAction", 400, message));
    };
    if let Some(other) = form.version().filter(|other| other != version) {
        let message = format!("The requested version ({other}) of service {name} does not exist");
        return Err(Failure::new("NoSuchVersion", 400, message));
    }
    let unknown = |message: String| Failure::new("InvalidAction", 400, message);
    let shape = shape::find(known, action)
        .ok_or_else(|| unknown(format!("Could not find operation {action} for version {version}")))?;
    let row = served
        .iter()
        .find(|row| row.name == action)
        .ok_or_else(|| unknown(format!("{action} is an operation of {name} that is not served here.")))?;
    Ok((row, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_an_operation_that_is_served_one_that_is_not_or_none() {
        let check = |form: &str, expected: Result<&str, (&str, &str)>| {
            let form = Form::parse(form.as_bytes()).unwrap();
            let found = find(&SERVICES[1], &form).map(|(row, shape)| {
                assert_eq!(row.name, shape.name);
                row.name
            });
            let found = found.as_ref().map(|name| &**name).map_err(|failure| (&*failure.code, &*failure.message));
            assert_eq!(found, expected);
        };
        check("Action=GetCallerIdentity&Version=2011-06-15", Ok("GetCallerIdentity"));
        check("Action=GetCallerIdentity", Ok("GetCallerIdentity"));
        check("Version=2011-06-15", Err(("MissingAction", "The request must contain the parameter Action")));
        check(
            "Action=GetCallerIdentity&Version=2010-05-08",
            Err((
                "NoSuchVersion",
                "The requested version (2010-05-08) of service AWS Security Token Service does not exist",
            )),
        );
        check(
            "Action=Fly&Version=2011-06-15",
            Err(("InvalidAction", "Could not find operation Fly for version 2011-06-15")),
        );
        check(
            "Action=AssumeRoleWithSAML&Version=2011-06-15",
            Err((
                "InvalidAction",
                "AssumeRoleWithSAML is an operation of AWS Security Token Service that is not served here.",
            )),
        );
    }

    #[test]
    fn every_row_is_an_operation_of_its_service() {
        for service in SERVICES {
            for row in service.served {
                assert!(shape::find(service.known, row.name).is_some(), "{}", row.name);
                assert!(service.outputs.iter().any(|(name, _)| *name == row.name), "{}", row.name);
            }
        }
    }
}
