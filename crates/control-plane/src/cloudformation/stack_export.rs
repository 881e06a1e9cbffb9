//! What stacks hand to each other: `ListExports`, `ListImports`.

use claviger_resources::stack::{StackExport, StackImport};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::outputs;
use super::page::Page;
use crate::operation::{Access, Context, Operation};

/// Lists what stacks export.
pub struct ListExports;
/// Lists the stacks that import a value.
pub struct ListImports;

/// The members of `ListExports` and `ListImports`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExportInput {
    export_name: Option<String>,
    next_token: Option<String>,
}

/// What `ListExports` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListExportsOutput {
    exports: Vec<ExportOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExportOutput {
    exporting_stack_id: String,
    name: String,
    value: String,
}

impl Operation for ListExports {
    const NAME: &'static str = "ListExports";
    const ACCESS: Access = Access::Read;
    type Input = ExportInput;
    type Output = ListExportsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let page = Page::<StackExport>::read(cx, "", input.next_token.as_deref()).await?;
        let show = |export: &StackExport| {
            Ok(ExportOutput {
                exporting_stack_id: export.stack_arn.clone(),
                name: export.name.clone(),
                value: outputs::open(cx.services, export)?,
            })
        };
        let exports = page.records.iter().map(|export| show(export)).collect::<Result<_, Error>>()?;
        Ok(ListExportsOutput { exports, next_token: page.next_token })
    }
}

/// What `ListImports` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListImportsOutput {
    imports: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListImports {
    const NAME: &'static str = "ListImports";
    const ACCESS: Access = Access::Read;
    type Input = ExportInput;
    type Output = ListImportsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = input.export_name.as_deref().unwrap_or_default();
        let page = Page::<StackImport>::read(cx, name, input.next_token.as_deref()).await?;
        if page.records.is_empty() {
            return Err(Error::invalid(format!("Export '{name}' is not imported by any stack.")));
        }
        let imports = page.records.iter().map(|import| import.stack_name.clone()).collect();
        Ok(ListImportsOutput { imports, next_token: page.next_token })
    }
}
