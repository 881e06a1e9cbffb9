//! AWS's request rates, counted: by category for an account in a region, and what a domain takes.

use std::net::IpAddr;
use std::sync::Arc;

use claviger_oauth::token_error::{Limit, TokenError};
use claviger_resources::rate::RateLimit;
use claviger_resources::request_rates::{self, Category};
use claviger_resources::{ClientId, Monotonic, Tenant};

use super::buckets::Buckets;
use super::shares::Shares;
use crate::snapshot::{CurrentSnapshot, Snapshot};

/// Bytes of the longest name of a pool that is counted; a longer one is no pool's.
const POOL_BYTES_MAX: usize = 256;

/// Enforces AWS's request rates.
pub struct RequestRates {
    current: Arc<CurrentSnapshot>,
    monotonic: Arc<dyn Monotonic>,
    buckets: Buckets<Counted>,
}

/// A request rate that is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request rate of {what} is exceeded")]
pub struct Exceeded {
    /// What it bounds.
    pub what: &'static str,
    /// When a request will be let through again.
    pub retry_after_seconds: u64,
}

/// A call of the control plane, as far as its rate goes.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who calls.
    pub tenant: &'a Tenant,
    /// The operation.
    pub operation: &'static str,
    /// The category it is counted in.
    pub category: Category,
    /// The pool it is about, by its id or ARN.
    pub pool: Option<&'a str>,
    /// The app client it is about: callers that sign nothing are counted where that is.
    pub client: Option<&'a str>,
}

/// What has a bucket.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    Category(Tenant, Category),
    OperationOnPool(&'static str, Box<str>),
    Address(IpAddr),
    Client(ClientId),
    Domain(Box<str>),
}

impl RequestRates {
    /// Rates that start unused; accounts' own are read from `current`.
    pub fn new(current: Arc<CurrentSnapshot>, monotonic: Arc<dyn Monotonic>, shares: Arc<Shares>) -> Self {
        Self { current, monotonic, buckets: Buckets::new("requests", shares) }
    }

    /// The buckets, to be shared with other nodes.
    pub(super) fn buckets(&self) -> &Buckets<Counted> {
        &self.buckets
    }

    /// Counts a call of the control plane.
    pub fn call(&self, call: &Call<'_>) -> Result<(), Exceeded> {
        let snapshot = self.current.load_full();
        let bounded = |pool: &&str| call.category.is_bounded_by_pool() && pool.len() <= POOL_BYTES_MAX;
        if let Some(pool) = call.pool.filter(bounded) {
            let limit = RateLimit::per_second(request_rates::OPERATION_ON_POOL);
            self.take(Counted::OperationOnPool(call.operation, pool.into()), limit, call.operation)?;
        }
        let client = call.client.and_then(|id| snapshot.client(id));
        let pool = client.and_then(|client| snapshot.pool(client.pool.as_str()));
        self.category(&snapshot, pool.map_or(call.tenant, |pool| &pool.tenant), call.category)
    }

    /// Counts a request in a category.
    pub fn category(&self, snapshot: &Snapshot, tenant: &Tenant, category: Category) -> Result<(), Exceeded> {
        let rate = category.rate(|category| snapshot.provisioned_rate(tenant, category));
        self.take(Counted::Category(tenant.clone(), category), RateLimit::per_second(rate), category.name())
    }

    /// Counts a request to the endpoints of pool domains; `domain` is the one its host names.
    pub fn domain(&self, address: IpAddr, domain: Option<&str>) -> Result<(), Exceeded> {
        let limit = RateLimit::per_second(request_rates::DOMAIN_PER_ADDRESS);
        self.take(Counted::Address(address.to_canonical()), limit, "the source address")?;
        let Some(domain) = domain else { return Ok(()) };
        self.take(Counted::Domain(domain.into()), RateLimit::per_second(request_rates::DOMAIN), "the domain")
    }

    /// Counts a request of an app client to the endpoints of its domain.
    pub fn client(&self, client: &ClientId) -> Result<(), Exceeded> {
        let limit = RateLimit::per_second(request_rates::DOMAIN_PER_CLIENT);
        self.take(Counted::Client(client.clone()), limit, "the app client")
    }

    fn take(&self, counted: Counted, limit: RateLimit, what: &'static str) -> Result<(), Exceeded> {
        let taken = self.buckets.take(counted, limit, self.monotonic.nanoseconds());
        taken.map_err(|retry_after_seconds| Exceeded { what, retry_after_seconds })
    }
}

impl From<Exceeded> for TokenError {
    fn from(exceeded: Exceeded) -> Self {
        let Exceeded { what, retry_after_seconds } = exceeded;
        Self::OverLimit { limit: Limit::Requests(what), retry_after_seconds }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use claviger_resources::{AccountId, Region};
    use claviger_testkit::FakeMonotonic;

    use super::super::buckets::BUCKETS_MAX;
    use super::*;

    fn rates() -> (RequestRates, Arc<FakeMonotonic>) {
        let monotonic = Arc::new(FakeMonotonic::default());
        (RequestRates::new(CurrentSnapshot::empty(), Arc::clone(&monotonic) as _, Arc::default()), monotonic)
    }

    fn tenant(region: &str) -> Tenant {
        Tenant { account: AccountId::DEFAULT, region: Region::parse(region).unwrap() }
    }

    /// How many in a row are let through.
    fn let_through(mut ask: impl FnMut() -> Result<(), Exceeded>) -> u32 {
        (0..1_000).find(|_| ask().is_err()).unwrap()
    }

    #[test]
    fn a_category_gives_its_rate_in_every_second_to_each_account_and_region() {
        let (rates, monotonic) = rates();
        let (here, there) = (tenant("eu-west-1"), tenant("eu-west-2"));
        let ask = |tenant: &Tenant, category| {
            let snapshot = Snapshot::default();
            let_through(|| rates.category(&snapshot, tenant, category))
        };
        assert_eq!(ask(&here, Category::ClientAuthentication), 150);
        assert_eq!(ask(&there, Category::ClientAuthentication), 150);
        assert_eq!(ask(&here, Category::LimitManagement), 1);
        assert_eq!(ask(&here, Category::ChallengeResponses), 360);
        assert_eq!(ask(&here, Category::ClientAuthentication), 0);
        monotonic.advance_milliseconds(100);
        assert_eq!(ask(&here, Category::ClientAuthentication), 15);
        monotonic.advance_milliseconds(60_000);
        assert_eq!(ask(&here, Category::ClientAuthentication), 150);
        let refused = rates.category(&Snapshot::default(), &here, Category::ClientAuthentication);
        assert_eq!(refused, Err(Exceeded { what: "ClientAuthentication", retry_after_seconds: 1 }));
    }

    #[test]
    fn an_operation_is_bounded_on_each_pool_where_its_category_says_so() {
        let (rates, _) = rates();
        let tenant = tenant("us-east-1");
        let ask = |operation, category, pool| {
            let call = Call { tenant: &tenant, operation, category, pool: Some(pool), client: None };
            let_through(|| rates.call(&call))
        };
        assert_eq!(ask("DescribeUserPoolClient", Category::UserPoolClientRead, "us-east-1_a"), 5);
        assert_eq!(ask("ListUserPoolClients", Category::UserPoolClientRead, "us-east-1_a"), 5);
        assert_eq!(ask("ListUserPoolClients", Category::UserPoolClientRead, "us-east-1_b"), 5);
        // All of them together have used up the category.
        assert_eq!(ask("ListUserPoolClients", Category::UserPoolClientRead, "us-east-1_c"), 0);
        assert_eq!(ask("DescribeUserPool", Category::UserPoolRead, "us-east-1_a"), 15);
    }

    #[test]
    fn a_domain_an_address_and_a_client_are_bounded_for_themselves() {
        let (rates, _) = rates();
        let address = |last: u16| IpAddr::from(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, last));
        assert_eq!(let_through(|| rates.domain(address(1), None)), 300);
        assert_eq!(rates.domain(IpAddr::from([127, 0, 0, 1]), None).unwrap_err().what, "the source address");
        assert_eq!(let_through(|| rates.domain(address(2), Some("weather"))), 300);
        assert_eq!(let_through(|| rates.domain(address(3), Some("weather"))), 200);
        assert_eq!(rates.domain(address(4), Some("weather")).unwrap_err().what, "the domain");
        assert_eq!(rates.domain(address(4), Some("storms")), Ok(()));
        let client = ClientId::parse("client").unwrap();
        assert_eq!(let_through(|| rates.client(&client)), 300);
    }

    #[test]
    fn counters_are_bounded_and_make_room_when_they_were_left_alone() {
        let (rates, monotonic) = rates();
        let ask = |number: u32| rates.domain(IpAddr::from(number.to_be_bytes()), None);
        let count = || rates.buckets.len();
        let many = u32::try_from(BUCKETS_MAX).unwrap() * 2;
        assert!((0..many).all(|number| ask(number).is_ok()));
        assert!(count() <= BUCKETS_MAX && count() > BUCKETS_MAX / 2);
        monotonic.advance_milliseconds(1_000);
        // Each part looks once; what was left alone is gone.
        assert!((many..many + 10_000).all(|number| ask(number).is_ok()));
        assert!(count() <= 10_000, "{}", count());
    }
}
