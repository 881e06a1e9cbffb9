//! What must hold of every generated table, whatever AWS's description says next year.

use std::collections::HashSet;

use claviger_aws_protocol::shape::{Kind, Shape, find};

use crate::cognito;

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
    for operation in cognito::shapes::OPERATIONS {
        visit(operation.input, &mut seen, &mut |shape| {
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
    let outputs: Vec<_> = cognito::output_shapes::OUTPUTS.iter().map(|(name, _)| *name).collect();
    let names: Vec<_> = cognito::shapes::OPERATIONS.iter().map(|operation| operation.name).collect();
    assert_eq!(names, outputs);
    for name in names {
        assert_eq!(find(cognito::shapes::OPERATIONS, name).map(|found| found.name), Some(name));
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
    assert!(cognito::output_shapes::EXCEPTIONS.contains(&("InternalErrorException", 500)));
    assert!(cognito::output_shapes::EXCEPTIONS.contains(&("ScopeDoesNotExistException", 400)));
}
