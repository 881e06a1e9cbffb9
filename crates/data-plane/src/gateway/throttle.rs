//! Throttles: how fast requests are let through, by their plan on the method, by their plan, by the stage, by the account.
//! All of them must let a request through, so that the lowest wins.

use claviger_gateway::refusal::Refusal;
use claviger_runtime::limits::throttles::{ServedMethod, Throttled};

use super::api_key::Metered;
use super::{Denied, Place};
use crate::DataPlane;

impl DataPlane {
    /// Lets a request through when no limit holds it back. What is a key's own comes first, so that a key that asks too
    /// often takes nothing from what all share.
    pub(super) fn throttle(&self, place: Place<'_, '_>, metered: Option<&Metered>) -> Result<(), Denied> {
        let throttles = &self.issuance.limits().throttles;
        let (api, stage) = (place.api, &place.stage.stage);
        let (resource, verb) = (place.found.resource, place.found.method.verb);
        let method = || ServedMethod {
            api: api.id.clone(),
            stage: stage.stage_name.clone(),
            resource: resource.id.clone(),
            verb,
        };
        let on_method = || format!("{} {}", verb.as_str(), resource.path);
        if let Some(metered) = metered {
            let (plan, key) = (&metered.plan.plan, &metered.key.id);
            let limit = metered.plan.method_limit(&api.id, &stage.stage_name, &resource.path, verb);
            if let Some(limit) = limit
                && !throttles.take(Throttled::KeyOnMethod(plan.id.clone(), key.clone(), method()), limit)
            {
                let setting = format!("{} lets a key call {} {}", metered.plan_named(), on_method(), limit);
                return Err(metered.denied(Refusal::Throttled("usage plan for the method"), setting));
            }
            if let Some(limit) = plan.throttle
                && !throttles.take(Throttled::Key(plan.id.clone(), key.clone()), limit)
            {
                let setting = format!("{} lets a key call {}", metered.plan_named(), limit);
                return Err(metered.denied(Refusal::Throttled("usage plan"), setting));
            }
        }
        if let Some(limit) = place.stage.limit(&resource.id, verb)
            && !throttles.take(Throttled::Method(method()), limit)
        {
            let setting =
                format!("methodSettings of the stage {} let {} be called {}", stage.stage_name, on_method(), limit);
            return Err(Denied::by(Refusal::Throttled("stage for the method"), setting));
        }
        if let Some(limit) = throttles.account_limit()
            && !throttles.take(Throttled::Account(api.tenant.clone()), limit)
        {
            let setting =
                format!("AWS's quota of an account in a region, all its APIs together, is to be called {limit}");
            return Err(Denied::by(Refusal::Throttled("account"), setting));
        }
        Ok(())
    }
}
