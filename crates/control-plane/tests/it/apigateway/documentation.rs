//! Documentation parts and versions.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

fn part(location: Value, properties: Value) -> Value {
    json!({"location": location, "properties": properties.to_string()})
}

/// The locations and properties of a list of parts, in the order of their properties.
fn shown(list: &Value) -> Vec<(Value, Value)> {
    let read = |part: &Value| {
        let properties = part["properties"].as_str().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        (part["location"].clone(), properties)
    };
    let mut parts: Vec<_> = list["item"].as_array().unwrap().iter().map(read).collect();
    parts.sort_by_key(|(location, properties)| (properties.to_string(), location.to_string()));
    parts
}

#[tokio::test]
async fn a_part_is_made_shown_changed_and_deleted() {
    let plane = Plane::new();
    let (api, _) = api(&plane).await;
    let parts = format!("{api}/documentation/parts");
    let location = json!({"type": "METHOD", "path": "/storms", "method": "GET"});
    let made = answered(&plane, 201, &format!("POST {parts}"), part(location.clone(), json!({"summary": "All"}))).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.len(), 6);
    assert_eq!((&made["location"], &made["properties"]), (&location, &json!(r#"{"summary":"All"}"#)));
    let one = format!("{parts}/{id}");
    assert_eq!(answered(&plane, 200, &format!("GET {one}"), Value::Null).await, made);
    let patch =
        |op: &str, path: &str, value: &str| json!({"patchOperations": [{"op": op, "path": path, "value": value}]});
    let update = format!("PATCH {one}");
    let changed = answered(&plane, 200, &update, patch("replace", "/properties", r#"{"summary":"Some"}"#)).await;
    assert_eq!(changed["properties"], r#"{"summary":"Some"}"#);
    for (patch, message) in [
        (
            patch("add", "/properties", "{}"),
            "Invalid patch path  '/properties' specified for op 'add'. Please choose supported operations",
        ),
        (
            patch("replace", "/location", "{}"),
            "Invalid patch path  '/location' specified for op 'replace'. Must be one of: [/properties]",
        ),
        (patch("replace", "/properties", ""), "Documentation part properties must be non-empty"),
        (patch("replace", "/properties", "[]"), "Documentation part properties must be a JSON object"),
    ] {
        refused(&plane, &update, patch, 400, "BadRequestException", message).await;
    }
    answered(&plane, 202, &format!("DELETE {one}"), Value::Null).await;
    let message = "Invalid Documentation part identifier specified";
    for request in [format!("GET {one}"), format!("DELETE {one}")] {
        refused(&plane, &request, Value::Null, 404, "NotFoundException", message).await;
    }
}

#[tokio::test]
async fn an_entity_has_one_part_at_a_place_that_it_can_be_at() {
    let plane = Plane::new();
    let (api, _) = api(&plane).await;
    let create = format!("POST {api}/documentation/parts");
    answered(&plane, 201, &create, part(json!({"type": "API"}), json!({}))).await;
    answered(&plane, 201, &create, part(json!({"type": "METHOD"}), json!({}))).await;
    for (location, message) in [
        (json!({"type": "API"}), "Documentation part already exists for the specified location: type 'API'."),
        (
            json!({"type": "METHOD", "path": "/", "method": "*"}),
            "Documentation part already exists for the specified location: type 'METHOD', path '/', method '*'.",
        ),
    ] {
        refused(&plane, &create, part(location, json!({})), 409, "ConflictException", message).await;
    }
    let message = "Invalid documentation part location: 'name' is required for type 'MODEL'";
    refused(&plane, &create, part(json!({"type": "MODEL"}), json!({})), 400, "BadRequestException", message).await;
    let message = "1 validation error detected: Value 'STORM' at 'createDocumentationPartInput.location.type' failed to \
                   satisfy constraint: Member must satisfy enum value set: ";
    let (status, exception, body) = plane.rest(&create, part(json!({"type": "STORM"}), json!({}))).await;
    assert_eq!((status, exception.as_str()), (400, "ValidationException"));
    assert!(body["message"].as_str().unwrap().starts_with(message), "{body}");
    let gone = "Invalid API identifier specified 000000000000:none";
    let input = part(json!({"type": "API"}), json!({}));
    refused(&plane, "POST /restapis/none/documentation/parts", input, 404, "NotFoundException", gone).await;
}

#[tokio::test]
async fn lists_are_narrowed_and_tell_what_has_no_part() {
    let plane = Plane::new();
    let (api, root) = api(&plane).await;
    answered(
        &plane,
        201,
        &format!("PUT {root}/methods/GET"),
        json!({
            "authorizationType": "NONE", "requestParameters": {"method.request.querystring.q": true},
        }),
    )
    .await;
    answered(
        &plane,
        201,
        &format!("PUT {root}/methods/GET/responses/200"),
        json!({
            "responseParameters": {"method.response.header.X": false}, "responseModels": {"application/json": "Empty"},
        }),
    )
    .await;
    let parts = format!("{api}/documentation/parts");
    let create = format!("POST {parts}");
    for (location, what) in [
        (json!({"type": "API"}), 1),
        (json!({"type": "METHOD", "path": "/", "method": "GET"}), 2),
        (json!({"type": "MODEL", "name": "Empty"}), 3),
        (json!({"type": "MODEL", "name": "Storm"}), 4),
        (json!({"type": "RESPONSE", "path": "/storms"}), 5),
    ] {
        answered(&plane, 201, &create, part(location, json!({"n": what}))).await;
    }
    let numbers = |list: &Value| shown(list).iter().map(|(_, properties)| properties["n"].clone()).collect::<Vec<_>>();
    for (query, expected) in [
        ("", &[1, 2, 3, 4, 5][..]),
        ("?locationStatus=DOCUMENTED", &[1, 2, 3, 4, 5]),
        ("?type=MODEL", &[3, 4]),
        ("?type=MODEL&name=Storm", &[4]),
        ("?path=/", &[2]),
        ("?path=/storms", &[5]),
    ] {
        let list = answered(&plane, 200, &format!("GET {parts}{query}"), Value::Null).await;
        assert_eq!(numbers(&list), expected, "{query}");
    }
    let first = answered(&plane, 200, &format!("GET {parts}?limit=3"), Value::Null).await;
    assert_eq!(first["item"].as_array().unwrap().len(), 3);
    let rest = format!("GET {parts}?limit=3&position={}", first["position"].as_str().unwrap());
    assert_eq!(answered(&plane, 200, &rest, Value::Null).await["item"].as_array().unwrap().len(), 2);

    let list = answered(&plane, 200, &format!("GET {parts}?locationStatus=UNDOCUMENTED"), Value::Null).await;
    let mut bare: Vec<String> = shown(&list).iter().map(|(location, _)| location.to_string()).collect();
    bare.sort();
    let get = |kind: &str, more: Value| {
        let mut location = json!({"type": kind, "path": "/", "method": "GET"});
        location.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        location.to_string()
    };
    let mut expected = [
        json!({"type": "MODEL", "name": "Error"}).to_string(),
        json!({"type": "RESOURCE", "path": "/"}).to_string(),
        get("QUERY_PARAMETER", json!({"name": "q"})),
        get("RESPONSE", json!({"statusCode": "200"})),
        get("RESPONSE_BODY", json!({"statusCode": "200"})),
        get("RESPONSE_HEADER", json!({"statusCode": "200", "name": "X"})),
    ];
    expected.sort();
    assert_eq!(bare, expected);
}

fn document(parts: Value) -> Value {
    json!({
        "openapi": "3.0.1", "info": {"title": "t", "version": "1"},
        "paths": {"/": {"get": {"description": "not imported alone"}}},
        "x-amazon-apigateway-documentation": {"documentationParts": parts},
    })
}

#[tokio::test]
async fn an_import_of_parts_merges_or_overwrites() {
    let plane = Plane::new();
    let (api, _) = api(&plane).await;
    let parts = format!("{api}/documentation/parts");
    let list = format!("GET {parts}");
    let old = part(json!({"type": "METHOD"}), json!({"summary": "old", "tags": ["a"]}));
    let old = answered(&plane, 201, &format!("POST {parts}"), old).await;
    answered(&plane, 201, &format!("POST {parts}"), part(json!({"type": "API"}), json!({"n": 1}))).await;
    let new = document(json!([
        {"location": {"type": "METHOD", "path": "/", "method": "*"}, "properties": {"summary": "new"}},
        {"location": {"type": "RESOURCE"}, "properties": "{\"description\": \"as text\"}"},
        {"location": {"type": "RESOURCE", "path": "/"}, "properties": {"summary": "the same place"}},
        {"location": {"type": "MODEL"}, "properties": {}},
    ]));
    let warning = "Unable to create documentation part: Invalid documentation part location: 'name' is required for type \
                   'MODEL'. Ignoring.";
    let merged = answered(&plane, 200, &format!("PUT {parts}?mode=merge"), new.clone()).await;
    assert_eq!((merged["ids"].as_array().unwrap().len(), &merged["warnings"]), (2, &json!([warning])));
    assert_eq!(merged["ids"][0], old["id"]);
    assert_eq!(
        shown(&answered(&plane, 200, &list, Value::Null).await),
        [
            (json!({"type": "RESOURCE"}), json!({"description": "as text", "summary": "the same place"})),
            (json!({"type": "API"}), json!({"n": 1})),
            (json!({"type": "METHOD"}), json!({"summary": "new", "tags": ["a"]})),
        ]
    );
    let message = format!("Warnings found during import:\n\t{warning}");
    let failing = format!("PUT {parts}?mode=overwrite&failonwarnings=true");
    refused(&plane, &failing, new, 400, "BadRequestException", &message).await;
    let new = document(json!([{"location": {"type": "METHOD"}, "properties": {"summary": "only"}}]));
    let overwritten = answered(&plane, 200, &format!("PUT {parts}?mode=overwrite"), new).await;
    assert_eq!(overwritten, json!({"ids": [old["id"]]}));
    let left = shown(&answered(&plane, 200, &list, Value::Null).await);
    assert_eq!(left, [(json!({"type": "METHOD"}), json!({"summary": "only"}))]);
    let message = "Invalid OpenAPI input.";
    refused(&plane, &format!("PUT {parts}"), json!(["x"]), 400, "BadRequestException", message).await;
}

#[tokio::test]
async fn more_parts_than_an_api_may_have_are_refused() {
    let plane = Plane::new();
    let (api, _) = api(&plane).await;
    let parts = format!("{api}/documentation/parts");
    let many = |count: usize| {
        let part = |n: usize| json!({"location": {"type": "MODEL", "name": format!("M{n}")}, "properties": {"n": n}});
        document((0..count).map(part).collect())
    };
    let message = "Maximum number of Documentation parts for this API has been reached. Please contact AWS if you need \
                   additional Documentation parts.";
    refused(&plane, &format!("PUT {parts}"), many(2_001), 429, "LimitExceededException", message).await;
    let made = answered(&plane, 200, &format!("PUT {parts}"), many(2_000)).await;
    assert_eq!(made["ids"].as_array().unwrap().len(), 2_000);
    let one = part(json!({"type": "API"}), json!({}));
    refused(&plane, &format!("POST {parts}"), one, 429, "LimitExceededException", message).await;
}

#[tokio::test]
async fn a_version_keeps_the_parts_as_they_were_and_may_be_a_stages() {
    let plane = Plane::new();
    let (api, root) = api(&plane).await;
    answered(&plane, 201, &format!("PUT {root}/methods/GET"), json!({"authorizationType": "NONE"})).await;
    answered(&plane, 201, &format!("PUT {root}/methods/GET/integration"), json!({"type": "MOCK"})).await;
    answered(&plane, 201, &format!("POST {api}/deployments"), json!({"stageName": "dev"})).await;
    let described = part(json!({"type": "METHOD", "method": "GET"}), json!({"summary": "before"}));
    let id = answered(&plane, 201, &format!("POST {api}/documentation/parts"), described).await["id"].clone();
    let versions = format!("{api}/documentation/versions");
    let create = format!("POST {versions}");
    let input = json!({"documentationVersion": "v1", "stageName": "dev", "description": "first"});
    let made = answered(&plane, 201, &create, input.clone()).await;
    assert_eq!(made, json!({"version": "v1", "createdDate": 1_893_456_000, "description": "first"}));
    refused(&plane, &create, input, 409, "ConflictException", "Documentation version already exists").await;
    let empty = json!({"documentationVersion": ""});
    refused(&plane, &create, empty, 400, "BadRequestException", "Documentation version must be non-empty").await;
    let nowhere = json!({"documentationVersion": "v2", "stageName": "none"});
    refused(&plane, &create, nowhere, 404, "NotFoundException", "Invalid stage identifier specified").await;
    let list = answered(&plane, 200, &format!("GET {versions}"), Value::Null).await;
    assert_eq!(list, json!({"item": [made]}), "what was refused has left nothing");
    let stage = answered(&plane, 200, &format!("GET {api}/stages/dev"), Value::Null).await;
    assert_eq!(stage["documentationVersion"], "v1");

    let after =
        json!({"patchOperations": [{"op": "replace", "path": "/properties", "value": "{\"summary\":\"after\"}"}]});
    answered(&plane, 200, &format!("PATCH {api}/documentation/parts/{}", id.as_str().unwrap()), after).await;
    let export = answered(&plane, 200, &format!("GET {api}/stages/dev/exports/oas30"), Value::Null).await;
    assert_eq!(export["paths"]["/"]["get"]["summary"], "before");

    let patch = |path: &str, value: &str| json!({"patchOperations": [{"op": "replace", "path": path, "value": value}]});
    let changed = answered(&plane, 200, &format!("PATCH {versions}/v1"), patch("/description", "again")).await;
    assert_eq!(changed["description"], "again");
    let message = "Invalid patch path  '/version' specified for op 'replace'. Must be one of: [/description]";
    refused(&plane, &format!("PATCH {versions}/v1"), patch("/version", "x"), 400, "BadRequestException", message).await;
    let message = "Invalid Documentation version specified";
    let set = patch("/documentationVersion", "v9");
    refused(&plane, &format!("PATCH {api}/stages/dev"), set, 404, "NotFoundException", message).await;
    answered(&plane, 202, &format!("DELETE {versions}/v1"), Value::Null).await;
    let stage = answered(&plane, 200, &format!("GET {api}/stages/dev"), Value::Null).await;
    assert_eq!(stage.get("documentationVersion"), None);
    for request in ["GET", "DELETE"] {
        refused(&plane, &format!("{request} {versions}/v1"), Value::Null, 404, "NotFoundException", message).await;
    }
}
