//! Transactions between reads and writes of files: a function and its input, run as one step.

use std::pin::Pin;

use super::errors::Error;
use crate::operation::{Access, Caller, Context, Step, perform};
use crate::services::Services;

/// What a function of a transaction comes to.
pub(super) type Outcome<'a, O> = Pin<Box<dyn Future<Output = Result<O, Error>> + Send + 'a>>;

struct Work<'i, I, O, const WRITES: bool> {
    input: &'i I,
    run: for<'a> fn(&'a mut Context<'_>, &'a I) -> Outcome<'a, O>,
}

impl<I: Sync, O: Send, const WRITES: bool> Step for Work<'_, I, O, WRITES> {
    const ACCESS: Access = if WRITES { Access::Write } else { Access::Read };
    type Output = O;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<O, Error> {
        (self.run)(cx, self.input).await
    }
}

/// Looks something up.
pub(super) async fn read<I: Sync, O: Send>(
    services: &Services,
    caller: &Caller,
    input: &I,
    run: for<'a> fn(&'a mut Context<'_>, &'a I) -> Outcome<'a, O>,
) -> Result<O, Error> {
    perform(services, &caller.tenant(), &Work::<_, _, false> { input, run }).await
}

/// Changes something.
pub(super) async fn write<I: Sync, O: Send>(
    services: &Services,
    caller: &Caller,
    input: &I,
    run: for<'a> fn(&'a mut Context<'_>, &'a I) -> Outcome<'a, O>,
) -> Result<O, Error> {
    perform(services, &caller.tenant(), &Work::<_, _, true> { input, run }).await
}
