//! Quotas: how many of a thing there may be, as the operator has set them.

use claviger_resources::quotas::{Quota, Quotas};

use super::errors::Error;
use crate::operation::Context;

/// Refuses one more when there are `used` already.
pub(super) fn check_room(cx: &Context<'_>, quota: Quota, used: u64) -> Result<(), Error> {
    check_count(&cx.services.settings.quotas, quota, used.saturating_add(1))
}

/// Refuses a list of so many.
pub(super) fn check_len(cx: &Context<'_>, quota: Quota, len: usize) -> Result<(), Error> {
    check_count(&cx.services.settings.quotas, quota, u64::try_from(len).unwrap_or(u64::MAX))
}

fn check_count(quotas: &Quotas, quota: Quota, count: u64) -> Result<(), Error> {
    let maximum = quotas.of(quota);
    if count <= maximum { Ok(()) } else { Err(Error::QuotaUsedUp { what: quota.counts(), maximum }) }
}
