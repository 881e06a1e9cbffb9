//! Log events: `PutLogEvents`, `GetLogEvents`.

use std::sync::Arc;

use claviger_resources::{Tenant, Timestamp};
use claviger_runtime::log_events::{EVENT_OVERHEAD_BYTES, LogEvent, Place, StoredEvent, Window};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::group::{Find, named};
use super::stream::SEQUENCE_TOKEN;
use crate::operation::{Access, Caller, Procedure, perform};
use crate::services::Services;

/// Adds events to a stream.
pub struct PutLogEvents;
/// Shows events of a stream.
pub struct GetLogEvents;

/// Bytes of the events of one call (CloudWatch Logs API, `PutLogEvents`).
const BATCH_BYTES_MAX: usize = 1_048_576;
/// How old, how far in the future and how far apart events may be (same page).
const OLD_MILLISECONDS_MAX: i64 = 14 * DAY_MILLISECONDS;
const NEW_MILLISECONDS_MAX: i64 = 2 * 60 * 60 * 1000;
const SPAN_MILLISECONDS_MAX: i64 = DAY_MILLISECONDS;
const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;
/// Events on a page unless the caller says otherwise (CloudWatch Logs API, `GetLogEvents`).
pub(super) const PAGE_MAX: usize = 10_000;

/// The members of `PutLogEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
pub struct PutLogEventsInput {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<InputEvent>,
}

/// An event as it comes.
#[derive(Debug, Deserialize)]
struct InputEvent {
    timestamp: i64,
    message: String,
}

/// The members of `GetLogEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
}

/// What was not taken.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogEventsOutput {
    next_sequence_token: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_log_events_info: Option<Rejected>,
}

/// Where what was not taken begins, or ends, among the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
struct Rejected {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_log_event_end_index: Option<usize>,
}

/// A page of events, and where the pages beside it are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsOutput {
    events: Vec<OutputEvent>,
    next_forward_token: String,
    next_backward_token: String,
}

/// An event as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputEvent {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

impl Procedure for PutLogEvents {
    const NAME: &'static str = "PutLogEvents";
    const ACCESS: Access = Access::Write;
    type Input = PutLogEventsInput;
    type Output = PutLogEventsOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        check(&input.log_events)?;
        let group = perform(services, &tenant, &Find(&input.log_group_name)).await?;
        find_stream(services, &tenant, &group.name, &input.log_stream_name).await?;
        let now = services.clock.now();
        let (taken, rejected) = taken(&input.log_events, now, group.oldest(now));
        let events: Vec<_> = input.log_events.into_iter().skip(taken.start).take(taken.len()).collect();
        let event = |event: InputEvent| LogEvent {
            timestamp: Timestamp::from_milliseconds(event.timestamp),
            message: event.message,
        };
        let place = Arc::new(Place { tenant, group: input.log_group_name, stream: input.log_stream_name });
        services.log_events.put(&place, events.into_iter().map(event).collect()).await?;
        let rejected = Some(rejected).filter(|rejected| *rejected != Rejected::default());
        Ok(PutLogEventsOutput { next_sequence_token: SEQUENCE_TOKEN, rejected_log_events_info: rejected })
    }
}

impl Procedure for GetLogEvents {
    const NAME: &'static str = "GetLogEvents";
    const ACCESS: Access = Access::Read;
    type Input = GetLogEventsInput;
    type Output = GetLogEventsOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        let group = named(&tenant, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        let group = perform(services, &tenant, &Find(group)).await?;
        find_stream(services, &tenant, &group.name, &input.log_stream_name).await?;
        let token = input.next_token.as_deref().map(Token::parse).transpose()?;
        let oldest = group.oldest(services.clock.now());
        let window = Window {
            begin: input.start_time.map(Timestamp::from_milliseconds).max(oldest),
            end: input.end_time.map(Timestamp::from_milliseconds),
            after: token.filter(|token| token.is_forward).map(|token| token.place),
            before: token.filter(|token| !token.is_forward).map(|token| token.place),
            from_begin: token.map_or(input.start_from_head, |token| token.is_forward),
            limit: input.limit.unwrap_or(PAGE_MAX),
        };
        let streams = vec![input.log_stream_name];
        let page = services.log_events.read(&tenant, &group.name, streams, window, |_| true).await?;
        let place = |event: Option<&(String, StoredEvent)>| event.map(|(_, event)| (event.0, event.2));
        // A page without events is answered with where it was looked for.
        let here = token.map_or_else(Default::default, |token| token.place);
        let at = |place, is_forward| Token { place, is_forward }.text();
        Ok(GetLogEventsOutput {
            next_forward_token: at(place(page.events.last()).unwrap_or(here), true),
            next_backward_token: at(place(page.events.first()).unwrap_or(here), false),
            events: page.events.into_iter().map(|(_, event)| OutputEvent::of(event)).collect(),
        })
    }
}

/// A place among the events of a group, and in which direction from there. Its text has AWS's form: `f/` and 56 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) place: (Timestamp, u64),
    pub(super) is_forward: bool,
}

impl Token {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let read = || {
            let (direction, digits) = text.split_once('/')?;
            let is_forward = match direction {
                "f" => true,
                "b" => false,
                _ => return None,
            };
            let (at, number) = digits.split_at_checked(36)?;
            let place = (Timestamp::from_milliseconds(at.parse().ok()?), number.parse().ok()?);
            Some(Self { place, is_forward })
        };
        read().ok_or_else(|| Error::invalid("The specified nextToken is invalid."))
    }

    pub(super) fn text(self) -> String {
        format!("{}/{}", if self.is_forward { "f" } else { "b" }, digits(self.place))
    }
}

/// A place in 56 digits, which AWS's ids of events have.
pub(super) fn digits((at, number): (Timestamp, u64)) -> String {
    format!("{:036}{number:020}", at.milliseconds())
}

/// Fails when the group has no such stream.
pub(super) async fn find_stream(services: &Services, tenant: &Tenant, group: &str, name: &str) -> Result<(), Error> {
    let streams = services.log_events.streams(tenant, group).await?;
    let is_there = streams.iter().any(|stream| stream.name == name);
    if is_there { Ok(()) } else { Err(Error::StreamNotFound) }
}

impl OutputEvent {
    fn of(event: StoredEvent) -> Self {
        Self { timestamp: event.0.milliseconds(), message: event.3, ingestion_time: event.1.milliseconds() }
    }
}

/// Whether events can be one call's.
fn check(events: &[InputEvent]) -> Result<(), Error> {
    let bytes: usize = events.iter().map(|event| event.message.len() + EVENT_OVERHEAD_BYTES).sum();
    if bytes > BATCH_BYTES_MAX {
        let message = format!("Upload too large: {bytes} bytes exceeds limit of {BATCH_BYTES_MAX}");
        return Err(Error::InvalidParameter(message));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(Error::invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    let ends = events.first().zip(events.last());
    if ends.is_some_and(|(first, last)| last.timestamp.saturating_sub(first.timestamp) > SPAN_MILLISECONDS_MAX) {
        return Err(Error::invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}

/// Which events are taken: neither those that are too old, nor those that are too far in the future.
fn taken(events: &[InputEvent], now: Timestamp, oldest: Option<Timestamp>) -> (std::ops::Range<usize>, Rejected) {
    let count_before = |limit: i64| events.partition_point(|event| event.timestamp < limit);
    let now = now.milliseconds();
    let too_old = count_before(now.saturating_sub(OLD_MILLISECONDS_MAX));
    let expired = oldest.map_or(0, |oldest| count_before(oldest.milliseconds()));
    let too_new = count_before(now.saturating_add(NEW_MILLISECONDS_MAX).saturating_add(1));
    let rejected = Rejected {
        too_new_log_event_start_index: (too_new < events.len()).then_some(too_new),
        too_old_log_event_end_index: (too_old > 0).then_some(too_old),
        expired_log_event_end_index: (expired > too_old).then_some(expired),
    };
    let begin = too_old.max(expired);
    (begin..too_new.max(begin), rejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_between_two_limits() {
        let now = Timestamp::from_seconds(1_893_456_000);
        let hour = 60 * 60 * 1000;
        let check = |hours: &[i64], retained: Option<i64>, expected: (std::ops::Range<usize>, Rejected)| {
            let event = |of: &i64| InputEvent { timestamp: now.milliseconds() + of * hour, message: "a".to_owned() };
            let events: Vec<_> = hours.iter().map(event).collect();
            let oldest = retained.map(|of| Timestamp::from_milliseconds(now.milliseconds() - of * hour));
            assert_eq!(taken(&events, now, oldest), expected, "{hours:?}");
        };
        check(&[-1, 0, 2], None, (0..3, Rejected::default()));
        let too_new = Rejected { too_new_log_event_start_index: Some(1), ..Rejected::default() };
        check(&[0, 3], None, (0..1, too_new));
        let too_old = Rejected { too_old_log_event_end_index: Some(1), ..Rejected::default() };
        check(&[-14 * 24 - 1, -14 * 24], None, (1..2, too_old));
        let expired = Rejected { expired_log_event_end_index: Some(2), ..Rejected::default() };
        check(&[-30, -25, -24], Some(24), (2..3, expired));
        check(&[3], None, (0..0, Rejected { too_new_log_event_start_index: Some(0), ..Rejected::default() }));
    }

    #[test]
    fn a_token_has_56_digits_and_reads_back() {
        let token = Token { place: (Timestamp::from_milliseconds(12), 34), is_forward: true };
        assert_eq!(token.text().len(), 58);
        assert_eq!(Token::parse(&token.text()).unwrap(), token);
        let back = Token { is_forward: false, ..token };
        assert_eq!(Token::parse(&back.text()).unwrap(), back);
        for text in ["", "f/", "x/1", "f/12", "f/\u{e9}"] {
            assert!(Token::parse(text).is_err(), "{text}");
        }
    }
}
