//! Change sets: how they are found and forgotten. What else is asked of them is in the modules beside.

mod create;
mod describe;
mod execute;

use claviger_resources::stack::{ChangeSet, Stack, StackTemplate};
use claviger_store::{Name, Namespace, Stored, TransactionExt};
use serde::Deserialize;

use super::errors::Error;
use super::stack;
use crate::operation::{Access, Context, Operation};

pub use self::create::CreateChangeSet;
pub use self::describe::{DescribeChangeSet, ListChangeSets};
pub use self::execute::ExecuteChangeSet;

/// Forgets about it.
pub struct DeleteChangeSet;

/// Which change set is meant.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeSetKey {
    change_set_name: String,
    stack_name: Option<String>,
    client_request_token: Option<String>,
    disable_rollback: Option<bool>,
    #[serde(default)]
    include_property_values: bool,
}

/// The change set of this ARN, or of this name of a stack.
async fn find(cx: &mut Context<'_>, key: &ChangeSetKey) -> Result<(Stored<ChangeSet>, Stored<Stack>), Error> {
    let not_found = || Error::ChangeSetNotFound(key.change_set_name.clone());
    let set: Option<Stored<ChangeSet>> = if key.change_set_name.starts_with("arn:") {
        find_by_arn(cx, key).await?
    } else {
        let name = key.stack_name.as_deref().filter(|name| !name.is_empty()).ok_or_else(|| {
            Error::invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        })?;
        let stack = match stack::find(cx, name).await {
            Ok(stack) => stack,
            Err(Error::Validation(_)) => return Err(Error::invalid(format!("Stack [{name}] does not exist"))),
            Err(error) => return Err(error),
        };
        let name = format!("{}/{}", stack.id, key.change_set_name);
        cx.tx.find_named(&Name::new(Namespace::ChangeSetName, name)).await?
    };
    let set = set.ok_or_else(not_found)?;
    let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", &set.stack).await?;
    Ok((set, stack.ok_or_else(not_found)?))
}

/// A change set's ARN does not name its stack, which callers mostly do.
async fn find_by_arn(cx: &mut Context<'_>, key: &ChangeSetKey) -> Result<Option<Stored<ChangeSet>>, Error> {
    let id = key.change_set_name.rsplit('/').next().unwrap_or_default();
    let name = key.change_set_name.rsplit('/').nth(1).unwrap_or_default();
    if let Some(stack_name) = key.stack_name.as_deref().filter(|name| !name.is_empty()) {
        let stack = match stack::find(cx, stack_name).await {
            Ok(stack) => stack,
            Err(Error::Validation(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        return Ok(cx.tx.find(cx.tenant, &stack.id, id).await?);
    }
    let stacks: Vec<Stored<Stack>> = cx.tx.list_all(cx.tenant, "").await?;
    for stack in stacks.iter().filter(|stack| stack.is_live()) {
        let named = Name::new(Namespace::ChangeSetName, format!("{}/{name}", stack.id));
        let set: Option<Stored<ChangeSet>> = cx.tx.find_named(&named).await?;
        if let Some(set) = set.filter(|set| set.id == id) {
            return Ok(Some(set));
        }
    }
    Ok(None)
}

impl Operation for DeleteChangeSet {
    const NAME: &'static str = "DeleteChangeSet";
    const ACCESS: Access = Access::Write;
    type Input = ChangeSetKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        // That there is none is no failure, nor that there is no stack.
        let (set, stack) = match find(cx, input).await {
            Ok(found) => found,
            Err(Error::ChangeSetNotFound(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        if let Some(id) = set.definition.template.as_ref().filter(|id| !is_used(&stack, id)) {
            let template: Option<Stored<StackTemplate>> = cx.tx.find(cx.tenant, &set.stack, id).await?;
            if let Some(template) = template {
                cx.tx.delete(&template.record).await?;
            }
        }
        cx.tx.delete(&set.record).await?;
        Ok(())
    }
}

/// Whether a stack is, or is being, made from this template.
fn is_used(stack: &Stack, template: &str) -> bool {
    let operation = stack.operation.as_ref().and_then(|operation| operation.definition.template.as_deref());
    stack.definition.template.as_deref() == Some(template) || operation == Some(template)
}
