//! What must hold of every generated table, whatever AWS's description says next year.

use std::collections::HashSet;

use claviger_aws_protocol::rest_json;
use claviger_aws_protocol::shape::{Kind, Shape, find};
use http::{Method, Uri};

use crate::{apigateway, apigatewayv2, cloudformation, cognito, lambda, ssm, sts};

/// Visits a shape and everything in it once.
fn visit<'a>(shape: &'a Shape, seen: &mut HashSet<*const Shape>, visitor: &mut impl FnMut(&'a Shape)) {
    if !seen.insert(std::ptr::from_ref(shape)) {
        return;
    }
    visitor(shape);
    match shape.kind {
        Kind::List(element) => visit(element, seen, visitor),
        Kind::Map(key, element) => {
            visit(key, seen, visitor);
            visit(element, seen, visitor);
        }
        Kind::Structure(members) => members.iter().for_each(|member| visit(member.shape, seen, visitor)),
        _ => {}
    }
}

#[test]
fn every_pattern_of_the_tables_compiles() {
    let (mut seen, mut patterns) = (HashSet::new(), HashSet::new());
    let calls = [
        cloudformation::shapes::OPERATIONS,
        cognito::shapes::OPERATIONS,
        ssm::shapes::OPERATIONS,
        sts::shapes::OPERATIONS,
    ];
    let calls = calls.into_iter().flatten();
    let inputs = calls.map(|operation| operation.input);
    let rest = [apigateway::shapes::OPERATIONS, apigatewayv2::shapes::OPERATIONS, lambda::shapes::OPERATIONS];
    let rest = rest.into_iter().flatten();
    for input in inputs.chain(rest.map(|operation| operation.input)) {
        visit(input, &mut seen, &mut |shape| {
            if let Some(pattern) = shape.pattern {
                assert!(pattern.compiles(), "{}", pattern.as_str());
                patterns.insert(pattern.as_str());
            }
        });
    }
    assert!(patterns.len() > 30);
}

#[test]
fn every_operation_is_found_by_name_and_has_its_output() {
    for (known, outputs) in [
        (cognito::shapes::OPERATIONS, cognito::output_shapes::OUTPUTS),
        (ssm::shapes::OPERATIONS, ssm::output_shapes::OUTPUTS),
        (sts::shapes::OPERATIONS, sts::output_shapes::OUTPUTS),
    ] {
        let outputs: Vec<_> = outputs.iter().map(|(name, _)| *name).collect();
        let names: Vec<_> = known.iter().map(|operation| operation.name).collect();
        assert_eq!(names, outputs);
        for name in names {
            assert_eq!(find(known, name).map(|found| found.name), Some(name));
        }
    }
}

#[test]
fn every_rest_operation_is_found_by_its_own_request_and_has_its_output() {
    for (known, outputs) in [
        (apigateway::shapes::OPERATIONS, apigateway::output_shapes::OUTPUTS),
        (apigatewayv2::shapes::OPERATIONS, apigatewayv2::output_shapes::OUTPUTS),
        (lambda::shapes::OPERATIONS, lambda::output_shapes::OUTPUTS),
    ] {
        let outputs: Vec<_> = outputs.iter().map(|(name, _)| *name).collect();
        let names: Vec<_> = known.iter().map(|operation| operation.name).collect();
        assert_eq!(names, outputs);
        for operation in known {
            let uri: Uri = operation.uri.replace(['{', '}', '+'], "").parse().unwrap();
            let method: Method = operation.method.parse().unwrap();
            let route = rest_json::find(known, &method, &uri).unwrap();
            assert_eq!(route.operation.name, operation.name, "{method} {uri}");
        }
    }
}

#[test]
fn the_tables_hold_the_facts_that_machines_rely_on() {
    let create = find(cognito::shapes::OPERATIONS, "CreateUserPoolClient").unwrap();
    assert!(create.signed);
    assert!(create.input.member("UserPoolId").unwrap().required);
    let flows = create.input.member("ExplicitAuthFlows").unwrap().shape;
    let Kind::List(flow) = flows.kind else { panic!("ExplicitAuthFlows is a list") };
    assert!(flow.values.contains(&"ALLOW_CLIENT_TOKEN_AUTH"), "accepted by the service, missing in its description");
    assert!(!find(cognito::shapes::OPERATIONS, "InitiateAuth").unwrap().signed);
    let integration =
        apigateway::shapes::OPERATIONS.iter().find(|operation| operation.name == "PutIntegration").unwrap();
    assert_eq!((integration.status, integration.message_root().as_str()), (201, "putIntegrationInput"));
    assert!(integration.input.member("integrationHttpMethod").is_some(), "its wire name is that of a label");
    assert!(apigateway::output_shapes::EXCEPTIONS.contains(&("TooManyRequestsException", 429)));
    assert!(apigatewayv2::output_shapes::EXCEPTIONS.contains(&("NotFoundException", 404)));
    let invoke = lambda::shapes::OPERATIONS.iter().find(|operation| operation.name == "Invoke").unwrap();
    assert_eq!((invoke.payload, invoke.status_member), (Some("Payload"), Some("StatusCode")));
    assert!(lambda::output_shapes::EXCEPTIONS.contains(&("RequestTooLargeException", 413)));
    assert!(cognito::output_shapes::EXCEPTIONS.contains(&("InternalErrorException", 500)));
    assert!(ssm::output_shapes::EXCEPTIONS.contains(&("ParameterNotFound", 400)));
    assert!(sts::output_shapes::EXCEPTIONS.contains(&("MalformedPolicyDocument", 400)));
    assert!(cognito::output_shapes::EXCEPTIONS.contains(&("ScopeDoesNotExistException", 400)));
}
