//! API keys: which key a request shows, and which usage plan it is counted under (API Gateway, "Usage plans and API keys").
//! A key is no authentication: whoever must be authorized has been when it is looked at.

use std::sync::Arc;

use claviger_gateway::refusal::Refusal;
use claviger_resources::Secret;
use claviger_resources::rest_api::ApiKeySource;
use claviger_resources::usage_plan::Grant;
use claviger_runtime::snapshot::Snapshot;
use claviger_runtime::snapshot::usage_plans::{ServedKey, ServedPlan};
use http::HeaderMap;

use super::{Denied, Place};
use crate::DataPlane;

/// The header that carries an API key, in any case.
const HEADER: &str = "x-api-key";

/// A request that is counted.
pub(super) struct Metered {
    /// The value of the key that was shown.
    pub(super) value: Secret<String>,
    /// The key.
    pub(super) key: Arc<ServedKey>,
    /// The plan it is counted under.
    pub(super) plan: Arc<ServedPlan>,
    /// What was granted to the key beside the plan's quota.
    pub(super) grant: Option<Grant>,
}

impl DataPlane {
    /// Finds out what a request is counted under; `None` where its method asks for no key. `usage_identifier_key` is the
    /// key that the method's Lambda authorizer named.
    pub(super) fn meter(
        &self,
        snapshot: &Snapshot,
        place: Place<'_, '_>,
        headers: &HeaderMap,
        usage_identifier_key: Option<&Secret<String>>,
    ) -> Result<Option<Metered>, Denied> {
        if !place.found.method.api_key_required {
            return Ok(None);
        }
        let api = place.api;
        let (value, source) = match api.api_key_source {
            ApiKeySource::Header => (headers.get(HEADER).and_then(|value| value.to_str().ok()), "HEADER"),
            ApiKeySource::Authorizer => (usage_identifier_key.map(|key| key.expose().as_str()), "AUTHORIZER"),
        };
        let source = || format!("apiKeySource of the REST API {} is {source}", api.id);
        let value = value.filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| Denied::by(Refusal::InvalidApiKey("none was shown"), source()))?;
        let plans = snapshot.usage_plans();
        let key = plans.key(&self.sessions.vault.api_key_digest(&api.tenant, value.as_bytes()));
        let key =
            key.ok_or_else(|| Denied::by(Refusal::InvalidApiKey("no key has the value that was shown"), source()))?;
        if !key.enabled {
            let setting = format!("the API key {} is disabled", key.id);
            return Err(Denied::by(Refusal::InvalidApiKey("the key is disabled"), setting).about("apiKey", &key.id));
        }
        let stage = &place.stage.stage;
        let Some((plan, grant)) = plans.plan_for(&key.id, &api.id, &stage.stage_name) else {
            let of_key: Vec<String> = plans.plans_of(&key.id).map(ToString::to_string).collect();
            let (of_key, stage) = (of_key.join(", "), &stage.stage_name);
            let setting = format!(
                "the API key {} is in the usage plans [{of_key}], none of which is for {}:{stage}",
                key.id, api.id
            );
            let refusal = Refusal::InvalidApiKey("the key is in no usage plan of the stage");
            return Err(Denied::by(refusal, setting).about("apiKey", &key.id));
        };
        let value = Secret::new(value.to_owned());
        Ok(Some(Metered { value, key: Arc::clone(key), plan: Arc::clone(plan), grant }))
    }
}

impl Metered {
    /// The plan, for operators.
    pub(super) fn plan_named(&self) -> String {
        format!("the usage plan {} ({})", self.plan.plan.name, self.plan.plan.id)
    }

    /// A refusal that the key or its plan decided.
    pub(super) fn denied(&self, refusal: Refusal, setting: String) -> Denied {
        Denied::by(refusal, setting).about("apiKey", &self.key.id).about("usagePlan", &self.plan.plan.id)
    }
}
