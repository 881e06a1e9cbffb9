//! Amazon API Gateway's HTTP APIs.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::apigateway::arn;
use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, members};
use super::noun::{Noun, Tags, Update, at, text};
use crate::dispatch::Api as Service;

/// An HTTP API noun with nothing unusual about it.
const PLAIN: Noun = Noun {
    api: Service::HttpApis,
    create: "",
    update: Update::Never,
    delete: "",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| in_api(current, "id"),
    made: |_, _, _| None,
    prepares: false,
};

fn in_api(current: &Current, member: &str) -> Map<String, Value> {
    let mut key = members! {"apiId": current.value("ApiId")};
    key.insert(member.to_owned(), Value::from(current.id.as_str()));
    key
}

pub(super) static INTEGRATION: Noun = Noun {
    create: "CreateIntegration",
    update: Update::Whole("UpdateIntegration"),
    delete: "DeleteIntegration",
    fixed: &["ApiId"],
    key: |current| in_api(current, "integrationId"),
    made: |_, output, _| {
        let id = at(output, "/integrationId")?;
        Some(Made::id(id).with("IntegrationId", id))
    },
    ..PLAIN
};

pub(super) static ROUTE: Noun = Noun {
    create: "CreateRoute",
    update: Update::Whole("UpdateRoute"),
    delete: "DeleteRoute",
    fixed: &["ApiId"],
    key: |current| in_api(current, "routeId"),
    made: |_, output, _| {
        let id = at(output, "/routeId")?;
        Some(Made::id(id).with("RouteId", id))
    },
    ..PLAIN
};

pub(super) static AUTHORIZER: Noun = Noun {
    create: "CreateAuthorizer",
    update: Update::Whole("UpdateAuthorizer"),
    delete: "DeleteAuthorizer",
    fixed: &["ApiId"],
    key: |current| in_api(current, "authorizerId"),
    made: |_, output, _| {
        let id = at(output, "/authorizerId")?;
        Some(Made::id(id).with("AuthorizerId", id))
    },
    prepares: true,
    ..PLAIN
};

pub(super) static DEPLOYMENT: Noun = Noun {
    create: "CreateDeployment",
    update: Update::Whole("UpdateDeployment"),
    delete: "DeleteDeployment",
    fixed: &["ApiId", "StageName"],
    key: |current| in_api(current, "deploymentId"),
    made: |_, output, _| {
        let id = at(output, "/deploymentId")?;
        Some(Made::id(id).with("DeploymentId", id))
    },
    ..PLAIN
};

pub(super) static STAGE: Noun = Noun {
    create: "CreateStage",
    update: Update::Whole("UpdateStage"),
    delete: "DeleteStage",
    fixed: &["ApiId", "StageName"],
    tags: Some(Tags {
        property: "Tags",
        member: "tags",
        arn: Some(|tenant, it| arn(tenant, "apis", &format!("{}/stages/{}", text(&it.value("ApiId")), it.id))),
    }),
    renamed: &[("AccessLogSetting", "accessLogSettings")],
    key: |current| in_api(current, "stageName"),
    made: |_, output, _| Some(Made::id(at(output, "/stageName")?)),
    ..PLAIN
};

pub(super) static DOMAIN_NAME: Noun = Noun {
    create: "CreateDomainName",
    update: Update::Whole("UpdateDomainName"),
    delete: "DeleteDomainName",
    fixed: &["DomainName"],
    tags: Some(Tags { property: "Tags", member: "tags", arn: Some(|tenant, it| arn(tenant, "domainnames", &it.id)) }),
    key: |current| members! {"domainName": current.id.as_str()},
    made: |_, output, _| {
        let mut made = Made::id(at(output, "/domainName")?);
        for (attribute, member) in [
            ("RegionalDomainName", "/domainNameConfigurations/0/apiGatewayDomainName"),
            ("RegionalHostedZoneId", "/domainNameConfigurations/0/hostedZoneId"),
            ("DomainNameArn", "/domainNameArn"),
        ] {
            if let Some(value) = at(output, member) {
                made = made.with(attribute, value);
            }
        }
        Some(made)
    },
    ..PLAIN
};

pub(super) static API_MAPPING: Noun = Noun {
    create: "CreateApiMapping",
    update: Update::Whole("UpdateApiMapping"),
    delete: "DeleteApiMapping",
    key: |current| members! {"domainName": current.value("DomainName"), "apiMappingId": current.id.as_str()},
    made: |_, output, _| {
        let id = at(output, "/apiMappingId")?;
        Some(Made::id(id).with("ApiMappingId", id))
    },
    ..PLAIN
};

/// An HTTP API: of its own settings, or of an OpenAPI document.
pub(super) struct Api;

static API: Noun = Noun {
    create: "CreateApi",
    update: Update::Whole("UpdateApi"),
    delete: "DeleteApi",
    fixed: &["ProtocolType"],
    tags: Some(Tags { property: "Tags", member: "tags", arn: Some(|tenant, it| arn(tenant, "apis", &it.id)) }),
    key: |current| members! {"apiId": current.id.as_str()},
    made: |_, output, tenant| made(output, tenant),
    ..PLAIN
};

fn made(output: &Value, tenant: &claviger_resources::Tenant) -> Option<Made> {
    let id = at(output, "/apiId")?;
    let execute = format!("arn:aws:execute-api:{}:{}:{id}", tenant.region, tenant.account);
    let endpoint = at(output, "/apiEndpoint").unwrap_or_default();
    Some(Made::id(id).with("ApiId", id).with("ApiEndpoint", endpoint).with("ExecuteApiArn", execute))
}

/// Properties that decide how the document is taken in.
const OF_IMPORT: [&str; 4] = ["Body", "BodyS3Location", "FailOnWarnings", "BasePath"];

/// Whether the document, or how it is taken in, has changed.
fn is_changed(current: &Current, desired: &Desired<'_>) -> bool {
    OF_IMPORT.iter().any(|name| current.get(name) != desired.get(name))
}

impl Api {
    fn import(desired: &Desired<'_>) -> Option<Map<String, Value>> {
        let mut input = members! {"body": text(desired.get("Body")?)};
        for (property, member) in [("FailOnWarnings", "failOnWarnings"), ("BasePath", "basepath")] {
            if let Some(value) = desired.get(property) {
                input.insert(member.to_owned(), value.clone());
            }
        }
        Some(input)
    }

    fn reimport(id: &str, desired: &Desired<'_>) -> Option<Map<String, Value>> {
        let mut input = Self::import(desired)?;
        input.insert("apiId".to_owned(), Value::from(id));
        Some(input)
    }

    fn settings(desired: &Desired<'_>) -> Result<Map<String, Value>, HandlerFailure> {
        if desired.get("BodyS3Location").is_some() {
            return Err(HandlerFailure::unsupported(
                "#/BodyS3Location: Claviger does not serve this property; give the document as Body",
            ));
        }
        Ok(desired.without(&OF_IMPORT))
    }
}

#[async_trait]
impl Handler for Api {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let (operation, input) = match change {
            Change::Create(desired) => ("ImportApi", Self::import(desired)),
            Change::Update(current, desired) if is_changed(current, desired) => {
                ("ReimportApi", Self::reimport(&current.id, desired))
            }
            _ => return Ok(()),
        };
        match input {
            Some(input) => preparation.stage(Service::HttpApis, operation, input).await,
            None => Ok(()),
        }
    }

    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let properties = Self::settings(desired)?;
        let desired_settings = Desired { properties: &properties, ..*desired };
        let Some(input) = Self::import(desired) else { return API.create(work, &desired_settings).await };
        let output = work.call(Service::HttpApis, "ImportApi", input).await?;
        let made = made(&output, work.cx.tenant).ok_or_else(|| HandlerFailure::silent("ImportApi"))?;
        let current = Current { id: made.id.clone(), properties: Map::new(), attributes: made.attributes.clone() };
        API.update(work, &current, &desired_settings).await?;
        Ok(made)
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        let properties = Self::settings(desired)?;
        if let Some(input) = Self::reimport(&current.id, desired).filter(|_| is_changed(current, desired)) {
            work.call(Service::HttpApis, "ReimportApi", input).await?;
        }
        API.update(work, current, &Desired { properties: &properties, ..*desired }).await
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        API.delete(work, current).await
    }
}
