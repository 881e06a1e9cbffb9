//! Section 11: the import of OpenAPI documents, for what concerns the API as a whole.

use claviger_resources::limits::IMPORT_BYTES_MAX;
use serde_json::{Value, json};

use super::cases;
use super::world::{World, mock, operation, with};
use crate::stack::request;

const IGNORED: &str = "Security scheme 'none' not found. Ignoring.";

cases! { |w|
    s11_formats => {
        let json = w.document(json!({ "/x": { "get": mock(&json!({})) } }));
        let yaml =
            "openapi: 3.0.1\ninfo:\n  title: facts\n  version: '1'\npaths:\n  /x:\n    get:\n      responses: {}\n";
        let swagger =
            json!({ "swagger": "2.0", "info": { "title": "facts", "version": "1" }, "paths": { "/x": { "get": {} } } });
        let newer = with(json.clone(), json!({ "openapi": "3.1.0", "webhooks": {}, "jsonSchemaDialect": "x" }));
        for document in [json.to_string(), yaml.to_owned(), swagger.to_string(), newer.to_string()] {
            let reply = w.server.ask(request("POST", "/restapis?mode=import", &[], &document)).await;
            assert_eq!((reply.status.as_u16(), reply.json()["name"].take()), (201, json!("facts")), "{document}");
            assert_eq!(paths(&w, &reply.json()).await, ["/", "/x"], "{document}");
        }
        for (member, value) in [("openapi", json!("4.0.0")), ("openapi", Value::Null)] {
            w.refuses_import("", &with(json.clone(), json!({ member: value })), "Invalid OpenAPI input.").await;
        }
    };
    s11_size => {
        let mut document = w.document(json!({}));
        document["info"]["x-filling"] = json!("");
        document["info"]["x-filling"] = json!("x".repeat(IMPORT_BYTES_MAX - document.to_string().len()));
        assert_eq!(document.to_string().len(), IMPORT_BYTES_MAX);
        w.import(&document).await;
        let larger = format!("{document} ");
        let reply = w.server.ask(request("POST", "/restapis?mode=import", &[], &larger)).await;
        assert!(reply.status.is_client_error(), "{reply:?}");
    };
    s11_query => {
        let document = w.document(json!({ "/x": { "get": mock(&json!({})) } }));
        let target = "/restapis?mode=import&endpointConfigurationTypes=REGIONAL&ignore=documentation\
                      &failonwarnings=false&basepath=ignore";
        let made = w.controls("POST", target, document.clone()).await;
        assert_eq!(made["endpointConfiguration"]["types"], json!(["REGIONAL"]));
        w.refuses_import("&basepath=sideways", &document, "Invalid value specified for basepath: sideways").await;
    };
    s11_base_path => {
        let document = json!({
            "swagger": "2.0", "info": { "title": "facts", "version": "1" }, "basePath": "/stage/v1/deep",
            "paths": { "/x": { "get": {} } },
        });
        for (base_path, expected) in [
            ("ignore", &["/", "/x"][..]),
            ("split", &["/", "/v1", "/v1/deep", "/v1/deep/x"]),
            ("prepend", &["/", "/stage", "/stage/v1", "/stage/v1/deep", "/stage/v1/deep/x"]),
        ] {
            let target = format!("/restapis?mode=import&basepath={base_path}");
            let made = w.controls("POST", &target, document.clone()).await;
            assert_eq!(paths(&w, &made).await, expected, "{base_path}");
        }
    };
    s11_warnings => {
        let mut operation = mock(&json!({}));
        operation["security"] = json!([{ "none": [] }]);
        let document = w.document(json!({ "/x": { "get": operation } }));
        assert_eq!(w.import(&document).await["warnings"], json!([IGNORED]));
        let before = w.controls("GET", "/restapis?limit=500", Value::Null).await["item"].as_array().unwrap().len();
        let message = format!("Warnings found during import:\n\t{IGNORED}");
        w.refuses_import("&failonwarnings=true", &document, &message).await;
        let after = w.controls("GET", "/restapis?limit=500", Value::Null).await["item"].as_array().unwrap().len();
        assert_eq!(before, after);
    };
    s11_merge => {
        let (id, changed) = twice(&w, "merge").await;
        assert_eq!(paths(&w, &changed).await, ["/", "/new", "/old", "/x"]);
        let types = ["image/png", "image/gif"];
        assert_eq!((&changed["binaryMediaTypes"], &changed["name"]), (&json!(types), &json!("after")));
        assert_eq!(verbs(&w, &id, "/x").await, ["GET", "POST"]);
    };
    s11_overwrite => {
        let (id, changed) = twice(&w, "overwrite").await;
        assert_eq!(paths(&w, &changed).await, ["/", "/new", "/x"]);
        let shown = [&changed["binaryMediaTypes"], &changed["name"], &changed["version"]];
        assert_eq!(shown, [&json!(["image/gif"]), &json!("after"), &json!("2")]);
        assert_eq!(verbs(&w, &id, "/x").await, ["POST"]);
    };
    s11_info => {
        let info = json!({ "title": "weather", "version": "7", "description": "Storms" });
        let made = w.import(&with(w.document(json!({})), json!({ "info": info }))).await;
        assert_eq!(
            [&made["name"], &made["version"], &made["description"]],
            [&info["title"], &info["version"], &info["description"]]
        );
        let message = "Errors found during import:\n\tAPI title is missing: info.title is required";
        w.refuses_import("", &with(w.document(json!({})), json!({ "info": { "version": "1" } })), message).await;
    };
    s11_tags => {
        let document = w.document(json!({}));
        let made = w.import(&document).await;
        assert_eq!(made.get("tags"), None);
        let target = format!("/restapis/{}?mode=merge", made["id"].as_str().unwrap());
        assert_eq!(w.controls("PUT", &target, document).await["tags"], json!({}));
    };
    s11_models => {
        let schemas =
            json!({ "Storm": { "type": "object", "properties": { "name": { "type": "string" } } }, "Bad-Name": {} });
        let mut document = w.document(json!({ "/x": { "get": { "responses": { "200": {
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Empty" } } },
        } } } } }));
        document["components"]["schemas"] = schemas;
        let made = w.import(&document).await;
        assert_eq!(
            made["warnings"],
            json!(["Unable to create model 'Bad-Name': Model name must be alphanumeric: Bad-Name"])
        );
        assert_eq!(names(&w, &made, "models").await, ["Empty", "Storm"]);
        let none = w.import(&w.document(json!({}))).await;
        assert_eq!(names(&w, &none, "models").await, [""; 0]);
    };
    s11_authorizer => {
        let of_function = |kind: &str, source: Value| {
            json!({
                "type": "apiKey", "name": "X-Auth", "in": "header", "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {
                    "type": kind, "authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/f",
                    "authorizerCredentials": "arn:aws:iam::0:role/r",
                    "identitySource": source, "authorizerResultTtlInSeconds": 60, "identityValidationExpression": "a+",
                },
            })
        };
        let mut document = w.document(json!({}));
        let schemes = &mut document["components"]["securitySchemes"];
        schemes["token"] = of_function("token", Value::Null);
        schemes["request"] = of_function("REQUEST", json!("method.request.querystring.q"));
        let made = w.import(&document).await;
        let target = format!("/restapis/{}/authorizers", made["id"].as_str().unwrap());
        let shown = w.controls("GET", &target, Value::Null).await;
        let mut shown: Vec<Value> = shown["item"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                json!([
                    one["name"],
                    one["type"],
                    one["authType"],
                    one["identitySource"],
                    one["authorizerResultTtlInSeconds"]
                ])
            })
            .collect();
        shown.sort_by_key(|one| one[0].as_str().unwrap().to_owned());
        assert_eq!(
            shown,
            [
                json!([
                    "pool",
                    "COGNITO_USER_POOLS",
                    "cognito_user_pools",
                    "method.request.header.Authorization",
                    null
                ]),
                json!(["request", "REQUEST", "custom", "method.request.querystring.q", 60]),
                json!(["token", "TOKEN", "custom", "method.request.header.X-Auth", 60]),
            ]
        );
    };
    s11_gateway_responses => {
        let own = json!({
            "statusCode": 404, "responseTemplates": { "text/plain": "own" },
            "responseParameters": { "gatewayresponse.header.X": "'y'" },
        });
        let made = w
            .import(&with(
                w.document(json!({})),
                json!({ "x-amazon-apigateway-gateway-responses": { "DEFAULT_4XX": own } }),
            ))
            .await;
        let target = format!("/restapis/{}/gatewayresponses/DEFAULT_4XX", made["id"].as_str().unwrap());
        let expected =
            with(own, json!({ "responseType": "DEFAULT_4XX", "statusCode": "404", "defaultResponse": false }));
        assert_eq!(w.controls("GET", &target, Value::Null).await, expected);
    };
    s11_settings => {
        let made = w.import(&with(w.document(json!({})), json!({
            "x-amazon-apigateway-api-key-source": "AUTHORIZER", "x-amazon-apigateway-binary-media-types": ["image/png"],
            "x-amazon-apigateway-minimum-compression-size": 1024,
            "x-amazon-apigateway-policy": { "Version": "2012-10-17" },
            "x-amazon-apigateway-endpoint-configuration": { "types": ["REGIONAL"] },
            "x-amazon-apigateway-importexport-version": "1.0",
        }))).await;
        let shown = ["apiKeySource", "binaryMediaTypes", "minimumCompressionSize", "policy"].map(|name| &made[name]);
        assert_eq!(shown[..3], [&json!("AUTHORIZER"), &json!(["image/png"]), &json!(1024)]);
        assert!(shown[3].as_str().unwrap().contains("2012-10-17"), "{made}");
        assert_eq!((&made["endpointConfiguration"]["types"], made.get("warnings")), (&json!(["REGIONAL"]), None));
    };
    s11_variables => {
        let uri = "https://${AWS::Region}.${AWS::AccountId}.${AWS::Partition}.example/";
        let made =
            w.import(&w.document(json!({ "/x": { "get": operation(w.http_proxy(json!({ "uri": uri }))) } }))).await;
        let shown = resource(&w, &made, "/x").await["resourceMethods"]["GET"]["methodIntegration"]["uri"].take();
        assert_eq!(shown, "https://us-east-1.000000000000.aws.example/");
    };
    s11_paths => {
        let made = w.import(&w.document(json!({ "/a.b_c-d:e,f/{id}/{proxy+}": { "get": {} } }))).await;
        assert_eq!(paths(&w, &made).await.last().unwrap(), "/a.b_c-d:e,f/{id}/{proxy+}");
        for path in ["/a b", "/a{id}", "/{id}a", "/a*", "/{a b}"] {
            let reply = w.control("POST", "/restapis?mode=import", &w.document(json!({ path: { "get": {} } }))).await;
            assert_eq!(reply.status, 400, "{path}: {reply:?}");
        }
    };
    s11_tolerated => {
        let mut document = w.document(json!({ "/x": { "get": { "unknown": 1, "responses": { "200": {
            "description": "", "headers": { "Content-Type": { "type": "string" } },
        } } } } }));
        document["unknown"] = json!([1]);
        assert_eq!(w.import(&document).await.get("warnings"), None);
    };
}

/// An API that is imported, and imported again with this mode.
async fn twice(w: &World, mode: &str) -> (String, Value) {
    let before = json!({ "/old": { "get": {} }, "/x": { "get": mock(&json!({})), "post": {} } });
    let before = with(w.document(before), json!({ "x-amazon-apigateway-binary-media-types": ["image/png"] }));
    let id = w.import(&before).await["id"].as_str().unwrap().to_owned();
    let after = with(
        w.document(json!({ "/new": { "get": {} }, "/x": { "post": mock(&json!({})) } })),
        json!({
            "x-amazon-apigateway-binary-media-types": ["image/gif"], "info": { "title": "after", "version": "2" },
        }),
    );
    let changed = w.controls("PUT", &format!("/restapis/{id}?mode={mode}"), after).await;
    let replaced = resource(w, &changed, "/x").await["resourceMethods"]["POST"]["methodIntegration"]["type"].take();
    assert_eq!(replaced, "MOCK");
    (id, changed)
}

/// The paths of an API.
async fn paths(w: &World, api: &Value) -> Vec<String> {
    let target = format!("/restapis/{}/resources?limit=500", api["id"].as_str().unwrap());
    let resources = w.controls("GET", &target, Value::Null).await;
    resources["item"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect()
}

/// A resource of an API with its methods.
async fn resource(w: &World, api: &Value, path: &str) -> Value {
    let target = format!("/restapis/{}/resources?embed=methods&limit=500", api["id"].as_str().unwrap());
    let resources = w.controls("GET", &target, Value::Null).await;
    resources["item"].as_array().unwrap().iter().find(|resource| resource["path"] == path).unwrap().clone()
}

async fn verbs(w: &World, id: &str, path: &str) -> Vec<String> {
    resource(w, &json!({ "id": id }), path).await["resourceMethods"].as_object().unwrap().keys().cloned().collect()
}

/// The sorted names in one of an API's lists.
async fn names(w: &World, api: &Value, list: &str) -> Vec<String> {
    let target = format!("/restapis/{}/{list}", api["id"].as_str().unwrap());
    let shown = w.controls("GET", &target, Value::Null).await;
    let mut names: Vec<_> =
        shown["item"].as_array().into_iter().flatten().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
