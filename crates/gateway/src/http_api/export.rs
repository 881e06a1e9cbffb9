//! Exporting an HTTP API as an OpenAPI 3 document (API Gateway, "Export an HTTP API").

use std::fmt::Write as _;

use claviger_resources::http_api::{
    AuthorizationType, Authorizer, AuthorizerType, HttpApiDefinition, Integration, Route, RouteKey,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The document of an API. `stage` is the stage it is exported as; `extensions` says whether API Gateway's own are in it.
pub fn document(definition: &HttpApiDefinition, stage: Option<&str>, extensions: bool) -> Value {
    let api = &definition.api;
    let mut info = Map::from_iter([("title".to_owned(), json!(api.name))]);
    info.extend(api.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
    info.insert("version".to_owned(), json!(api.version.as_deref().unwrap_or("1.0")));
    let base_path = stage.filter(|stage| *stage != "$default").map(|stage| format!("/{stage}")).unwrap_or_default();
    let mut paths = Map::new();
    for route in &definition.routes {
        let (path, key) = match &route.route_key {
            RouteKey::Default => ("/$default", "x-amazon-apigateway-any-method".to_owned()),
            RouteKey::Request { verb, path } if **verb == *"ANY" => {
                (&**path, "x-amazon-apigateway-any-method".to_owned())
            }
            RouteKey::Request { verb, path } => (&**path, verb.to_ascii_lowercase()),
        };
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(key, operation(definition, route, path, extensions));
        }
    }
    let mut document = json!({
        "openapi": "3.0.1",
        "info": info,
        "servers": [{
            "url": format!("{}{{basePath}}", api.endpoint()),
            "variables": { "basePath": { "default": base_path } },
        }],
        "paths": paths,
    });
    let Some(root) = document.as_object_mut() else { return document };
    let mut schemes: Map<String, Value> = definition
        .authorizers
        .iter()
        .map(|authorizer| (authorizer.name.clone(), scheme(authorizer, extensions)))
        .collect();
    if definition.routes.iter().any(|route| route.authorization_type == AuthorizationType::AwsIam) {
        let signature = [("type", "apiKey"), ("name", "Authorization"), ("in", "header")];
        let kind = extensions.then_some(("x-amazon-apigateway-authtype", "awsSigv4"));
        let signature = signature.into_iter().chain(kind).map(|(name, value)| (name.to_owned(), value.into()));
        schemes.insert(name_of_signatures(definition), Value::Object(signature.collect()));
    }
    if !schemes.is_empty() {
        root.insert("components".to_owned(), json!({ "securitySchemes": schemes }));
    }
    if extensions {
        root.extend(api.cors_configuration.as_ref().map(|cors| ("x-amazon-apigateway-cors".to_owned(), plain(cors))));
        root.insert("x-amazon-apigateway-importexport-version".to_owned(), json!("1.0"));
    }
    document
}

fn operation(definition: &HttpApiDefinition, route: &Route, path: &str, extensions: bool) -> Value {
    let description = format!("Default response for {}", route.route_key);
    let mut operation = json!({ "responses": { "default": { "description": description } } });
    let Some(members) = operation.as_object_mut() else { return operation };
    members.extend(route.operation_name.as_ref().map(|name| ("operationId".to_owned(), json!(name))));
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> = names
        .map(|name| {
            let name = name.trim_end_matches('+');
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        })
        .collect();
    if !parameters.is_empty() {
        members.insert("parameters".to_owned(), json!(parameters));
    }
    let authorizer = definition.authorizers.iter().find(|one| route.authorizer_id.as_ref() == Some(&one.authorizer_id));
    let scheme = match route.authorization_type {
        AuthorizationType::None => None,
        AuthorizationType::AwsIam => Some(name_of_signatures(definition)),
        AuthorizationType::Custom | AuthorizationType::Jwt => authorizer.map(|authorizer| authorizer.name.clone()),
    };
    if let Some(scheme) = scheme {
        let scopes = route.authorization_scopes.as_deref().unwrap_or_default();
        let requirement = Map::from_iter([(scheme, json!(scopes))]);
        members.insert("security".to_owned(), json!([requirement]));
    }
    let integration =
        definition.integrations.iter().find(|one| route.integration() == Some(one.integration_id.as_str()));
    if let (true, Some(integration)) = (extensions, integration) {
        members.insert("x-amazon-apigateway-integration".to_owned(), integration_of(integration));
    }
    operation
}

/// The name of the scheme that asks for signatures, which no authorizer has.
fn name_of_signatures(definition: &HttpApiDefinition) -> String {
    let mut name = "sigv4".to_owned();
    while definition.authorizers.iter().any(|authorizer| authorizer.name == name) {
        name.push('_');
    }
    name
}

/// The integration under the names that documents have for its members.
fn integration_of(integration: &Integration) -> Value {
    const NAMES: [(&str, &str); 13] = [
        ("payloadFormatVersion", "payloadFormatVersion"),
        ("integrationType", "type"),
        ("integrationSubtype", "integrationSubtype"),
        ("integrationMethod", "httpMethod"),
        ("integrationUri", "uri"),
        ("connectionType", "connectionType"),
        ("connectionId", "connectionId"),
        ("credentialsArn", "credentials"),
        ("description", "description"),
        ("requestParameters", "requestParameters"),
        ("responseParameters", "responseParameters"),
        ("timeoutInMillis", "timeoutInMillis"),
        ("tlsConfig", "tlsConfig"),
    ];
    renamed(&plain(integration), &NAMES).into()
}

fn scheme(authorizer: &Authorizer, extensions: bool) -> Value {
    let mut scheme = match authorizer.authorizer_type {
        AuthorizerType::Jwt => json!({ "type": "oauth2" }),
        AuthorizerType::Request => {
            let source = authorizer.identity_source.first().map(String::as_str).unwrap_or_default();
            let (place, name) = match source.strip_prefix("$request.").and_then(|rest| rest.split_once('.')) {
                Some(("header", name)) => ("header", name),
                Some(("querystring", name)) => ("query", name),
                _ => ("header", "Unused"),
            };
            json!({ "type": "apiKey", "name": name, "in": place })
        }
    };
    let Some(members) = scheme.as_object_mut() else { return scheme };
    if extensions {
        const NAMES: [(&str, &str); 6] = [
            ("jwtConfiguration", "jwtConfiguration"),
            ("authorizerUri", "authorizerUri"),
            ("authorizerCredentialsArn", "authorizerCredentials"),
            ("authorizerPayloadFormatVersion", "authorizerPayloadFormatVersion"),
            ("authorizerResultTtlInSeconds", "authorizerResultTtlInSeconds"),
            ("enableSimpleResponses", "enableSimpleResponses"),
        ];
        let kind = match authorizer.authorizer_type {
            AuthorizerType::Jwt => "jwt",
            AuthorizerType::Request => "request",
        };
        let mut extension = renamed(&plain(authorizer), &NAMES);
        extension.insert("type".to_owned(), kind.into());
        extension.insert("identitySource".to_owned(), authorizer.identity_source.join(",").into());
        members.insert("x-amazon-apigateway-authorizer".to_owned(), extension.into());
    }
    scheme
}

fn plain(record: &impl Serialize) -> Value {
    // Plain data: encoding cannot fail.
    serde_json::to_value(record).unwrap_or_default()
}

fn renamed(record: &Value, names: &[(&str, &str)]) -> Map<String, Value> {
    let member = |(from, to): &(&str, &str)| Some(((*to).to_owned(), record.get(from)?.clone()));
    names.iter().filter_map(member).collect()
}

/// A document in YAML: every text in double quotes, as JSON writes it, which YAML reads the same.
pub fn to_yaml(document: &Value) -> String {
    let mut text = String::from("---\n");
    write(document, 0, &mut text);
    text
}

/// Writes a value; to write into a `String` cannot fail.
fn write(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let _ = write!(text, "{indent}{}:", Value::from(name.as_str()));
                write_below(value, depth, text);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for element in elements {
                let _ = write!(text, "{indent}-");
                write_below(element, depth, text);
            }
        }
        scalar => {
            let _ = writeln!(text, "{indent}{scalar}");
        }
    }
}

fn write_below(value: &Value, depth: usize, text: &mut String) {
    let is_block = matches!(value, Value::Object(members) if !members.is_empty())
        || matches!(value, Value::Array(elements) if !elements.is_empty());
    if is_block {
        text.push('\n');
        write(value, depth + 1, text);
    } else {
        let _ = writeln!(text, " {value}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use claviger_resources::http_api::HttpApi;
    use claviger_resources::{AccountId, HttpApiId, Random, Region, Tenant, Timestamp};

    use super::*;
    use crate::http_api::import::{Options, Target, import};

    struct Counting(u8);
    impl Random for Counting {
        fn fill(&mut self, buffer: &mut [u8]) {
            for byte in buffer {
                self.0 = self.0.wrapping_mul(31).wrapping_add(7);
                *byte = self.0;
            }
        }
    }

    fn imported(text: &str) -> HttpApiDefinition {
        let api = HttpApi {
            api_id: HttpApiId::parse("a1b2c3d4e5").unwrap(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            name: String::new(),
            description: None,
            version: None,
            created_date: Timestamp::default(),
            cors_configuration: None,
            disable_execute_api_endpoint: false,
            ip_address_type: "ipv4".to_owned(),
            import_info: Vec::new(),
            warnings: Vec::new(),
            tags: BTreeMap::new(),
        };
        import(text.as_bytes(), Options::default(), Target { api, existing: None }, &mut Counting(1)).unwrap()
    }

    #[test]
    fn what_is_exported_can_be_imported_and_is_the_same_again() {
        let integration = json!({
            "type": "HTTP_PROXY", "httpMethod": "ANY", "uri": "https://b.c/{id}", "payloadFormatVersion": "1.0",
            "connectionType": "INTERNET", "timeoutInMillis": 5000,
            "requestParameters": { "append:header.a": "'\\n: #" }, "responseParameters": { "200": { "overwrite:statuscode": "201" } },
        });
        let source = json!({
            "openapi": "3.0.1", "info": { "title": "storms \u{e9}\"", "version": "1", "description": "no" },
            "paths": {
                "/$default": { "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": integration } },
                "/a/{id}": { "get": { "operationId": "show", "security": [{ "jwt": ["read"] }],
                    "x-amazon-apigateway-integration": integration } },
            },
            "components": { "securitySchemes": { "jwt": { "type": "oauth2", "x-amazon-apigateway-authorizer": {
                "type": "jwt", "identitySource": "$request.header.Authorization",
                "jwtConfiguration": { "issuer": "https://issuer", "audience": ["api"] } } } } },
            "x-amazon-apigateway-cors": { "allowOrigins": ["*"], "maxAge": 60 },
        });
        let first = imported(&source.to_string());
        let exported = document(&first, Some("dev"), true);
        assert_eq!(exported["servers"][0]["variables"]["basePath"]["default"], "/dev");
        assert_eq!(exported["paths"]["/a/{id}"]["get"]["parameters"][0]["name"], "id");
        for text in [exported.to_string(), to_yaml(&exported)] {
            let second = imported(&text);
            assert_eq!(document(&second, Some("dev"), true), exported, "{text}");
        }
        let plain = document(&first, None, false).to_string();
        assert!(!plain.contains("x-amazon-apigateway-integration") && !plain.contains("-cors"), "{plain}");
    }
}
