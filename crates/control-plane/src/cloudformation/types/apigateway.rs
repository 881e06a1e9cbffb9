//! Amazon API Gateway's REST APIs: the types that are one noun each. What takes more has a file of its own.

use claviger_resources::Tenant;
use serde_json::{Map, Value};

use super::handler::{Current, Made, members};
use super::noun::{Noun, Tags, Update, at};
use crate::dispatch::Api;

/// A REST API noun with nothing unusual about it.
const PLAIN: Noun = Noun {
    api: Api::RestApis,
    create: "",
    update: Update::Never,
    delete: "",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| in_api(current, "id"),
    made: |_, output, _| Some(Made::id(at(output, "/id")?)),
    prepares: false,
};

/// The API that a noun belongs to, and what it is known by there.
fn in_api(current: &Current, member: &str) -> Map<String, Value> {
    let mut key = members! {"restApiId": current.value("RestApiId")};
    key.insert(member.to_owned(), Value::from(current.id.as_str()));
    key
}

pub(super) static RESOURCE: Noun = Noun {
    create: "CreateResource",
    delete: "DeleteResource",
    key: |current| in_api(current, "resourceId"),
    made: |_, output, _| {
        let id = at(output, "/id")?;
        Some(Made::id(id).with("ResourceId", id))
    },
    ..PLAIN
};

pub(super) static AUTHORIZER: Noun = Noun {
    create: "CreateAuthorizer",
    update: Update::Patches(
        "UpdateAuthorizer",
        &[
            ("Name", "/name"),
            ("AuthType", "/authType"),
            ("AuthorizerUri", "/authorizerUri"),
            ("AuthorizerCredentials", "/authorizerCredentials"),
            ("IdentitySource", "/identitySource"),
            ("IdentityValidationExpression", "/identityValidationExpression"),
            ("AuthorizerResultTtlInSeconds", "/authorizerResultTtlInSeconds"),
            ("ProviderARNs", "/providerARNs"),
        ],
    ),
    delete: "DeleteAuthorizer",
    key: |current| in_api(current, "authorizerId"),
    made: |_, output, _| {
        let id = at(output, "/id")?;
        Some(Made::id(id).with("AuthorizerId", id))
    },
    prepares: true,
    ..PLAIN
};

pub(super) static MODEL: Noun = Noun {
    create: "CreateModel",
    update: Update::Patches("UpdateModel", &[("Description", "/description"), ("Schema", "/schema")]),
    delete: "DeleteModel",
    // Names of models are letters and digits only, so none is made up with hyphens: the template must give one.
    key: |current| in_api(current, "modelName"),
    made: |properties, _, _| Some(Made::id(properties.get("Name")?.as_str()?)),
    ..PLAIN
};

pub(super) static REQUEST_VALIDATOR: Noun = Noun {
    create: "CreateRequestValidator",
    update: Update::Patches(
        "UpdateRequestValidator",
        &[("ValidateRequestBody", "/validateRequestBody"), ("ValidateRequestParameters", "/validateRequestParameters")],
    ),
    delete: "DeleteRequestValidator",
    key: |current| in_api(current, "requestValidatorId"),
    made: |_, output, _| {
        let id = at(output, "/id")?;
        Some(Made::id(id).with("RequestValidatorId", id))
    },
    ..PLAIN
};

pub(super) static GATEWAY_RESPONSE: Noun = Noun {
    create: "PutGatewayResponse",
    update: Update::Whole("PutGatewayResponse"),
    delete: "DeleteGatewayResponse",
    key: |current| {
        members! {"restApiId": current.value("RestApiId"), "responseType": current.value("ResponseType")}
    },
    made: |properties, _, _| {
        let part = |name: &str| properties.get(name).and_then(Value::as_str);
        let id = format!("{}|{}", part("RestApiId")?, part("ResponseType")?);
        Some(Made::id(id.clone()).with("Id", id))
    },
    ..PLAIN
};

pub(super) static DOCUMENTATION_PART: Noun = Noun {
    create: "CreateDocumentationPart",
    update: Update::Patches("UpdateDocumentationPart", &[("Properties", "/properties")]),
    delete: "DeleteDocumentationPart",
    key: |current| in_api(current, "documentationPartId"),
    made: |_, output, _| {
        let id = at(output, "/id")?;
        Some(Made::id(id).with("DocumentationPartId", id))
    },
    ..PLAIN
};

pub(super) static DOCUMENTATION_VERSION: Noun = Noun {
    create: "CreateDocumentationVersion",
    update: Update::Patches("UpdateDocumentationVersion", &[("Description", "/description")]),
    delete: "DeleteDocumentationVersion",
    key: |current| in_api(current, "documentationVersion"),
    made: |properties, _, _| Some(Made::id(properties.get("DocumentationVersion")?.as_str()?)),
    ..PLAIN
};

pub(super) static CLIENT_CERTIFICATE: Noun = Noun {
    create: "GenerateClientCertificate",
    update: Update::Patches("UpdateClientCertificate", &[("Description", "/description")]),
    delete: "DeleteClientCertificate",
    tags: Some(Tags {
        property: "Tags",
        member: "tags",
        arn: Some(|tenant, it| arn(tenant, "clientcertificates", &it.id)),
    }),
    key: |current| members! {"clientCertificateId": current.id.as_str()},
    made: |_, output, _| {
        let id = at(output, "/clientCertificateId")?;
        Some(Made::id(id).with("ClientCertificateId", id))
    },
    prepares: true,
    ..PLAIN
};

pub(super) static API_KEY: Noun = Noun {
    create: "CreateApiKey",
    update: Update::Patches(
        "UpdateApiKey",
        &[("Description", "/description"), ("Enabled", "/enabled"), ("CustomerId", "/customerId")],
    ),
    delete: "DeleteApiKey",
    name: Some(("Name", 255)),
    tags: Some(Tags { property: "Tags", member: "tags", arn: Some(|tenant, it| arn(tenant, "apikeys", &it.id)) }),
    key: |current| members! {"apiKey": current.id.as_str()},
    made: |_, output, _| {
        let id = at(output, "/id")?;
        Some(Made::id(id).with("APIKeyId", id))
    },
    ..PLAIN
};

pub(super) static USAGE_PLAN_KEY: Noun = Noun {
    create: "CreateUsagePlanKey",
    delete: "DeleteUsagePlanKey",
    key: |current| members! {"usagePlanId": current.value("UsagePlanId"), "keyId": current.value("KeyId")},
    made: |properties, output, _| {
        let id = format!("{}:{}", at(output, "/id")?, properties.get("UsagePlanId")?.as_str()?);
        Some(Made::id(id.clone()).with("Id", id))
    },
    ..PLAIN
};

pub(super) static BASE_PATH_MAPPING: Noun = Noun {
    create: "CreateBasePathMapping",
    update: Update::Patches("UpdateBasePathMapping", &[("RestApiId", "/restapiId"), ("Stage", "/stage")]),
    delete: "DeleteBasePathMapping",
    key: |current| {
        let path = current.get("BasePath").and_then(Value::as_str).filter(|path| !path.is_empty());
        members! {"domainName": current.value("DomainName"), "basePath": path.unwrap_or("(none)")}
    },
    made: |properties, _, _| {
        let part = |name: &str| properties.get(name).and_then(Value::as_str);
        Some(Made::id(format!("{}|{}", part("DomainName")?, part("BasePath").unwrap_or("(none)"))))
    },
    ..PLAIN
};

pub(super) static DOMAIN_NAME: Noun = Noun {
    create: "CreateDomainName",
    update: Update::Patches(
        "UpdateDomainName",
        &[
            ("CertificateArn", "/certificateArn"),
            ("RegionalCertificateArn", "/regionalCertificateArn"),
            ("SecurityPolicy", "/securityPolicy"),
        ],
    ),
    delete: "DeleteDomainName",
    tags: Some(Tags { property: "Tags", member: "tags", arn: Some(|tenant, it| arn(tenant, "domainnames", &it.id)) }),
    key: |current| members! {"domainName": current.id.as_str()},
    made: |properties, output, _| {
        let mut made = Made::id(properties.get("DomainName")?.as_str()?);
        for (attribute, member) in [
            ("DistributionDomainName", "/distributionDomainName"),
            ("DistributionHostedZoneId", "/distributionHostedZoneId"),
            ("RegionalDomainName", "/regionalDomainName"),
            ("RegionalHostedZoneId", "/regionalHostedZoneId"),
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

/// The ARN by which API Gateway's tags are changed.
pub(super) fn arn(tenant: &Tenant, collection: &str, id: &str) -> String {
    format!("arn:aws:apigateway:{}::/{collection}/{id}", tenant.region)
}
