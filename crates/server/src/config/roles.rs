//! The roles in which access keys call, beside those that come with the program.

use claviger_runtime::roles::{RoleDefinition, Roles};
use serde_json::Value as Json;

use super::Checks;
use super::given::{Table, Value};

impl Checks<'_> {
    pub(super) fn roles(&mut self) -> Roles {
        let mut definitions: Vec<RoleDefinition> = Vec::new();
        for table in self.given.tables("roles") {
            let definition = match serde_json::from_value::<RoleDefinition>(to_json(&table.value)) {
                Ok(definition) => definition,
                Err(error) => {
                    self.refuse(table, format!("roles: {error}"));
                    continue;
                }
            };
            // Tried with those before it, so that the one that is wrong is named.
            let with_it = || definitions.iter().cloned().chain([definition.clone()]);
            match Roles::new(with_it()) {
                Ok(_) => definitions.push(definition),
                Err(error) => self.refuse(table, format!("roles: {error}")),
            }
        }
        Roles::new(definitions).unwrap_or_default()
    }
}

fn to_json(table: &Table) -> Json {
    let members = table.iter().map(|(name, value)| {
        let value = match &value.value {
            Value::Text(text) => Json::from(text.as_str()),
            Value::Number(number) => Json::from(*number),
            Value::Switch(switch) => Json::from(*switch),
            Value::List(list) => list.iter().map(|text| Json::from(text.value.as_str())).collect(),
            Value::Tables(tables) => tables.iter().map(|table| to_json(&table.value)).collect(),
            Value::Table(table) => to_json(table),
        };
        (name.clone(), value)
    });
    Json::Object(members.collect())
}
