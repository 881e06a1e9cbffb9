//! AWS Lambda: versions of layers.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, members};
use super::noun::at;
use crate::dispatch::Api;

/// A version of a layer. Nothing of it ever changes, so that every change makes another one.
pub(super) struct LayerVersion;

/// Characters of the longest name.
const NAME_MAX: usize = 64;

#[async_trait]
impl Handler for LayerVersion {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let Change::Create(desired) = change else { return Ok(()) };
        let mut input = desired.properties.clone();
        if !input.contains_key("LayerName") {
            input.insert("LayerName".to_owned(), Value::from(preparation.name(desired, NAME_MAX)));
        }
        preparation.stage(Api::Lambda, "PublishLayerVersion", input).await
    }

    /// Content is unpacked first.
    fn is_slow(&self) -> bool {
        true
    }

    async fn create(&self, work: &mut Work<'_, '_>, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let output = work.call(Api::Lambda, "PublishLayerVersion", Map::new()).await?;
        let arn = at(&output, "/LayerVersionArn").ok_or_else(|| HandlerFailure::silent("PublishLayerVersion"))?;
        Ok(Made::id(arn).with("LayerVersionArn", arn))
    }

    async fn update(&self, _: &mut Work<'_, '_>, current: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let Some((layer, number)) = current.id.rsplit_once(':') else { return Ok(()) };
        work.remove(Api::Lambda, "DeleteLayerVersion", members! {"LayerName": layer, "VersionNumber": number}).await
    }
}
