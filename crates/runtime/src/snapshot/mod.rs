//! The snapshot: everything tokens and requests are decided from, immutable and in memory.
//!
//! A request loads the current snapshot once and uses it to its end. A commit changes what it touched and nothing else:
//! the maps are persistent, so a new snapshot shares all that stayed with the old one and costs the same however large
//! the store is. [`current`] keeps it up to date; [`apply`] says what each record means for it.

mod access_log;
pub mod api;
mod apply;
mod client;
pub mod current;
pub mod domain;
pub mod http_api;
mod iam_role;
mod interner;
pub mod pool;
mod revoked;
pub mod usage_plans;

use std::collections::HashSet;
use std::sync::Arc;

use claviger_gateway::authorization_policy::CompiledPolicy;
use claviger_gateway::policy::Policy;
use claviger_gateway::roles::Roles;
use claviger_oauth::client::Client;
use claviger_oauth::issuer;
use claviger_oauth::refusal::Refusal;
use claviger_resources::access_key::AccessKey;
use claviger_resources::client_certificate::ClientCertificate;
use claviger_resources::function::{CodeSha256, Function};
use claviger_resources::layer::Layer;
use claviger_resources::request_rates::Category;
use claviger_resources::{
    AccessKeyId, ClientCertificateId, ClientId, HttpApiId, PolicyName, Region, RestApiId, Tenant, UserPoolId,
};
use claviger_store::Revision;

pub use self::access_log::StageLog;
pub use self::api::{Api, ServedStage};
pub use self::apply::Builder;
pub use self::current::CurrentSnapshot;
pub use self::domain::{Domain, Mapped};
pub use self::http_api::{HttpApi, ServedHttpStage};
pub use self::iam_role::IamRights;
pub use self::pool::{Generation, Pool, PoolKeys};
pub use self::revoked::Revoked;
pub use self::usage_plans::UsagePlans;

/// One consistent state of pools, clients, domains and APIs.
#[derive(Clone, Default)]
pub struct Snapshot {
    revision: Revision,
    pools: imbl::HashMap<UserPoolId, Arc<Pool>>,
    clients: imbl::HashMap<ClientId, Arc<Client>>,
    /// `{region}/{prefix}` to the pool it leads to.
    domain_prefixes: imbl::HashMap<String, UserPoolId>,
    custom_domains: imbl::HashMap<String, CustomDomain>,
    /// Domains with `*` for their first label, by what follows it.
    wildcard_domains: imbl::HashMap<String, Arc<Domain>>,
    /// The first label of the regional names of domains.
    domain_targets: imbl::HashMap<String, Arc<Domain>>,
    apis: imbl::HashMap<RestApiId, Arc<Api>>,
    http_apis: imbl::HashMap<HttpApiId, Arc<HttpApi>>,
    usage_plans: UsagePlans,
    /// What stages show to backends; their keys are sealed.
    client_certificates: imbl::HashMap<ClientCertificateId, Arc<ClientCertificate>>,
    /// Lambda functions by their ARNs.
    functions: imbl::HashMap<String, Arc<Function>>,
    function_versions: imbl::HashMap<String, Arc<Function>>,
    layers: imbl::HashMap<String, Arc<Layer>>,
    /// The role mappings of APIs of whatever kind.
    roles: imbl::HashMap<String, Arc<Roles>>,
    policies: imbl::HashMap<PolicyName, Arc<CompiledPolicy>>,
    /// Keys that calls of the control plane are signed with; their secrets are sealed.
    access_keys: imbl::HashMap<AccessKeyId, Arc<AccessKey>>,
    /// Roles of IAM, by account and name.
    iam_roles: imbl::HashMap<String, Arc<iam_role::IamRole>>,
    /// Managed policies of IAM with their ARNs, by account and name; `None` for those that cannot be read.
    iam_policies: imbl::HashMap<String, (String, Option<Arc<Policy>>)>,
    /// Request rates that accounts have set.
    provisioned_rates: imbl::HashMap<(Tenant, Category), u32>,
}

/// What a host name of a user's own leads to.
#[derive(Clone)]
enum CustomDomain {
    Pool(UserPoolId),
    Apis(Arc<Domain>),
}

impl Snapshot {
    /// The last commit this state contains.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The pool with this id.
    pub fn pool(&self, id: &str) -> Option<&Arc<Pool>> {
        self.pools.get(id)
    }

    /// All pools.
    pub fn pools(&self) -> impl Iterator<Item = &Arc<Pool>> {
        self.pools.values()
    }

    /// The app client with this id, whatever its pool.
    pub fn client(&self, id: &str) -> Option<&Arc<Client>> {
        self.clients.get(id)
    }

    /// The app client with this id, if it is one of this pool's.
    pub fn client_of(&self, pool: Option<&Pool>, id: &str) -> Option<&Client> {
        let client = self.clients.get(id).map(AsRef::as_ref);
        client.filter(|client| pool.is_some_and(|pool| client.pool == pool.id))
    }

    /// The keys with which tokens of a pool are verified.
    pub fn keys(&self, pool: &UserPoolId) -> Result<&PoolKeys, Refusal> {
        self.pools.get(pool).ok_or(Refusal::NoPool)?.keys.as_deref().ok_or(Refusal::NoKeys)
    }

    /// The pool a prefix domain leads to.
    pub fn pool_of_prefix(&self, region: &Region, prefix: &str) -> Option<&Arc<Pool>> {
        self.pools.get(self.domain_prefixes.get(&format!("{region}/{prefix}"))?)
    }

    /// The pool a custom domain leads to; `host` in lower case, without port.
    pub fn pool_of_custom_domain(&self, host: &str) -> Option<&Arc<Pool>> {
        match self.custom_domain(host)? {
            CustomDomain::Pool(pool) => self.pools.get(pool),
            CustomDomain::Apis(_) => None,
        }
    }

    /// The custom domain name of APIs that answers for this host: the name itself, else one with `*` for its first label.
    pub fn domain(&self, host: &str) -> Option<&Arc<Domain>> {
        match self.custom_domain(host) {
            Some(CustomDomain::Apis(domain)) => Some(domain),
            Some(CustomDomain::Pool(_)) => None,
            None if self.wildcard_domains.is_empty() => None,
            None => self.wildcard_domains.get(host.split_once('.')?.1),
        }
    }

    /// The custom domain name of APIs whose regional name has this first label.
    pub fn domain_of_target(&self, target: &str) -> Option<&Arc<Domain>> {
        if self.domain_targets.is_empty() { None } else { self.domain_targets.get(target) }
    }

    /// Whether a host is a registered custom domain, of a pool or of APIs.
    pub fn is_custom_domain(&self, host: &str) -> bool {
        self.custom_domain(host).is_some() || self.domain(host).is_some()
    }

    /// The custom domain name of APIs that is called so, `*.` in front of it where it has that.
    fn domain_name(&self, name: &str) -> Option<&Arc<Domain>> {
        match (name.strip_prefix("*."), self.custom_domains.get(name)) {
            (Some(parent), _) => self.wildcard_domains.get(parent),
            (None, Some(CustomDomain::Apis(domain))) => Some(domain),
            (None, _) => None,
        }
    }

    fn custom_domain(&self, host: &str) -> Option<&CustomDomain> {
        if self.custom_domains.is_empty() { None } else { self.custom_domains.get(host) }
    }

    /// The API with this id.
    pub fn api(&self, id: &str) -> Option<&Arc<Api>> {
        self.apis.get(id)
    }

    /// The HTTP API with this id.
    pub fn http_api(&self, id: &str) -> Option<&Arc<HttpApi>> {
        self.http_apis.get(id)
    }

    /// The pool that an issuer names, in whichever of its forms.
    pub fn pool_of_issuer(&self, issuer: &str) -> Option<&Arc<Pool>> {
        self.pools.get(&issuer::pool(issuer)?)
    }

    /// The API keys and usage plans of all APIs.
    pub fn usage_plans(&self) -> &UsagePlans {
        &self.usage_plans
    }

    /// The client certificate with this id.
    pub fn client_certificate(&self, id: &ClientCertificateId) -> Option<&Arc<ClientCertificate>> {
        self.client_certificates.get(id)
    }

    /// The Lambda function with this ARN, which names no version.
    pub fn function(&self, arn: &str) -> Option<&Arc<Function>> {
        self.functions.get(arn)
    }

    /// The published version of a Lambda function with this ARN, which ends with its number.
    pub fn function_version(&self, arn: &str) -> Option<&Arc<Function>> {
        self.function_versions.get(arn)
    }

    /// The digests of all code that functions, their versions and layers have.
    pub fn function_code(&self) -> HashSet<CodeSha256> {
        let functions = self.functions.values().chain(self.function_versions.values());
        let of_functions = functions.flat_map(|function| {
            let layers = function.layers.iter().filter_map(|layer| layer.code);
            layers.chain([function.code])
        });
        let of_layers = self.layers.values().flat_map(|layer| layer.versions.values().map(|version| version.code));
        of_functions.chain(of_layers).map(|code| code.sha256).collect()
    }

    /// The role mapping of the API with this id, when it has one.
    pub fn roles(&self, api: &str) -> Option<&Arc<Roles>> {
        self.roles.get(api)
    }

    /// The authorization policy of this name.
    pub fn policy(&self, name: &str) -> Option<&Arc<CompiledPolicy>> {
        self.policies.get(name)
    }

    /// The access key with this id, whether it still opens anything or not.
    pub fn access_key(&self, id: &str) -> Option<&Arc<AccessKey>> {
        self.access_keys.get(id)
    }

    /// The request rate that an account has set for a category in a region.
    pub fn provisioned_rate(&self, tenant: &Tenant, category: Category) -> Option<u32> {
        if self.provisioned_rates.is_empty() {
            return None;
        }
        self.provisioned_rates.get(&(tenant.clone(), category)).copied()
    }

    /// How many pools, app clients and APIs there are.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.pools.len(), self.clients.len(), self.apis.len() + self.http_apis.len())
    }
}
