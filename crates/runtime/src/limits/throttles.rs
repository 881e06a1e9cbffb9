//! Throttles of the gateway: token buckets for what usage plans, stages and AWS limit.

use std::sync::Arc;

use claviger_resources::limits::API_GATEWAY_ACCOUNT_RATE;
use claviger_resources::rate::RateLimit;
use claviger_resources::rest_api::MethodVerb;
use claviger_resources::{
    ApiKeyId, HttpApiId, HttpStageName, Monotonic, ResourceId, RestApiId, RouteId, StageName, Tenant, UsagePlanId,
};

use super::buckets::Buckets;
use super::shares::Shares;

/// Limits how fast APIs are called.
pub struct Throttles {
    monotonic: Arc<dyn Monotonic>,
    buckets: Buckets<Throttled>,
    account: bool,
}

/// What has a bucket of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Throttled {
    /// A key of a usage plan.
    Key(UsagePlanId, ApiKeyId),
    /// A key of a usage plan on one method of a stage.
    KeyOnMethod(UsagePlanId, ApiKeyId, ServedMethod),
    /// A method of a stage, whoever calls it.
    Method(ServedMethod),
    /// A route of a stage, whoever calls it.
    Route(ServedRoute),
    /// All APIs of an account in a region.
    Account(Tenant),
}

/// A method of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServedMethod {
    /// The API.
    pub api: RestApiId,
    /// The stage.
    pub stage: StageName,
    /// The resource.
    pub resource: ResourceId,
    /// The method's verb.
    pub verb: MethodVerb,
}

/// A route of a stage of an HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServedRoute {
    /// The API.
    pub api: HttpApiId,
    /// The stage.
    pub stage: HttpStageName,
    /// The route.
    pub route: RouteId,
}

impl Throttles {
    /// Buckets that are all full; `account` says whether AWS's own limit on an account is enforced.
    pub fn new(monotonic: Arc<dyn Monotonic>, account: bool, shares: Arc<Shares>) -> Self {
        Self { monotonic, buckets: Buckets::new("gateway", shares), account }
    }

    /// The buckets, to be shared with other nodes.
    pub(super) fn buckets(&self) -> &Buckets<Throttled> {
        &self.buckets
    }

    /// Counts a request; `false` when the limit does not let it through.
    #[must_use]
    pub fn take(&self, throttled: Throttled, limit: RateLimit) -> bool {
        self.buckets.take(throttled, limit, self.monotonic.nanoseconds()).is_ok()
    }

    /// What all APIs of an account in a region may take together, while that is enforced.
    pub fn account_limit(&self) -> Option<RateLimit> {
        self.account.then_some(API_GATEWAY_ACCOUNT_RATE)
    }
}

#[cfg(test)]
mod tests {
    use claviger_testkit::FakeMonotonic;

    use super::*;

    #[test]
    fn each_has_a_bucket_of_its_own_that_refills_by_the_monotonic_clock() {
        let monotonic = Arc::new(FakeMonotonic::default());
        let throttles = Throttles::new(Arc::clone(&monotonic) as _, false, Arc::default());
        let limit = RateLimit { rate: 2.0, burst: 3 };
        let key =
            |plan: &str, key: &str| Throttled::Key(UsagePlanId::parse(plan).unwrap(), ApiKeyId::parse(key).unwrap());
        let method = |verb| ServedMethod {
            api: RestApiId::parse("api").unwrap(),
            stage: StageName::parse("live").unwrap(),
            resource: ResourceId::parse("root").unwrap(),
            verb,
        };
        let route = |id: &str| {
            Throttled::Route(ServedRoute {
                api: HttpApiId::parse("a1b2c3d4e5").unwrap(),
                stage: HttpStageName::parse("$default").unwrap(),
                route: RouteId::parse(id).unwrap(),
            })
        };
        let let_through = |throttled: Throttled| (0..100).filter(|_| throttles.take(throttled.clone(), limit)).count();
        for throttled in [
            key("p1", "k1"),
            key("p1", "k2"),
            key("p2", "k1"),
            Throttled::Method(method(MethodVerb::Get)),
            Throttled::Method(method(MethodVerb::Put)),
            route("abc1234"),
            route("abc1235"),
        ] {
            assert_eq!(let_through(throttled.clone()), 3, "{throttled:?}");
            assert_eq!(let_through(throttled.clone()), 0, "{throttled:?}");
        }
        monotonic.advance_milliseconds(1_000);
        assert_eq!(let_through(key("p1", "k1")), 2);
        assert_eq!(throttles.account_limit(), None);
        assert_eq!(
            Throttles::new(monotonic, true, Arc::default()).account_limit(),
            Some(RateLimit { rate: 10_000.0, burst: 5_000 })
        );
    }
}
