//! API keys and usage plans as the gateway asks for them: which key a request shows, and which plan it is counted under.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use claviger_resources::api_key::{ApiKey, ApiKeyDigest};
use claviger_resources::rate::RateLimit;
use claviger_resources::rest_api::MethodVerb;
use claviger_resources::usage_plan::{ApiStage, Grant, UsagePlan, UsagePlanKey};
use claviger_resources::{ApiKeyId, RestApiId, StageName, UsagePlanId};

/// The API keys and usage plans of a node.
#[derive(Clone, Default)]
pub struct UsagePlans {
    keys: imbl::HashMap<ApiKeyDigest, Arc<ServedKey>>,
    digests: imbl::HashMap<ApiKeyId, ApiKeyDigest>,
    plans: imbl::HashMap<UsagePlanId, Arc<ServedPlan>>,
    /// The plans that a key is in.
    plans_of_keys: imbl::HashMap<ApiKeyId, Arc<[Membership]>>,
}

/// An API key without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whether requests may use it.
    pub enabled: bool,
}

/// A usage plan with what its stages set for their methods.
#[derive(Clone, Debug)]
pub struct ServedPlan {
    /// The plan.
    pub plan: UsagePlan,
    /// For each stage, the limits of its methods by path.
    stages: HashMap<(RestApiId, StageName), MethodLimits>,
}

type MethodLimits = BTreeMap<Box<str>, Vec<(MethodVerb, RateLimit)>>;

/// A key's place in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Membership {
    plan: UsagePlanId,
    grant: Option<Grant>,
}

impl UsagePlans {
    /// The key whose value has this digest.
    pub fn key(&self, digest: &ApiKeyDigest) -> Option<&Arc<ServedKey>> {
        self.keys.get(digest)
    }

    /// The plan of a key that is for a stage, and what was granted to the key beside the plan's quota.
    pub fn plan_for(
        &self,
        key: &ApiKeyId,
        api: &RestApiId,
        stage: &StageName,
    ) -> Option<(&Arc<ServedPlan>, Option<Grant>)> {
        let stage = (api.clone(), stage.clone());
        self.plans_of_keys.get(key)?.iter().find_map(|membership| {
            let plan = self.plans.get(&membership.plan).filter(|plan| plan.stages.contains_key(&stage))?;
            Some((plan, membership.grant))
        })
    }

    /// The plans that a key is in.
    pub fn plans_of(&self, key: &ApiKeyId) -> impl Iterator<Item = &UsagePlanId> {
        self.plans_of_keys.get(key).into_iter().flat_map(|plans| plans.iter().map(|membership| &membership.plan))
    }

    /// Whether a plan has a key.
    pub fn has_key(&self, plan: &UsagePlanId, key: &ApiKeyId) -> bool {
        self.plans_of(key).any(|one| one == plan)
    }

    pub(super) fn put_key(&mut self, record: ApiKey) {
        self.digests.insert(record.id.clone(), record.digest.clone());
        self.keys.insert(record.digest, Arc::new(ServedKey { id: record.id, enabled: record.enabled }));
    }

    pub(super) fn remove_key(&mut self, id: &str) {
        if let Some(digest) = self.digests.remove(id) {
            self.keys.remove(&digest);
        }
    }

    pub(super) fn put_plan(&mut self, plan: UsagePlan) {
        let stages = plan.api_stages.iter();
        let stages = stages.map(|one| ((one.api_id.clone(), one.stage.clone()), method_limits(one))).collect();
        self.plans.insert(plan.id.clone(), Arc::new(ServedPlan { plan, stages }));
    }

    pub(super) fn remove_plan(&mut self, id: &str) {
        self.plans.remove(id);
    }

    pub(super) fn put_plan_key(&mut self, record: UsagePlanKey) {
        let membership = Membership { plan: record.plan, grant: record.grant };
        let mut plans = self.others(&record.key, membership.plan.as_str());
        plans.push(membership);
        self.plans_of_keys.insert(record.key, plans.into());
    }

    pub(super) fn remove_plan_key(&mut self, plan: &str, key: &str) {
        let Ok(key) = ApiKeyId::parse(key) else { return };
        let others = self.others(&key, plan);
        if others.is_empty() {
            self.plans_of_keys.remove(&key);
        } else {
            self.plans_of_keys.insert(key, others.into());
        }
    }

    /// The places of a key in other plans than this one.
    fn others(&self, key: &ApiKeyId, plan: &str) -> Vec<Membership> {
        let others = self.plans_of_keys.get(key).into_iter().flat_map(|plans| plans.iter());
        others.filter(|one| one.plan.as_str() != plan).cloned().collect()
    }
}

impl ServedPlan {
    /// How fast each key may call a method of a stage, where the plan says so.
    pub fn method_limit(&self, api: &RestApiId, stage: &StageName, path: &str, verb: MethodVerb) -> Option<RateLimit> {
        let limits = self.stages.get(&(api.clone(), stage.clone()))?.get(path)?;
        limits.iter().find(|(of, _)| *of == verb).map(|(_, limit)| *limit)
    }
}

/// A stage's throttles, whose keys are `{path}/{VERB}`, by path.
fn method_limits(stage: &ApiStage) -> MethodLimits {
    let mut limits = MethodLimits::new();
    for (method, limit) in &stage.throttle {
        let Some((path, verb)) = method.rsplit_once('/') else { continue };
        if let Some(verb) = MethodVerb::parse(verb) {
            let path = if path.is_empty() { "/" } else { path };
            limits.entry(path.into()).or_default().push((verb, *limit));
        }
    }
    limits
}
