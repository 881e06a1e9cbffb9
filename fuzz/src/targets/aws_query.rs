//! Forms of the awsQuery protocol, held to the shapes of what they call.

use claviger_aws_protocol::query::Form;
use claviger_aws_protocol::shape::{self, Rules, Wording};
use claviger_control_plane::{cloudformation, iam, sts};

const RULES: Rules<'static> = Rules { code: "ValidationError", wording: Wording::AwsJson, root: "" };

/// A form.
pub(super) fn run(data: &[u8]) {
    let _ = claviger_server::routing::form_service(data);
    let Ok(form) = Form::parse(data) else { return };
    let _ = form.version();
    let Some(action) = form.action() else { return };
    for operations in [cloudformation::shapes::OPERATIONS, iam::shapes::OPERATIONS, sts::shapes::OPERATIONS] {
        let Some(operation) = shape::find(operations, action) else { continue };
        let Ok(input) = form.decode(operation.input) else { continue };
        let Ok(input) = RULES.check(operation.input, input) else { continue };
        assert_eq!(RULES.check(operation.input, input.clone()), Ok(input), "what passed once passes again");
    }
}
