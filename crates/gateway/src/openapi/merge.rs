//! Joining an imported API with the API as it was: what the document has replaces, what it has not stays.

use claviger_resources::rest_api::RestApiDefinition;

/// Merges an import into an API: a named part replaces the part of that name. Resources have grown upon the API's own from
/// the start, so that a method has replaced the method of the same path and verb.
pub(super) fn merge(existing: &RestApiDefinition, imported: RestApiDefinition) -> RestApiDefinition {
    RestApiDefinition {
        rest_api: imported.rest_api,
        resources: imported.resources,
        authorizers: merge_named(&existing.authorizers, imported.authorizers, |authorizer| authorizer.name.clone()),
        models: merge_named(&existing.models, imported.models, |model| model.name.clone()),
        request_validators: merge_named(&existing.request_validators, imported.request_validators, |validator| {
            validator.name.clone()
        }),
        gateway_responses: merge_named(&existing.gateway_responses, imported.gateway_responses, |response| {
            response.response_type
        }),
    }
}

fn merge_named<T: Clone, N: PartialEq>(existing: &[T], imported: Vec<T>, name: impl Fn(&T) -> N) -> Vec<T> {
    let replaced = |before: &T| imported.iter().any(|new| name(new) == name(before));
    let mut merged: Vec<T> = existing.iter().filter(|before| !replaced(before)).cloned().collect();
    merged.extend(imported);
    merged
}
