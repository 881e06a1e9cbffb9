//! What is kept for a stage: `FlushStageAuthorizersCache` for what Lambda authorizers answered, `FlushStageCache` for
//! responses, of which none are kept.
//!
//! Nothing is sent to the nodes: the stage says under which name answers are kept, and under a new one there are none.

use claviger_resources::random::{LOWER_ALPHANUMERIC, text};
use claviger_store::TransactionExt;

use super::errors::Error;
use super::stage::StageInput;
use super::{rest_api, stage};
use crate::operation::{Access, Context, Operation};

/// Forgets what Lambda authorizers answered for a stage.
pub struct FlushStageAuthorizersCache;
/// Forgets responses: there are none, because stages have no cache cluster.
pub struct FlushStageCache;

impl Operation for FlushStageAuthorizersCache {
    const NAME: &'static str = "FlushStageAuthorizersCache";
    const ACCESS: Access = Access::Write;
    type Input = StageInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut stage = stage::find(cx, &api, &input.stage_name).await?;
        stage.authorizer_cache = new_name(cx);
        cx.tx.replace(&stage).await?;
        Ok(())
    }
}

impl Operation for FlushStageCache {
    const NAME: &'static str = "FlushStageCache";
    const ACCESS: Access = Access::Read;
    type Input = StageInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        stage::find(cx, &api, &input.stage_name).await.map(drop)
    }
}

/// A name under which nothing is kept.
pub(super) fn new_name(cx: &mut Context<'_>) -> String {
    text(cx.random, LOWER_ALPHANUMERIC, 10)
}
