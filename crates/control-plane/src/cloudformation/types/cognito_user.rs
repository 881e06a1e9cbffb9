//! Amazon Cognito: users whom a template creates, with an invitation as when an administrator does.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, members};
use super::noun::at;
use crate::dispatch::Api;

/// A user.
pub(super) struct User;

/// Characters of the longest username.
const NAME_MAX: usize = 128;

#[async_trait]
impl Handler for User {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let Change::Create(desired) = change else { return Ok(()) };
        let mut input = desired.properties.clone();
        if !input.contains_key("Username") {
            input.insert("Username".to_owned(), Value::from(preparation.name(desired, NAME_MAX)));
        }
        preparation.stage(Api::Cognito, "AdminCreateUser", input).await
    }

    async fn create(&self, work: &mut Work<'_, '_>, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let output = work.call(Api::Cognito, "AdminCreateUser", Map::new()).await?;
        // A pool may give its users names of its own.
        Ok(Made::id(at(&output, "/User/Username").ok_or_else(|| HandlerFailure::silent("AdminCreateUser"))?))
    }

    async fn update(&self, _: &mut Work<'_, '_>, current: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let input = members! {"UserPoolId": current.value("UserPoolId"), "Username": current.id.as_str()};
        work.remove(Api::Cognito, "AdminDeleteUser", input).await
    }
}
