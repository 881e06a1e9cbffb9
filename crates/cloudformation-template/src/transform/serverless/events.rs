//! Events of functions: routes of APIs, and the permission to call the function for each.

use serde_json::{Map, Value, json};

use super::definition::Definition;
use super::{IMPLICIT_HTTP_API, IMPLICIT_REST_API, Writer, alphanumeric, references};
use crate::TemplateError;

/// What an event adds to an API.
pub(super) struct Route {
    /// The path; `$default` for the route that takes what no other does.
    pub(super) path: String,
    /// In lower case; `any` for all.
    pub(super) method: String,
    /// The `uri` of the integration.
    pub(super) uri: Value,
    /// `Auth` of the event.
    pub(super) auth: Map<String, Value>,
    /// The other properties of the event.
    pub(super) properties: Map<String, Value>,
    /// The condition of the function.
    pub(super) condition: Option<String>,
    /// The function and the event, for errors.
    pub(super) function: String,
    pub(super) line: usize,
}

const REST_PROPERTIES: [&str; 5] = ["Auth", "Method", "Path", "RequestParameters", "RestApiId"];
const HTTP_PROPERTIES: [&str; 7] =
    ["ApiId", "Auth", "Method", "Path", "PayloadFormatVersion", "RouteSettings", "TimeoutInMillis"];

impl Writer<'_> {
    pub(super) fn events(&mut self, definition: &Definition, alias: Option<&str>) -> Result<(), TemplateError> {
        for (event, kind, properties) in definition.events() {
            let invalid = |reason: &str| definition.invalid(&format!("Event with id [{event}] is invalid. {reason}"));
            let is_http = match kind {
                "Api" => false,
                "HttpApi" => true,
                _ => return Err(invalid(&format!("Events of type '{kind}' are not supported here."))),
            };
            let known: &[&str] = if is_http { &HTTP_PROPERTIES } else { &REST_PROPERTIES };
            if let Some(unknown) = properties.keys().find(|name| !known.contains(&name.as_str())) {
                return Err(invalid(&format!("Property '{unknown}' does not exist or is not supported here.")));
            }
            let text = |name: &str| match properties.get(name) {
                None => Ok(None),
                Some(Value::String(text)) => Ok(Some(text.as_str())),
                Some(_) => Err(invalid(&format!("Api Event must have a String specified for '{name}'."))),
            };
            let (path, method) = match (text("Path")?, text("Method")?) {
                (Some(path), Some(method)) => (path.to_owned(), method.to_ascii_lowercase()),
                (None, None) if is_http => ("$default".to_owned(), "any".to_owned()),
                (Some(path), None) if is_http => (path.to_owned(), "any".to_owned()),
                (None, _) => return Err(invalid("Event is missing key 'Path'.")),
                (_, None) => return Err(invalid("Event is missing key 'Method'.")),
            };
            let method = if method == "*" { "any".to_owned() } else { method };
            let (member, implicit) =
                if is_http { ("ApiId", IMPLICIT_HTTP_API) } else { ("RestApiId", IMPLICIT_REST_API) };
            let api = properties.get(member).cloned().unwrap_or_else(|| json!({ "Ref": implicit }));
            let api_id = references::resource(&api);
            let auth = properties.get("Auth").and_then(Value::as_object).cloned().unwrap_or_default();
            if let Some(api_id) = api_id.as_ref().filter(|id| self.apis.contains_key(*id)) {
                let condition = definition.shared.get("Condition").and_then(Value::as_str);
                self.budget.charge(condition.map_or(0, str::len))?;
                self.routes.entry(api_id.clone()).or_default().push(Route {
                    uri: uri(&definition.id, alias),
                    path: path.clone(),
                    method: method.clone(),
                    auth,
                    properties: properties.clone(),
                    condition: condition.map(str::to_owned),
                    function: definition.id.clone(),
                    line: definition.line,
                });
            }
            let api = match api {
                Value::String(id) => json!({ "Ref": id }),
                api => api,
            };
            let suffix = self.permission_suffix(api_id.as_deref(), is_http);
            let id = format!("{}{}Permission{suffix}", definition.id, alphanumeric(event));
            let function = json!({ "Ref": alias.unwrap_or(&definition.id) });
            let source = source_arn(&path, &method, &api);
            self.add_permission(definition, &id, &function, &source)?;
        }
        Ok(())
    }

    /// What the permission's id ends in: for REST APIs, the stage.
    fn permission_suffix(&self, api: Option<&str>, is_http: bool) -> String {
        match api.and_then(|api| self.apis.get(api)) {
            _ if is_http => String::new(),
            Some(Some(stage)) => alphanumeric(stage),
            Some(None) => "Stage".to_owned(),
            None => "AllStages".to_owned(),
        }
    }
}

/// How API Gateway calls the function.
fn uri(function: &str, alias: Option<&str>) -> Value {
    let arn = alias.map_or_else(|| format!("${{{function}.Arn}}"), |alias| format!("${{{alias}}}"));
    json!({
        "Fn::Sub": format!(
            "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/{arn}/invocations"
        ),
    })
}

/// The requests that may call the function; parameters of the path stand for anything.
fn source_arn(path: &str, method: &str, api: &Value) -> Value {
    let mut called = String::new();
    let mut in_parameter = false;
    for character in path.chars() {
        match character {
            '{' => {
                in_parameter = true;
                called.push('*');
            }
            '}' => in_parameter = false,
            character if !in_parameter => called.push(character),
            _ => {}
        }
    }
    let method = if method == "any" { "*".to_owned() } else { method.to_ascii_uppercase() };
    let request = if called == "$default" { "*".to_owned() } else { format!("{method}{called}") };
    json!({
        "Fn::Sub": [
            format!(
                "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/${{__Stage__}}/{request}"
            ),
            { "__ApiId__": api, "__Stage__": "*" },
        ],
    })
}
