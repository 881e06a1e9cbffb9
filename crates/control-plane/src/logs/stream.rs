//! Log streams: `CreateLogStream`, `DescribeLogStreams`, `DeleteLogStream`.

use claviger_resources::{Tenant, Timestamp};
use claviger_runtime::log_events::{KnownStream, Place};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::group::{Find, named};
use crate::operation::{Access, Caller, Procedure, perform};
use crate::services::Services;

/// Makes a stream.
pub struct CreateLogStream;
/// Lists the streams of a group.
pub struct DescribeLogStreams;
/// Deletes a stream with its events.
pub struct DeleteLogStream;

/// Streams on a page unless the caller says otherwise (CloudWatch Logs API, `DescribeLogStreams`).
const PAGE_MAX: usize = 50;
/// A token that AWS shows and nobody needs any more (CloudWatch Logs API, `PutLogEvents`).
pub(super) const SEQUENCE_TOKEN: &str = "49039859626150604010226464254570213370943436459826741234";

/// Which stream is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamInput {
    log_group_name: String,
    log_stream_name: String,
}

/// The members of `DescribeLogStreams`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreamsInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    #[serde(default)]
    order_by: OrderBy,
    #[serde(default)]
    descending: bool,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// What a list is in the order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum OrderBy {
    #[default]
    LogStreamName,
    LastEventTime,
}

/// A page of streams.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreamsOutput {
    log_streams: Vec<StreamOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamOutput {
    log_stream_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    upload_sequence_token: &'static str,
    arn: String,
    stored_bytes: u64,
}

impl Procedure for CreateLogStream {
    const NAME: &'static str = "CreateLogStream";
    const ACCESS: Access = Access::Write;
    type Input = StreamInput;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: StreamInput) -> Result<(), Error> {
        create(services, &caller.tenant(), input.log_group_name, input.log_stream_name).await
    }
}

impl Procedure for DescribeLogStreams {
    const NAME: &'static str = "DescribeLogStreams";
    const ACCESS: Access = Access::Read;
    type Input = DescribeLogStreamsInput;
    type Output = DescribeLogStreamsOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        let group = named(&tenant, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        let by_time = input.order_by == OrderBy::LastEventTime;
        if by_time && input.log_stream_name_prefix.is_some() {
            return Err(Error::invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
        }
        services.log_events.settle().await;
        let group = perform(services, &tenant, &Find(group)).await?;
        let mut streams = services.log_events.streams(&tenant, &group.name).await?;
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        streams.retain(|stream| stream.name.starts_with(prefix));
        if by_time {
            streams.sort_by_key(|stream| stream.last.as_ref().map(|event| event.0));
        }
        if input.descending {
            streams.reverse();
        }
        let begin = match &input.next_token {
            Some(token) => {
                let last = streams.iter().position(|stream| stream.name == *token);
                last.ok_or_else(|| Error::invalid("The specified nextToken is invalid."))? + 1
            }
            None => 0,
        };
        let size = input.limit.unwrap_or(PAGE_MAX);
        let more = streams.len() > begin.saturating_add(size);
        let page: Vec<KnownStream> = streams.into_iter().skip(begin).take(size).collect();
        let next_token = page.last().filter(|_| more).map(|last| last.name.clone());
        let arn = group.arn();
        let show = |stream: KnownStream| StreamOutput {
            arn: format!("{arn}:log-stream:{}", stream.name),
            log_stream_name: stream.name,
            creation_time: stream.created.milliseconds(),
            first_event_timestamp: stream.first.map(|event| event.0).map(Timestamp::milliseconds),
            last_event_timestamp: stream.last.as_ref().map(|event| event.0.milliseconds()),
            last_ingestion_time: stream.last.as_ref().map(|event| event.1.milliseconds()),
            upload_sequence_token: SEQUENCE_TOKEN,
            // AWS tells none any more (CloudWatch Logs API, `LogStream`).
            stored_bytes: 0,
        };
        Ok(DescribeLogStreamsOutput { log_streams: page.into_iter().map(show).collect(), next_token })
    }
}

impl Procedure for DeleteLogStream {
    const NAME: &'static str = "DeleteLogStream";
    const ACCESS: Access = Access::Write;
    type Input = StreamInput;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: StreamInput) -> Result<(), Error> {
        let tenant = caller.tenant();
        perform(services, &tenant, &Find(&input.log_group_name)).await?;
        services.log_events.settle().await;
        let place = Place { tenant, group: input.log_group_name, stream: input.log_stream_name };
        let was_there = services.log_events.delete_stream(&place).await?;
        if was_there { Ok(()) } else { Err(Error::StreamNotFound) }
    }
}

/// Makes a stream.
pub async fn create(services: &Services, tenant: &Tenant, group: String, stream: String) -> Result<(), Error> {
    perform(services, tenant, &Find(&group)).await?;
    let place = Place { tenant: tenant.clone(), group, stream };
    let is_new = services.log_events.create_stream(&place).await?;
    if is_new { Ok(()) } else { Err(Error::StreamExists) }
}
