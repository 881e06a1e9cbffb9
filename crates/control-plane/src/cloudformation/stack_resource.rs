//! What a stack is made of: `DescribeStackResource`, `DescribeStackResources`, `ListStackResources`.

use claviger_resources::stack::{ResourceStatus, Stack, StackResource};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::Page;
use super::stack;
use crate::operation::{Access, Context, Operation};

/// Shows a resource.
pub struct DescribeStackResource;
/// Shows the resources of a stack.
pub struct DescribeStackResources;
/// Lists them, page by page.
pub struct ListStackResources;

/// Which resources are meant.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackResourceInput {
    stack_name: Option<String>,
    logical_resource_id: Option<String>,
    physical_resource_id: Option<String>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Drift {
    stack_resource_drift_status: &'static str,
}

const DRIFT: Drift = Drift { stack_resource_drift_status: "NOT_CHECKED" };

/// What `DescribeStackResource` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStackResourceOutput {
    stack_resource_detail: Detail,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    stack_name: String,
    stack_id: String,
    logical_resource_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    physical_resource_id: String,
    resource_type: String,
    last_updated_timestamp: f64,
    resource_status: ResourceStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    drift_information: Drift,
}

impl Operation for DescribeStackResource {
    const NAME: &'static str = "DescribeStackResource";
    const ACCESS: Access = Access::Read;
    type Input = StackResourceInput;
    type Output = DescribeStackResourceOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = input.stack_name.as_deref().unwrap_or_default();
        let stack = find_stack(cx, name).await?;
        let logical_id = input.logical_resource_id.as_deref().unwrap_or_default();
        let resource: Option<Stored<StackResource>> = cx.tx.find(cx.tenant, &stack.id, logical_id).await?;
        let resource = resource
            .ok_or_else(|| Error::invalid(format!("Resource {logical_id} does not exist for stack {}", stack.name)))?;
        Ok(DescribeStackResourceOutput {
            stack_resource_detail: Detail {
                stack_name: stack.name.clone(),
                stack_id: stack.arn(),
                logical_resource_id: resource.logical_id.clone(),
                physical_resource_id: resource.physical_id.clone(),
                resource_type: resource.resource_type.clone(),
                last_updated_timestamp: resource.updated.fractional_seconds(),
                resource_status: resource.status,
                resource_status_reason: resource.reason.clone(),
                metadata: resource.metadata.clone(),
                drift_information: DRIFT,
            },
        })
    }
}

async fn find_stack(cx: &mut Context<'_>, name: &str) -> Result<Stored<Stack>, Error> {
    match stack::find(cx, name).await {
        Err(Error::Validation(_)) => Err(Error::invalid(format!("Stack '{name}' does not exist"))),
        found => found,
    }
}

/// What `DescribeStackResources` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStackResourcesOutput {
    stack_resources: Vec<ResourceOutput>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceOutput {
    stack_name: String,
    stack_id: String,
    logical_resource_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    physical_resource_id: String,
    resource_type: String,
    timestamp: f64,
    resource_status: ResourceStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_status_reason: Option<String>,
    drift_information: Drift,
}

impl Operation for DescribeStackResources {
    const NAME: &'static str = "DescribeStackResources";
    const ACCESS: Access = Access::Read;
    type Input = StackResourceInput;
    type Output = DescribeStackResourcesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
        let stack = match (given(&input.stack_name), given(&input.physical_resource_id)) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("StackName and PhysicalResourceId can not both be specified"));
            }
            (Some(name), None) => find_stack(cx, &name).await?,
            (None, Some(physical)) => stack_of(cx, &physical).await?,
            (None, None) => return Err(Error::invalid("StackName or PhysicalResourceId must be specified")),
        };
        let resources: Vec<Stored<StackResource>> = cx.tx.list_all(cx.tenant, &stack.id).await?;
        let wanted = given(&input.logical_resource_id);
        let resources = resources.iter().filter(|it| wanted.as_ref().is_none_or(|id| *id == it.logical_id));
        let shown = resources.map(|resource| ResourceOutput {
            stack_name: stack.name.clone(),
            stack_id: stack.arn(),
            logical_resource_id: resource.logical_id.clone(),
            physical_resource_id: resource.physical_id.clone(),
            resource_type: resource.resource_type.clone(),
            timestamp: resource.updated.fractional_seconds(),
            resource_status: resource.status,
            resource_status_reason: resource.reason.clone(),
            drift_information: DRIFT,
        });
        Ok(DescribeStackResourcesOutput { stack_resources: shown.collect() })
    }
}

/// The stack that something belongs to.
async fn stack_of(cx: &mut Context<'_>, physical_id: &str) -> Result<Stored<Stack>, Error> {
    let stacks: Vec<Stored<Stack>> = cx.tx.list_all(cx.tenant, "").await?;
    for stack in stacks.into_iter().filter(|stack| stack.is_live()) {
        let resources: Vec<Stored<StackResource>> = cx.tx.list_all(cx.tenant, &stack.id).await?;
        if resources.iter().any(|resource| resource.physical_id == physical_id) {
            return Ok(stack);
        }
    }
    Err(Error::invalid(format!("Stack for {physical_id} does not exist")))
}

/// What `ListStackResources` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListStackResourcesOutput {
    stack_resource_summaries: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    logical_resource_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    physical_resource_id: String,
    resource_type: String,
    last_updated_timestamp: f64,
    resource_status: ResourceStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_status_reason: Option<String>,
    drift_information: Drift,
}

impl Operation for ListStackResources {
    const NAME: &'static str = "ListStackResources";
    const ACCESS: Access = Access::Read;
    type Input = StackResourceInput;
    type Output = ListStackResourcesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let stack = stack::find(cx, input.stack_name.as_deref().unwrap_or_default()).await?;
        let page = Page::<StackResource>::read(cx, &stack.id, input.next_token.as_deref()).await?;
        let summaries = page.records.iter().map(|resource| Summary {
            logical_resource_id: resource.logical_id.clone(),
            physical_resource_id: resource.physical_id.clone(),
            resource_type: resource.resource_type.clone(),
            last_updated_timestamp: resource.updated.fractional_seconds(),
            resource_status: resource.status,
            resource_status_reason: resource.reason.clone(),
            drift_information: DRIFT,
        });
        Ok(ListStackResourcesOutput { stack_resource_summaries: summaries.collect(), next_token: page.next_token })
    }
}
