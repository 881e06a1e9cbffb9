//! The operations of Lambda that are served: the whole surface on one screen.

use super::function::{CreateFunction, DeleteFunction, GetFunction, GetFunctionConfiguration, ListFunctions};
use super::function_code::UpdateFunctionCode;
use super::function_configuration::UpdateFunctionConfiguration;
use super::invoke::Invoke;
use super::permission::{AddPermission, GetPolicy, RemovePermission};
use super::tags::{ListTags, TagResource, UntagResource};
use crate::operation::{Row, procedure, row};

/// Every operation that is served.
pub static OPERATIONS: &[Row] = &[
    row::<CreateFunction>(),
    row::<GetFunction>(),
    row::<GetFunctionConfiguration>(),
    row::<ListFunctions>(),
    row::<UpdateFunctionCode>(),
    row::<UpdateFunctionConfiguration>(),
    row::<DeleteFunction>(),
    row::<AddPermission>(),
    row::<RemovePermission>(),
    row::<GetPolicy>(),
    row::<TagResource>(),
    row::<UntagResource>(),
    row::<ListTags>(),
    procedure::<Invoke>(),
];
