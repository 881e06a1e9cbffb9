//! Every operation of CloudWatch Logs that is served.

use super::event::{GetLogEvents, PutLogEvents};
use super::event_search::FilterLogEvents;
use super::group::{CreateLogGroup, DeleteLogGroup, DescribeLogGroups};
use super::retention::{DeleteRetentionPolicy, PutRetentionPolicy};
use super::stream::{CreateLogStream, DeleteLogStream, DescribeLogStreams};
use super::tags::{ListTagsForResource, ListTagsLogGroup, TagLogGroup, TagResource, UntagLogGroup, UntagResource};
use crate::operation::{Row, procedure, row};

/// The rows.
pub static OPERATIONS: &[Row] = &[
    row::<CreateLogGroup>(),
    procedure::<DescribeLogGroups>(),
    procedure::<DeleteLogGroup>(),
    row::<PutRetentionPolicy>(),
    row::<DeleteRetentionPolicy>(),
    procedure::<CreateLogStream>(),
    procedure::<DescribeLogStreams>(),
    procedure::<DeleteLogStream>(),
    procedure::<PutLogEvents>(),
    procedure::<GetLogEvents>(),
    procedure::<FilterLogEvents>(),
    row::<TagResource>(),
    row::<UntagResource>(),
    row::<ListTagsForResource>(),
    row::<TagLogGroup>(),
    row::<UntagLogGroup>(),
    row::<ListTagsLogGroup>(),
];
