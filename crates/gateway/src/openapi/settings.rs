//! What a document says of the API as a whole: its name and settings, validators, gateway responses and base path.

use std::collections::BTreeSet;

use claviger_resources::limits::{REQUEST_VALIDATORS_PER_API, RESOURCE_POLICY_CHARACTERS_MAX};
use claviger_resources::rest_api::{
    ApiKeySource, EndpointConfiguration, GatewayResponse, GatewayResponseType, RequestValidator, RestApi,
};
use claviger_resources::role_mapping::RoleTable;
use claviger_resources::{RequestValidatorId, ResourceId};
use serde_json::{Map, Value};

use super::document::{Dialect, Document, flag, object, text, text_of, texts};
use super::report::no_more;
use super::{BasePath, ImportOptions, Importer, Target};
use crate::gateway_response::GatewayResponses;
use crate::roles::Roles;

/// The types an API's endpoint can be of.
pub(super) const ENDPOINT_TYPES: [&str; 3] = ["EDGE", "REGIONAL", "PRIVATE"];

/// The largest `minimumCompressionSize` (API Gateway API reference).
const COMPRESSION_BYTES_MAX: u64 = 10 * 1024 * 1024;

impl<'a> Importer<'a> {
    pub(super) fn rest_api(&mut self, options: &ImportOptions, root_resource_id: ResourceId) -> RestApi {
        let info = self.document.object("info");
        let mut rest_api = match self.target {
            Target::New { id, tenant, now } => RestApi {
                id: id.clone(),
                tenant: tenant.clone(),
                name: String::new(),
                description: None,
                version: None,
                created_date: now,
                root_resource_id,
                api_key_source: ApiKeySource::Header,
                binary_media_types: Vec::new(),
                minimum_compression_size: None,
                disable_execute_api_endpoint: false,
                security_policy: None,
                endpoint_access_mode: None,
                endpoint_configuration: EndpointConfiguration {
                    types: vec!["EDGE".to_owned()],
                    ip_address_type: "ipv4".to_owned(),
                    vpc_endpoint_ids: Vec::new(),
                },
                policy: None,
                tags: None,
            },
            Target::Merge(definition) | Target::Overwrite(definition) => definition.rest_api.clone(),
        };
        if let Some(title) = text(info, "title").filter(|title| !title.is_empty()) {
            rest_api.name = title;
        }
        if rest_api.name.is_empty() {
            self.report.error("API title is missing: info.title is required");
        }
        rest_api.version = text(info, "version").or(rest_api.version);
        rest_api.description = text(info, "description").or(rest_api.description);
        self.extensions(&mut rest_api);
        self.endpoint(options, &mut rest_api);
        rest_api
    }

    fn extensions(&mut self, rest_api: &mut RestApi) {
        match self.extension("api-key-source").map(|value| text_of(value).to_ascii_uppercase()).as_deref() {
            None => {}
            Some("HEADER") => rest_api.api_key_source = ApiKeySource::Header,
            Some("AUTHORIZER") => rest_api.api_key_source = ApiKeySource::Authorizer,
            Some(other) => self.report.error(format!("Invalid API key source specified: {other}")),
        }
        let types = self.extension("binary-media-types").and_then(Value::as_array);
        let types = types.map(|types| types.iter().map(text_of).collect::<Vec<_>>());
        match (self.target, types) {
            (Target::Merge(_), Some(types)) => {
                let mut known: BTreeSet<String> = rest_api.binary_media_types.iter().cloned().collect();
                rest_api.binary_media_types.extend(types.into_iter().filter(|kind| known.insert(kind.clone())));
            }
            (Target::Merge(_), None) => {}
            (Target::New { .. } | Target::Overwrite(_), types) => {
                rest_api.binary_media_types = types.unwrap_or_default();
            }
        }
        if let Some(size) = self.extension("minimum-compression-size").filter(|size| !size.is_null()) {
            match size.as_u64().filter(|&bytes| bytes <= COMPRESSION_BYTES_MAX).map(u32::try_from) {
                Some(Ok(bytes)) => rest_api.minimum_compression_size = Some(bytes),
                _ => self.report.error("Invalid minimum compression size, must be between 0 and 10485760"),
            }
        }
        if let Some(name) = self.extension("security-policy").map(text_of) {
            if !RestApi::is_security_policy(&name) {
                self.report.error(format!("Invalid security policy specified: {name}"));
            }
            rest_api.security_policy = Some(name);
        }
        if let Some(mode) = self.extension("endpoint-access-mode").map(text_of) {
            if !RestApi::is_endpoint_access_mode(&mode) {
                self.report.error(format!("Invalid endpoint access mode specified: {mode}"));
            }
            rest_api.endpoint_access_mode = Some(mode);
        }
        if let Some(policy) = self.extension("policy").filter(|policy| !policy.is_null()) {
            let policy = text_of(policy);
            if policy.chars().count() > RESOURCE_POLICY_CHARACTERS_MAX {
                self.report.error(format!("The policy must be at most {RESOURCE_POLICY_CHARACTERS_MAX} characters"));
            }
            rest_api.policy = Some(policy);
        }
    }

    fn endpoint(&mut self, options: &ImportOptions, rest_api: &mut RestApi) {
        let configuration = object(self.extension("endpoint-configuration"));
        let of_document = texts(configuration, "types").and_then(|types| types.into_iter().next());
        if let Some(kind) = options.endpoint_type.clone().or(of_document) {
            let kind = kind.to_ascii_uppercase();
            if !ENDPOINT_TYPES.contains(&kind.as_str()) {
                self.report.error(format!("Invalid endpoint type specified: {kind}"));
            }
            let ip_address_type = if kind == "PRIVATE" { "dualstack" } else { "ipv4" };
            let endpoint = &mut rest_api.endpoint_configuration;
            if endpoint.types != [kind.as_str()] {
                ip_address_type.clone_into(&mut endpoint.ip_address_type);
            }
            endpoint.types = vec![kind];
        }
        match text(configuration, "ipAddressType").as_deref() {
            None => {}
            Some("ipv4") if rest_api.endpoint_configuration.types == ["PRIVATE"] => {
                self.report.error("Only dualstack ipAddressType is supported for Private APIs.");
            }
            Some(kind @ ("ipv4" | "dualstack")) => {
                kind.clone_into(&mut rest_api.endpoint_configuration.ip_address_type);
            }
            Some(other) => self.report.error(format!("Invalid IP address type specified: {other}")),
        }
        if let Some(ids) = texts(configuration, "vpcEndpointIds") {
            rest_api.endpoint_configuration.vpc_endpoint_ids = ids;
        }
        if configuration.contains_key("disableExecuteApiEndpoint") {
            rest_api.disable_execute_api_endpoint = flag(configuration, "disableExecuteApiEndpoint");
        }
    }

    /// The document's validators, and the one that operations have by default.
    pub(super) fn request_validators(&mut self) -> (Vec<RequestValidator>, Option<RequestValidatorId>) {
        let mut validators = Vec::new();
        let declared = object(self.extension("request-validators"));
        if declared.len() > REQUEST_VALIDATORS_PER_API {
            self.report.error(format!("Unable to create request validators: {}", no_more("request validators")));
        }
        for (name, validator) in declared.iter().take(REQUEST_VALIDATORS_PER_API) {
            let validator = object(Some(validator));
            let known = self.target.existing().and_then(|definition| {
                definition.request_validators.iter().find(|known| known.name.as_deref() == Some(name))
            });
            validators.push(RequestValidator {
                id: known.map_or_else(|| RequestValidatorId::generate(self.random), |known| known.id.clone()),
                rest_api_id: self.target.id().clone(),
                tenant: self.target.tenant().clone(),
                name: Some(name.clone()),
                validate_request_body: flag(validator, "validateRequestBody"),
                validate_request_parameters: flag(validator, "validateRequestParameters"),
            });
        }
        let default = self.extension("request-validator").and_then(Value::as_str);
        let default = default.and_then(|name| self.validator(name, &validators));
        (validators, default)
    }

    /// The id of the validator of this name; a warning when there is none.
    pub(super) fn validator(&mut self, name: &str, validators: &[RequestValidator]) -> Option<RequestValidatorId> {
        let found = validators.iter().find(|validator| validator.name.as_deref() == Some(name));
        if found.is_none() {
            self.report.warning(format!("Request validator '{name}' not found. Ignoring."));
        }
        found.map(|validator| validator.id.clone())
    }

    pub(super) fn gateway_responses(&mut self) -> Vec<GatewayResponse> {
        let mut responses = Vec::new();
        for (name, response) in object(self.extension("gateway-responses")) {
            let Some(response_type) = GatewayResponseType::parse(name) else {
                self.report.error(format!("Unable to put gateway response '{name}': Invalid gateway response type"));
                continue;
            };
            let response = object(Some(response));
            let texts = |member: &str| text_map(object(response.get(member)));
            let response = GatewayResponse {
                rest_api_id: self.target.id().clone(),
                tenant: self.target.tenant().clone(),
                response_type,
                status_code: text(response, "statusCode"),
                response_parameters: texts("responseParameters"),
                response_templates: texts("responseTemplates"),
            };
            match GatewayResponses::compile(std::slice::from_ref(&response)) {
                Ok(_) => responses.push(response),
                Err(error) => self.report.error(format!("Unable to put gateway response '{name}': {error}")),
            }
        }
        responses
    }

    /// The document's role mapping, which is ours and none of AWS's extensions.
    pub(super) fn role_table(&mut self) -> Option<RoleTable> {
        const NAME: &str = "x-claviger-role-mapping";
        let value = self.document.member(NAME)?;
        // A list would be taken for the members in their order.
        let table = if value.is_object() {
            serde_json::from_value(value.clone()).map_err(|error| error.to_string())
        } else {
            Err("expected an object with the members scopes and roles".to_owned())
        };
        let checked =
            table.and_then(|table: RoleTable| Roles::compile(&table).map(|_| table).map_err(|error| error.to_string()));
        checked.map_err(|reason| self.report.error(format!("{NAME}: {reason}"))).ok()
    }

    fn extension(&self, name: &str) -> Option<&'a Value> {
        self.document.member(&format!("x-amazon-apigateway-{name}"))
    }
}

/// The path that stands before every path of the document.
pub(crate) fn base_path(document: &Document, base_path: BasePath) -> String {
    let whole = match document.dialect {
        Dialect::Swagger => document.member("basePath").map(text_of).unwrap_or_default(),
        Dialect::OpenApi => {
            let servers = document.member("servers").and_then(Value::as_array);
            server_path(object(servers.and_then(|servers| servers.first())))
        }
    };
    let segments = whole.split('/').filter(|segment| !segment.is_empty());
    let skipped = match base_path {
        BasePath::Ignore => return String::new(),
        BasePath::Prepend => 0,
        BasePath::Split => 1,
    };
    segments.skip(skipped).fold(String::new(), |path, segment| path + "/" + segment)
}

/// The path of a server's URL, its variables replaced by their defaults. A variable `basePath` alone is the whole path.
fn server_path(server: &Map<String, Value>) -> String {
    let mut url = text(server, "url").unwrap_or_default();
    for (name, variable) in object(server.get("variables")) {
        if let Some(default) = text(object(Some(variable)), "default") {
            url = url.replace(&format!("{{{name}}}"), default.trim_start_matches('/'));
        }
    }
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url.as_str(),
    };
    path.to_owned()
}

/// An object's members as texts; those that are null are left out.
pub(crate) fn text_map<M: FromIterator<(String, String)>>(object: &Map<String, Value>) -> M {
    object.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), text_of(value))).collect()
}
