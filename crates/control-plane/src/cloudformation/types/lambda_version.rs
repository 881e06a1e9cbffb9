//! AWS Lambda: versions of functions, and the aliases that lead to them.

use async_trait::async_trait;
use claviger_resources::function::{self, FunctionReference};
use claviger_store::TransactionExt;
use serde_json::{Map, Value, json};

use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work, members};
use super::noun::{Noun, Update, at};
use crate::dispatch::Api;

/// A version of a function. Nothing of it ever changes, so that every change makes another one.
pub(super) struct Version;
/// An alias of a function.
pub(super) struct Alias;

/// Properties that are kept, and decide nothing here: functions that are called stay warm without being told to.
const BESIDE: [&str; 3] = ["FunctionScalingConfig", "ProvisionedConcurrencyConfig", "RuntimePolicy"];

/// How many versions the function has had so far; none when there is no such function.
async fn versions_made(work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Option<u64>, HandlerFailure> {
    let named = desired.text("FunctionName").and_then(FunctionReference::parse);
    let Some(reference) = named else { return Ok(None) };
    let function = work.cx.tx.find::<function::Function>(work.cx.tenant, "", reference.name).await;
    let function =
        function.map_err(|error| HandlerFailure::new(Api::Lambda, crate::lambda::Error::from(error).into()))?;
    Ok(function.map(|function| function.qualified.versions_made))
}

#[async_trait]
impl Handler for Version {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let before = versions_made(work, desired).await?;
        let output = work.call(Api::Lambda, "PublishVersion", desired.without(&BESIDE)).await?;
        let silent = || HandlerFailure::silent("PublishVersion");
        let arn = at(&output, "/FunctionArn").ok_or_else(silent)?;
        let version = at(&output, "/Version").ok_or_else(silent)?;
        // Nothing has changed since that version, which belongs to whoever made it.
        if before == versions_made(work, desired).await? {
            return Err(HandlerFailure::unsupported(format!(
                "Resource handler returned message: \"A version for this Lambda function exists ( {version} ). Modify the \
                 function to create a new version.\" (HandlerErrorCode: AlreadyExists)"
            )));
        }
        Ok(Made::id(arn).with("FunctionArn", arn).with("Version", version))
    }

    async fn update(&self, _: &mut Work<'_, '_>, current: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        work.remove(Api::Lambda, "DeleteFunction", members! {"FunctionName": current.id.as_str()}).await
    }
}

static ALIAS: Noun = Noun {
    api: Api::Lambda,
    create: "CreateAlias",
    update: Update::Whole("UpdateAlias"),
    delete: "DeleteAlias",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| members! {"FunctionName": current.value("FunctionName"), "Name": current.value("Name")},
    made: |_, output, _| {
        let arn = at(output, "/AliasArn")?;
        Some(Made::id(arn).with("AliasArn", arn))
    },
    prepares: false,
};

impl Alias {
    /// What the operations take: they have the shares of other versions by their numbers.
    fn plain(desired: &Desired<'_>) -> Map<String, Value> {
        let mut properties = desired.without(&BESIDE);
        let listed = properties.get("RoutingConfig").and_then(|routing| routing.get("AdditionalVersionWeights"));
        let share = |listed: &Value| {
            let version = listed.get("FunctionVersion")?.as_str()?;
            Some((version.to_owned(), listed.get("FunctionWeight")?.clone()))
        };
        let shares: Map<String, Value> =
            listed.and_then(Value::as_array).into_iter().flatten().filter_map(share).collect();
        // What the template does not say, or no longer, is nothing.
        properties.insert("RoutingConfig".to_owned(), json!({ "AdditionalVersionWeights": shares }));
        properties.entry("Description").or_insert_with(|| Value::from(""));
        properties
    }
}

#[async_trait]
impl Handler for Alias {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        ALIAS.create(work, &Desired { properties: &Self::plain(desired), ..*desired }).await
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        ALIAS.update(work, current, &Desired { properties: &Self::plain(desired), ..*desired }).await
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        ALIAS.delete(work, current).await
    }
}
