//! Systems Manager: parameters.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work, members};
use crate::dispatch::Api;

/// A parameter.
pub(super) struct Parameter;

/// Characters of the longest name that is made up.
const NAME_MAX: usize = 128;

impl Parameter {
    async fn put(
        work: &mut Work<'_, '_>,
        desired: &Desired<'_>,
        name: &str,
        overwrites: bool,
    ) -> Result<Made, HandlerFailure> {
        let mut input = desired.without(&["Tags", "Policies"]);
        input.insert("Name".to_owned(), Value::from(name));
        if overwrites {
            input.insert("Overwrite".to_owned(), Value::from(true));
        } else {
            let tags = desired.tags("Tags").into_iter().map(|(key, value)| members! {"Key": key, "Value": value});
            let tags: Vec<Map<String, Value>> = tags.collect();
            if !tags.is_empty() {
                input.insert("Tags".to_owned(), Value::from(tags));
            }
        }
        work.call(Api::Ssm, "PutParameter", input).await?;
        let text = |name: &str| desired.text(name).unwrap_or_default();
        Ok(Made::id(name).with("Type", text("Type")).with("Value", text("Value")))
    }
}

#[async_trait]
impl Handler for Parameter {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let name = match desired.text("Name") {
            Some(name) => name.to_owned(),
            None => work.name(desired, NAME_MAX),
        };
        // What the CDK's bootstrap makes is there from the first moment, and is taken in.
        let overwrites = name.starts_with(BOOTSTRAP);
        Self::put(work, desired, &name, overwrites).await
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        Self::put(work, desired, &current.id, true).await
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        work.remove(Api::Ssm, "DeleteParameter", members! {"Name": current.id.as_str()}).await
    }
}

/// How the names of the parameters of the CDK's bootstrap begin.
const BOOTSTRAP: &str = "/cdk-bootstrap/";
