//! Section 11: the import of OpenAPI documents, for what concerns methods.

use serde_json::{Value, json};

use super::cases;
use super::world::{World, mock, with};

cases! { |w|
    s11_integration => {
        let shown = integration(&w, json!({
            "type": "Http_Proxy", "uri": "https://weather.example/", "httpMethod": "get", "payloadFormatVersion": "1.0",
            "passthroughBehavior": "when_no_templates",
            "responses": { "default": { "statusCode": 200 }, "4\\d\\d": { "statusCode": "400" } },
        })).await;
        let expected = json!({
            "type": "HTTP_PROXY", "uri": "https://weather.example/", "httpMethod": "GET", "connectionType": "INTERNET",
            "passthroughBehavior": "WHEN_NO_TEMPLATES", "timeoutInMillis": 29000,
            "cacheNamespace": shown["cacheNamespace"], "cacheKeyParameters": [],
            "integrationResponses": {
                "200": { "statusCode": "200" }, "400": { "statusCode": "400", "selectionPattern": "4\\d\\d" },
            },
        });
        assert_eq!(shown, expected);
        let mocked = integration(&w, json!({ "type": "mock", "httpMethod": "POST" })).await;
        let members = ["type", "passthroughBehavior", "httpMethod", "connectionType"].map(|name| &mocked[name]);
        assert_eq!(members, [&json!("MOCK"), &json!("WHEN_NO_MATCH"), &Value::Null, &Value::Null]);
        let lambda = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";
        let of_function = integration(&w, json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": lambda })).await;
        assert_eq!((&of_function["type"], of_function.get("connectionType")), (&json!("AWS_PROXY"), None));
    };
    s11_any_method => {
        let shown = methods(&w, json!({ "x-amazon-apigateway-any-method": mock(&json!({})) }), json!({})).await;
        assert_eq!((shown.as_object().unwrap().len(), &shown["ANY"]["httpMethod"]), (1, &json!("ANY")));
    };
    s11_no_integration => {
        let made = w.import(&w.document(json!({ "/x": { "get": {} } }))).await;
        let target = format!("/restapis/{}/deployments", made["id"].as_str().unwrap());
        let message = "No integration defined for method";
        w.refuses("POST", &target, json!({ "stageName": "prod" }), "BadRequestException", message).await;
    };
    s11_responses => {
        let response = json!({
            "description": "", "headers": { "X-A": { "type": "string" }, "X-B": {} },
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Storm" } }, "text/plain": {} },
        });
        let operation = json!({ "responses": { "200": response, "204": {}, "default": {} } });
        let components = json!({ "schemas": { "Storm": { "type": "object" } } });
        let shown = methods(&w, json!({ "get": operation }), json!({ "components": components })).await;
        assert_eq!(
            shown["GET"]["methodResponses"],
            json!({
                "200": {
                    "statusCode": "200", "responseModels": { "application/json": "Storm" },
                    "responseParameters": { "method.response.header.X-A": false, "method.response.header.X-B": false },
                },
                "204": { "statusCode": "204" },
            })
        );
    };
    s11_parameters => {
        let parameters = json!([
            { "name": "id", "in": "path", "schema": { "type": "integer" } },
            { "name": "X-A", "in": "header", "required": true, "example": 1 },
            { "name": "q", "in": "query" }, { "name": "c", "in": "cookie" },
        ]);
        let shown = methods(&w, json!({ "get": { "parameters": parameters } }), json!({})).await;
        assert_eq!(
            shown["GET"]["requestParameters"],
            json!({
                "method.request.path.id": true, "method.request.header.X-A": true,
                "method.request.querystring.q": false,
            })
        );
    };
    s11_security => {
        for (security, expected) in [
            (json!([{ "pool": ["a/get", "a/post"] }]), json!(["COGNITO_USER_POOLS", true, ["a/get", "a/post"]])),
            (json!([{ "pool": [] }]), json!(["COGNITO_USER_POOLS", true, null])),
            (json!([{ "token": [] }]), json!(["CUSTOM", true, null])),
            (json!([]), json!(["NONE", false, null])),
        ] {
            assert_eq!(demanded(&w, "get", Some(security.clone()), json!({})).await, expected, "{security}");
        }
    };
    s11_api_key => {
        let key = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
        let mut document = w.document(json!({ "/x": { "get": { "security": [{ "key": [] }] }, "put": {} } }));
        document["components"]["securitySchemes"]["key"] = key;
        let shown = imported(&w, &document).await;
        assert_eq!((&shown["GET"]["apiKeyRequired"], &shown["PUT"]["apiKeyRequired"]), (&json!(true), &json!(false)));
        assert_eq!(shown["GET"]["authorizationType"], "NONE");
    };
    s11_root_security => {
        let root = json!({ "security": [{ "pool": ["a/get"] }] });
        let guarded = json!(["COGNITO_USER_POOLS", true, ["a/get"]]);
        for verb in ["get", "options", "x-amazon-apigateway-any-method"] {
            assert_eq!(demanded(&w, verb, None, root.clone()).await, guarded, "{verb}");
            assert_eq!(demanded(&w, verb, Some(json!([])), root.clone()).await, json!(["NONE", false, null]), "{verb}");
        }
    };
    s11_sigv4 => {
        assert_eq!(
            demanded(&w, "get", Some(json!([{ "sigv4": [] }])), json!({})).await,
            json!(["AWS_IAM", false, null])
        );
    };
    s11_validators => {
        let validators = json!({
            "all": { "validateRequestBody": true, "validateRequestParameters": true },
            "parameters": { "validateRequestBody": false, "validateRequestParameters": true },
        });
        let document = with(
            w.document(
                json!({ "/x": { "get": {}, "put": { "x-amazon-apigateway-request-validator": "parameters" } } }),
            ),
            json!({
                "x-amazon-apigateway-request-validators": validators, "x-amazon-apigateway-request-validator": "all",
            }),
        );
        let made = w.import(&document).await;
        let target = format!("/restapis/{}/requestvalidators", made["id"].as_str().unwrap());
        let shown = w.controls("GET", &target, Value::Null).await;
        let named =
            |name: &str| shown["item"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
        assert_eq!(
            [&named("all")["validateRequestBody"], &named("parameters")["validateRequestBody"]],
            [&json!(true), &json!(false)]
        );
        let methods = methods_of(&w, &made).await;
        assert_eq!(
            (&methods["GET"]["requestValidatorId"], &methods["PUT"]["requestValidatorId"]),
            (&named("all")["id"], &named("parameters")["id"])
        );
    };
}

/// The methods at `/x` of an imported document with this path item and these further members.
async fn methods(w: &World, item: Value, more: Value) -> Value {
    imported(w, &with(w.document(json!({ "/x": item })), more)).await
}

async fn imported(w: &World, document: &Value) -> Value {
    let made = w.import(document).await;
    methods_of(w, &made).await
}

async fn methods_of(w: &World, api: &Value) -> Value {
    let target = format!("/restapis/{}/resources?embed=methods", api["id"].as_str().unwrap());
    let resources = w.controls("GET", &target, Value::Null).await;
    let resource = resources["item"].as_array().unwrap().iter().find(|resource| resource["path"] == "/x").unwrap();
    resource["resourceMethods"].clone()
}

/// The integration that an imported one becomes.
async fn integration(w: &World, extension: Value) -> Value {
    let operation = json!({ "x-amazon-apigateway-integration": extension });
    methods(w, json!({ "get": operation }), json!({})).await["GET"]["methodIntegration"].take()
}

/// What a method demands of its caller: its authorization, whether it has an authorizer, its scopes.
async fn demanded(w: &World, verb: &str, security: Option<Value>, more: Value) -> Value {
    let operation = security.map_or(json!({}), |security| json!({ "security": security }));
    let mut document = with(w.document(json!({ "/x": { verb: operation } })), more);
    let schemes = &mut document["components"]["securitySchemes"];
    let scheme = |kind: &str| json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": kind });
    schemes["sigv4"] = scheme("awsSigv4");
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/f";
    let authorizer = json!({ "type": "token", "authorizerUri": uri });
    schemes["token"] = with(scheme("custom"), json!({ "x-amazon-apigateway-authorizer": authorizer }));
    let methods = imported(w, &document).await;
    let (_, method) = methods.as_object().unwrap().iter().next().unwrap();
    json!([method["authorizationType"], method["authorizerId"].is_string(), method.get("authorizationScopes")])
}
