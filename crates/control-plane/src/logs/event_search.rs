//! Looking for events in the streams of a group: `FilterLogEvents`.

use claviger_resources::Timestamp;
use claviger_runtime::log_events::{StoredEvent, Window};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::event::{PAGE_MAX, Token, digits};
use super::filter_pattern::FilterPattern;
use super::group::{Find, named};
use crate::operation::{Access, Caller, Procedure, perform};
use crate::services::Services;

/// Shows events that a pattern fits.
pub struct FilterLogEvents;

/// The members of `FilterLogEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEventsInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// A page of events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEventsOutput {
    events: Vec<FoundEvent>,
    searched_log_streams: [&'static str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundEvent {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

impl Procedure for FilterLogEvents {
    const NAME: &'static str = "FilterLogEvents";
    const ACCESS: Access = Access::Read;
    type Input = FilterLogEventsInput;
    type Output = FilterLogEventsOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        let group = named(&tenant, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
            return Err(Error::invalid("LogStream names and LogStream name prefix are mutually exclusive parameters."));
        }
        let pattern = FilterPattern::parse(input.filter_pattern.as_deref().unwrap_or_default())?;
        let token = input.next_token.as_deref().map(Token::parse).transpose()?;
        services.log_events.settle().await;
        let group = perform(services, &tenant, &Find(group)).await?;
        let known = services.log_events.streams(&tenant, &group.name).await?;
        let mut streams: Vec<String> = known.into_iter().map(|stream| stream.name).collect();
        if let Some(names) = &input.log_stream_names {
            if !names.iter().all(|name| streams.contains(name)) {
                return Err(Error::StreamNotFound);
            }
            streams.retain(|stream| names.contains(stream));
        }
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        streams.retain(|stream| stream.starts_with(prefix));
        let window = Window {
            begin: input.start_time.map(Timestamp::from_milliseconds).max(group.oldest(services.clock.now())),
            // To the millisecond that is named, unlike `GetLogEvents` (CloudWatch Logs API, `FilterLogEvents`).
            end: input.end_time.map(|end| Timestamp::from_milliseconds(end.saturating_add(1))),
            after: token.map(|token| token.place),
            before: None,
            from_begin: true,
            limit: input.limit.unwrap_or(PAGE_MAX),
        };
        let passes = move |message: &str| pattern.fits(message);
        let page = services.log_events.read(&tenant, &group.name, streams, window, passes).await?;
        let last = page.events.last().filter(|_| page.is_cut).map(|(_, event)| (event.0, event.2));
        let next_token = last.map(|place| Token { place, is_forward: true }.text());
        let events = page.events.into_iter().map(|(stream, event)| FoundEvent::of(stream, event)).collect();
        Ok(FilterLogEventsOutput { events, searched_log_streams: [], next_token })
    }
}

impl FoundEvent {
    fn of(log_stream_name: String, event: StoredEvent) -> Self {
        Self {
            log_stream_name,
            timestamp: event.0.milliseconds(),
            ingestion_time: event.1.milliseconds(),
            event_id: digits((event.0, event.2)),
            message: event.3,
        }
    }
}
