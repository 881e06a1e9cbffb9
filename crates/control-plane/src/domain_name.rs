//! Custom domain names of APIs and what they lead to, which both versions of API Gateway's control plane show and change:
//! the rules are here, each version's words in its own folder.

use claviger_resources::api_mapping::ApiMapping;
use claviger_resources::domain_name::DomainName;
use claviger_resources::http_api::{HttpApi, Stage as HttpStage};
use claviger_resources::limits::{API_MAPPING_KEY_LENGTH_MAX, API_MAPPINGS_PER_DOMAIN, DOMAIN_NAMES_PER_REGION};
use claviger_resources::rest_api::{RestApi, Stage};
use claviger_resources::{ApiMappingId, HttpApiId, RestApiId};
use claviger_store::{Name, Namespace, StoreError, Stored, TransactionExt};

use crate::host_name;
use crate::operation::Context;

/// The endpoint type of a domain that is served where its APIs are.
pub(crate) const REGIONAL: &str = "REGIONAL";
/// The endpoint type of a domain behind a distribution.
pub(crate) const EDGE: &str = "EDGE";
/// The security policy of a domain that names none, and the only older one under which keys may have slashes.
pub(crate) const SECURITY_POLICY: &str = "TLS_1_2";
/// The zone that aliases of edge-optimized domains name, the same everywhere.
pub(crate) const EDGE_ZONE: &str = "Z2FDTNDATAQYW2";

/// Why mutual TLS is refused: to store it would let users believe that somebody checks.
pub(crate) const NO_MUTUAL_TLS: &str = "Mutual TLS authentication is not served: no client certificate would be asked for. Leave mutualTlsAuthentication out, and \
     let a proxy in front of the server ask for certificates";

/// Why a domain or a mapping is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is no such domain.
    NoDomain,
    /// The request asks for what cannot be.
    Bad(String),
    /// Another mapping of the domain has the key.
    KeyTaken,
    /// There are as many as there may be: of what, within what, how many.
    LimitExceeded(&'static str, &'static str, usize),
    /// The store could not do its part.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn bad(message: impl Into<String>) -> Refused {
    Refused::Bad(message.into())
}

/// What a domain is created with.
#[derive(Debug, Default)]
pub(crate) struct NewDomain {
    pub(crate) name: String,
    pub(crate) endpoint_types: Vec<String>,
    pub(crate) ip_address_type: Option<String>,
    pub(crate) security_policy: Option<String>,
    pub(crate) endpoint_access_mode: Option<String>,
    pub(crate) regional_certificate_arn: Option<String>,
    pub(crate) regional_certificate_name: Option<String>,
    pub(crate) certificate_arn: Option<String>,
    pub(crate) certificate_name: Option<String>,
    pub(crate) ownership_verification_certificate_arn: Option<String>,
    pub(crate) tags: std::collections::BTreeMap<String, String>,
}

/// Adds a domain.
pub(crate) async fn create(cx: &mut Context<'_>, new: NewDomain) -> Result<DomainName, Refused> {
    let name = new.name.to_ascii_lowercase();
    let own = &cx.services.settings.host_suffixes;
    let registrable = match name.strip_prefix("*.") {
        Some(parent) => host_name::is_registrable_wildcard(parent, 2, own),
        None => host_name::is_registrable(&name, 2, own),
    };
    if !registrable {
        return Err(bad(format!(
            "Invalid domain name {name}: it must be a host name of your own, not one under which this server is reached"
        )));
    }
    if cx.tx.count_of::<DomainName>(cx.tenant, "").await? >= DOMAIN_NAMES_PER_REGION as u64 {
        return Err(Refused::LimitExceeded("domain names", "account", DOMAIN_NAMES_PER_REGION));
    }
    let domain = DomainName {
        domain_name: name,
        tenant: cx.tenant.clone(),
        target: DomainName::new_target(cx.random),
        endpoint_types: new.endpoint_types,
        ip_address_type: new.ip_address_type.unwrap_or_else(|| "ipv4".to_owned()),
        security_policy: new.security_policy.unwrap_or_else(|| SECURITY_POLICY.to_owned()),
        endpoint_access_mode: new.endpoint_access_mode,
        regional_certificate_arn: new.regional_certificate_arn,
        regional_certificate_name: new.regional_certificate_name,
        certificate_arn: new.certificate_arn,
        certificate_name: new.certificate_name,
        ownership_verification_certificate_arn: new.ownership_verification_certificate_arn,
        tags: new.tags,
        created_date: cx.now,
    };
    check(&domain)?;
    match cx.tx.insert(&domain).await {
        Err(StoreError::NameTaken { .. } | StoreError::AlreadyExists) => {
            Err(bad("The domain name you provided already exists."))
        }
        other => {
            other?;
            Ok(domain)
        }
    }
}

/// Refuses a domain that has no endpoint, one that AWS keeps inside its networks, or one without a certificate.
pub(crate) fn check(domain: &DomainName) -> Result<(), Refused> {
    for kind in &domain.endpoint_types {
        if ![REGIONAL, EDGE].contains(&kind.as_str()) {
            return Err(bad(format!(
                "Endpoint type {kind} of domain names is not served; valid options are EDGE, REGIONAL"
            )));
        }
    }
    if domain.endpoint_types.is_empty() {
        return Err(bad("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."));
    }
    if domain.has_endpoint(REGIONAL) && domain.regional_certificate_arn.is_none() {
        return Err(bad("A certificate was not provided for the endpoint type REGIONAL."));
    }
    if domain.has_endpoint(EDGE) && domain.certificate_arn.is_none() {
        return Err(bad("A certificate was not provided for the endpoint type EDGE."));
    }
    let arns =
        [&domain.regional_certificate_arn, &domain.certificate_arn, &domain.ownership_verification_certificate_arn];
    match arns.into_iter().flatten().find(|arn| !arn.starts_with("arn:")) {
        Some(_) => Err(bad("Invalid ARN specified in the request")),
        None => Ok(()),
    }
}

/// The domain of this name in the account and region.
pub(crate) async fn find(cx: &mut Context<'_>, name: &str) -> Result<Stored<DomainName>, Refused> {
    let found = cx.tx.find(cx.tenant, "", &name.to_ascii_lowercase()).await?;
    found.ok_or(Refused::NoDomain)
}

/// Deletes a domain and its mappings.
pub(crate) async fn delete(cx: &mut Context<'_>, name: &str) -> Result<(), Refused> {
    let domain = find(cx, name).await?;
    cx.tx.delete_all::<ApiMapping>(cx.tenant, &domain.domain_name).await?;
    cx.tx.delete(&domain.record).await?;
    Ok(())
}

/// Adds a mapping; the API and the stage have been checked.
pub(crate) async fn map(
    cx: &mut Context<'_>,
    domain: &DomainName,
    key: &str,
    api_id: &str,
    stage: Option<&str>,
) -> Result<ApiMapping, Refused> {
    check_key(domain, key)?;
    if cx.tx.count_of::<ApiMapping>(cx.tenant, &domain.domain_name).await? >= API_MAPPINGS_PER_DOMAIN as u64 {
        return Err(Refused::LimitExceeded("API mappings", "domain name", API_MAPPINGS_PER_DOMAIN));
    }
    let mapping = ApiMapping {
        domain_name: domain.domain_name.clone(),
        tenant: cx.tenant.clone(),
        api_mapping_id: ApiMappingId::generate(cx.random),
        api_mapping_key: key.to_owned(),
        api_id: api_id.to_owned(),
        stage: stage.map(str::to_owned),
    };
    cx.tx.insert(&mapping).await.map_err(key_taken)?;
    Ok(mapping)
}

/// Stores a mapping that was changed.
pub(crate) async fn remap(
    cx: &mut Context<'_>,
    domain: &DomainName,
    mapping: &Stored<ApiMapping>,
) -> Result<(), Refused> {
    check_key(domain, &mapping.api_mapping_key)?;
    cx.tx.replace(mapping).await.map_err(key_taken)
}

fn key_taken(error: StoreError) -> Refused {
    match error {
        StoreError::NameTaken { .. } => Refused::KeyTaken,
        other => other.into(),
    }
}

/// The mapping of a domain that has this key.
pub(crate) async fn mapping_of_key(
    cx: &mut Context<'_>,
    domain: &DomainName,
    key: &str,
) -> Result<Option<Stored<ApiMapping>>, Refused> {
    let name = Name::new(Namespace::ApiMappingKey, format!("{}/{key}", domain.domain_name));
    Ok(cx.tx.find_named(&name).await?)
}

/// What a key may be: letters, digits and `$-_.+!*'()`; with slashes only on regional domains (API Gateway, "Use API mappings
/// to connect API stages to a custom domain name").
fn check_key(domain: &DomainName, key: &str) -> Result<(), Refused> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
    let segment = |segment: &str| !segment.is_empty() && segment.bytes().all(allowed);
    if !key.is_empty() && !key.split('/').all(segment) {
        return Err(bad(
            "API mapping key should not start with a '/' or have consecutive '/'s, and may have only letters, \
                        numbers and $-_.+!*'()/",
        ));
    }
    if key.len() > API_MAPPING_KEY_LENGTH_MAX {
        return Err(bad(format!("API mapping key may have at most {API_MAPPING_KEY_LENGTH_MAX} characters")));
    }
    let has_levels = key.contains('/');
    if has_levels && (!domain.has_endpoint(REGIONAL) || domain.security_policy == "TLS_1_0") {
        return Err(bad(
            "API mapping keys with multiple levels need a regional domain name with the security policy TLS_1_2",
        ));
    }
    Ok(())
}

/// What an API's id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiKind {
    /// A REST API.
    Rest,
    /// An HTTP API.
    Http,
}

/// Which kind of API of the account and region this id names.
pub(crate) async fn api_kind(cx: &mut Context<'_>, id: &str) -> Result<Option<ApiKind>, StoreError> {
    if RestApiId::parse(id).is_err() && HttpApiId::parse(id).is_err() {
        return Ok(None);
    }
    if cx.tx.find::<RestApi>(cx.tenant, "", id).await?.is_some() {
        return Ok(Some(ApiKind::Rest));
    }
    Ok(cx.tx.find::<HttpApi>(cx.tenant, "", id).await?.map(|_| ApiKind::Http))
}

/// Whether an API has this stage.
pub(crate) async fn has_stage(cx: &mut Context<'_>, kind: ApiKind, api: &str, stage: &str) -> Result<bool, StoreError> {
    Ok(match kind {
        ApiKind::Rest => cx.tx.find::<Stage>(cx.tenant, api, stage).await?.is_some(),
        ApiKind::Http => cx.tx.find::<HttpStage>(cx.tenant, api, stage).await?.is_some(),
    })
}

/// The domains that lead to an API, or to one stage of it: whoever deletes either must take them away first.
pub(crate) async fn domains_of(
    cx: &mut Context<'_>,
    api: &str,
    stage: Option<&str>,
) -> Result<Vec<String>, StoreError> {
    let domains: Vec<Stored<DomainName>> = cx.tx.list_all(cx.tenant, "").await?;
    let mut found = Vec::new();
    for domain in domains {
        let mappings: Vec<Stored<ApiMapping>> = cx.tx.list_all(cx.tenant, &domain.domain_name).await?;
        let leads = |mapping: &Stored<ApiMapping>| {
            mapping.api_id == api && stage.is_none_or(|stage| mapping.stage.as_deref() == Some(stage))
        };
        if mappings.iter().any(leads) {
            found.push(domain.record.domain_name);
        }
    }
    Ok(found)
}

/// The zone that aliases of regional domains name in a region (AWS General Reference, "Amazon API Gateway endpoints and
/// quotas"); for a region that AWS does not have, one of the same form.
pub(crate) fn regional_zone(region: &str) -> &'static str {
    match region {
        "us-east-2" => "ZOJJZC49E0EPZ",
        "us-west-1" => "Z2MUQ32089INYE",
        "us-west-2" => "Z2OJLYMUO9EFXC",
        "af-south-1" => "Z2DHW2332DAMTN",
        "ap-east-1" => "Z3FD1VL90ND7K5",
        "ap-northeast-1" => "Z1YSHQZHG15GKL",
        "ap-northeast-2" => "Z20JF4UZKIW1U8",
        "ap-northeast-3" => "Z22ILHG95FLSZ2",
        "ap-south-1" => "Z3VO1THU9YC4UR",
        "ap-southeast-1" => "ZL327KTPIQFUL",
        "ap-southeast-2" => "Z2RPCDW04V8134",
        "ca-central-1" => "Z19DQILCV0OWEC",
        "eu-central-1" => "Z1U9ULNL0V5AJ3",
        "eu-north-1" => "Z3UWIKFBOOGXPP",
        "eu-south-1" => "Z3BT4WSQ9TDYZV",
        "eu-west-1" => "ZLY8HYME6SFDD",
        "eu-west-2" => "ZJ5UAJN8Y3Z2Q",
        "eu-west-3" => "Z3KY65QIEKYHQQ",
        "me-south-1" => "Z20ZBPC0SS8806",
        "sa-east-1" => "ZCMLWB8V5SYIT",
        _ => "Z1UJRXOUMOOFQ8",
    }
}
