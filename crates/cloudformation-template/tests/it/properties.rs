//! Whatever the template: an answer and no panic, and never much more of it than there was to read.

use claviger_cloudformation_template::{
    BindError, Instance, Known, KnownResource, ParameterInputs, Supplied, Template, Unresolved,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::case::pseudo;
use crate::conformance::FILES;

/// Bytes that a resolved value may be longer than its template and what the template refers to, whatever it says.
const GROWTH_BYTES_MAX: usize = 64 * 1024;

/// Takes a template as far as it goes.
fn run(text: &str) {
    let Ok(template) = Template::parse(text) else { return };
    let _ = format!("{:?}", template.summary());
    let mut inputs = ParameterInputs::default();
    for parameter in template.parameters().filter(|parameter| parameter.default.is_none()) {
        inputs.supplied.insert(parameter.name.clone(), Supplied::Value("1".to_owned()));
    }
    let parameters = match template.bind(&inputs) {
        Err(BindError::Ssm(names)) => {
            inputs.ssm = names.into_iter().map(|(_, name)| (name, "1".to_owned())).collect();
            template.bind(&inputs)
        }
        bound => bound,
    };
    let Ok(parameters) = parameters else { return };
    let Ok(instance) = template.instantiate(parameters, pseudo()) else { return };
    let order = instance.creation_order();
    assert_eq!(order.len(), instance.resources().count());
    resolve(&instance, &Known::default(), text.len());
    let mut known = Known::default();
    for resource in order {
        let attributes = [("Arn".to_owned(), "arn".into()), ("List".to_owned(), json!(["x", "y"]))].into();
        known.resources.insert(resource.logical_id.clone(), KnownResource { reference: "id".into(), attributes });
    }
    resolve(&instance, &known, text.len());
}

fn resolve(instance: &Instance, known: &Known, read_bytes: usize) {
    for resource in instance.resources() {
        let planned = instance.plan(&resource.properties, known);
        let _ = instance.show(&resource.properties, known);
        match (instance.resolve(&resource.properties, known), planned) {
            (Ok(value), Ok(planned)) => {
                assert_eq!((&value, planned.needs.len()), (&planned.value, 0));
                let bytes = value.to_string().len();
                assert!(bytes <= 8 * read_bytes + GROWTH_BYTES_MAX, "{read_bytes} bytes became {bytes}");
            }
            (Err(Unresolved::Needs(needs)), Ok(planned)) => assert_eq!(needs, planned.needs),
            (Err(Unresolved::Refused(refused)), Err(planned)) => assert_eq!(refused, planned),
            (resolved, planned) => panic!("resolving and planning differ: {resolved:?} {planned:?}"),
        }
    }
    for output in instance.outputs() {
        let _ = instance.resolve(&output.value, known);
    }
}

/// A value with functions in it, most of them well-formed.
fn value() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["A", "B", "R1", "R2", "AWS::Region", "AWS::NoValue", "N", "Nope"]);
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        (-3_i64..4).prop_map(|number| json!(number)),
        "[a-c,:/${}!.]{0,8}".prop_map(|text| json!(text)),
        name.clone().prop_map(|name| json!({ "Ref": name })),
        name.prop_map(|name| json!({ "Fn::Sub": format!("${{{name}}}-${{R1.Arn}}") })),
        Just(json!({ "Fn::GetAtt": ["R1", "List"] })),
        Just(json!({ "Fn::ImportValue": "x" })),
        Just(json!("{{resolve:ssm:a}}")),
    ];
    let function = prop::sample::select(vec![
        "Fn::Join",
        "Fn::Select",
        "Fn::Split",
        "Fn::Sub",
        "Fn::If",
        "Fn::FindInMap",
        "Fn::Base64",
        "Fn::Cidr",
        "Fn::GetAZs",
        "Fn::Length",
        "Fn::ToJsonString",
        "Fn::GetAtt",
        "Fn::ImportValue",
        "Fn::GetStackOutput",
        "Fn::ForEach::L",
        "Ref",
        "Fn::Equals",
        "Fn::And",
        "Fn::Or",
        "Fn::Not",
        "Condition",
        "Key",
    ]);
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            (function.clone(), inner.clone()).prop_map(|(function, argument)| json!({ function: argument })),
            (function.clone(), prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(function, arguments)| json!({ function: arguments })),
            ("[,:|-]", prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(delimiter, list)| json!({ "Fn::Join": [delimiter, list] })),
            (0_usize..3, inner.clone(), inner.clone())
                .prop_map(|(index, left, right)| json!({ "Fn::Select": [index, [left, right]] })),
            (inner.clone(), inner.clone()).prop_map(|(then, otherwise)| json!({ "Fn::If": ["C", then, otherwise] })),
            (inner.clone(), inner).prop_map(|(a, b)| json!({ "Fn::Sub": ["${V}${W}${V}", { "V": a, "W": b }] })),
        ]
    })
}

proptest! {
    #[test]
    fn generated_templates_do_no_harm(p in value(), q in value(), condition in value(), extended: bool) {
        let mut template = json!({
            "Parameters": { "A": { "Type": "String", "Default": "x" }, "B": { "Type": "CommaDelimitedList", "Default": "1,2" } },
            "Mappings": { "M": { "a": { "b": ["c"] } } },
            "Conditions": { "C": { "Fn::Equals": [{ "Ref": "A" }, "x"] }, "D": { "Fn::Not": [{ "Fn::Equals": [condition, "1"] }] } },
            "Resources": {
                "R1": { "Type": "T", "Properties": { "P": p } },
                "R2": { "Type": "T", "Condition": "C", "Properties": { "P": q, "Q": [{ "Ref": "A" }] } },
            },
            "Outputs": { "O": { "Value": { "Ref": "R1" } } },
        });
        if extended {
            template["Transform"] = json!("AWS::LanguageExtensions");
            template["Resources"]["Fn::ForEach::Loop"] = json!(["N", q, { "X${N}": { "Type": "T", "Properties": p } }]);
        }
        run(&template.to_string());
    }

    #[test]
    fn mutated_templates_do_no_harm(
        file in 0..FILES.len(),
        case in 0_usize..200,
        edits in prop::collection::vec((0_usize..2000, prop::sample::select(vec![
            "", " ", "\n", ":", "- ", "[", "]", "{", "}", "!Ref ", "!Sub ", "Fn::", "${", "'", "\"", "&a ", "*a", "|", "Resources", "é",
        ])), 1..4),
    ) {
        let templates: Vec<String> = crate::case::cases(FILES[file]).into_iter().map(|case| case.template).collect();
        let mut text: Vec<char> = templates[case % templates.len()].chars().collect();
        for (at, edit) in edits {
            let at = at % (text.len() + 1);
            if edit.is_empty() && at < text.len() {
                text.remove(at);
            }
            text.splice(at..at, edit.chars());
        }
        run(&text.into_iter().collect::<String>());
    }

    #[test]
    fn any_text_does_no_harm(text in "[-a-cA-D0-9:{}\\[\\]&*!|>'\"#?, \n.~<$%@`\t\\\\]{0,120}") {
        run(&text);
        run(&format!("Resources:\n  R:\n    Type: T\n    Properties:\n      {text}"));
        run(&format!("{{\"Resources\": {{\"R\": {{\"Type\": \"T\", \"Properties\": {text}}}}}}}"));
    }
}

#[test]
fn few_bytes_do_not_become_many() {
    let refused = |text: &str, part: &str| {
        let parsed = Template::parse(text);
        let outcome = parsed.map_err(|error| error.to_string()).and_then(|template| {
            let parameters = template.bind(&ParameterInputs::default()).map_err(|error| format!("{error:?}"))?;
            let instance = template.instantiate(parameters, pseudo()).map_err(|error| error.to_string())?;
            let resource = instance.resources().next().ok_or("no resource")?;
            instance
                .resolve(&resource.properties, &Known::default())
                .map(|value| value.to_string().len())
                .map_err(|error| format!("{error:?}"))
        });
        assert!(outcome.clone().is_err_and(|message| message.contains(part)), "{part}: {outcome:?}");
    };
    let long = "x".repeat(4000);
    let parameter = format!("Parameters: {{P: {{Type: String, Default: {long}}}}}\n");
    refused(
        &format!("{parameter}Resources: {{R: {{Type: T, Properties: {{A: !Sub '{}'}}}}}}", "${P}".repeat(100_000)),
        "once it is resolved",
    );
    refused(&format!("Resources: {{R: {{Type: T, Properties: {{A: {}}}}}}}", "[".repeat(100)), "levels deep");
    refused(&format!("Resources: {}", "[a,".repeat(100_000)), "");
    refused(&"a".repeat(1_000_001), "Template may not exceed 1000000 bytes in size.");
    let items = lines(30, &|at| format!("a{at},"));
    let loops = |depth: usize| {
        let open = lines(depth, &|level| format!("{{'Fn::ForEach::L{level}': [N{level}, [{items}], "));
        let name = lines(depth, &|level| format!("${{N{level}}}"));
        let close = "]}".repeat(depth);
        format!("Transform: AWS::LanguageExtensions\nResources: {open}{{'X{name}': {{Type: T}}}}{close}")
    };
    refused(&loops(2), "Number of resources, 900, is greater than maximum allowed, 500");
    refused(&loops(6), "");
    let functions =
        lines(400, &|at| format!("  F{at}: {{Type: AWS::Serverless::Function, Properties: {{InlineCode: x}}}}\n"));
    let globals = format!("Globals: {{Function: {{Description: {}}}}}", "x".repeat(100_000));
    refused(
        &format!("Transform: AWS::Serverless-2016-10-31\n{globals}\nResources:\n{functions}"),
        "Template may not exceed 1000000 bytes in size.",
    );
    let paths = lines(5000, &|at| format!("/p{at}: {{get: {{}}}}, "));
    let api = format!(
        "StageName: v, Cors: '{}', DefinitionBody: {{swagger: '2.0', paths: {{{paths}}}}}",
        "x".repeat(100_000)
    );
    refused(
        &format!(
            "Transform: AWS::Serverless-2016-10-31\nResources: {{A: {{Type: AWS::Serverless::Api, Properties: {{{api}}}}}}}"
        ),
        "Template may not exceed 1000000 bytes in size.",
    );
    let resources = lines(501, &|at| format!("  R{at}: {{Type: T}}\n"));
    refused(
        &format!("Resources:\n{resources}"),
        "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
    );
    let parameters = lines(201, &|at| format!("  P{at}: {{Type: String}}\n"));
    refused(
        &format!("Parameters:\n{parameters}Resources: {{R: {{Type: T}}}}"),
        "Template format error: Number of parameters, 201, is greater than maximum allowed, 200",
    );
    let outputs = lines(201, &|at| format!("  O{at}: {{Value: a}}\n"));
    refused(
        &format!("Resources: {{R: {{Type: T}}}}\nOutputs:\n{outputs}"),
        "Template format error: Number of outputs, 201, is greater than maximum allowed, 200",
    );
}

fn lines(count: usize, line: &dyn Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}
