//! Every operation of Systems Manager that is served.

use super::parameter::{DeleteParameter, DeleteParameters, GetParameter, GetParameters, PutParameter};
use super::parameter_history::GetParameterHistory;
use super::parameter_list::{DescribeParameters, GetParametersByPath};
use super::tags::{AddTagsToResource, ListTagsForResource, RemoveTagsFromResource};
use crate::operation::{Row, row};

/// The rows.
pub static OPERATIONS: &[Row] = &[
    row::<PutParameter>(),
    row::<GetParameter>(),
    row::<GetParameters>(),
    row::<GetParametersByPath>(),
    row::<DescribeParameters>(),
    row::<GetParameterHistory>(),
    row::<DeleteParameter>(),
    row::<DeleteParameters>(),
    row::<AddTagsToResource>(),
    row::<ListTagsForResource>(),
    row::<RemoveTagsFromResource>(),
];
