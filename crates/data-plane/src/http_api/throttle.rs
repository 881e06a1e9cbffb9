//! Throttles: how fast requests are let through, by the stage on the route and by the account.

use claviger_gateway::http_api::throttle::limit_of_stage;
use claviger_gateway::http_api::{CompiledRoute, Refusal};
use claviger_runtime::limits::throttles::{ServedRoute, Throttled};

use super::Place;
use super::denied::Denied;
use crate::DataPlane;

impl DataPlane {
    /// Lets a request through when no limit holds it back.
    pub(super) fn throttle_route(&self, place: &Place<'_>, route: &CompiledRoute) -> Result<(), Box<Denied>> {
        let throttles = &self.issuance.limits().throttles;
        let stage = &place.stage.stage;
        let served =
            || ServedRoute { api: place.compiled.id.clone(), stage: stage.stage_name.clone(), route: route.id.clone() };
        if let Some(limit) = limit_of_stage(stage, &route.key)
            && !throttles.take(Throttled::Route(served()), limit)
        {
            let settings =
                if stage.route_settings.contains_key(&*route.key) { "routeSettings" } else { "defaultRouteSettings" };
            let setting =
                format!("{settings} of the stage {} let the route {} be called {limit}", stage.stage_name, route.key);
            return Err(Denied::by(Refusal::Throttled("stage for the route"), setting));
        }
        if let Some(limit) = throttles.account_limit()
            && !throttles.take(Throttled::Account(place.compiled.tenant.clone()), limit)
        {
            let setting =
                format!("AWS's quota of an account in a region, all its APIs together, is to be called {limit}");
            return Err(Denied::by(Refusal::Throttled("account"), setting));
        }
        Ok(())
    }
}
