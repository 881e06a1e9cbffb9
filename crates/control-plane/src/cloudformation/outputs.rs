//! What a stack hands on: its outputs, and those of them that it exports.

use claviger_resources::Sealed;
use claviger_resources::stack::{Stack, StackExport, StackImport};
use claviger_runtime::vault::SealedFor;
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::engine::Job;
use super::errors::Error;
use crate::operation::{Access, Context, Step, perform};
use crate::services::Services;

/// The outputs of a stack.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Outputs(pub(super) Vec<Output>);

/// An output.
#[derive(Serialize, Deserialize)]
pub(super) struct Output {
    /// Its name.
    pub(super) key: String,
    /// Its value.
    pub(super) value: String,
    /// What the template says of it.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// The name under which it is exported.
    #[serde(default)]
    pub(super) export: Option<String>,
}

/// The outputs that the operation's template has, now that its resources are there.
pub(super) async fn resolve(job: &Job) -> Result<Outputs, String> {
    let Some(instance) = &job.instance else { return Ok(Outputs::default()) };
    let mut outputs = Vec::new();
    for output in instance.outputs() {
        let resolved = job.resolve_output(output).await?;
        outputs.push(Output {
            key: output.name.clone(),
            value: resolved.value,
            description: output.description.clone(),
            export: resolved.export_name,
        });
    }
    Ok(Outputs(outputs))
}

impl Outputs {
    /// The outputs of a stack.
    pub(super) fn of(services: &Services, stack: &Stack) -> Result<Self, Error> {
        let Some(sealed) = &stack.outputs else { return Ok(Self::default()) };
        let plain = services.vault.open_sealed(SealedFor::Stack(&stack.id), sealed)?;
        Ok(serde_json::from_slice(plain.expose()).unwrap_or_default())
    }

    /// Writes them, what they export, and what the stack imports.
    pub(super) async fn store(
        &self,
        cx: &mut Context<'_>,
        stack: &mut Stack,
        imports: Vec<String>,
    ) -> Result<(), Error> {
        let exported: Vec<(&str, &str)> =
            self.0.iter().filter_map(|output| Some((output.export.as_deref()?, output.value.as_str()))).collect();
        for name in stack.exports.clone() {
            if !exported.iter().any(|(it, _)| *it == name) {
                unexport(cx, &name, &stack.name).await?;
            }
        }
        for (name, value) in &exported {
            export(cx, stack, name, value).await?;
        }
        stack.exports = exported.iter().map(|(name, _)| (*name).to_owned()).collect();
        let plain = serde_json::to_vec(self).unwrap_or_default();
        stack.outputs = Some(cx.services.vault.seal(SealedFor::Stack(&stack.id), &plain, cx.random)?);
        set_imports(cx, stack, imports).await
    }
}

async fn export(cx: &mut Context<'_>, stack: &Stack, name: &str, value: &str) -> Result<(), Error> {
    let existing: Option<Stored<StackExport>> = cx.tx.find(cx.tenant, "", name).await?;
    let sealed = cx.services.vault.seal(SealedFor::Stack(&stack.id), value.as_bytes(), cx.random)?;
    match existing {
        Some(existing) if existing.stack != stack.id => Err(Error::invalid(format!(
            "Export with name {name} is already exported by stack {}.",
            existing.stack_arn.rsplit('/').nth(1).unwrap_or_default()
        ))),
        Some(mut existing) => {
            if open(cx.services, &existing)? == value {
                return Ok(());
            }
            if let Some(user) = importers(cx, name).await?.first() {
                return Err(Error::invalid(format!("Export {name} cannot be updated as it is in use by {user}")));
            }
            existing.record.value = sealed;
            Ok(cx.tx.replace(&existing).await?)
        }
        None => {
            let export = StackExport {
                tenant: cx.tenant.clone(),
                name: name.to_owned(),
                value: sealed,
                stack: stack.id.clone(),
                stack_arn: stack.arn(),
            };
            match cx.tx.insert(&export).await {
                // Another stack has just exported it: the next try sees that.
                Err(StoreError::AlreadyExists) => Err(StoreError::Contention.into()),
                outcome => Ok(outcome?),
            }
        }
    }
}

async fn unexport(cx: &mut Context<'_>, name: &str, stack_name: &str) -> Result<(), Error> {
    let users = importers(cx, name).await?;
    if let Some(user) = users.iter().find(|user| *user != stack_name) {
        return Err(Error::invalid(format!("Export {name} cannot be deleted as it is in use by {user}")));
    }
    let export: Option<Stored<StackExport>> = cx.tx.find(cx.tenant, "", name).await?;
    if let Some(export) = export {
        cx.tx.delete(&export.record).await?;
    }
    Ok(())
}

async fn set_imports(cx: &mut Context<'_>, stack: &mut Stack, imports: Vec<String>) -> Result<(), Error> {
    for export in stack.imports.iter().filter(|name| !imports.contains(name)) {
        let import = StackImport { tenant: cx.tenant.clone(), export: export.clone(), stack_name: stack.name.clone() };
        cx.tx.delete(&import).await?;
    }
    for export in imports.iter().filter(|name| !stack.imports.contains(name)) {
        let import = StackImport { tenant: cx.tenant.clone(), export: export.clone(), stack_name: stack.name.clone() };
        match cx.tx.insert(&import).await {
            Ok(()) | Err(StoreError::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    stack.imports = imports;
    Ok(())
}

/// The value of an export.
pub(super) fn open(services: &Services, export: &StackExport) -> Result<String, Error> {
    let plain = services.vault.open_sealed(SealedFor::Stack(&export.stack), &export.value)?;
    Ok(String::from_utf8_lossy(plain.expose()).into_owned())
}

/// The names of the stacks that import a value.
pub(super) async fn importers(cx: &mut Context<'_>, export: &str) -> Result<Vec<String>, Error> {
    let imports: Vec<Stored<StackImport>> = cx.tx.list_all(cx.tenant, export).await?;
    Ok(imports.into_iter().map(|import| import.record.stack_name).collect())
}

/// Why a stack cannot be deleted, when others import what it exports.
pub(super) async fn in_use(job: &Job) -> Result<Option<String>, Error> {
    perform(&job.services, job.tenant(), &InUse(&job.stack)).await
}

struct InUse<'a>(&'a Stack);

impl Step for InUse<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        for name in &self.0.exports {
            if let Some(user) = importers(cx, name).await?.iter().find(|user| **user != self.0.name) {
                return Ok(Some(format!("Export {name} cannot be deleted as it is in use by {user}")));
            }
        }
        Ok(None)
    }
}

/// Takes back what a stack that is deleted exports and imports.
pub(super) async fn withdraw(cx: &mut Context<'_>, stack: &mut Stack) -> Result<(), Error> {
    for name in std::mem::take(&mut stack.exports) {
        unexport(cx, &name, &stack.name).await?;
    }
    set_imports(cx, stack, Vec::new()).await
}

/// A sealed text of a stack.
pub(super) fn seal(cx: &mut Context<'_>, stack: &str, plain: &[u8]) -> Result<Sealed, Error> {
    Ok(cx.services.vault.seal(SealedFor::Stack(stack), plain, cx.random)?)
}

/// What a sealed text of a stack says.
pub(super) fn unseal(services: &Services, stack: &str, sealed: &Sealed) -> Result<String, Error> {
    let plain = services.vault.open_sealed(SealedFor::Stack(stack), sealed)?;
    Ok(String::from_utf8_lossy(plain.expose()).into_owned())
}
