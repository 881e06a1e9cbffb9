//! Domains: `CreateUserPoolDomain`, `DescribeUserPoolDomain`, `UpdateUserPoolDomain`, `DeleteUserPoolDomain`.
//!
//! A pool has at most one prefix, unique in its region over all accounts, and one custom host name, unique over everything.
//! Both answer at once: there is no distribution to wait for.

use claviger_resources::domain_name::distribution_domain_name;
use claviger_resources::quotas::Quota;
use claviger_resources::user_pool_domain::UserPoolDomain;
use claviger_resources::{AccountId, UserPoolId};
use claviger_store::{Key, Name, Namespace, Record, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::configuration::{Configuration, text};
use super::errors::Error;
use super::operations::Empty;
use super::{quota, user_pool, user_pool_settings};
use crate::host_name;
use crate::operation::{Access, Context, Operation};

/// Gives a pool a domain.
pub struct CreateUserPoolDomain;
/// Shows a domain; one that does not exist is shown as an empty object.
pub struct DescribeUserPoolDomain;
/// Changes a domain's certificate or the version of its pages.
pub struct UpdateUserPoolDomain;
/// Takes a domain from a pool.
pub struct DeleteUserPoolDomain;

/// The members of `CreateUserPoolDomain` and `UpdateUserPoolDomain`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolDomainInput {
    domain: String,
    user_pool_id: String,
    managed_login_version: Option<i32>,
    custom_domain_config: Option<Configuration>,
    routing: Option<Value>,
}

/// The members of `DescribeUserPoolDomain`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeUserPoolDomainInput {
    domain: String,
}

/// The members of `DeleteUserPoolDomain`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolDomainKey {
    domain: String,
    user_pool_id: String,
}

/// What creating and updating a domain answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolDomainOutput {
    managed_login_version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_front_domain: Option<String>,
}

/// What `DescribeUserPoolDomain` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeUserPoolDomainOutput {
    domain_description: Description,
}

/// A domain, or the empty object that stands for none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Description {
    Domain(Box<DomainDescription>),
    None(Empty),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DomainDescription {
    user_pool_id: UserPoolId,
    #[serde(rename = "AWSAccountId")]
    account_id: AccountId,
    domain: String,
    #[serde(rename = "S3Bucket")]
    s3_bucket: String,
    cloud_front_distribution: String,
    version: String,
    status: &'static str,
    custom_domain_config: Configuration,
    managed_login_version: u8,
}

/// Words that AWS keeps for itself: the first as a part between hyphens, the others anywhere.
const RESERVED_PART: &str = "aws";
const RESERVED_WORDS: [&str; 2] = ["amazon", "cognito"];
/// The version of the pages of a domain that names none: the classic ones.
const MANAGED_LOGIN_VERSION: u8 = 1;
/// Domains read at a time when custom ones are counted.
const COUNT_PAGE: usize = 100;

impl Operation for CreateUserPoolDomain {
    const NAME: &'static str = "CreateUserPoolDomain";
    const ACCESS: Access = Access::Write;
    type Input = UserPoolDomainInput;
    type Output = UserPoolDomainOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(UserPoolDomainOutput::new(&create(cx, input).await?))
    }
}

impl Operation for DescribeUserPoolDomain {
    const NAME: &'static str = "DescribeUserPoolDomain";
    const ACCESS: Access = Access::Read;
    type Input = DescribeUserPoolDomainInput;
    type Output = DescribeUserPoolDomainOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let domain_description = match find(cx, &input.domain).await? {
            Some(domain) => Description::Domain(Box::new(DomainDescription::new(domain.record))),
            None => Description::None(Empty {}),
        };
        Ok(DescribeUserPoolDomainOutput { domain_description })
    }
}

impl Operation for UpdateUserPoolDomain {
    const NAME: &'static str = "UpdateUserPoolDomain";
    const ACCESS: Access = Access::Write;
    type Input = UserPoolDomainInput;
    type Output = UserPoolDomainOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(UserPoolDomainOutput::new(&update(cx, input).await?))
    }
}

impl Operation for DeleteUserPoolDomain {
    const NAME: &'static str = "DeleteUserPoolDomain";
    const ACCESS: Access = Access::Write;
    type Input = UserPoolDomainKey;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let domain = find_of_pool(cx, &input.user_pool_id, &input.domain).await?;
        cx.tx.delete(&domain.record).await?;
        Ok(Empty {})
    }
}

/// Gives a pool a domain.
pub async fn create(cx: &mut Context<'_>, input: &UserPoolDomainInput) -> Result<UserPoolDomain, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?;
    let managed_login_version = input.checked_version(user_pool_settings::is_lite(&pool.configuration))?;
    match &input.custom_domain_config {
        None => check_prefix(&input.domain, &cx.services.settings.reserved_domain_words)?,
        Some(config) => {
            check_host(&input.domain, &cx.services.settings.host_suffixes)?;
            check_certificate(config)?;
            check_custom_quota(cx).await?;
        }
    }
    let domain = UserPoolDomain {
        domain: input.domain.clone(),
        pool: pool.id.clone(),
        tenant: cx.tenant.clone(),
        created: cx.now,
        custom: input.custom_domain_config.clone(),
        managed_login_version: Some(managed_login_version.unwrap_or(MANAGED_LOGIN_VERSION)),
        version: version(cx),
    };
    match cx.tx.insert(&domain).await {
        Ok(()) => Ok(domain),
        Err(StoreError::NameTaken { namespace: Namespace::PoolPrefixDomain | Namespace::PoolCustomDomain }) => {
            Err(Error::UserPoolDomainExists)
        }
        Err(StoreError::NameTaken { .. } | StoreError::AlreadyExists) => Err(Error::DomainTaken),
        Err(error) => Err(error.into()),
    }
}

/// Changes a domain's certificate or the version of its pages; what is left out stays.
pub async fn update(cx: &mut Context<'_>, input: &UserPoolDomainInput) -> Result<UserPoolDomain, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?;
    let mut domain = find_of_pool(cx, &input.user_pool_id, &input.domain).await?;
    if let Some(version) = input.checked_version(user_pool_settings::is_lite(&pool.configuration))? {
        domain.managed_login_version = Some(version);
    }
    if let Some(config) = &input.custom_domain_config {
        if !domain.is_custom() {
            return Err(Error::DomainIsPrefix);
        }
        check_certificate(config)?;
        domain.custom = Some(config.clone());
    }
    cx.tx.replace(&domain).await?;
    Ok(domain.record)
}

/// The domain of this name: a prefix of the region, or a custom host name, when it is of the caller's account and region.
pub async fn find(cx: &mut Context<'_>, domain: &str) -> Result<Option<Stored<UserPoolDomain>>, Error> {
    let prefix = Name::new(Namespace::DomainPrefix, format!("{}/{domain}", cx.tenant.region));
    let found = match cx.tx.find_named::<UserPoolDomain>(&prefix).await? {
        None => cx.tx.find_named::<UserPoolDomain>(&Name::new(Namespace::CustomDomain, domain)).await?,
        found => found,
    };
    Ok(found.filter(|found| found.tenant == *cx.tenant))
}

async fn find_of_pool(cx: &mut Context<'_>, pool: &str, domain: &str) -> Result<Stored<UserPoolDomain>, Error> {
    let pool = user_pool::find(cx, pool).await?;
    find(cx, domain).await?.filter(|found| found.pool == pool.id).ok_or(Error::DomainNotFound)
}

fn check_prefix(domain: &str, reserved: &[String]) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !domain.bytes().all(allowed) || domain.is_empty() || domain.starts_with('-') || domain.ends_with('-') {
        return Err(Error::DomainCharacter);
    }
    let mut words = RESERVED_WORDS.into_iter().chain(reserved.iter().map(String::as_str));
    if let Some(word) = words.find(|word| domain.contains(word)) {
        return Err(Error::DomainReservedWord(word.to_owned()));
    }
    if domain.split('-').any(|part| part == RESERVED_PART) {
        return Err(Error::DomainReservedWord(RESERVED_PART.to_owned()));
    }
    Ok(())
}

/// A host name with a parent that is not a top-level domain, and not one under which the server itself is reached.
fn check_host(domain: &str, own: &[String]) -> Result<(), Error> {
    if host_name::is_registrable(domain, 3, own) { Ok(()) } else { Err(Error::DomainNotSubdomain) }
}

/// Certificates are not looked at: this server has its own. Their region is, because AWS would refuse another.
fn check_certificate(config: &Configuration) -> Result<(), Error> {
    let arn = text(config, &["CertificateArn"]).unwrap_or_default();
    match arn.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", "aws", "acm" | "iam", "us-east-1" | "", ..] => Ok(()),
        ["arn", partition, "acm" | "iam", ..] if *partition != "aws" => Ok(()),
        _ => Err(Error::DomainCertificate),
    }
}

/// Counts the account's custom domains in the region, over all of its pools.
async fn check_custom_quota(cx: &mut Context<'_>) -> Result<(), Error> {
    let mut customs = 0;
    let mut after =
        Key { kind: UserPoolDomain::KIND, tenant: cx.tenant.clone(), parent: String::new(), id: String::new() };
    loop {
        let rows = cx.tx.rows_of_kind(UserPoolDomain::KIND, Some(&after), COUNT_PAGE).await?;
        let is_last = rows.len() < COUNT_PAGE || rows.iter().any(|row| row.key.tenant != *cx.tenant);
        for row in rows.into_iter().take_while(|row| row.key.tenant == *cx.tenant) {
            customs += u64::from(Stored::<UserPoolDomain>::from_row(&row)?.is_custom());
            after = row.key;
        }
        quota::check_room(cx, Quota::CustomDomains, customs)?;
        if is_last {
            return Ok(());
        }
    }
}

/// The digits of the time of creation, which AWS shows as a domain's version.
fn version(cx: &Context<'_>) -> String {
    let now = cx.now.utc();
    let (date, time) = (now.date(), now.time());
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// The name a distribution would have.
fn distribution(domain: &UserPoolDomain) -> String {
    distribution_domain_name(&domain.host())
}

impl UserPoolDomainInput {
    fn checked_version(&self, is_lite: bool) -> Result<Option<u8>, Error> {
        if self.routing.is_some() {
            return Err(Error::DomainRouting);
        }
        match self.managed_login_version {
            None => Ok(None),
            Some(1) => Ok(Some(1)),
            Some(2) if is_lite => Err(Error::TierTooLow("ManagedLoginVersion 2")),
            Some(2) => Ok(Some(2)),
            Some(_) => Err(Error::ManagedLoginVersion),
        }
    }
}

impl UserPoolDomainOutput {
    fn new(domain: &UserPoolDomain) -> Self {
        Self {
            managed_login_version: domain.managed_login_version.unwrap_or(MANAGED_LOGIN_VERSION),
            cloud_front_domain: domain.is_custom().then(|| distribution(domain)),
        }
    }
}

impl DomainDescription {
    fn new(domain: UserPoolDomain) -> Self {
        Self {
            account_id: domain.tenant.account,
            s3_bucket: format!("aws-cognito-prod-{}-assets", domain.tenant.region),
            cloud_front_distribution: distribution(&domain),
            status: "ACTIVE",
            managed_login_version: domain.managed_login_version.unwrap_or(MANAGED_LOGIN_VERSION),
            user_pool_id: domain.pool,
            domain: domain.domain,
            version: domain.version,
            custom_domain_config: domain.custom.unwrap_or_default(),
        }
    }
}
