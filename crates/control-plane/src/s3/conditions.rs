//! Conditions of requests (RFC 9110, section 13), and ranges.

use claviger_resources::Timestamp;

use super::errors::Error;
use super::request::moment;

/// The conditions of a request, as it wrote them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conditions<'a> {
    pub(super) matching: Option<&'a str>,
    pub(super) matching_none: Option<&'a str>,
    pub(super) modified_since: Option<&'a str>,
    pub(super) unmodified_since: Option<&'a str>,
}

impl Conditions<'_> {
    /// Whether a representation with this entity tag, of this moment, may be answered.
    pub(super) fn check(&self, etag: &str, last_modified: Timestamp) -> Result<(), Error> {
        // Dates of HTTP have whole seconds.
        let is_later = |since: &str| moment(since).map(|since| last_modified.seconds() > since.seconds());
        match (self.matching, self.unmodified_since.and_then(is_later)) {
            (Some(tags), _) if !names(tags, etag) => return Err(Error::PreconditionFailed),
            (None, Some(true)) => return Err(Error::PreconditionFailed),
            _ => {}
        }
        match (self.matching_none, self.modified_since.and_then(is_later)) {
            (Some(tags), _) if names(tags, etag) => Err(Error::NotModified),
            (None, Some(false)) => Err(Error::NotModified),
            _ => Ok(()),
        }
    }
}

/// Whether a list of entity tags has this one.
pub(super) fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == etag)
}

/// The bytes that `Range` asks for of so many: where they begin, and how many there are. `None` for all of them, which is
/// what S3 answers to ranges that it does not understand, and to several at once.
pub(super) fn range(text: Option<&str>, length: u64) -> Result<Option<(u64, u64)>, Error> {
    let Some((first, last)) = text.and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return Ok(None);
    };
    let read = |text: &str| text.trim().parse::<u64>();
    match (first.trim().is_empty(), read(first), last.trim().is_empty(), read(last)) {
        (true, _, false, Ok(0)) => Err(Error::InvalidRange),
        (true, _, false, Ok(count)) if length > 0 => {
            let count = count.min(length);
            Ok(Some((length - count, count)))
        }
        (false, Ok(first), _, _) if first >= length => Err(Error::InvalidRange),
        (false, Ok(first), true, _) => Ok(Some((first, length - first))),
        (false, Ok(first), false, Ok(last)) if last >= first => {
            let last = last.min(length - 1);
            Ok(Some((first, last - first + 1)))
        }
        (true, _, false, Ok(_)) => Err(Error::InvalidRange),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_of_what_is_there() {
        let check = |text: &str, length: u64, expected: Option<Option<(u64, u64)>>| {
            assert_eq!(range(Some(text), length).ok(), expected, "{text} of {length}");
        };
        check("bytes=0-3", 10, Some(Some((0, 4))));
        check("bytes=8-99", 10, Some(Some((8, 2))));
        check("bytes=8-", 10, Some(Some((8, 2))));
        check("bytes=-3", 10, Some(Some((7, 3))));
        check("bytes=-99", 10, Some(Some((0, 10))));
        check("bytes=10-", 10, None);
        check("bytes=0-", 0, None);
        check("bytes=-0", 10, None);
        check("bytes=-1", 0, None);
        check("bytes=3-1", 10, Some(None));
        check("bytes=0-1,3-4", 10, Some(None));
        check("items=0-1", 10, Some(None));
        check("bytes=a-b", 10, Some(None));
        assert!(matches!(range(None, 10), Ok(None)));
    }

    #[test]
    fn conditions_are_weighed_as_http_says() {
        let (earlier, now, later) =
            ("Mon, 31 Dec 2029 00:00:00 GMT", "Tue, 01 Jan 2030 00:00:00 GMT", "Wed, 02 Jan 2030 00:00:00 GMT");
        let check = |conditions: Conditions<'_>, expected: Result<(), u16>| {
            let found = conditions.check("abc", Timestamp::from_milliseconds(1_893_456_000_250));
            let found = found.map_err(|error| claviger_aws_protocol::failure::Failure::from(error).status);
            assert_eq!(found, expected, "{conditions:?}");
        };
        let none = Conditions::default();
        check(none, Ok(()));
        check(Conditions { matching: Some("\"abc\""), ..none }, Ok(()));
        check(Conditions { matching: Some("\"x\", \"abc\""), ..none }, Ok(()));
        check(Conditions { matching: Some("x"), ..none }, Err(412));
        check(Conditions { matching_none: Some("\"abc\""), ..none }, Err(304));
        check(Conditions { matching_none: Some("*"), ..none }, Err(304));
        check(Conditions { matching_none: Some("x"), ..none }, Ok(()));
        check(Conditions { modified_since: Some(now), ..none }, Err(304));
        check(Conditions { modified_since: Some(earlier), ..none }, Ok(()));
        check(Conditions { unmodified_since: Some(earlier), ..none }, Err(412));
        check(Conditions { unmodified_since: Some(later), ..none }, Ok(()));
        check(Conditions { matching: Some("abc"), unmodified_since: Some(earlier), ..none }, Ok(()));
        check(Conditions { matching_none: Some("x"), modified_since: Some(now), ..none }, Ok(()));
        check(Conditions { modified_since: Some("yesterday"), ..none }, Ok(()));
    }
}
