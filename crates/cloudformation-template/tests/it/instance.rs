//! What an engine asks of a template beside the values of its expressions.

use std::collections::BTreeSet;

use claviger_cloudformation_template::{
    BindError, DeletionPolicy, DynamicReference, Instance, KNOWN_AFTER_APPLY, Known, KnownResource, Need,
    ParameterInputs, Reference, Supplied, Template, Unresolved,
};
use serde_json::json;

use crate::case::pseudo;

const TEMPLATE: &str = "
Description: orders
Metadata: {Owner: us}
Parameters:
  Password: {Type: String, NoEcho: true, MinLength: 3}
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Queue:
    Type: Test::Queue
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      Names: [!Sub '${Env}-${Topic}', !GetAtt Topic.Arn]
      Import: !If [IsProd, !ImportValue prod-x, !ImportValue dev-x]
      Secret: !Ref Password
  Topic:
    Type: Test::Topic
  Extra: {Type: Test::Queue, Condition: IsProd}
";

fn instance(template: &Template) -> Instance {
    let supplied = [("Password".to_owned(), Supplied::Value("opensesame".to_owned()))].into();
    let parameters = template.bind(&ParameterInputs { supplied, ..ParameterInputs::default() }).unwrap();
    template.instantiate(parameters, pseudo()).unwrap()
}

#[test]
fn a_template_says_what_it_declares() {
    let template = Template::parse(TEMPLATE).unwrap();
    let summary = template.summary();
    assert_eq!((summary.version, summary.description), (None, Some("orders")));
    assert_eq!(summary.metadata, Some(json!({ "Owner": "us" })));
    assert_eq!(summary.resource_types.iter().collect::<Vec<_>>(), ["Test::Queue", "Test::Topic"]);
    let parameters: Vec<_> = summary.parameters.iter().map(|one| (one.name.as_str(), one.kind.as_str())).collect();
    assert_eq!(parameters, [("Password", "String"), ("Env", "String")]);
    assert_eq!((summary.parameters[0].no_echo, summary.parameters[1].default.as_deref()), (true, Some("dev")));
    assert_eq!(summary.parameters[1].allowed_values, ["dev", "prod"]);
}

#[test]
fn the_line_of_a_resource_and_of_an_error_is_known() {
    let template = Template::parse(TEMPLATE).unwrap();
    assert_eq!(
        (template.line_of("Queue"), template.line_of("Topic"), template.line_of("Nope")),
        (Some(11), Some(19), None)
    );
    let wrong = TEMPLATE.replace("!Ref Password", "{Fn::Nope: a}");
    assert_eq!(Template::parse(&wrong).unwrap_err().line, Some(17));
    let json = "{\n\"Resources\": {\n\"X\":\n{\"Type\": 1}}}";
    assert_eq!(Template::parse(json).unwrap_err().line, Some(4));
}

#[test]
fn what_is_never_echoed_is_in_no_debug_print() {
    let template = Template::parse(TEMPLATE).unwrap();
    let instance = instance(&template);
    let password = instance.parameters().parameter("Password").unwrap();
    assert_eq!((password.shown(), password.value.as_str()), ("****", "opensesame"));
    let planned = instance.plan(&instance.resource("Queue").unwrap().properties, &Known::default()).unwrap();
    assert_eq!(planned.value["Secret"], "opensesame");
    assert!(!format!("{instance:?} {planned:?}").contains("opensesame"));
    assert_eq!(instance.show(&instance.resource("Queue").unwrap().properties, &Known::default())["Secret"], "****");
    let short = ParameterInputs {
        supplied: [("Password".to_owned(), Supplied::Value("xy".to_owned()))].into(),
        ..ParameterInputs::default()
    };
    let Err(BindError::Refused(error)) = template.bind(&short) else { panic!("too short a password is bound") };
    assert_eq!(error.to_string(), "Parameter 'Password' must contain at least 3 characters");
}

#[test]
fn a_plan_marks_what_is_known_only_later() {
    let template = Template::parse(TEMPLATE).unwrap();
    let instance = instance(&template);
    let queue = &instance.resource("Queue").unwrap().properties;
    let mut known = Known::default();
    known.exports.insert("dev-x".to_owned(), "imported".to_owned());
    let planned = instance.plan(queue, &known).unwrap();
    assert_eq!(planned.value["Names"], json!([format!("dev-{KNOWN_AFTER_APPLY}"), KNOWN_AFTER_APPLY]));
    assert_eq!(planned.value["Import"], "imported");
    assert_eq!(planned.needs.len(), 1);
    let topic = KnownResource { reference: "t".into(), attributes: [("Arn".to_owned(), "arn:t".into())].into() };
    known.resources.insert("Topic".to_owned(), topic);
    assert_eq!(instance.resolve(queue, &known).unwrap()["Names"], json!(["dev-t", "arn:t"]));
}

#[test]
fn an_instance_knows_what_it_imports_and_what_expressions_refer_to() {
    let template = Template::parse(TEMPLATE).unwrap();
    let instance = instance(&template);
    assert_eq!(instance.imports().unwrap(), BTreeSet::from(["dev-x".to_owned()]));
    let properties = &instance.resource("Queue").unwrap().properties;
    let names = properties.member("Names").unwrap();
    let topic = || "Topic".to_owned();
    assert_eq!(
        instance.references(names),
        BTreeSet::from([
            Reference::Parameter("Env".to_owned()),
            Reference::Resource(topic()),
            Reference::Attribute { resource: topic(), attribute: "Arn".to_owned() },
        ])
    );
    assert!(instance.references(properties.member("Import").unwrap()).is_empty());
    assert_eq!(instance.dependencies("Queue").collect::<Vec<_>>(), ["Topic"]);
    assert!(instance.resource("Extra").is_none());
}

#[test]
fn policies_are_read() {
    let template = Template::parse(TEMPLATE).unwrap();
    let instance = instance(&template);
    let queue = instance.resource("Queue").unwrap();
    assert_eq!(queue.deletion_policy, Some(DeletionPolicy::RetainExceptOnCreate));
    assert_eq!(queue.update_replace_policy, Some(DeletionPolicy::Retain));
    assert_eq!(instance.resource("Topic").unwrap().deletion_policy, None);
}

#[test]
fn secrets_reach_resources_and_no_one_else() {
    let reference = "{{resolve:secretsmanager:S:SecretString:password}}";
    let text = format!(
        "Resources: {{R: {{Type: T, Properties: {{A: 'x{reference}'}}}}}}\nOutputs: {{O: {{Value: '{reference}'}}}}"
    );
    let template = Template::parse(&text).unwrap();
    let parameters = template.bind(&ParameterInputs::default()).unwrap();
    let instance = template.instantiate(parameters, pseudo()).unwrap();
    let properties = &instance.resource("R").unwrap().properties;
    let secret = DynamicReference::Secret {
        id: "S".to_owned(),
        json_key: Some("password".to_owned()),
        version_stage: None,
        version_id: None,
    };
    let mut known = Known::default();
    assert_eq!(instance.resolve(properties, &known), Err(Unresolved::Needs([Need::Dynamic(secret.clone())].into())));
    known.dynamic.insert(secret, "sesame".to_owned());
    assert_eq!(instance.resolve(properties, &known).unwrap(), json!({ "A": "xsesame" }));
    assert_eq!(instance.plan(properties, &known).unwrap().value, json!({ "A": "xsesame" }));
    assert_eq!(instance.show(properties, &known), json!({ "A": format!("x{reference}") }));
    let output = instance.outputs().next().unwrap();
    assert_eq!(instance.resolve_output(output, &known).unwrap().value, reference);
    assert!(!format!("{known:?}").contains("sesame"));
}
