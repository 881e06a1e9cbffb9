//! Lambda functions: what is kept of one beside its code, which stands on disk under its digest.

mod code;
mod permission;
mod reference;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{FunctionName, Sealed, Tenant, Timestamp};

pub use self::code::{Code, CodeSha256, NotASha256};
pub use self::permission::{Permission, Principal};
pub use self::reference::{FunctionReference, unqualified};

/// The one version of a function there is.
pub const LATEST: &str = "$LATEST";

/// MiB of files that a function may write unless it says otherwise (AWS Lambda API, `EphemeralStorage`).
const STORAGE_MIB: u32 = 512;

/// A Lambda function, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Function {
    /// Its name.
    pub name: FunctionName,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// What runs it, such as `python3.12`.
    pub runtime: String,
    /// What is called in it, such as `index.handler`.
    pub handler: String,
    /// The role it is to have.
    pub role: String,
    /// What it is for, in words.
    pub description: String,
    /// How long one call of it may take.
    pub timeout_seconds: u32,
    /// The memory it is to have.
    pub memory_mib: u32,
    /// Its environment variables, a JSON object of texts; they often hold secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Sealed>,
    /// Its code.
    pub code: Code,
    /// When code or configuration last changed.
    pub last_modified: Timestamp,
    /// Names this state of code and configuration.
    pub revision_id: String,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Who else may do what with it: its resource policy.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// Names this state of the policy; empty while there is none.
    #[serde(default)]
    pub policy_revision_id: String,
    /// Members that decide nothing here (layers, tracing, logging, …), under AWS's names.
    #[serde(default)]
    pub configuration: Map<String, Value>,
}

impl Function {
    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        arn(&self.tenant, self.name.as_str())
    }

    /// MiB of files that it may write.
    pub fn storage_mib(&self) -> u32 {
        let given = self.configuration.get("EphemeralStorage").and_then(|given| given.get("Size")?.as_u64());
        given.and_then(|size| u32::try_from(size).ok()).unwrap_or(STORAGE_MIB)
    }

    /// Whether an AWS service may call it on behalf of the resource with this ARN.
    pub fn lets_invoke(&self, principal: &str, source_arn: &str) -> bool {
        self.permissions.iter().any(|permission| permission.lets_invoke(principal, source_arn))
    }
}

/// The Amazon Resource Name of the function `name` of `tenant`.
pub fn arn(tenant: &Tenant, name: &str) -> String {
    format!("arn:aws:lambda:{}:{}:function:{name}", tenant.region, tenant.account)
}
