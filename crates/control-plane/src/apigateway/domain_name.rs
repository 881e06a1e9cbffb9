//! Custom domain names: `CreateDomainName`, `GetDomainName`, `GetDomainNames`, `UpdateDomainName`, `DeleteDomainName`.
//!
//! The rules are those of [`crate::domain_name`]: the control plane of HTTP APIs shows and changes the same domains.

use std::collections::BTreeMap;

use claviger_resources::domain_name::DomainName;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::{Patch, PatchOperation, apply_all};
use crate::domain_name::{self, EDGE, EDGE_ZONE, NO_MUTUAL_TLS, NewDomain, REGIONAL};
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
    certificate_name: Option<String>,
    certificate_body: Option<Value>,
    certificate_private_key: Option<Value>,
    certificate_chain: Option<Value>,
    certificate_arn: Option<String>,
    regional_certificate_name: Option<String>,
    regional_certificate_arn: Option<String>,
    endpoint_configuration: Option<EndpointConfigurationInput>,
    tags: Option<BTreeMap<String, String>>,
    security_policy: Option<String>,
    endpoint_access_mode: Option<String>,
    mutual_tls_authentication: Option<Value>,
    ownership_verification_certificate_arn: Option<String>,
    policy: Option<Value>,
    routing_mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndpointConfigurationInput {
    #[serde(default)]
    types: Vec<String>,
    ip_address_type: Option<String>,
}

/// Which domain is meant. AWS tells private ones apart by an id, and has none for those that are served here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainNameInput {
    pub(super) domain_name: String,
    pub(super) domain_name_id: Option<String>,
}

/// The members of `GetDomainNames`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetDomainNamesInput {
    #[serde(flatten)]
    page: PageInput,
    resource_owner: Option<String>,
}

/// The members of `UpdateDomainName`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDomainNameInput {
    #[serde(flatten)]
    domain: DomainNameInput,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A domain as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainNameOutput {
    domain_name: String,
    domain_name_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_arn: Option<String>,
    certificate_upload_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_domain_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_hosted_zone_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_certificate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_certificate_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution_domain_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution_hosted_zone_id: Option<&'static str>,
    endpoint_configuration: EndpointConfigurationOutput,
    domain_name_status: &'static str,
    security_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_access_mode: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_verification_certificate_arn: Option<String>,
    routing_mode: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EndpointConfigurationOutput {
    types: Vec<String>,
    ip_address_type: String,
}

/// The one way of routing that is served.
const ROUTING_MODE: &str = "BASE_PATH_MAPPING_ONLY";

impl DomainNameOutput {
    fn new(domain: &DomainName) -> Self {
        let (regional, edge) = (domain.has_endpoint(REGIONAL), domain.has_endpoint(EDGE));
        Self {
            domain_name: domain.domain_name.clone(),
            domain_name_arn: domain.arn(),
            certificate_name: domain.certificate_name.clone(),
            certificate_arn: domain.certificate_arn.clone(),
            certificate_upload_date: domain.created_date.seconds(),
            regional_domain_name: regional.then(|| domain.regional_domain_name()),
            regional_hosted_zone_id: regional.then(|| domain_name::regional_zone(domain.tenant.region.as_str())),
            regional_certificate_name: domain.regional_certificate_name.clone(),
            regional_certificate_arn: domain.regional_certificate_arn.clone(),
            distribution_domain_name: edge.then(|| domain.distribution_domain_name()),
            distribution_hosted_zone_id: edge.then_some(EDGE_ZONE),
            endpoint_configuration: EndpointConfigurationOutput {
                types: domain.endpoint_types.clone(),
                ip_address_type: domain.ip_address_type.clone(),
            },
            domain_name_status: "AVAILABLE",
            security_policy: domain.security_policy.clone(),
            endpoint_access_mode: domain.endpoint_access_mode.clone(),
            tags: domain.tags.clone(),
            ownership_verification_certificate_arn: domain.ownership_verification_certificate_arn.clone(),
            routing_mode: ROUTING_MODE,
        }
    }
}

impl Operation for CreateDomainName {
    const NAME: &'static str = "CreateDomainName";
    const ACCESS: Access = Access::Write;
    type Input = CreateDomainNameInput;
    type Output = DomainNameOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if let Some(reason) = input.not_served() {
            return Err(Error::Unsupported(reason.to_owned()));
        }
        let configuration = input.endpoint_configuration.as_ref();
        let mut endpoint_types = configuration.map(|given| given.types.clone()).unwrap_or_default();
        if endpoint_types.is_empty() {
            let regional = input.regional_certificate_arn.is_some() && input.certificate_arn.is_none();
            endpoint_types.push(if regional { REGIONAL } else { EDGE }.to_owned());
        }
        let new = NewDomain {
            name: input.domain_name.clone(),
            endpoint_types,
            ip_address_type: configuration.and_then(|given| given.ip_address_type.clone()),
            security_policy: input.security_policy.clone(),
            endpoint_access_mode: input.endpoint_access_mode.clone(),
            regional_certificate_arn: input.regional_certificate_arn.clone(),
            regional_certificate_name: input.regional_certificate_name.clone(),
            certificate_arn: input.certificate_arn.clone(),
            certificate_name: input.certificate_name.clone(),
            ownership_verification_certificate_arn: input.ownership_verification_certificate_arn.clone(),
            tags: input.tags.clone().unwrap_or_default(),
        };
        Ok(DomainNameOutput::new(&domain_name::create(cx, new).await?))
    }
}

impl Operation for GetDomainName {
    const NAME: &'static str = "GetDomainName";
    const ACCESS: Access = Access::Read;
    type Input = DomainNameInput;
    type Output = DomainNameOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(DomainNameOutput::new(&*find(cx, input).await?))
    }
}

impl Operation for GetDomainNames {
    const NAME: &'static str = "GetDomainNames";
    const ACCESS: Access = Access::Read;
    type Input = GetDomainNamesInput;
    type Output = Page<DomainNameOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if input.resource_owner.as_deref() == Some("OTHER_ACCOUNTS") {
            return input.page.of([]);
        }
        input.page.read(cx.tx, cx.tenant, "", DomainNameOutput::new).await
    }
}

impl Operation for UpdateDomainName {
    const NAME: &'static str = "UpdateDomainName";
    const ACCESS: Access = Access::Write;
    type Input = UpdateDomainNameInput;
    type Output = DomainNameOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut domain = find(cx, &input.domain).await?;
        apply_all(&input.patch_operations, |patch| patch_domain(&mut domain, patch))?;
        domain_name::check(&domain)?;
        cx.tx.replace(&domain).await?;
        Ok(DomainNameOutput::new(&domain))
    }
}

impl Operation for DeleteDomainName {
    const NAME: &'static str = "DeleteDomainName";
    const ACCESS: Access = Access::Write;
    type Input = DomainNameInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let domain = find(cx, input).await?;
        Ok(domain_name::delete(cx, &domain.domain_name).await?)
    }
}

/// The domain that is meant.
pub(super) async fn find(cx: &mut Context<'_>, input: &DomainNameInput) -> Result<Stored<DomainName>, Error> {
    if input.domain_name_id.as_deref().is_some_and(|id| !id.is_empty()) {
        return Err(domain_name::Refused::NoDomain.into());
    }
    Ok(domain_name::find(cx, &input.domain_name).await?)
}

impl CreateDomainNameInput {
    /// What it asks for that would be believed and not be so.
    fn not_served(&self) -> Option<&'static str> {
        if self.mutual_tls_authentication.is_some() {
            return Some(NO_MUTUAL_TLS);
        }
        let uploaded = [&self.certificate_body, &self.certificate_private_key, &self.certificate_chain];
        if uploaded.into_iter().any(Option::is_some) {
            return Some("Certificates are not taken in: name one with certificateArn or regionalCertificateArn");
        }
        if self.policy.is_some() {
            return Some("Resource policies of private domain names are not served");
        }
        self.routing_mode.as_deref().filter(|mode| *mode != ROUTING_MODE).map(|_| NO_ROUTING_RULES)
    }
}

/// Why other modes are refused.
const NO_ROUTING_RULES: &str = "Routing rules are not served: routingMode must be BASE_PATH_MAPPING_ONLY";

fn patch_domain(domain: &mut DomainName, patch: Patch<'_>) -> Result<(), Error> {
    let text = || patch.text().map(|text| text.filter(|text| !text.is_empty()));
    match patch.path().as_slice() {
        ["certificateName"] => domain.certificate_name = text()?,
        ["certificateArn"] => domain.certificate_arn = text()?,
        ["regionalCertificateName"] => domain.regional_certificate_name = text()?,
        ["regionalCertificateArn"] => domain.regional_certificate_arn = text()?,
        ["ownershipVerificationCertificateArn"] => domain.ownership_verification_certificate_arn = text()?,
        ["endpointAccessMode"] => domain.endpoint_access_mode = text()?,
        ["securityPolicy"] => {
            patch.only_replace()?;
            patch.value()?.clone_into(&mut domain.security_policy);
        }
        ["endpointConfiguration", "ipAddressType"] => {
            patch.only_replace()?;
            patch.value()?.clone_into(&mut domain.ip_address_type);
        }
        ["endpointConfiguration", "types"] => patch.list(&mut domain.endpoint_types, None)?,
        ["endpointConfiguration", "types", kind] if patch.op() == "remove" => {
            patch.list(&mut domain.endpoint_types, Some(kind))?;
        }
        ["endpointConfiguration", "types", kind] => {
            patch.only_replace()?;
            domain.endpoint_types.retain(|known| known != kind);
            let value = patch.value()?.to_owned();
            if !domain.endpoint_types.contains(&value) {
                domain.endpoint_types.push(value);
            }
        }
        ["mutualTlsAuthentication", ..] => return Err(Error::Unsupported(NO_MUTUAL_TLS.to_owned())),
        ["routingMode"] if patch.value()? == ROUTING_MODE => {}
        ["routingMode"] => return Err(Error::Unsupported(NO_ROUTING_RULES.to_owned())),
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}
