//! What each record means for the snapshot, and how a commit's changes become a new one.

use std::collections::BTreeSet;
use std::sync::Arc;

use claviger_gateway::authorization_policy::CompiledPolicy;
use claviger_gateway::compile::{CompiledApi, compile};
use claviger_gateway::roles::Roles;
use claviger_resources::access_key::AccessKey;
use claviger_resources::api_mapping::ApiMapping;
use claviger_resources::app_client::AppClient;
use claviger_resources::authorization_policy::AuthorizationPolicy;
use claviger_resources::client_certificate::ClientCertificate;
use claviger_resources::domain_name::DomainName;
use claviger_resources::function::{self, Function, FunctionVersion};
use claviger_resources::http_api as http_api_records;
use claviger_resources::layer::{self, Layer};
use claviger_resources::provisioned_limit::ProvisionedLimit;
use claviger_resources::request_rates::Category;
use claviger_resources::resource_server::ResourceServer;
use claviger_resources::rest_api::{Deployment, RestApi, Stage};
use claviger_resources::revocation::Revocation;
use claviger_resources::role::{ManagedPolicy, Role};
use claviger_resources::role_mapping::RoleMapping;
use claviger_resources::signing_key::SigningKeys;
use claviger_resources::user_pool::UserPool;
use claviger_resources::user_pool_domain::UserPoolDomain;
use claviger_resources::{ClientId, DeploymentId, HttpApiId, RestApiId, UserPoolId};
use claviger_store::{Change, Key, Kind, Row, StoreError, Stored, Transaction, TransactionExt};

use super::api::{Api, ServedStage};
use super::domain::Domain;
use super::http_api::{HttpApi, ServedHttpStage};
use super::iam_role::{self, IamRole};
use super::interner::Interner;
use super::pool::{Pool, PoolKeys};
use super::{CustomDomain, Snapshot, client};
use crate::issuers::Issuers;
use crate::key_maker::Keyless;

/// Makes snapshots: whole ones from a store, and new ones from what commits changed.
pub struct Builder {
    issuers: Issuers,
    interner: Interner,
    /// Pools that came without keys since they were last taken.
    keyless: Vec<UserPoolId>,
}

/// The kinds a snapshot is made of, each after those it builds on.
const KINDS: [Kind; 25] = [
    Kind::UserPool,
    Kind::Revocation,
    Kind::ResourceServer,
    Kind::UserPoolDomain,
    Kind::SigningKeys,
    Kind::AppClient,
    Kind::RestApi,
    Kind::Stage,
    Kind::HttpApi,
    Kind::HttpStage,
    Kind::DomainName,
    Kind::ApiMapping,
    Kind::ProvisionedLimit,
    Kind::ApiKey,
    Kind::UsagePlan,
    Kind::UsagePlanKey,
    Kind::ClientCertificate,
    Kind::Function,
    Kind::FunctionVersion,
    Kind::Layer,
    Kind::RoleMapping,
    Kind::AuthorizationPolicy,
    Kind::AccessKey,
    Kind::Role,
    Kind::ManagedPolicy,
];

/// Rows read at a time when everything is loaded.
const PAGE: usize = 4_096;

impl Builder {
    /// A builder of snapshots whose pools carry these issuers.
    pub fn new(issuers: Issuers) -> Self {
        Self { issuers, interner: Interner::default(), keyless: Vec::new() }
    }

    /// The pools that came without keys since the last call and have none in `snapshot` either.
    pub(super) fn take_keyless(&mut self, snapshot: &Snapshot) -> Vec<Keyless> {
        let pools = std::mem::take(&mut self.keyless);
        let keyless = pools.iter().filter_map(|id| snapshot.pools.get(id).filter(|pool| pool.keys.is_none()));
        keyless.map(|pool| Keyless { pool: pool.id.clone(), tenant: pool.tenant.clone() }).collect()
    }

    /// Reads everything.
    pub async fn load(&mut self, tx: &mut dyn Transaction) -> Result<Snapshot, StoreError> {
        let mut snapshot = Snapshot { revision: tx.revision().await?, ..Snapshot::default() };
        for kind in KINDS {
            let mut after: Option<Key> = None;
            loop {
                let rows = tx.rows_of_kind(kind, after.as_ref(), PAGE).await?;
                for row in &rows {
                    self.put(&mut snapshot, row, tx).await?;
                }
                if rows.len() < PAGE {
                    break;
                }
                after = rows.into_iter().next_back().map(|row| row.key);
            }
        }
        Ok(snapshot)
    }

    /// The state after `changes`, which must begin where `snapshot` ends.
    pub async fn apply(
        &mut self,
        snapshot: &Snapshot,
        changes: &[Change],
        tx: &mut dyn Transaction,
    ) -> Result<Snapshot, StoreError> {
        let mut next = snapshot.clone();
        let keys: BTreeSet<&Key> = changes.iter().map(|change| &change.key).collect();
        for kind in KINDS {
            for key in keys.iter().filter(|key| key.kind == kind) {
                match tx.row(key).await? {
                    Some(row) => self.put(&mut next, &row, tx).await?,
                    None => remove(&mut next, key),
                }
            }
        }
        if let Some(last) = changes.last() {
            next.revision = last.revision;
        }
        Ok(next)
    }

    /// Takes one row in. A row that cannot be read is left out, and the log says which: one bad row must not keep a node
    /// from serving all the others.
    async fn put(&mut self, snapshot: &mut Snapshot, row: &Row, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        match self.put_row(snapshot, row, tx).await {
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(kind = %row.key.kind, id = row.key.id, error = &error as &dyn std::error::Error, "record left out");
                remove(snapshot, &row.key);
                Ok(())
            }
            other => other,
        }
    }

    async fn put_row(
        &mut self,
        snapshot: &mut Snapshot,
        row: &Row,
        tx: &mut dyn Transaction,
    ) -> Result<(), StoreError> {
        match row.key.kind {
            Kind::UserPool => self.put_pool(snapshot, &decode(row)?),
            Kind::ResourceServer => {
                let server: ResourceServer = decode(row)?;
                let interner = &mut self.interner;
                change_pool(snapshot, &server.pool, |pool| pool.put_server(&server, &mut |text| interner.intern(text)));
            }
            Kind::UserPoolDomain => put_domain(snapshot, &decode(row)?),
            Kind::SigningKeys => {
                let record: SigningKeys = decode(row)?;
                let keys = PoolKeys::new(&record).map_err(|source| StoreError::Corrupt {
                    what: format!("signing keys of {}", record.pool),
                    source: source.into(),
                })?;
                change_pool(snapshot, &record.pool, |pool| pool.keys = Some(Arc::new(keys)));
            }
            Kind::Revocation => {
                let revocation: Revocation = decode(row)?;
                let pool = revocation.pool.clone();
                change_pool(snapshot, &pool, |pool| pool.revoked.put(revocation));
            }
            Kind::AppClient => {
                let record: AppClient = decode(row)?;
                let interner = &mut self.interner;
                let client = client::of_record(&record, &mut |text| interner.intern(text));
                snapshot.clients.insert(record.id, Arc::new(client));
            }
            Kind::RestApi => put_api(snapshot, decode(row)?),
            Kind::Stage => put_stage(snapshot, decode(row)?, tx).await?,
            Kind::HttpApi => put_http_api(snapshot, decode(row)?),
            Kind::HttpStage => put_http_stage(snapshot, decode(row)?, tx).await?,
            Kind::DomainName => put_domain_name(snapshot, &decode::<DomainName>(row)?),
            Kind::ApiMapping => {
                let mapping: ApiMapping = decode(row)?;
                change_domain_name(snapshot, &mapping.domain_name.clone(), |domain| domain.put(mapping));
            }
            Kind::ProvisionedLimit => put_rate(snapshot, decode(row)?),
            Kind::ApiKey => snapshot.usage_plans.put_key(decode(row)?),
            Kind::UsagePlan => snapshot.usage_plans.put_plan(decode(row)?),
            Kind::UsagePlanKey => snapshot.usage_plans.put_plan_key(decode(row)?),
            Kind::ClientCertificate => {
                let certificate: ClientCertificate = decode(row)?;
                snapshot.client_certificates.insert(certificate.id.clone(), Arc::new(certificate));
            }
            Kind::Function => {
                let function: Function = decode(row)?;
                snapshot.functions.insert(function.arn(), Arc::new(function));
            }
            Kind::FunctionVersion => {
                let FunctionVersion { function, .. } = decode(row)?;
                snapshot.function_versions.insert(function.qualified_arn(), Arc::new(function));
            }
            Kind::Layer => {
                let layer: Layer = decode(row)?;
                snapshot.layers.insert(layer.arn(), Arc::new(layer));
            }
            Kind::RoleMapping => put_roles(snapshot, row),
            Kind::AuthorizationPolicy => put_policy(snapshot, &decode(row)?)?,
            Kind::Role => {
                let role: Role = decode(row)?;
                let place = iam_role::filed(role.tenant.account.as_str(), &role.name);
                snapshot.iam_roles.insert(place, Arc::new(IamRole::new(&role)));
            }
            Kind::ManagedPolicy => {
                let policy: ManagedPolicy = decode(row)?;
                let place = iam_role::filed(policy.tenant.account.as_str(), &policy.name);
                snapshot.iam_policies.insert(place, (policy.arn(), iam_role::managed(&policy)));
            }
            Kind::AccessKey => {
                let key: AccessKey = decode(row)?;
                snapshot.access_keys.insert(key.id.clone(), Arc::new(key));
            }
            _ => {}
        }
        Ok(())
    }

    fn put_pool(&mut self, snapshot: &mut Snapshot, record: &UserPool) {
        let issuer = self.issuers.of(record);
        let pool = if let Some(pool) = snapshot.pools.get(&record.id) {
            pool.with_record(record, issuer)
        } else {
            self.keyless.push(record.id.clone());
            Pool::new(record, issuer)
        };
        snapshot.pools.insert(record.id.clone(), Arc::new(pool));
    }
}

fn decode<R: claviger_store::Record>(row: &Row) -> Result<R, StoreError> {
    Stored::from_row(row).map(|stored| stored.record)
}

fn change_pool(snapshot: &mut Snapshot, id: &UserPoolId, change: impl FnOnce(&mut Pool)) {
    if let Some(pool) = snapshot.pools.get_mut(id) {
        change(Arc::make_mut(pool));
    }
}

fn put_domain(snapshot: &mut Snapshot, domain: &UserPoolDomain) {
    if domain.is_custom() {
        snapshot.custom_domains.insert(domain.domain.clone(), CustomDomain::Pool(domain.pool.clone()));
    } else {
        snapshot.domain_prefixes.insert(prefix_key(domain.tenant.region.as_str(), &domain.domain), domain.pool.clone());
    }
    change_pool(snapshot, &domain.pool, |pool| pool.put_domain(domain.host().into(), domain.is_custom()));
}

fn prefix_key(region: &str, prefix: &str) -> String {
    format!("{region}/{prefix}")
}

fn put_domain_name(snapshot: &mut Snapshot, record: &DomainName) {
    let known = snapshot.domain_name(&record.domain_name).map(Arc::clone);
    let domain = known.as_ref().map_or_else(|| Domain::new(record), |domain| domain.with_record(record));
    // One of the same name may have been deleted and made again.
    if let Some(known) = known {
        snapshot.domain_targets.remove(&*known.target);
    }
    file_domain_name(snapshot, &record.domain_name, Arc::new(domain));
}

/// Puts a domain where its host and its regional name find it.
fn file_domain_name(snapshot: &mut Snapshot, name: &str, domain: Arc<Domain>) {
    snapshot.domain_targets.insert(domain.target.to_string(), Arc::clone(&domain));
    match name.strip_prefix("*.") {
        Some(parent) => drop(snapshot.wildcard_domains.insert(parent.to_owned(), domain)),
        None => drop(snapshot.custom_domains.insert(name.to_owned(), CustomDomain::Apis(domain))),
    }
}

fn change_domain_name(snapshot: &mut Snapshot, name: &str, change: impl FnOnce(&mut Domain)) {
    let Some(domain) = snapshot.domain_name(name) else { return };
    let mut domain = Domain::clone(domain);
    change(&mut domain);
    file_domain_name(snapshot, name, Arc::new(domain));
}

fn remove_domain_name(snapshot: &mut Snapshot, name: &str) {
    let Some(domain) = snapshot.domain_name(name).map(Arc::clone) else { return };
    snapshot.domain_targets.remove(&*domain.target);
    match name.strip_prefix("*.") {
        Some(parent) => drop(snapshot.wildcard_domains.remove(parent)),
        None => drop(snapshot.custom_domains.remove(name)),
    }
}

fn put_rate(snapshot: &mut Snapshot, limit: ProvisionedLimit) {
    if let Some(category) = Category::parse(&limit.category) {
        snapshot.provisioned_rates.insert((limit.tenant, category), limit.requests_per_second);
    }
}

/// A mapping that cannot be read gives nobody a role: without one, its API would be open to every token.
fn put_roles(snapshot: &mut Snapshot, row: &Row) {
    let read =
        || -> Result<Roles, Box<dyn std::error::Error>> { Ok(Roles::compile(&decode::<RoleMapping>(row)?.table)?) };
    let roles = read().unwrap_or_else(|error| {
        tracing::error!(api = row.key.parent, error = &*error, "role mapping cannot be read; it gives no role");
        Roles::default()
    });
    snapshot.roles.insert(row.key.parent.clone(), Arc::new(roles));
}

fn put_policy(snapshot: &mut Snapshot, record: &AuthorizationPolicy) -> Result<(), StoreError> {
    let compiled = CompiledPolicy::compile(record).map_err(|source| StoreError::Corrupt {
        what: format!("authorization policy {}", record.name),
        source: source.into(),
    })?;
    snapshot.policies.insert(record.name.clone(), Arc::new(compiled));
    Ok(())
}

fn put_api(snapshot: &mut Snapshot, record: RestApi) {
    let id = record.id.clone();
    let settings = Arc::new(record);
    let api = match snapshot.apis.get(&id) {
        Some(api) => Api { settings, ..Api::clone(api) },
        None => Api { settings, stages: std::collections::BTreeMap::new() },
    };
    snapshot.apis.insert(id, Arc::new(api));
}

async fn put_stage(snapshot: &mut Snapshot, stage: Stage, tx: &mut dyn Transaction) -> Result<(), StoreError> {
    let Some(api) = snapshot.apis.get(&stage.rest_api_id) else { return Ok(()) };
    let compiled = compile_deployment(api, &stage, &stage.deployment_id, tx).await?;
    let canary = match &stage.canary_settings {
        Some(canary) => Some((canary.clone(), compile_deployment(api, &stage, &canary.deployment_id, tx).await?)),
        None => None,
    };
    let mut api = Api::clone(api);
    let id = stage.rest_api_id.clone();
    let name = stage.stage_name.clone();
    let mut served = ServedStage::new(stage, compiled);
    if let Some((settings, compiled)) = canary {
        served = served.with_canary(&settings, compiled);
    }
    api.stages.insert(name, Arc::new(served));
    snapshot.apis.insert(id, Arc::new(api));
    Ok(())
}

/// A deployment of an API as it is served, which another stage may do already.
async fn compile_deployment(
    api: &Api,
    stage: &Stage,
    deployment: &DeploymentId,
    tx: &mut dyn Transaction,
) -> Result<Option<Arc<CompiledApi>>, StoreError> {
    if let Some(compiled) = api.compiled(deployment) {
        return Ok(Some(compiled));
    }
    let id = deployment.as_str();
    let Some(deployment) = tx.find::<Deployment>(&stage.tenant, stage.rest_api_id.as_str(), id).await? else {
        return Ok(None);
    };
    match compile(&deployment.definition) {
        Ok(compiled) => Ok(Some(Arc::new(compiled))),
        Err(error) => {
            tracing::error!(api = %stage.rest_api_id, stage = %stage.stage_name, deployment = id,
                error = &error as &dyn std::error::Error, "deployment cannot be served");
            Ok(None)
        }
    }
}

fn put_http_api(snapshot: &mut Snapshot, record: http_api_records::HttpApi) {
    let id = record.api_id.clone();
    let settings = Arc::new(record);
    let api = match snapshot.http_apis.get(&id) {
        Some(api) => HttpApi { settings, ..HttpApi::clone(api) },
        None => HttpApi { settings, stages: std::collections::BTreeMap::new() },
    };
    snapshot.http_apis.insert(id, Arc::new(api));
}

async fn put_http_stage(
    snapshot: &mut Snapshot,
    stage: http_api_records::Stage,
    tx: &mut dyn Transaction,
) -> Result<(), StoreError> {
    let Some(api) = snapshot.http_apis.get(&stage.api_id) else { return Ok(()) };
    let compiled = match &stage.deployment_id {
        None => None,
        Some(id) => {
            if let Some(compiled) = api.compiled(id) {
                Some(compiled)
            } else {
                let api = stage.api_id.as_str();
                let found = tx.find::<http_api_records::Deployment>(&stage.tenant, api, id.as_str()).await?;
                found.map(|deployment| Arc::new(claviger_gateway::http_api::compile(&deployment.definition)))
            }
        }
    };
    let mut api = HttpApi::clone(api);
    let id = stage.api_id.clone();
    api.stages.insert(stage.stage_name.clone(), Arc::new(ServedHttpStage::new(stage, compiled)));
    snapshot.http_apis.insert(id, Arc::new(api));
    Ok(())
}

/// Takes out what a row that is gone had put in.
fn remove(snapshot: &mut Snapshot, key: &Key) {
    match key.kind {
        Kind::UserPool => drop(snapshot.pools.remove(key.id.as_str())),
        Kind::ResourceServer => change_parent(snapshot, key, |pool| pool.remove_server(&key.id)),
        Kind::UserPoolDomain => {
            let leads_there =
                |domain: &CustomDomain| matches!(domain, CustomDomain::Pool(pool) if pool.as_str() == key.parent);
            let custom = snapshot.custom_domains.get(&key.id).is_some_and(leads_there);
            if custom {
                snapshot.custom_domains.remove(&key.id);
            } else {
                snapshot.domain_prefixes.remove(&prefix_key(key.tenant.region.as_str(), &key.id));
            }
            change_parent(snapshot, key, |pool| pool.remove_domain(custom));
        }
        Kind::Revocation => change_parent(snapshot, key, |pool| pool.revoked.remove(&key.id)),
        Kind::SigningKeys => {
            if let Ok(id) = UserPoolId::parse(&key.id) {
                change_pool(snapshot, &id, |pool| pool.keys = None);
            }
        }
        Kind::AppClient => drop(ClientId::parse(&key.id).map(|id| snapshot.clients.remove(&id))),
        Kind::ProvisionedLimit => {
            if let Some(category) = Category::parse(&key.id) {
                snapshot.provisioned_rates.remove(&(key.tenant.clone(), category));
            }
        }
        Kind::ClientCertificate => drop(snapshot.client_certificates.remove(key.id.as_str())),
        Kind::RoleMapping => drop(snapshot.roles.remove(key.parent.as_str())),
        Kind::AuthorizationPolicy => drop(snapshot.policies.remove(key.id.as_str())),
        Kind::Role => drop(snapshot.iam_roles.remove(&iam_role::filed(key.tenant.account.as_str(), &key.id))),
        Kind::ManagedPolicy => {
            snapshot.iam_policies.remove(&iam_role::filed(key.tenant.account.as_str(), &key.id));
        }
        Kind::AccessKey => drop(snapshot.access_keys.remove(key.id.as_str())),
        Kind::RestApi => drop(RestApiId::parse(&key.id).map(|id| snapshot.apis.remove(&id))),
        Kind::Function => drop(snapshot.functions.remove(&function::arn(&key.tenant, &key.id))),
        Kind::FunctionVersion => {
            let version = FunctionVersion::version_of(&key.id);
            let arn = format!("{}:{version}", function::arn(&key.tenant, &key.parent));
            snapshot.function_versions.remove(&arn);
        }
        Kind::Layer => drop(snapshot.layers.remove(&layer::arn(&key.tenant, &key.id))),
        Kind::Stage => {
            if let Some(api) = snapshot.apis.get_mut(key.parent.as_str()) {
                Arc::make_mut(api).stages.remove(key.id.as_str());
            }
        }
        Kind::HttpApi => drop(HttpApiId::parse(&key.id).map(|id| snapshot.http_apis.remove(&id))),
        Kind::HttpStage => {
            if let Some(api) = snapshot.http_apis.get_mut(key.parent.as_str()) {
                Arc::make_mut(api).stages.remove(key.id.as_str());
            }
        }
        Kind::DomainName => remove_domain_name(snapshot, &key.id),
        Kind::ApiMapping => change_domain_name(snapshot, &key.parent, |domain| domain.remove(&key.id)),
        Kind::ApiKey => snapshot.usage_plans.remove_key(&key.id),
        Kind::UsagePlan => snapshot.usage_plans.remove_plan(&key.id),
        Kind::UsagePlanKey => snapshot.usage_plans.remove_plan_key(&key.parent, &key.id),
        _ => {}
    }
}

fn change_parent(snapshot: &mut Snapshot, key: &Key, change: impl FnOnce(&mut Pool)) {
    if let Ok(id) = UserPoolId::parse(&key.parent) {
        change_pool(snapshot, &id, change);
    }
}
