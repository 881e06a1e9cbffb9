//! CloudFormation templates in JSON and YAML: parameters bound, transforms applied, functions resolved.

use claviger_cloudformation_template::{BindError, Known, ParameterInputs, PseudoParameters, Template};

/// A template.
pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(template) = Template::parse(text) else { return };
    let _ = template.summary();
    let mut inputs = ParameterInputs::default();
    let bound = template.bind(&inputs);
    let bound = match bound {
        Err(BindError::Ssm(wanted)) => {
            inputs.ssm.extend(wanted.into_iter().map(|(_, name)| (name, "value".to_owned())));
            template.bind(&inputs)
        }
        bound => bound,
    };
    let Ok(parameters) = bound else { return };
    let Ok(instance) = template.instantiate(parameters, pseudo()) else { return };
    let order = instance.creation_order();
    assert_eq!(order.len(), instance.resources().count(), "every resource has its place");
    for (place, resource) in order.iter().enumerate() {
        for needed in instance.dependencies(&resource.logical_id) {
            let before = order.iter().take(place).any(|earlier| earlier.logical_id == needed);
            assert!(before, "{needed} comes before {}", resource.logical_id);
        }
    }
    let known = Known::default();
    for expression in instance.resources().map(|resource| &resource.properties) {
        let _ = (instance.resolve(expression, &known), instance.plan(expression, &known));
        let _ = (instance.show(expression, &known), instance.references(expression));
    }
    for output in instance.outputs() {
        let _ = instance.resolve_output(output, &known);
    }
    let _ = (instance.imports(), instance.processed());
}

fn pseudo() -> PseudoParameters {
    PseudoParameters {
        account_id: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
        stack_name: "storms".to_owned(),
        stack_id: "arn:aws:cloudformation:us-east-1:000000000000:stack/storms/1".to_owned(),
        notification_arns: Vec::new(),
    }
}
