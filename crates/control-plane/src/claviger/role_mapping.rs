//! What the scopes of tokens allow of an API: `PutRoleMapping`, `DescribeRoleMapping`, `DeleteRoleMapping`.

use std::collections::BTreeMap;

use claviger_gateway::roles::Roles;
use claviger_resources::Tenant;
use claviger_resources::role_mapping::{RoleMapping, RoleTable};
use claviger_store::{Name, Namespace, ROLE_MAPPING_ID, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};
use crate::role_mapping::put;

/// Sets the role mapping of an API, whole.
pub struct PutRoleMapping;
/// Shows the role mapping of an API.
pub struct DescribeRoleMapping;
/// Takes the role mapping of an API away: then its authorizers alone decide.
pub struct DeleteRoleMapping;

/// The members of `PutRoleMapping`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRoleMappingInput {
    api_id: String,
    #[serde(flatten)]
    table: RoleTableMembers,
}

/// The members of the other two.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleMappingInput {
    api_id: String,
}

/// What both that answer say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleMappingOutput {
    api_id: String,
    #[serde(flatten)]
    table: RoleTableMembers,
}

/// A role table as it is sent and shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RoleTableMembers {
    #[serde(default)]
    scopes: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    roles: BTreeMap<String, Vec<String>>,
}

impl Operation for PutRoleMapping {
    const NAME: &'static str = "PutRoleMapping";
    const ACCESS: Access = Access::Write;
    type Input = PutRoleMappingInput;
    type Output = RoleMappingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleMappingOutput, Error> {
        let tenant = owner(cx, &input.api_id).await?;
        put(cx.tx, &tenant, &input.api_id, input.table.checked()?).await?;
        Ok(RoleMappingOutput { api_id: input.api_id.clone(), table: input.table.clone() })
    }
}

impl Operation for DescribeRoleMapping {
    const NAME: &'static str = "DescribeRoleMapping";
    const ACCESS: Access = Access::Read;
    type Input = RoleMappingInput;
    type Output = RoleMappingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleMappingOutput, Error> {
        let mapping = find(cx, &input.api_id).await?;
        Ok(RoleMappingOutput { api_id: mapping.api_id, table: mapping.table.into() })
    }
}

impl Operation for DeleteRoleMapping {
    const NAME: &'static str = "DeleteRoleMapping";
    const ACCESS: Access = Access::Write;
    type Input = RoleMappingInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mapping = find(cx, &input.api_id).await?;
        cx.tx.delete(&mapping).await?;
        Ok(())
    }
}

async fn find(cx: &mut Context<'_>, api_id: &str) -> Result<RoleMapping, Error> {
    let tenant = owner(cx, api_id).await?;
    let mapping: Option<Stored<RoleMapping>> = cx.tx.find(&tenant, api_id, ROLE_MAPPING_ID).await?;
    Ok(mapping.ok_or_else(|| Error::NoRoleMapping(api_id.to_owned()))?.record)
}

/// The account and region of an API, of whatever kind.
async fn owner(cx: &mut Context<'_>, api_id: &str) -> Result<Tenant, Error> {
    let row = cx.tx.row_named(&Name::new(Namespace::ApiId, api_id)).await?;
    Ok(row.ok_or_else(|| Error::ApiNotFound(api_id.to_owned()))?.key.tenant)
}

impl RoleTableMembers {
    /// The table, when roles can be judged by it.
    pub(super) fn checked(&self) -> Result<RoleTable, Error> {
        let table = RoleTable { scopes: self.scopes.clone(), roles: self.roles.clone() };
        Roles::compile(&table)?;
        Ok(table)
    }
}

impl From<RoleTable> for RoleTableMembers {
    fn from(RoleTable { scopes, roles }: RoleTable) -> Self {
        Self { scopes, roles }
    }
}
