//! Log groups: `CreateLogGroup`, `DescribeLogGroups`, `DeleteLogGroup`.

use std::collections::BTreeMap;

use claviger_resources::Tenant;
use claviger_resources::limits::LOG_GROUPS_MAX;
use claviger_resources::log_group::LogGroup;
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Makes a group.
pub struct CreateLogGroup;
/// Lists groups.
pub struct DescribeLogGroups;
/// Deletes a group with all its events.
pub struct DeleteLogGroup;

/// Groups on a page unless the caller says otherwise (CloudWatch Logs API, `DescribeLogGroups`).
const PAGE_MAX: usize = 50;
/// Groups read at a time.
const READ_PAGE: usize = 200;

/// The members of `CreateLogGroup`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLogGroupInput {
    /// Its name.
    pub log_group_name: String,
    /// A key, which is not served.
    pub kms_key_id: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What kind it is, which makes no difference here.
    pub log_group_class: Option<String>,
    /// Whether it cannot be deleted, which is not served.
    #[serde(default)]
    pub deletion_protection_enabled: bool,
}

/// Which group is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupInput {
    pub(super) log_group_name: String,
}

/// The members of `DescribeLogGroups`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroupsInput {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
    log_group_class: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// A page of groups.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroupsOutput {
    log_groups: Vec<GroupOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupOutput {
    log_group_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u32>,
    metric_filter_count: u32,
    arn: String,
    stored_bytes: u64,
    log_group_class: String,
    log_group_arn: String,
}

impl Operation for CreateLogGroup {
    const NAME: &'static str = "CreateLogGroup";
    const ACCESS: Access = Access::Write;
    type Input = CreateLogGroupInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        create(cx, input).await.map(|_| ())
    }
}

impl Procedure for DescribeLogGroups {
    const NAME: &'static str = "DescribeLogGroups";
    const ACCESS: Access = Access::Read;
    type Input = DescribeLogGroupsInput;
    type Output = DescribeLogGroupsOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
            return Err(Error::invalid(message));
        }
        // What was printed a moment ago may have made a group.
        services.log_events.settle().await;
        let tenant = caller.tenant();
        let (groups, next_token) = perform(services, &tenant, &Page(&input)).await?;
        let mut log_groups = Vec::new();
        for group in groups {
            let stored_bytes = services.log_events.group_bytes(&tenant, &group.name).await?;
            log_groups.push(GroupOutput {
                creation_time: group.created.milliseconds(),
                retention_in_days: group.retention_days,
                metric_filter_count: 0,
                arn: format!("{}:*", group.arn()),
                stored_bytes,
                log_group_class: group.class.clone(),
                log_group_arn: group.arn(),
                log_group_name: group.name,
            });
        }
        Ok(DescribeLogGroupsOutput { log_groups, next_token })
    }
}

impl Procedure for DeleteLogGroup {
    const NAME: &'static str = "DeleteLogGroup";
    const ACCESS: Access = Access::Write;
    type Input = GroupInput;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<(), Error> {
        delete(services, &caller.tenant(), &input.log_group_name).await
    }
}

/// Makes a group.
pub async fn create(cx: &mut Context<'_>, input: &CreateLogGroupInput) -> Result<LogGroup, Error> {
    if input.kms_key_id.is_some() {
        return Err(Error::invalid("Keys of log groups are not served here; leave kmsKeyId out."));
    }
    if input.deletion_protection_enabled {
        let message = "Deletion protection of log groups is not served here; leave deletionProtectionEnabled out.";
        return Err(Error::invalid(message));
    }
    if cx.tx.count_of::<LogGroup>(cx.tenant, "").await? >= LOG_GROUPS_MAX {
        return Err(Error::TooManyGroups);
    }
    let mut group = LogGroup::new(cx.tenant.clone(), input.log_group_name.clone(), cx.now);
    group.tags.clone_from(&input.tags);
    if let Some(class) = &input.log_group_class {
        group.class.clone_from(class);
    }
    match cx.tx.insert(&group).await {
        Err(StoreError::AlreadyExists) => Err(Error::GroupExists),
        other => Ok(other.map(|()| group)?),
    }
}

/// Deletes a group with all its events. What is printed to it later makes it anew.
pub async fn delete(services: &Services, tenant: &Tenant, name: &str) -> Result<(), Error> {
    services.log_events.settle().await;
    perform(services, tenant, &Delete(name)).await?;
    Ok(services.log_events.delete_group(tenant, name).await?)
}

/// The group of this name.
pub(super) async fn find(cx: &mut Context<'_>, name: &str) -> Result<Stored<LogGroup>, Error> {
    cx.tx.find::<LogGroup>(cx.tenant, "", name).await?.ok_or(Error::GroupNotFound)
}

/// Looks for the group of this name.
pub(super) struct Find<'a>(pub(super) &'a str);

impl Step for Find<'_> {
    const ACCESS: Access = Access::Read;
    type Output = LogGroup;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<LogGroup, Error> {
        find(cx, self.0).await.map(|group| group.record)
    }
}

/// The name of a group that a call names by its name or its ARN.
pub(super) fn named<'a>(tenant: &Tenant, name: Option<&'a str>, identifier: Option<&'a str>) -> Result<&'a str, Error> {
    match (name, identifier) {
        (Some(_), Some(_)) => Err(Error::invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")),
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) => by_identifier(tenant, identifier),
        (None, None) => Err(Error::invalid("Either LogGroup name or LogGroup ARN must be specified.")),
    }
}

/// The name in a group's ARN, with or without `:*`; what is no ARN is a name.
pub(super) fn by_identifier<'a>(tenant: &Tenant, identifier: &'a str) -> Result<&'a str, Error> {
    if !identifier.starts_with("arn:") {
        return Ok(identifier);
    }
    let prefix = format!("arn:aws:logs:{}:{}:log-group:", tenant.region, tenant.account);
    let name = identifier.strip_prefix(&*prefix).ok_or(Error::GroupNotFound)?;
    Ok(name.strip_suffix(":*").unwrap_or(name))
}

struct Delete<'a>(&'a str);

impl Step for Delete<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = find(cx, self.0).await?;
        cx.tx.delete(&group.record).await?;
        Ok(())
    }
}

/// The groups that a list asks for, and where the next page starts.
struct Page<'a>(&'a DescribeLogGroupsInput);

impl Step for Page<'_> {
    const ACCESS: Access = Access::Read;
    type Output = (Vec<LogGroup>, Option<String>);
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let input = self.0;
        let names = match &input.log_group_identifiers {
            Some(identifiers) => {
                let names = identifiers.iter().map(|identifier| by_identifier(cx.tenant, identifier));
                Some(names.collect::<Result<Vec<_>, _>>()?)
            }
            None => None,
        };
        let pattern = input.log_group_name_pattern.as_deref().unwrap_or_default().to_lowercase();
        let passes = |group: &LogGroup| {
            input.log_group_name_prefix.as_deref().is_none_or(|prefix| group.name.starts_with(prefix))
                && group.name.to_lowercase().contains(&pattern)
                && input.log_group_class.as_ref().is_none_or(|class| *class == group.class)
                && names.as_ref().is_none_or(|names| names.contains(&&*group.name))
        };
        let size = input.limit.unwrap_or(PAGE_MAX);
        let (mut page, mut after): (Vec<LogGroup>, _) = (Vec::new(), input.next_token.clone());
        loop {
            let read = cx.tx.list::<LogGroup>(cx.tenant, "", after.as_deref(), READ_PAGE).await?;
            let is_last = read.len() < READ_PAGE;
            after = read.last().map(|last| last.name.clone());
            for group in read.into_iter().map(|stored| stored.record).filter(passes) {
                if page.len() == size {
                    let next_token = page.last().map(|last| last.name.clone());
                    return Ok((page, next_token));
                }
                page.push(group);
            }
            if is_last {
                return Ok((page, None));
            }
        }
    }
}
