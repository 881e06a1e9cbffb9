//! Quotas of Amazon Cognito and API Gateway: how many of each thing there may be. AWS's defaults, and what an operator has made of them.
//!
//! Every quota is a row of [`QUOTAS`]; `docs/quotas.md` is made from the same rows. What an operator sets holds from then
//! on: more than that stays, but nothing is added to it.

use std::fmt::Write as _;

use crate::limits::SECRETS_PER_APP_CLIENT;

/// A quota of Cognito or of API Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// User pools of an account in a region.
    UserPools,
    /// App clients of a pool.
    AppClients,
    /// Resource servers of a pool.
    ResourceServers,
    /// Scopes of a resource server.
    ScopesOfResourceServer,
    /// `AllowedOAuthScopes` of an app client.
    ScopesOfAppClient,
    /// Secrets of an app client.
    SecretsOfAppClient,
    /// `CallbackURLs` of an app client.
    CallbackUrls,
    /// `LogoutURLs` of an app client.
    LogoutUrls,
    /// Custom domains of an account in a region.
    CustomDomains,
    /// Tags of a pool.
    Tags,
    /// Custom attributes of a pool.
    CustomAttributes,
    /// Users of a pool.
    Users,
    /// Groups of a pool.
    Groups,
    /// Groups of a user.
    GroupsOfUser,
    /// Managed login branding styles of a pool.
    Brandings,
    /// Resources of a REST API.
    ResourcesOfRestApi,
    /// Routes of an HTTP API.
    RoutesOfHttpApi,
}

/// A quota with what AWS says of it.
#[derive(Debug)]
pub struct QuotaRow {
    /// Which.
    pub quota: Quota,
    /// How an operator calls it.
    pub name: &'static str,
    /// AWS's default.
    pub default: u64,
    /// What AWS raises it to on request.
    pub raised: Raised,
    /// What it counts, as an error message says it.
    pub counts: &'static str,
    /// The most it can be set to here, when something else stands in the way.
    pub ceiling: Option<u64>,
}

/// How far AWS raises a quota on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// Not at all.
    Fixed,
    /// To this.
    To(u64),
    /// As far as AWS agrees to.
    OnRequest,
}

/// The pages that document them all.
pub const QUOTAS_PAGES: [&str; 2] = [
    "https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
];

/// The most any quota can be set to.
pub const QUOTA_MAX: u64 = 1_000_000_000;

/// Every quota, in the order of [`Quota`].
pub static QUOTAS: [QuotaRow; 17] = [
    row(Quota::UserPools, "user-pools-per-region", 1_000, Raised::To(10_000), "user pools per region"),
    row(Quota::AppClients, "app-clients-per-user-pool", 1_000, Raised::To(10_000), "app clients per user pool"),
    row(
        Quota::ResourceServers,
        "resource-servers-per-user-pool",
        25,
        Raised::To(300),
        "resource servers per user pool",
    ),
    // AWS's shapes allow no more in the lists that carry these four.
    row(Quota::ScopesOfResourceServer, "scopes-per-resource-server", 100, Raised::Fixed, "scopes per resource server")
        .ceiling(100),
    row(Quota::ScopesOfAppClient, "scopes-per-app-client", 50, Raised::Fixed, "scopes per app client").ceiling(50),
    // Every authentication compares with as many, so that time tells nothing.
    row(Quota::SecretsOfAppClient, "secrets-per-app-client", 2, Raised::Fixed, "active secrets per user pool client")
        .ceiling(SECRETS_PER_APP_CLIENT as u64),
    row(Quota::CallbackUrls, "callback-urls-per-app-client", 100, Raised::Fixed, "callback URLs per app client")
        .ceiling(100),
    row(Quota::LogoutUrls, "logout-urls-per-app-client", 100, Raised::Fixed, "logout URLs per app client").ceiling(100),
    row(Quota::CustomDomains, "custom-domains-per-region", 4, Raised::Fixed, "custom domains per region"),
    row(Quota::Tags, "tags-per-user-pool", 50, Raised::Fixed, "tags per user pool"),
    row(
        Quota::CustomAttributes,
        "custom-attributes-per-user-pool",
        50,
        Raised::Fixed,
        "custom attributes per user pool",
    ),
    row(Quota::Users, "users-per-user-pool", 40_000_000, Raised::OnRequest, "users per user pool"),
    row(Quota::Groups, "groups-per-user-pool", 10_000, Raised::Fixed, "groups per user pool"),
    row(Quota::GroupsOfUser, "groups-per-user", 100, Raised::Fixed, "groups per user"),
    row(
        Quota::Brandings,
        "branding-styles-per-user-pool",
        20,
        Raised::Fixed,
        "managed login branding styles per user pool",
    ),
    row(Quota::ResourcesOfRestApi, "resources-per-rest-api", 300, Raised::OnRequest, "resources per REST API"),
    row(Quota::RoutesOfHttpApi, "routes-per-http-api", 300, Raised::OnRequest, "routes per HTTP API"),
];

const fn row(quota: Quota, name: &'static str, default: u64, raised: Raised, counts: &'static str) -> QuotaRow {
    QuotaRow { quota, name, default, raised, counts, ceiling: None }
}

impl QuotaRow {
    const fn ceiling(mut self, ceiling: u64) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    /// The most it can be set to.
    pub fn maximum(&self) -> u64 {
        self.ceiling.unwrap_or(QUOTA_MAX)
    }
}

impl Quota {
    /// What it counts, as an error message says it.
    pub fn counts(self) -> &'static str {
        QUOTAS.iter().find(|row| row.quota == self).map_or("", |row| row.counts)
    }
}

/// The quotas in force: AWS's defaults with an operator's changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// In the order in which they were set, each once.
    changed: Vec<(Quota, u64)>,
}

/// Why a quota cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// Not of the form `name=value`.
    #[error("expected NAME=VALUE, where NAME is one of:{}", names())]
    Form,
    /// No quota has this name.
    #[error("there is no quota {name:?}; there are:{}", names())]
    Unknown {
        /// What was given.
        name: String,
    },
    /// Not a number, or one that is too large.
    #[error("{name} must be a whole number from 0 to {maximum}")]
    Value {
        /// The quota.
        name: &'static str,
        /// The most it can be set to.
        maximum: u64,
    },
}

impl Quotas {
    /// The quota's value.
    pub fn of(&self, quota: Quota) -> u64 {
        let changed = self.changed.iter().find(|(changed, _)| *changed == quota).map(|(_, value)| *value);
        let default = || QUOTAS.iter().find(|row| row.quota == quota).map_or(0, |row| row.default);
        changed.unwrap_or_else(default)
    }

    /// The quota's value, for comparing with what is at hand.
    pub fn count_of(&self, quota: Quota) -> usize {
        usize::try_from(self.of(quota)).unwrap_or(usize::MAX)
    }

    /// The same quotas with one more change: `name=value`. The last change of a quota holds.
    pub fn with(mut self, change: &str) -> Result<Self, QuotaError> {
        let (row, value) = parse(change)?;
        self.changed.retain(|(quota, _)| *quota != row.quota);
        self.changed.push((row.quota, value));
        Ok(self)
    }
}

fn parse(change: &str) -> Result<(&'static QuotaRow, u64), QuotaError> {
    let (name, value) = change.split_once('=').ok_or(QuotaError::Form)?;
    let name = name.trim();
    let row =
        QUOTAS.iter().find(|row| row.name == name).ok_or_else(|| QuotaError::Unknown { name: name.to_owned() })?;
    let maximum = row.maximum();
    let value = value.trim().parse().ok().filter(|value| *value <= maximum);
    value.map(|value| (row, value)).ok_or(QuotaError::Value { name: row.name, maximum })
}

/// The names of all quotas, one a line.
fn names() -> String {
    QUOTAS.iter().fold(String::new(), |mut text, row| {
        let _ = write!(text, "\n  {} (AWS: {})", row.name, row.default);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_awss_until_it_is_set() {
        let quotas = Quotas::default();
        assert_eq!((quotas.of(Quota::UserPools), quotas.of(Quota::Users)), (1_000, 40_000_000));
        let quotas =
            quotas.with("user-pools-per-region=5").unwrap().with(" app-clients-per-user-pool = 100000").unwrap();
        assert_eq!((quotas.of(Quota::UserPools), quotas.of(Quota::AppClients)), (5, 100_000));
        let quotas = quotas.with("user-pools-per-region=0").unwrap();
        assert_eq!((quotas.of(Quota::UserPools), quotas.of(Quota::Tags)), (0, 50));
    }

    #[test]
    fn refuses_unknown_names_and_values() {
        let check = |change: &str, expected: &str| {
            let message = Quotas::default().with(change).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{change}: {message}");
        };
        check("user-pools", "expected NAME=VALUE, where NAME is one of:\n  user-pools-per-region (AWS: 1000)\n  app-");
        check("user-pools=1", "there is no quota \"user-pools\"; there are:\n  user-pools-per-region (AWS: 1000)\n");
        check("=1", "there is no quota \"\"; there are:\n");
        check("user-pools-per-region=", "user-pools-per-region must be a whole number from 0 to 1000000000");
        check("user-pools-per-region=-1", "user-pools-per-region must be a whole number from 0 to 1000000000");
        check("user-pools-per-region=1000000001", "user-pools-per-region must be a whole number from 0 to 1000000000");
        check("secrets-per-app-client=3", "secrets-per-app-client must be a whole number from 0 to 2");
        check("scopes-per-app-client=51", "scopes-per-app-client must be a whole number from 0 to 50");
    }

    #[test]
    fn every_quota_is_one_row_with_a_name_of_its_own() {
        for (index, row) in QUOTAS.iter().enumerate() {
            assert_eq!(row.quota as usize, index, "{}", row.name);
            assert_eq!(QUOTAS.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
            assert!(row.default <= row.maximum(), "{}", row.name);
        }
    }
}
