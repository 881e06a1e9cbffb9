//! Properties of every document.

use proptest::prelude::*;

use super::*;

/// Puts `replacement` in the place of the `at`th node of a document, counted from its root.
fn replace_node(value: &mut Value, at: &mut usize, replacement: &Value) {
    if *at == 0 {
        *value = replacement.clone();
    }
    let Some(left) = at.checked_sub(1) else {
        *at = usize::MAX;
        return;
    };
    *at = left;
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| replace_node(member, at, replacement)),
        Value::Array(elements) => elements.iter_mut().for_each(|element| replace_node(element, at, replacement)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_document_with_a_wrong_part_is_refused_or_compiled(at in 0_usize..60, which in 0_usize..12) {
        let replacements = [json!(null), json!(true), json!(-1), json!(""), json!("${stageVariables.x}"), json!("'"), json!([]),
            json!([{}]), json!({}), json!({ "default": {} }), json!({ "$ref": "#/components" }), json!([["a"]])];
        let mut document = yaml::read(GUARDED).unwrap();
        replace_node(&mut document, &mut at.clone(), &replacements[which]);
        if let Ok(imported) = import_with(&document.to_string(), &ImportOptions::default()) {
            let _ = compile(&imported.definition);
        }
    }

    #[test]
    fn never_panics(
        key in "(paths|info|components|security|servers|x-amazon-apigateway-[a-z-]{3,12}|definitions|swagger|openapi)",
        text in "[-a-z0-9:{}\\[\\]\"', /+.$#]{0,80}",
    ) {
        for start in ["swagger: '2.0'\n", "openapi: 3.0.0\ninfo: {title: t}\n"] {
            let _ = import_with(&format!("{start}{key}: {text}\n"), &ImportOptions::default());
            let _ = import_with(&format!("{start}paths: {{/a: {{get: {{{key}: {text}}}}}}}\n"), &ImportOptions::default());
        }
    }
}
