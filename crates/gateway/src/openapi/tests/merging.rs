//! Tests of importing into an API that exists.

use super::*;

#[test]
fn merging_adds_and_overwriting_leaves_only_what_the_document_has() {
    let before = import_new(&with_paths(
        json!({
            "/a": { "get": { "operationId": "old" }, "put": { "operationId": "old" } },
            "/b/{id}": { "get": {} },
        }),
        json!({ "x-amazon-apigateway-binary-media-types": ["image/png"],
            "components": { "schemas": { "Old": {}, "Both": {} } },
            "x-amazon-apigateway-gateway-responses": { "THROTTLED": {} } }),
    ))
    .definition;
    let document = with_paths(
        json!({ "/a": { "get": { "operationId": "new" } }, "/c": { "get": {} } }),
        json!({ "info": { "title": "new", "version": "2" }, "x-amazon-apigateway-binary-media-types": ["image/gif"],
            "components": { "schemas": { "Both": { "type": "object" } } } }),
    );
    let import =
        |target: Target<'_>| import(document.as_bytes(), &ImportOptions::default(), target, &mut Counting(7)).unwrap();
    let paths = |imported: &Imported| {
        imported.definition.resources.iter().map(|resource| resource.path.clone()).collect::<Vec<_>>().join(" ")
    };
    let models = |imported: &Imported| {
        imported.definition.models.iter().map(|model| model.name.clone()).collect::<Vec<_>>().join(" ")
    };

    let merged = import(Target::Merge(&before));
    assert_eq!(paths(&merged), "/ /a /b /b/{id} /c");
    assert_eq!(operation(&merged, "/a", "GET")["operationName"], "new");
    assert_eq!(operation(&merged, "/a", "PUT")["operationName"], "old");
    assert_eq!(models(&merged), "Old Both");
    assert_eq!(merged.definition.rest_api.binary_media_types, ["image/png", "image/gif"]);
    assert_eq!(merged.definition.gateway_responses.len(), 1);

    let overwritten = import(Target::Overwrite(&before));
    assert_eq!(paths(&overwritten), "/ /a /c");
    assert_eq!(operation(&overwritten, "/a", "PUT"), Value::Null);
    assert_eq!(models(&overwritten), "Both");
    assert_eq!(overwritten.definition.rest_api.binary_media_types, ["image/gif"]);
    assert_eq!(overwritten.definition.gateway_responses.len(), 0);

    for after in [&merged, &overwritten] {
        let api = &after.definition.rest_api;
        assert_eq!((api.name.as_str(), api.version.as_deref()), ("new", Some("2")));
        assert_eq!(
            (&api.id, &api.root_resource_id, api.created_date),
            (&before.rest_api.id, &before.rest_api.root_resource_id, before.rest_api.created_date)
        );
        let id = |definition: &RestApiDefinition| {
            definition.resources.iter().find(|resource| resource.path == "/a").unwrap().id.clone()
        };
        assert_eq!(id(&after.definition), id(&before), "what stays keeps its id");
        let id = |definition: &RestApiDefinition| {
            definition.models.iter().find(|model| model.name == "Both").unwrap().id.clone()
        };
        assert_eq!(id(&after.definition), id(&before));
    }
    let conflicting = with_paths(json!({ "/b/{other}": {} }), json!({}));
    let conflict =
        super::import(conflicting.as_bytes(), &ImportOptions::default(), Target::Merge(&before), &mut Counting(1));
    assert!(conflict.unwrap_err().to_string().contains("A sibling ({id}) of this resource already has"));
}
