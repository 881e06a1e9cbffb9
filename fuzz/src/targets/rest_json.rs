//! Requests of the restJson protocol: paths, queries and bodies, held to the shapes of what they call.

use claviger_aws_protocol::rest_json;
use claviger_aws_protocol::shape::{Rules, Wording};
use claviger_control_plane::{apigateway, apigatewayv2, lambda};

use crate::input::Request;

/// A request.
pub(super) fn run(data: &[u8]) {
    let Some(Request { method, uri, headers, body }) = Request::read(data) else { return };
    for table in [apigateway::shapes::OPERATIONS, apigatewayv2::shapes::OPERATIONS, lambda::shapes::OPERATIONS] {
        let Ok(route) = rest_json::find(table, &method, &uri) else { continue };
        let operation = route.operation;
        let root = operation.message_root();
        let rules = Rules { code: "BadRequestException", wording: Wording::RestJson, root: &root };
        let Ok(input) = route.decode(&uri, &headers, body) else { continue };
        let Ok(input) = rules.check(operation.input, input) else { continue };
        assert_eq!(rules.check(operation.input, input.clone()), Ok(input), "what passed once passes again");
    }
}
