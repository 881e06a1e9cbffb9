//! Bodies of the awsJson protocol, held to the shapes of what they call.

use claviger_aws_protocol::json_rpc;
use claviger_aws_protocol::shape::{self, Rules, Wording};
use claviger_control_plane::{cognito, secrets_manager, ssm};

use crate::input::parts;

const RULES: Rules<'static> = Rules { code: "InvalidParameterException", wording: Wording::AwsJson, root: "" };

/// The name of an operation, and a body.
pub(super) fn run(data: &[u8]) {
    let [operation, body] = parts(data);
    let Ok(input) = json_rpc::decode(body) else { return };
    let Ok(name) = std::str::from_utf8(operation) else { return };
    for operations in [cognito::shapes::OPERATIONS, secrets_manager::shapes::OPERATIONS, ssm::shapes::OPERATIONS] {
        let Some(operation) = shape::find(operations, name) else { continue };
        let Ok(input) = RULES.check(operation.input, input.clone()) else { continue };
        assert_eq!(RULES.check(operation.input, input.clone()), Ok(input), "what passed once passes again");
    }
}
