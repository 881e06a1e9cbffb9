//! Models, and bodies that are held to them.

use claviger_gateway::json_schema::Models;
use claviger_gateway::model_template::model_template;
use claviger_resources::rest_api::Model;

use crate::gateway::{rest_api_id, tenant};
use crate::input::texts;

/// A schema, another one that it may refer to as `other`, and a body.
pub(super) fn run(data: &[u8]) {
    let (Some([schema, other, body]), Some(id)) = (texts(data), rest_api_id()) else { return };
    let model = |name: &str, schema: &str| Model {
        id: name.to_owned(),
        rest_api_id: id.clone(),
        tenant: tenant(),
        name: name.to_owned(),
        description: None,
        schema: Some(schema.to_owned()),
        content_type: "application/json".to_owned(),
    };
    let all = [model("this", schema), model("other", other)];
    if let Ok(compiled) = Models::new(&id, &all).compile("this") {
        assert_eq!(compiled.check(body.as_bytes()), compiled.check(body.as_bytes()), "the same is found each time");
    }
    if let Ok(schema) = serde_json::from_str(schema) {
        let _ = model_template(&schema, &|_| None);
    }
}
