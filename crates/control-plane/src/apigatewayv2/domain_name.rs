//! Custom domain names: `CreateDomainName`, `GetDomainName`, `GetDomainNames`, `UpdateDomainName`, `DeleteDomainName`.
//!
//! The rules are those of [`crate::domain_name`]: the control plane of REST APIs shows and changes the same domains.

use std::collections::BTreeMap;

use claviger_resources::domain_name::DomainName;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::Error;
use super::page::{Page, PageInput};
use super::shown::{Shown, iso_8601};
use crate::domain_name::{self, EDGE, EDGE_ZONE, NO_MUTUAL_TLS, NewDomain, REGIONAL, regional_zone};
use crate::operation::{Access, Context, Operation};

/// Adds a custom domain name.
pub struct CreateDomainName;
/// Shows a custom domain name.
pub struct GetDomainName;
/// Lists the custom domain names of an account in a region.
pub struct GetDomainNames;
/// Changes a custom domain name.
pub struct UpdateDomainName;
/// Deletes a custom domain name and its mappings.
pub struct DeleteDomainName;

/// The members of `CreateDomainName`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDomainNameInput {
    domain_name: String,
    tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    settings: SettingsInput,
}

/// The members of `UpdateDomainName`.
#[derive(Debug, Deserialize)]
pub struct UpdateDomainNameInput {
    #[serde(rename = "DomainName")]
    domain_name: String,
    #[serde(flatten)]
    settings: SettingsInput,
}

/// What both may say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsInput {
    domain_name_configurations: Option<Vec<ConfigurationInput>>,
    mutual_tls_authentication: Option<Value>,
    routing_mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigurationInput {
    certificate_arn: Option<String>,
    certificate_name: Option<String>,
    endpoint_type: Option<String>,
    ip_address_type: Option<String>,
    ownership_verification_certificate_arn: Option<String>,
    security_policy: Option<String>,
}

/// Which domain is meant.
#[derive(Debug, Deserialize)]
pub struct DomainNameInput {
    #[serde(rename = "DomainName")]
    pub(super) domain_name: String,
}

/// One endpoint of a domain as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigurationOutput<'a> {
    api_gateway_domain_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_name: Option<&'a str>,
    certificate_upload_date: String,
    domain_name_status: &'static str,
    endpoint_type: &'static str,
    hosted_zone_id: &'static str,
    ip_address_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_verification_certificate_arn: Option<&'a str>,
    security_policy: &'a str,
}

/// How a mapping is chosen, which AWS fixes.
const SELECTION: &str = "$request.basepath";
/// The one way of routing that is served.
const ROUTING_MODE: &str = "API_MAPPING_ONLY";
/// What this version refuses of edge-optimized domains, in AWS's words.
pub(super) const ONLY_REGIONAL: &str = "Only REGIONAL domain names can be managed through the API Gateway V2 API. For EDGE domain names, please use the API \
     Gateway V1 API. Also note that only REST APIs can be attached to EDGE domain names.";

/// A domain as callers see it.
pub(super) fn shown(domain: &DomainName) -> Shown {
    let configuration = |endpoint_type| {
        let regional = endpoint_type == REGIONAL;
        ConfigurationOutput {
            api_gateway_domain_name: if regional {
                domain.regional_domain_name()
            } else {
                domain.distribution_domain_name()
            },
            certificate_arn: if regional { &domain.regional_certificate_arn } else { &domain.certificate_arn }
                .as_deref(),
            certificate_name: if regional { &domain.regional_certificate_name } else { &domain.certificate_name }
                .as_deref(),
            certificate_upload_date: iso_8601(domain.created_date),
            domain_name_status: "AVAILABLE",
            endpoint_type,
            hosted_zone_id: if regional { regional_zone(domain.tenant.region.as_str()) } else { EDGE_ZONE },
            ip_address_type: &domain.ip_address_type,
            ownership_verification_certificate_arn: domain.ownership_verification_certificate_arn.as_deref(),
            security_policy: &domain.security_policy,
        }
    };
    let endpoints = [REGIONAL, EDGE].into_iter().filter(|kind| domain.has_endpoint(kind)).map(configuration);
    let endpoints: Vec<Value> = endpoints.filter_map(|one| serde_json::to_value(one).ok()).collect();
    Shown::empty()
        .with("apiMappingSelectionExpression", SELECTION)
        .with("domainName", domain.domain_name.as_str())
        .with("domainNameArn", domain.arn())
        .with("domainNameConfigurations", endpoints)
        .with("routingMode", ROUTING_MODE)
        .with("tags", serde_json::to_value(&domain.tags).unwrap_or_default())
}

impl Operation for CreateDomainName {
    const NAME: &'static str = "CreateDomainName";
    const ACCESS: Access = Access::Write;
    type Input = CreateDomainNameInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let given = input.settings.checked()?.ok_or_else(no_configuration)?;
        let new = NewDomain {
            name: input.domain_name.clone(),
            endpoint_types: vec![REGIONAL.to_owned()],
            ip_address_type: given.ip_address_type.clone(),
            security_policy: given.security_policy.clone(),
            regional_certificate_arn: given.certificate_arn.clone(),
            regional_certificate_name: given.certificate_name.clone(),
            ownership_verification_certificate_arn: given.ownership_verification_certificate_arn.clone(),
            tags: input.tags.clone().unwrap_or_default(),
            ..NewDomain::default()
        };
        Ok(shown(&domain_name::create(cx, new).await?))
    }
}

impl Operation for GetDomainName {
    const NAME: &'static str = "GetDomainName";
    const ACCESS: Access = Access::Read;
    type Input = DomainNameInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(shown(&*domain_name::find(cx, &input.domain_name).await?))
    }
}

impl Operation for GetDomainNames {
    const NAME: &'static str = "GetDomainNames";
    const ACCESS: Access = Access::Read;
    type Input = PageInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        input.read(cx.tx, cx.tenant, "", shown).await
    }
}

impl Operation for UpdateDomainName {
    const NAME: &'static str = "UpdateDomainName";
    const ACCESS: Access = Access::Write;
    type Input = UpdateDomainNameInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut domain = domain_name::find(cx, &input.domain_name).await?;
        if !domain.has_endpoint(REGIONAL) {
            return Err(Error::bad(ONLY_REGIONAL));
        }
        if let Some(given) = input.settings.checked()? {
            let put = |given: &Option<String>, kept: &mut Option<String>| {
                if given.is_some() {
                    kept.clone_from(given);
                }
            };
            put(&given.certificate_arn, &mut domain.regional_certificate_arn);
            put(&given.certificate_name, &mut domain.regional_certificate_name);
            put(&given.ownership_verification_certificate_arn, &mut domain.ownership_verification_certificate_arn);
            if let Some(kind) = &given.ip_address_type {
                domain.ip_address_type.clone_from(kind);
            }
            if let Some(policy) = &given.security_policy {
                domain.security_policy.clone_from(policy);
            }
        }
        domain_name::check(&domain)?;
        cx.tx.replace(&domain).await?;
        Ok(shown(&domain))
    }
}

impl Operation for DeleteDomainName {
    const NAME: &'static str = "DeleteDomainName";
    const ACCESS: Access = Access::Write;
    type Input = DomainNameInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        Ok(domain_name::delete(cx, &input.domain_name).await?)
    }
}

fn no_configuration() -> Error {
    Error::bad("Exactly one domain name configuration is needed")
}

impl SettingsInput {
    /// The one configuration that is given, when it asks for nothing that would be believed and not be so.
    fn checked(&self) -> Result<Option<&ConfigurationInput>, Error> {
        if self.mutual_tls_authentication.is_some() {
            return Err(Error::Unsupported(NO_MUTUAL_TLS));
        }
        if self.routing_mode.as_deref().is_some_and(|mode| mode != ROUTING_MODE) {
            return Err(Error::Unsupported("Routing rules are not served: routingMode must be API_MAPPING_ONLY"));
        }
        let Some(configurations) = &self.domain_name_configurations else { return Ok(None) };
        let [given] = configurations.as_slice() else { return Err(no_configuration()) };
        if given.endpoint_type.as_deref().is_some_and(|kind| kind != REGIONAL) {
            return Err(Error::bad(ONLY_REGIONAL));
        }
        Ok(Some(given))
    }
}
