//! What Lambda authorizers answered for a stage, and which the gateway keeps: `ResetAuthorizersCache`.
//!
//! Nothing is sent to the nodes: the stage says under which name answers are kept, and under a new one there are none.

use claviger_resources::random::{LOWER_ALPHANUMERIC, text};
use claviger_store::TransactionExt;

use super::errors::Error;
use super::stage::StageInput;
use super::{api, stage};
use crate::operation::{Access, Context, Operation};

/// Forgets what Lambda authorizers answered for a stage.
pub struct ResetAuthorizersCache;

impl Operation for ResetAuthorizersCache {
    const NAME: &'static str = "ResetAuthorizersCache";
    const ACCESS: Access = Access::Write;
    type Input = StageInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = api::find(cx, &input.api_id).await?;
        let mut stage = stage::find(cx, &api, &input.stage_name).await?;
        stage.authorizer_cache = new_name(cx);
        cx.tx.replace(&stage).await?;
        Ok(())
    }
}

/// A name under which nothing is kept.
pub(super) fn new_name(cx: &mut Context<'_>) -> String {
    text(cx.random, LOWER_ALPHANUMERIC, 10)
}
