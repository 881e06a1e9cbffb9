//! OpenAPI documents of REST APIs, in JSON and YAML: imported, exported, and imported again.

use claviger_gateway::openapi::export::{self, ExportType, Exported, Extensions};
use claviger_gateway::openapi::{self, ImportOptions, Target};
use claviger_testkit::SeededRandom;

use crate::gateway::{NOW, rest_api_id, tenant};

/// A document.
pub(super) fn run(data: &[u8]) {
    let _ = openapi::jwt_configurations(data);
    let Some(id) = rest_api_id() else { return };
    let tenant = tenant();
    let import = |document: &[u8]| {
        let target = Target::New { id: &id, tenant: &tenant, now: NOW };
        openapi::import(document, &ImportOptions::default(), target, &mut SeededRandom::new(1))
    };
    let Ok(imported) = import(data) else { return };
    let _ = claviger_gateway::compile(&imported.definition);
    let Ok(extensions) = Extensions::parse("apigateway") else { return };
    for kind in [ExportType::Oas30, ExportType::Swagger] {
        let exported =
            Exported { definition: &imported.definition, stage: "prod", documentation: None, role_table: None };
        let document = export::document(exported, kind, extensions).to_string();
        let again = import(document.as_bytes());
        assert!(again.is_ok(), "what is exported can be imported: {:?} {document}", again.err());
    }
}
