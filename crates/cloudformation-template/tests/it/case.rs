//! Cases written as text: a template, what is given to it, and what must come of it.
//!
//! A file begins with a prelude (sections of a template in YAML) and goes on with cases:
//!
//! ```text
//! ### the page of AWS's documentation that the cases below stand on
//!
//! === name of the case
//! given: {"Parameter": "value"}
//! known: {"Resource": {"ref": "r", "Attribute": "a"}}
//! --- value            a property of the resource `Subject`, added to the prelude; or
//! --- template         a whole template, without the prelude
//! !Ref Parameter
//! --- is               the value of the property (for a template: of `Subject.P`), or
//! --- fails            the error, or
//! --- needs            what has to be known first, or
//! --- outputs          the values of the outputs, those of exports under their export names, or
//! --- order            the resources in the order of creation, or
//! --- ids              the resources once transforms are applied, fingerprints as `#`, or
//! --- resource <id>    one of them
//! "value"
//! ```

use std::collections::{BTreeMap, BTreeSet};

use claviger_cloudformation_template::{
    BindError, DynamicReference, Instance, Known, KnownResource, Need, ParameterInputs, PseudoParameters, StackOutput,
    Supplied, Template, Unresolved,
};
use serde_json::{Map, Value, json};

/// A case of a file.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) source: String,
    given: Value,
    known: Value,
    pub(crate) template: String,
    expected: (String, String),
}

/// Reads the cases of a file.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let mut groups = text.split("\n### ");
    let prelude = groups.next().unwrap_or_default();
    groups
        .flat_map(|group| {
            let mut parts = group.split("\n=== ");
            let source = parts.next().unwrap_or_default().trim().to_owned();
            parts.map(move |part| Case::read(part, &source, prelude)).collect::<Vec<_>>()
        })
        .collect()
}

impl Case {
    fn read(part: &str, source: &str, prelude: &str) -> Self {
        let mut sections = part.split("\n--- ");
        let mut head = sections.next().unwrap().lines();
        let name = head.next().unwrap().to_owned();
        let members: BTreeMap<&str, &str> =
            head.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}"))).collect();
        let json = |member: &str| {
            members.get(member).map_or(Value::Null, |text| {
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {member}: {error}"))
            })
        };
        let mut section = || {
            let (kind, text) =
                sections.next().unwrap_or_else(|| panic!("{name}: a section is missing")).split_once('\n').unwrap();
            (kind.trim().to_owned(), text.to_owned())
        };
        let template = match section() {
            (kind, text) if kind == "value" => with_value(prelude, &text),
            (kind, text) if kind == "template" => text,
            (kind, _) => panic!("{name}: unknown section {kind}"),
        };
        let (kind, expected) = section();
        Self {
            source: source.to_owned(),
            given: json("given"),
            known: json("known"),
            template,
            expected: (kind, expected.trim_end().to_owned()),
            name,
        }
    }

    /// What is wrong with the outcome; nothing when it is as expected.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (kind, expected) = &self.expected;
        let outcome = self.run(kind);
        let outcome = match (&**kind, outcome) {
            ("fails", Err(message)) => message == *expected,
            (kind, Ok(value))
                if ["is", "outputs", "needs", "order", "ids"].contains(&kind) || kind.starts_with("resource ") =>
            {
                value == serde_json::from_str::<Value>(expected).map_err(|error| format!("{expected}: {error}"))?
            }
            (_, Ok(value)) => return Err(format!("expected {kind}: {expected}\n     but got: {value}")),
            (_, Err(message)) => return Err(format!("expected {kind}: {expected}\n     but it fails: {message}")),
        };
        if outcome { Ok(()) } else { Err(format!("expected {kind}: {expected}\n     but got: {:?}", self.run(kind))) }
    }

    fn run(&self, kind: &str) -> Result<Value, String> {
        let template = Template::parse(&self.template).map_err(|error| error.to_string())?;
        let instance = self.instantiate(&template)?;
        let known = self.known();
        match kind {
            "outputs" => {
                let mut outputs = Map::new();
                for output in instance.outputs() {
                    let resolved = instance.resolve_output(output, &known).map_err(|unresolved| match unresolved {
                        Unresolved::Refused(error) => error.to_string(),
                        Unresolved::Needs(needs) => format!("needs {needs:?}"),
                    })?;
                    let value = match resolved.export_name {
                        Some(name) => json!({ name: resolved.value }),
                        None => resolved.value.into(),
                    };
                    outputs.insert(output.name.clone(), value);
                }
                Ok(outputs.into())
            }
            "order" => {
                Ok(instance.creation_order().iter().map(|resource| Value::from(resource.logical_id.as_str())).collect())
            }
            "ids" => {
                let processed = instance.processed();
                Ok(processed["Resources"].as_object().unwrap().keys().map(|id| Value::from(without_hash(id))).collect())
            }
            kind if kind.starts_with("resource ") => {
                let id = kind.trim_start_matches("resource ");
                let processed = instance.processed();
                let resources = processed["Resources"].as_object().unwrap();
                let found = resources.iter().find(|(name, _)| without_hash(name) == id);
                Ok(found.map(|(_, resource)| resource.clone()).unwrap_or_default())
            }
            "fails" if instance.resource("Subject").is_none() => {
                for output in instance.outputs() {
                    if let Err(Unresolved::Refused(error)) = instance.resolve_output(output, &known) {
                        return Err(error.to_string());
                    }
                }
                Ok(Value::Null)
            }
            _ => {
                let subject = instance.resource("Subject").ok_or("there is no Subject")?;
                match instance.resolve(&subject.properties, &known) {
                    Ok(value) => Ok(value.get("P").cloned().unwrap_or_else(|| json!("no such property"))),
                    Err(Unresolved::Refused(error)) => Err(error.to_string()),
                    Err(Unresolved::Needs(needs)) => Ok(needs.iter().map(written).collect()),
                }
            }
        }
    }

    fn instantiate(&self, template: &Template) -> Result<Instance, String> {
        let texts = |value: &Value| {
            let members = value.as_object().into_iter().flatten();
            members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect::<BTreeMap<_, _>>()
        };
        let supplied = self.given.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('$'));
        let inputs = ParameterInputs {
            supplied: supplied
                .map(|(name, value)| {
                    let value = value.as_str().map_or(Supplied::Previous, |value| Supplied::Value(value.to_owned()));
                    (name.clone(), value)
                })
                .collect(),
            previous: texts(&self.given["$previous"]),
            ssm: texts(&self.given["$ssm"]),
        };
        let parameters = template.bind(&inputs).map_err(|error| match error {
            BindError::Refused(error) => error.to_string(),
            BindError::Ssm(names) => format!("SSM: {names:?}"),
        })?;
        template.instantiate(parameters, pseudo()).map_err(|error| error.to_string())
    }

    /// `{"Resource": {"ref": …, "Attribute": …}, "$exports": {…}, "$outputs": {"stack/output": …}, "$dynamic": {…}}`
    fn known(&self) -> Known {
        let mut known = Known::default();
        for (name, value) in self.known.as_object().into_iter().flatten() {
            let members = value.as_object().unwrap().clone();
            let texts =
                members.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
            match name.as_str() {
                "$exports" => known.exports = texts.collect(),
                "$outputs" => {
                    known.stack_outputs = texts
                        .map(|(name, value)| {
                            let mut parts = name.split(' ').map(str::to_owned);
                            let (stack, output) = (parts.next().unwrap(), parts.next().unwrap());
                            (StackOutput { stack, output, region: parts.next(), role: parts.next() }, value)
                        })
                        .collect();
                }
                "$ssm" => {
                    known.dynamic =
                        texts.map(|(name, value)| (DynamicReference::Ssm { name, version: None }, value)).collect();
                }
                _ => {
                    let reference = members.get("ref").cloned().unwrap_or_default();
                    let attributes = members.into_iter().filter(|(name, _)| name != "ref").collect();
                    known.resources.insert(name.clone(), KnownResource { reference, attributes });
                }
            }
        }
        known
    }
}

/// The stack of all cases.
pub(crate) fn pseudo() -> PseudoParameters {
    PseudoParameters {
        account_id: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
        stack_name: "orders".to_owned(),
        stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/1".to_owned(),
        notification_arns: vec!["arn:aws:sns:eu-west-1:123456789012:a".to_owned()],
    }
}

fn with_value(prelude: &str, value: &str) -> String {
    let value = value.trim_end().lines().collect::<Vec<_>>().join("\n        ");
    let prelude = if prelude.contains("Resources:") { prelude.to_owned() } else { format!("{prelude}\nResources:") };
    format!("{prelude}\n  Subject:\n    Type: Test::Subject\n    Properties:\n      P:\n        {value}\n")
}

fn written(need: &Need) -> Value {
    match need {
        Need::Resource(name) => json!({ "resource": name }),
        Need::Export(name) => json!({ "export": name }),
        Need::StackOutput(of) => {
            json!({ "stack": of.stack, "output": of.output, "region": of.region, "role": of.role })
        }
        Need::Dynamic(reference) => json!({ "dynamic": reference.to_string() }),
    }
}

/// Names that occur twice.
pub(crate) fn doubled<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}

/// The id with `#` for the fingerprint it ends in.
fn without_hash(id: &str) -> String {
    for before in ["Deployment", "Version", "Stage"] {
        if let Some((start, hash)) = id.split_once(before)
            && hash.len() == 10
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return format!("{start}{before}#");
        }
    }
    id.to_owned()
}
