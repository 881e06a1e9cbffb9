//! OpenAPI documents of HTTP APIs, in JSON and YAML: imported, exported, and imported again.

use std::collections::BTreeMap;

use claviger_gateway::http_api;
use claviger_gateway::http_api::export::{document, to_yaml};
use claviger_gateway::http_api::import::{Options, Target, import};
use claviger_resources::http_api::HttpApi;
use claviger_testkit::SeededRandom;

use crate::gateway::{NOW, http_api_id, tenant};

/// A document.
pub(super) fn run(data: &[u8]) {
    let Some(api) = api() else { return };
    let import = |document: &[u8]| {
        import(document, Options::default(), Target { api: api.clone(), existing: None }, &mut SeededRandom::new(1))
    };
    let Ok(definition) = import(data) else { return };
    let _ = http_api::compile(&definition);
    let document = document(&definition, Some("prod"), true);
    for text in [document.to_string(), to_yaml(&document)] {
        let again = import(text.as_bytes());
        assert!(again.is_ok(), "what is exported can be imported: {:?} {text}", again.err());
    }
}

fn api() -> Option<HttpApi> {
    Some(HttpApi {
        api_id: http_api_id()?,
        tenant: tenant(),
        name: String::new(),
        description: None,
        version: None,
        created_date: NOW,
        cors_configuration: None,
        disable_execute_api_endpoint: false,
        ip_address_type: "ipv4".to_owned(),
        import_info: Vec::new(),
        warnings: Vec::new(),
        tags: BTreeMap::new(),
    })
}
