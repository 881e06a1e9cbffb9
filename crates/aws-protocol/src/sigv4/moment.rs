//! The times that signatures carry.

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const BASIC: &[BorrowedFormatItem<'static>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// Reads `20260131T235959Z` as seconds since 1970.
pub(super) fn from_basic(text: &str) -> Option<i64> {
    // The length keeps out signs, which the format would take before the year.
    let moment = PrimitiveDateTime::parse(text, BASIC).ok().filter(|_| text.len() == 16)?;
    Some(moment.assume_utc().unix_timestamp())
}

/// Reads a `Date` header in HTTP's own form as seconds since 1970.
pub(super) fn from_http(text: &str) -> Option<i64> {
    Some(OffsetDateTime::parse(text, &Rfc2822).ok()?.unix_timestamp())
}

/// Writes seconds since 1970 as `20260131T235959Z`.
pub(super) fn basic(seconds: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).ok();
    moment.and_then(|moment| moment.format(BASIC).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        assert_eq!(from_basic("20260131T235959Z"), Some(1_769_903_999));
        assert_eq!(basic(1_769_903_999), "20260131T235959Z");
        assert_eq!(from_http("Sat, 31 Jan 2026 23:59:59 GMT"), Some(1_769_903_999));
        for broken in ["", "20260131T235959", "20261331T235959Z", "2026-01-31T23:59:59Z", "+2026131T235959Z", "x"] {
            assert_eq!(from_basic(broken), None, "{broken}");
        }
        assert_eq!(from_http("yesterday"), None);
        assert_eq!(basic(i64::MAX), "");
    }
}
