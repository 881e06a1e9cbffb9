//! The operations of Lambda that are served: the whole surface on one screen.

use super::alias::{CreateAlias, DeleteAlias, GetAlias, ListAliases, UpdateAlias};
use super::concurrency::{DeleteFunctionConcurrency, GetFunctionConcurrency, PutFunctionConcurrency};
use super::event_invoke_config::{
    DeleteFunctionEventInvokeConfig, GetFunctionEventInvokeConfig, ListFunctionEventInvokeConfigs,
    PutFunctionEventInvokeConfig, UpdateFunctionEventInvokeConfig,
};
use super::function::{CreateFunction, DeleteFunction, GetFunction, GetFunctionConfiguration, ListFunctions};
use super::function_code::UpdateFunctionCode;
use super::function_configuration::UpdateFunctionConfiguration;
use super::invoke::Invoke;
use super::layer::{
    DeleteLayerVersion, GetLayerVersion, GetLayerVersionByArn, ListLayerVersions, ListLayers, PublishLayerVersion,
};
use super::permission::{AddPermission, GetPolicy, RemovePermission};
use super::tags::{ListTags, TagResource, UntagResource};
use super::version::{ListVersionsByFunction, PublishVersion};
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
    row::<PublishVersion>(),
    row::<ListVersionsByFunction>(),
    row::<CreateAlias>(),
    row::<UpdateAlias>(),
    row::<GetAlias>(),
    row::<ListAliases>(),
    row::<DeleteAlias>(),
    row::<PutFunctionConcurrency>(),
    row::<GetFunctionConcurrency>(),
    row::<DeleteFunctionConcurrency>(),
    row::<PutFunctionEventInvokeConfig>(),
    row::<UpdateFunctionEventInvokeConfig>(),
    row::<GetFunctionEventInvokeConfig>(),
    row::<ListFunctionEventInvokeConfigs>(),
    row::<DeleteFunctionEventInvokeConfig>(),
    row::<PublishLayerVersion>(),
    row::<GetLayerVersion>(),
    row::<GetLayerVersionByArn>(),
    row::<ListLayers>(),
    row::<ListLayerVersions>(),
    row::<DeleteLayerVersion>(),
    row::<AddPermission>(),
    row::<RemovePermission>(),
    row::<GetPolicy>(),
    row::<TagResource>(),
    row::<UntagResource>(),
    row::<ListTags>(),
    procedure::<Invoke>(),
];
