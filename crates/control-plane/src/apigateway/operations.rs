//! The operations of API Gateway that are served: the whole surface on one screen.

use super::account::{GetAccount, UpdateAccount};
use super::api_key::{CreateApiKey, DeleteApiKey, GetApiKey, GetApiKeys, UpdateApiKey};
use super::api_key_import::ImportApiKeys;
use super::authorizer::{CreateAuthorizer, DeleteAuthorizer, GetAuthorizer, GetAuthorizers, UpdateAuthorizer};
use super::authorizer_cache::{FlushStageAuthorizersCache, FlushStageCache};
use super::base_path_mapping::{
    CreateBasePathMapping, DeleteBasePathMapping, GetBasePathMapping, GetBasePathMappings, UpdateBasePathMapping,
};
use super::client_certificate::{
    DeleteClientCertificate, GenerateClientCertificate, GetClientCertificate, GetClientCertificates,
    UpdateClientCertificate,
};
use super::deployment::{CreateDeployment, DeleteDeployment, GetDeployment, GetDeployments, UpdateDeployment};
use super::documentation_part::{
    CreateDocumentationPart, DeleteDocumentationPart, GetDocumentationPart, GetDocumentationParts,
    ImportDocumentationParts, UpdateDocumentationPart,
};
use super::documentation_version::{
    CreateDocumentationVersion, DeleteDocumentationVersion, GetDocumentationVersion, GetDocumentationVersions,
    UpdateDocumentationVersion,
};
use super::domain_name::{CreateDomainName, DeleteDomainName, GetDomainName, GetDomainNames, UpdateDomainName};
use super::export::GetExport;
use super::gateway_response::{
    DeleteGatewayResponse, GetGatewayResponse, GetGatewayResponses, PutGatewayResponse, UpdateGatewayResponse,
};
use super::import::{ImportRestApi, PutRestApi};
use super::integration::{
    DeleteIntegration, DeleteIntegrationResponse, GetIntegration, GetIntegrationResponse, PutIntegration,
    PutIntegrationResponse, UpdateIntegration, UpdateIntegrationResponse,
};
use super::method::{
    DeleteMethod, DeleteMethodResponse, GetMethod, GetMethodResponse, PutMethod, PutMethodResponse, UpdateMethod,
    UpdateMethodResponse,
};
use super::model::{CreateModel, DeleteModel, GetModel, GetModelTemplate, GetModels, UpdateModel};
use super::request_validator::{
    CreateRequestValidator, DeleteRequestValidator, GetRequestValidator, GetRequestValidators, UpdateRequestValidator,
};
use super::resource::{CreateResource, DeleteResource, GetResource, GetResources, UpdateResource};
use super::rest_api::{CreateRestApi, DeleteRestApi, GetRestApi, GetRestApis, UpdateRestApi};
use super::stage::{CreateStage, DeleteStage, GetStage, GetStages, UpdateStage};
use super::tags::{GetTags, TagResource, UntagResource};
use super::trial::{TestInvokeAuthorizer, TestInvokeMethod};
use super::usage::{GetUsage, UpdateUsage};
use super::usage_plan::{CreateUsagePlan, DeleteUsagePlan, GetUsagePlan, GetUsagePlans, UpdateUsagePlan};
use super::usage_plan_key::{CreateUsagePlanKey, DeleteUsagePlanKey, GetUsagePlanKey, GetUsagePlanKeys};
use crate::operation::{Row, procedure, row};

/// Every operation that is served.
pub static OPERATIONS: &[Row] = &[
    row::<CreateRestApi>(),
    row::<GetRestApi>(),
    row::<GetRestApis>(),
    row::<UpdateRestApi>(),
    row::<DeleteRestApi>(),
    row::<ImportRestApi>(),
    row::<PutRestApi>(),
    row::<GetExport>(),
    row::<CreateResource>(),
    row::<GetResource>(),
    row::<GetResources>(),
    row::<UpdateResource>(),
    row::<DeleteResource>(),
    row::<PutMethod>(),
    row::<GetMethod>(),
    row::<UpdateMethod>(),
    row::<DeleteMethod>(),
    row::<PutMethodResponse>(),
    row::<GetMethodResponse>(),
    row::<UpdateMethodResponse>(),
    row::<DeleteMethodResponse>(),
    row::<PutIntegration>(),
    row::<GetIntegration>(),
    row::<UpdateIntegration>(),
    row::<DeleteIntegration>(),
    row::<PutIntegrationResponse>(),
    row::<GetIntegrationResponse>(),
    row::<UpdateIntegrationResponse>(),
    row::<DeleteIntegrationResponse>(),
    row::<CreateAuthorizer>(),
    row::<GetAuthorizer>(),
    row::<GetAuthorizers>(),
    row::<UpdateAuthorizer>(),
    row::<DeleteAuthorizer>(),
    row::<FlushStageAuthorizersCache>(),
    row::<FlushStageCache>(),
    row::<CreateDeployment>(),
    row::<GetDeployment>(),
    row::<GetDeployments>(),
    row::<UpdateDeployment>(),
    row::<DeleteDeployment>(),
    row::<CreateStage>(),
    row::<GetStage>(),
    row::<GetStages>(),
    row::<UpdateStage>(),
    row::<DeleteStage>(),
    row::<CreateDocumentationPart>(),
    row::<GetDocumentationPart>(),
    row::<GetDocumentationParts>(),
    row::<UpdateDocumentationPart>(),
    row::<DeleteDocumentationPart>(),
    row::<ImportDocumentationParts>(),
    row::<CreateDocumentationVersion>(),
    row::<GetDocumentationVersion>(),
    row::<GetDocumentationVersions>(),
    row::<UpdateDocumentationVersion>(),
    row::<DeleteDocumentationVersion>(),
    row::<PutGatewayResponse>(),
    row::<GetGatewayResponse>(),
    row::<GetGatewayResponses>(),
    row::<UpdateGatewayResponse>(),
    row::<DeleteGatewayResponse>(),
    row::<CreateModel>(),
    row::<GetModel>(),
    row::<GetModels>(),
    row::<GetModelTemplate>(),
    row::<UpdateModel>(),
    row::<DeleteModel>(),
    row::<CreateRequestValidator>(),
    row::<GetRequestValidator>(),
    row::<GetRequestValidators>(),
    row::<UpdateRequestValidator>(),
    row::<DeleteRequestValidator>(),
    row::<CreateApiKey>(),
    row::<GetApiKey>(),
    row::<GetApiKeys>(),
    row::<UpdateApiKey>(),
    row::<DeleteApiKey>(),
    row::<ImportApiKeys>(),
    row::<CreateUsagePlan>(),
    row::<GetUsagePlan>(),
    row::<GetUsagePlans>(),
    row::<UpdateUsagePlan>(),
    row::<DeleteUsagePlan>(),
    row::<CreateUsagePlanKey>(),
    row::<GetUsagePlanKey>(),
    row::<GetUsagePlanKeys>(),
    row::<DeleteUsagePlanKey>(),
    row::<GetUsage>(),
    row::<UpdateUsage>(),
    row::<CreateDomainName>(),
    row::<GetDomainName>(),
    row::<GetDomainNames>(),
    row::<UpdateDomainName>(),
    row::<DeleteDomainName>(),
    row::<CreateBasePathMapping>(),
    row::<GetBasePathMapping>(),
    row::<GetBasePathMappings>(),
    row::<UpdateBasePathMapping>(),
    row::<DeleteBasePathMapping>(),
    row::<GenerateClientCertificate>(),
    row::<GetClientCertificate>(),
    row::<GetClientCertificates>(),
    row::<UpdateClientCertificate>(),
    row::<DeleteClientCertificate>(),
    row::<GetAccount>(),
    row::<UpdateAccount>(),
    row::<TagResource>(),
    row::<UntagResource>(),
    row::<GetTags>(),
    procedure::<TestInvokeMethod>(),
    procedure::<TestInvokeAuthorizer>(),
];
