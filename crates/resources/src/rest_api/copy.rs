//! Copying an API: everything it has under ids of its own.

use std::collections::HashMap;
use std::hash::Hash;

use super::{RestApi, RestApiDefinition};
use crate::random::{LOWER_ALPHANUMERIC, text};
use crate::{AuthorizerId, Random, RequestValidatorId, ResourceId};

impl RestApiDefinition {
    /// What belongs to the API, as parts of another one with new ids.
    #[must_use]
    pub fn copied_to(&self, api: RestApi, random: &mut dyn Random) -> Self {
        let mut copy = self.clone();
        let mut resources = new_ids(self.resources.iter().map(|one| &one.id), || ResourceId::generate(random));
        resources.insert(self.rest_api.root_resource_id.clone(), api.root_resource_id.clone());
        let authorizers = new_ids(self.authorizers.iter().map(|one| &one.id), || AuthorizerId::generate(random));
        let validators =
            new_ids(self.request_validators.iter().map(|one| &one.id), || RequestValidatorId::generate(random));
        for resource in &mut copy.resources {
            let before = resource.id.clone();
            replace(&mut resource.id, &resources);
            resource.parent_id.iter_mut().for_each(|id| replace(id, &resources));
            for method in resource.methods.values_mut() {
                method.authorizer_id.iter_mut().for_each(|id| replace(id, &authorizers));
                method.request_validator_id.iter_mut().for_each(|id| replace(id, &validators));
                let integration = method.method_integration.as_mut();
                if let Some(integration) = integration.filter(|one| one.cache_namespace == before.as_str()) {
                    integration.cache_namespace = resource.id.to_string();
                }
            }
            (resource.rest_api_id, resource.tenant) = (api.id.clone(), api.tenant.clone());
        }
        for authorizer in &mut copy.authorizers {
            replace(&mut authorizer.id, &authorizers);
            (authorizer.rest_api_id, authorizer.tenant) = (api.id.clone(), api.tenant.clone());
        }
        for validator in &mut copy.request_validators {
            replace(&mut validator.id, &validators);
            (validator.rest_api_id, validator.tenant) = (api.id.clone(), api.tenant.clone());
        }
        // Models refer to each other by the API's URL.
        let url = |api: &RestApi| format!("https://apigateway.amazonaws.com/restapis/{}/models/", api.id);
        let (from, to) = (url(&self.rest_api), url(&api));
        for model in &mut copy.models {
            model.id = text(random, LOWER_ALPHANUMERIC, 6);
            model.schema = model.schema.as_ref().map(|schema| schema.replace(&from, &to));
            (model.rest_api_id, model.tenant) = (api.id.clone(), api.tenant.clone());
        }
        for response in &mut copy.gateway_responses {
            (response.rest_api_id, response.tenant) = (api.id.clone(), api.tenant.clone());
        }
        copy.rest_api = api;
        copy
    }
}

fn new_ids<'a, I: Clone + Eq + Hash + 'a>(
    ids: impl Iterator<Item = &'a I>,
    mut generate: impl FnMut() -> I,
) -> HashMap<I, I> {
    ids.map(|id| (id.clone(), generate())).collect()
}

fn replace<I: Clone + Eq + Hash>(id: &mut I, ids: &HashMap<I, I>) {
    if let Some(new) = ids.get(id) {
        *id = new.clone();
    }
}
