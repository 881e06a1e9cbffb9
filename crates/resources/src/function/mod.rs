//! Lambda functions: what is kept of one beside its code, which stands on disk under its digest.

mod alias;
mod code;
mod event_invoke_config;
mod permission;
mod reference;
mod version;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{FunctionName, Sealed, Tenant, Timestamp};

pub use self::alias::Alias;
pub use self::code::{Code, CodeSha256, NotASha256};
pub use self::event_invoke_config::EventInvokeConfig;
pub use self::permission::{Permission, Principal};
pub use self::reference::{FunctionReference, unqualified};
pub use self::version::FunctionVersion;

/// The version of a function that can be changed.
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
    /// `$LATEST`, or the number under which it was published.
    #[serde(default = "latest")]
    pub version: String,
    /// The layers beside its code, those first that later ones cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<UsedLayer>,
    /// How many events it may have at a time, where that is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_concurrency: Option<u32>,
    /// What it has under its qualifiers.
    #[serde(default)]
    pub qualified: Qualified,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Who else may do what with it: its resource policy.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// Names this state of the policy; empty while there is none.
    #[serde(default)]
    pub policy_revision_id: String,
    /// Members that decide nothing here (tracing, logging, …), under AWS's names.
    #[serde(default)]
    pub configuration: Map<String, Value>,
}

/// A layer that a function uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedLayer {
    /// The ARN of the layer's version.
    pub arn: String,
    /// Its content, which stays even when the layer is deleted; none for a layer of another account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// What a function has under its qualifiers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Qualified {
    /// The number of the newest version there ever was.
    pub versions_made: u64,
    /// Its aliases, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, Alias>,
    /// The resource policies of versions and aliases.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, Policy>,
    /// What becomes of their events; that of the function itself is under `$LATEST`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub event_invoke_configs: BTreeMap<String, EventInvokeConfig>,
}

/// A resource policy of a version or an alias.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Its statements.
    pub permissions: Vec<Permission>,
    /// Names this state of it.
    pub revision_id: String,
}

impl Function {
    /// Its Amazon Resource Name, without a version.
    pub fn arn(&self) -> String {
        arn(&self.tenant, self.name.as_str())
    }

    /// Its Amazon Resource Name with its version.
    pub fn qualified_arn(&self) -> String {
        format!("{}:{}", self.arn(), self.version)
    }

    /// Forgets what it has under a qualifier that is no more.
    pub fn forget(&mut self, qualifier: &str) {
        self.qualified.policies.remove(qualifier);
        self.qualified.event_invoke_configs.remove(qualifier);
    }

    /// What becomes of events of a qualifier.
    pub fn event_invoke_config(&self, qualifier: Option<&str>) -> Option<&EventInvokeConfig> {
        self.qualified.event_invoke_configs.get(qualifier.unwrap_or(LATEST))
    }

    /// MiB of files that it may write.
    pub fn storage_mib(&self) -> u32 {
        let given = self.configuration.get("EphemeralStorage").and_then(|given| given.get("Size")?.as_u64());
        given.and_then(|size| u32::try_from(size).ok()).unwrap_or(STORAGE_MIB)
    }

    /// Whether an AWS service may call it, under this qualifier, on behalf of the resource with this ARN.
    pub fn lets_invoke(&self, qualifier: Option<&str>, principal: &str, source_arn: &str) -> bool {
        let permissions = match qualifier.filter(|qualifier| *qualifier != LATEST) {
            None => &self.permissions[..],
            Some(qualifier) => self.qualified.policies.get(qualifier).map_or(&[][..], |policy| &policy.permissions),
        };
        permissions.iter().any(|permission| permission.lets_invoke(principal, source_arn))
    }
}

fn latest() -> String {
    LATEST.to_owned()
}

/// The Amazon Resource Name of the function `name` of `tenant`.
pub fn arn(tenant: &Tenant, name: &str) -> String {
    format!("arn:aws:lambda:{}:{}:function:{name}", tenant.region, tenant.account)
}
