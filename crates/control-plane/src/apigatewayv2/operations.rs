//! The operations for HTTP APIs that are served: the whole surface on one screen.

use super::api::{CreateApi, DeleteApi, DeleteCorsConfiguration, GetApi, GetApis, UpdateApi};
use super::api_mapping::{CreateApiMapping, DeleteApiMapping, GetApiMapping, GetApiMappings, UpdateApiMapping};
use super::authorizer::{CreateAuthorizer, DeleteAuthorizer, GetAuthorizer, GetAuthorizers, UpdateAuthorizer};
use super::authorizer_cache::ResetAuthorizersCache;
use super::deployment::{CreateDeployment, DeleteDeployment, GetDeployment, GetDeployments, UpdateDeployment};
use super::domain_name::{CreateDomainName, DeleteDomainName, GetDomainName, GetDomainNames, UpdateDomainName};
use super::import::{ExportApi, ImportApi, ReimportApi};
use super::integration::{CreateIntegration, DeleteIntegration, GetIntegration, GetIntegrations, UpdateIntegration};
use super::route::{CreateRoute, DeleteRoute, GetRoute, GetRoutes, UpdateRoute};
use super::stage::{
    CreateStage, DeleteAccessLogSettings, DeleteRouteSettings, DeleteStage, GetStage, GetStages, UpdateStage,
};
use super::tags::{GetTags, TagResource, UntagResource};
use crate::operation::{Row, row};

/// Every operation that is served.
pub static OPERATIONS: &[Row] = &[
    row::<CreateApi>(),
    row::<GetApi>(),
    row::<GetApis>(),
    row::<UpdateApi>(),
    row::<DeleteApi>(),
    row::<DeleteCorsConfiguration>(),
    row::<ImportApi>(),
    row::<ReimportApi>(),
    row::<ExportApi>(),
    row::<CreateRoute>(),
    row::<GetRoute>(),
    row::<GetRoutes>(),
    row::<UpdateRoute>(),
    row::<DeleteRoute>(),
    row::<CreateIntegration>(),
    row::<GetIntegration>(),
    row::<GetIntegrations>(),
    row::<UpdateIntegration>(),
    row::<DeleteIntegration>(),
    row::<CreateAuthorizer>(),
    row::<GetAuthorizer>(),
    row::<GetAuthorizers>(),
    row::<UpdateAuthorizer>(),
    row::<DeleteAuthorizer>(),
    row::<ResetAuthorizersCache>(),
    row::<CreateStage>(),
    row::<GetStage>(),
    row::<GetStages>(),
    row::<UpdateStage>(),
    row::<DeleteStage>(),
    row::<DeleteRouteSettings>(),
    row::<DeleteAccessLogSettings>(),
    row::<CreateDeployment>(),
    row::<GetDeployment>(),
    row::<GetDeployments>(),
    row::<UpdateDeployment>(),
    row::<DeleteDeployment>(),
    row::<CreateDomainName>(),
    row::<GetDomainName>(),
    row::<GetDomainNames>(),
    row::<UpdateDomainName>(),
    row::<DeleteDomainName>(),
    row::<CreateApiMapping>(),
    row::<GetApiMapping>(),
    row::<GetApiMappings>(),
    row::<UpdateApiMapping>(),
    row::<DeleteApiMapping>(),
    row::<TagResource>(),
    row::<UntagResource>(),
    row::<GetTags>(),
];
