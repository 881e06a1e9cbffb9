//! What CloudFormation demands of a resource type's properties: AWS's resource type schemas, as the `cfn-lint` package
//! carries them, without their prose.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::project::{output, root, run};
use crate::python::Python;

/// The package, of one version, so that every machine generates the same.
const PACKAGE: &str = "cfn-lint==1.58.0";
/// The file that names the types which are served, one a line, beside the folder of their schemas.
const TYPES: &str = "crates/control-plane/src/cloudformation/types/served.txt";
/// The folder of the schemas.
const FOLDER: &str = "crates/control-plane/src/cloudformation/types/schemas";

/// What of a schema is kept: everything that decides, nothing that explains.
const KEPT: &[&str] = &[
    "type",
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "items",
    "enum",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "uniqueItems",
    "$ref",
    "definitions",
    "createOnlyProperties",
    "conditionalCreateOnlyProperties",
    "readOnlyProperties",
    "writeOnlyProperties",
    "primaryIdentifier",
];

/// The schemas of all types that are served: path and text.
pub(super) fn files(python: &Python) -> anyhow::Result<Vec<(String, String)>> {
    let folder = root().join("target/compat/resource-types");
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(PACKAGE) {
        run(python
            .program("pip")
            .args(["install", "--quiet", "--no-deps", "--upgrade", "--target"])
            .args([folder.as_os_str(), PACKAGE.as_ref()]))?;
        fs::write(&stamp, PACKAGE)?;
    }
    let types = fs::read_to_string(root().join(TYPES)).with_context(|| format!("cannot read {TYPES}"))?;
    types.lines().filter(|line| !line.is_empty()).map(|name| file(python, &folder, name)).collect()
}

fn file(python: &Python, folder: &std::path::Path, name: &str) -> anyhow::Result<(String, String)> {
    const PRINT: &str = "import json, pathlib, sys\n\
        schemas = pathlib.Path(sys.argv[1]) / 'cfnlint' / 'data' / 'schemas'\n\
        key = json.loads((schemas / 'providers' / 'us-east-1.json').read_text())[sys.argv[2]]\n\
        print((schemas / 'resources' / f'{key}.json').read_text())";
    let json = output(python.program("python").args(["-c", PRINT]).arg(folder).arg(name))
        .with_context(|| format!("{name} has no schema"))?;
    let mut schema: Value = serde_json::from_str(&json)?;
    keep_what_decides(&mut schema);
    drop_unused_definitions(&mut schema);
    let text = format!("{}\n", serde_json::to_string_pretty(&schema)?);
    Ok((format!("{FOLDER}/{}.json", name.replace("::", "-")), text))
}

fn keep_what_decides(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    members.retain(|key, _| KEPT.contains(&key.as_str()));
    for (key, value) in members.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "patternProperties" | "definitions", Value::Object(children)) => {
                children.values_mut().for_each(keep_what_decides);
            }
            ("items" | "additionalProperties", child) => keep_what_decides(child),
            _ => {}
        }
    }
}

fn drop_unused_definitions(schema: &mut Value) {
    let Some(Value::Object(definitions)) = schema.as_object_mut().and_then(|it| it.remove("definitions")) else {
        return;
    };
    let mut used = BTreeSet::new();
    let mut open = references(schema);
    while let Some(name) = open.pop() {
        if let Some(definition) = definitions.get(&name)
            && used.insert(name)
        {
            open.extend(references(definition));
        }
    }
    let kept: Map<String, Value> = definitions.into_iter().filter(|(name, _)| used.contains(name)).collect();
    if let Some(members) = schema.as_object_mut().filter(|_| !kept.is_empty()) {
        members.insert("definitions".to_owned(), Value::Object(kept));
    }
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match value.as_str().and_then(|text| text.strip_prefix("#/definitions/")) {
                Some(name) if key == "$ref" => vec![name.to_owned()],
                _ => references(value),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
