//! AWS Lambda: functions, who may call them, and how events that nobody waits for are handled.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, members, tag_map};
use super::inline_code;
use super::noun::{Noun, Update, at, retag};
use crate::dispatch::Api;

/// A function.
pub(super) struct Function;

/// Properties that are not the configuration of a function, or that decide nothing here.
const BESIDE: [&str; 8] = [
    "Code",
    "Tags",
    "FunctionName",
    "ReservedConcurrentExecutions",
    "RuntimeManagementConfig",
    "SnapStart",
    "RecursiveLoop",
    "PackageType",
];

/// Characters of the longest name.
const NAME_MAX: usize = 64;

impl Function {
    fn create_input(desired: &Desired<'_>, name: String) -> Result<Map<String, Value>, HandlerFailure> {
        let mut input = desired.without(&BESIDE);
        input.insert("FunctionName".to_owned(), Value::from(name));
        input.insert("Code".to_owned(), code(desired)?);
        let tags = desired.tags("Tags");
        if !tags.is_empty() {
            input.insert("Tags".to_owned(), Value::Object(tags));
        }
        Ok(input)
    }

    fn configuration(current: &Current, desired: &Desired<'_>) -> Map<String, Value> {
        let mut input = desired.without(&BESIDE);
        // What the template no longer says returns to its default.
        for (name, default) in [
            ("Description", json!("")),
            ("Timeout", json!(3)),
            ("MemorySize", json!(128)),
            ("Environment", json!({"Variables": {}})),
            ("Layers", json!([])),
        ] {
            if current.properties.contains_key(name) && !input.contains_key(name) {
                input.insert(name.to_owned(), default);
            }
        }
        input.insert("FunctionName".to_owned(), Value::from(current.id.as_str()));
        input
    }

    fn code_input(current: &Current, desired: &Desired<'_>) -> Result<Map<String, Value>, HandlerFailure> {
        let mut input = code(desired)?.as_object().cloned().unwrap_or_default();
        input.insert("FunctionName".to_owned(), Value::from(current.id.as_str()));
        Ok(input)
    }

    /// Reserves events at a time for a function, or nothing any more.
    async fn reserve(work: &mut Work<'_, '_>, name: &str, most: Option<&Value>) -> Result<(), HandlerFailure> {
        let mut input = members! {"FunctionName": name};
        let operation = match most {
            Some(most) => {
                input.insert("ReservedConcurrentExecutions".to_owned(), most.clone());
                "PutFunctionConcurrency"
            }
            None => "DeleteFunctionConcurrency",
        };
        work.call(Api::Lambda, operation, input).await.map(drop)
    }

    fn is_code_changed(current: &Current, desired: &Desired<'_>) -> bool {
        ["Code", "Runtime"].iter().any(|name| current.get(name) != desired.get(name))
    }
}

/// The code as the operations take it: text written into the template becomes a zip.
fn code(desired: &Desired<'_>) -> Result<Value, HandlerFailure> {
    let code = desired.get("Code").cloned().unwrap_or_default();
    match code.get("ZipFile").and_then(Value::as_str) {
        Some(text) => {
            let zip = inline_code::zip(text, desired.text("Runtime").unwrap_or_default())?;
            Ok(json!({"ZipFile": zip}))
        }
        None => Ok(code),
    }
}

#[async_trait]
impl Handler for Function {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        match change {
            Change::Create(desired) => {
                let name = match desired.text("FunctionName") {
                    Some(name) => name.to_owned(),
                    None => preparation.name(desired, NAME_MAX),
                };
                preparation.stage(Api::Lambda, "CreateFunction", Self::create_input(desired, name)?).await
            }
            Change::Update(current, desired) => {
                if Self::is_code_changed(current, desired) {
                    let input = Self::code_input(current, desired)?;
                    preparation.stage(Api::Lambda, "UpdateFunctionCode", input).await?;
                }
                let input = Self::configuration(current, desired);
                preparation.stage(Api::Lambda, "UpdateFunctionConfiguration", input).await
            }
            Change::Delete(_) => Ok(()),
        }
    }

    /// Code is unpacked first.
    fn is_slow(&self) -> bool {
        true
    }

    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let output = work.call(Api::Lambda, "CreateFunction", Map::new()).await?;
        let name = at(&output, "/FunctionName").ok_or_else(|| HandlerFailure::silent("CreateFunction"))?;
        if let Some(most) = desired.get("ReservedConcurrentExecutions") {
            Self::reserve(work, name, Some(most)).await?;
        }
        Ok(Made::id(name).with("Arn", at(&output, "/FunctionArn").unwrap_or_default()))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        work.call(Api::Lambda, "UpdateFunctionConfiguration", Map::new()).await?;
        if Self::is_code_changed(current, desired) {
            work.call(Api::Lambda, "UpdateFunctionCode", Map::new()).await?;
        }
        let reserved = desired.get("ReservedConcurrentExecutions");
        if current.get("ReservedConcurrentExecutions") != reserved {
            Self::reserve(work, &current.id, reserved).await?;
        }
        let arn = current.attributes.get("Arn").and_then(Value::as_str).unwrap_or_default().to_owned();
        retag(work, Api::Lambda, &arn, &tag_map(current.get("Tags")), &desired.tags("Tags")).await?;
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        work.remove(Api::Lambda, "DeleteFunction", members! {"FunctionName": current.id.as_str()}).await
    }
}

/// Who may call a function.
pub(super) static PERMISSION: Noun = Noun {
    api: Api::Lambda,
    create: "AddPermission",
    update: Update::Never,
    delete: "RemovePermission",
    renamed: &[],
    fixed: &[],
    name: Some(("StatementId", 100)),
    tags: None,
    key: |current| {
        members! {"FunctionName": current.value("FunctionName"), "StatementId": current.id.as_str()}
    },
    made: |properties, _, _| {
        let id = properties.get("StatementId")?.as_str()?;
        Some(Made::id(id).with("Id", id))
    },
    prepares: false,
};

/// How events that nobody waits for are handled.
pub(super) static EVENT_INVOKE_CONFIG: Noun = Noun {
    api: Api::Lambda,
    create: "PutFunctionEventInvokeConfig",
    update: Update::Whole("PutFunctionEventInvokeConfig"),
    delete: "DeleteFunctionEventInvokeConfig",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| members! {"FunctionName": current.value("FunctionName"), "Qualifier": current.value("Qualifier")},
    made: |properties, _, _| {
        let part = |name: &str| properties.get(name).and_then(Value::as_str);
        Some(Made::id(format!("{}|{}", part("FunctionName")?, part("Qualifier")?)))
    },
    prepares: false,
};
