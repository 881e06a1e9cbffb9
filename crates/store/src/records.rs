//! Which nouns are records, where each stands and which names it holds: the whole data model on one screen.

use claviger_resources::access_key::AccessKey;
use claviger_resources::api_gateway_account::ApiGatewayAccount;
use claviger_resources::api_key::ApiKey;
use claviger_resources::api_mapping::ApiMapping;
use claviger_resources::app_client::AppClient;
use claviger_resources::authorization_policy::AuthorizationPolicy;
use claviger_resources::bucket::Bucket;
use claviger_resources::client_certificate::ClientCertificate;
use claviger_resources::correspondence::{Correspondence, Message};
use claviger_resources::domain_name::DomainName;
use claviger_resources::function::{Function, FunctionVersion};
use claviger_resources::group::{Group, GroupMember};
use claviger_resources::http_api::{
    Authorizer as HttpAuthorizer, Deployment as HttpDeployment, HttpApi, Integration as HttpIntegration,
    Route as HttpRoute, Stage as HttpStage,
};
use claviger_resources::kept_secret::{KeptSecret, SecretVersion};
use claviger_resources::key_usage::KeyUsage;
use claviger_resources::keyring::Keyring;
use claviger_resources::layer::Layer;
use claviger_resources::log_group::LogGroup;
use claviger_resources::managed_login_branding::ManagedLoginBranding;
use claviger_resources::node::Node;
use claviger_resources::object::{Object, Part, Upload};
use claviger_resources::parameter::{OlderVersion, Parameter};
use claviger_resources::provisioned_limit::ProvisionedLimit;
use claviger_resources::resource_server::ResourceServer;
use claviger_resources::rest_api::{
    Authorizer, Deployment, DocumentationPart, DocumentationVersion, GatewayResponse, Model, RequestValidator,
    Resource, RestApi, Stage,
};
use claviger_resources::revocation::Revocation;
use claviger_resources::role::{ManagedPolicy, Role};
use claviger_resources::role_mapping::RoleMapping;
use claviger_resources::session::Session;
use claviger_resources::signing_certificate::SigningCertificate;
use claviger_resources::signing_key::SigningKeys;
use claviger_resources::stack::{ChangeSet, Stack, StackEvent, StackExport, StackImport, StackResource, StackTemplate};
use claviger_resources::stored_blob::{BlobPiece, StoredBlob};
use claviger_resources::token_count::TokenCount;
use claviger_resources::token_usage::TokenUsage;
use claviger_resources::usage_plan::{UsagePlan, UsagePlanKey};
use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_resources::user_pool_domain::UserPoolDomain;
use claviger_resources::{AccountId, Region, Tenant};

use crate::key::{Kind, Name, Namespace};
use crate::record::Record;

/// `record!(noun, kind, |it| parent, |it| id, |it| names)`
macro_rules! record {
    ($noun:ident, $kind:ident, |$it:ident| $parent:expr, $id:expr, [$($namespace:ident: $name:expr),*]) => {
        impl Record for $noun {
            const KIND: Kind = Kind::$kind;

            fn tenant(&self) -> Tenant {
                self.tenant.clone()
            }

            fn parent(&self) -> &str {
                let $it = self;
                let _ = $it;
                $parent
            }

            fn id(&self) -> &str {
                let $it = self;
                let _ = $it;
                $id
            }

            fn names(&self) -> Vec<Name> {
                let $it = self;
                let _ = $it;
                vec![$(Name::new(Namespace::$namespace, $name)),*]
            }
        }
    };
}

record!(UserPool, UserPool, |it| "", it.id.as_str(), [UserPoolId: it.id.as_str()]);
record!(SigningKeys, SigningKeys, |it| "", it.pool.as_str(), []);
record!(Revocation, Revocation, |it| it.pool.as_str(), &it.id, []);
record!(ResourceServer, ResourceServer, |it| it.pool.as_str(), &it.identifier, []);
record!(AppClient, AppClient, |it| it.pool.as_str(), it.id.as_str(), [ClientId: it.id.as_str()]);
record!(Group, Group, |it| it.pool.as_str(), &it.name, []);
record!(SigningCertificate, SigningCertificate, |it| "", it.pool.as_str(), []);
record!(ManagedLoginBranding, ManagedLoginBranding, |it| it.pool.as_str(), &it.id, [BrandedClient: it.client.as_str()]);
record!(GroupMember, GroupMember, |it| &it.group, &it.user, []);
record!(TokenUsage, TokenUsage, |it| it.pool.as_str(), it.client.as_str(), []);
record!(TokenCount, TokenCount, |it| it.pool.as_str(), &it.id, []);
record!(ProvisionedLimit, ProvisionedLimit, |it| "", &it.category, []);
record!(Correspondence, Correspondence, |it| it.pool.as_str(), &it.sub, []);
record!(Message, Message, |it| it.pool.as_str(), &it.id, []);

record!(RestApi, RestApi, |it| "", it.id.as_str(), [ApiId: it.id.as_str()]);
record!(Resource, Resource, |it| it.rest_api_id.as_str(), it.id.as_str(),
    [ResourcePath: format!("{}{}", it.rest_api_id, it.path)]);
record!(Authorizer, Authorizer, |it| it.rest_api_id.as_str(), it.id.as_str(), []);
record!(Model, Model, |it| it.rest_api_id.as_str(), &it.name, []);
record!(RequestValidator, RequestValidator, |it| it.rest_api_id.as_str(), it.id.as_str(), []);
record!(GatewayResponse, GatewayResponse, |it| it.rest_api_id.as_str(), it.response_type.as_str(), []);
record!(Deployment, Deployment, |it| it.rest_api_id.as_str(), it.id.as_str(), []);
record!(DocumentationPart, DocumentationPart, |it| it.rest_api_id.as_str(), it.id.as_str(), []);
record!(DocumentationVersion, DocumentationVersion, |it| it.rest_api_id.as_str(), &it.version, []);
record!(Stage, Stage, |it| it.rest_api_id.as_str(), it.stage_name.as_str(), []);

record!(HttpApi, HttpApi, |it| "", it.api_id.as_str(), [ApiId: it.api_id.as_str()]);
record!(HttpRoute, HttpRoute, |it| it.api_id.as_str(), it.route_id.as_str(),
    [RouteKey: format!("{}/{}", it.api_id, it.route_key)]);
record!(HttpIntegration, HttpIntegration, |it| it.api_id.as_str(), it.integration_id.as_str(), []);
record!(HttpAuthorizer, HttpAuthorizer, |it| it.api_id.as_str(), it.authorizer_id.as_str(), []);
record!(HttpDeployment, HttpDeployment, |it| it.api_id.as_str(), it.deployment_id.as_str(), []);
record!(HttpStage, HttpStage, |it| it.api_id.as_str(), it.stage_name.as_str(), []);
record!(DomainName, DomainName, |it| "", &it.domain_name, [CustomDomain: it.domain_name.as_str()]);
record!(ApiMapping, ApiMapping, |it| &it.domain_name, it.api_mapping_id.as_str(),
    [ApiMappingKey: format!("{}/{}", it.domain_name, it.api_mapping_key)]);
record!(ClientCertificate, ClientCertificate, |it| "", it.id.as_str(), []);
record!(ApiKey, ApiKey, |it| "", it.id.as_str(),
    [ApiKeyId: it.id.as_str(), ApiKeyValue: it.digest.to_hexadecimal()]);
record!(UsagePlan, UsagePlan, |it| "", it.id.as_str(), [UsagePlanId: it.id.as_str()]);
record!(UsagePlanKey, UsagePlanKey, |it| it.plan.as_str(), it.key.as_str(), []);
record!(KeyUsage, KeyUsage, |it| it.plan.as_str(), it.key.as_str(), []);
record!(ApiGatewayAccount, ApiGatewayAccount, |it| "", API_GATEWAY_ACCOUNT_ID, []);
record!(Function, Function, |it| "", it.name.as_str(), []);
record!(Layer, Layer, |it| "", &it.name, []);
record!(StackResource, StackResource, |it| &it.stack, &it.logical_id, []);
record!(StackEvent, StackEvent, |it| &it.stack, &it.place, []);
record!(StackTemplate, StackTemplate, |it| &it.stack, &it.id, []);
record!(ChangeSet, ChangeSet, |it| &it.stack, &it.id, [ChangeSetName: format!("{}/{}", it.stack, it.name)]);
record!(StackExport, StackExport, |it| "", &it.name, []);
record!(StackImport, StackImport, |it| &it.export, &it.stack_name, []);
record!(Parameter, Parameter, |it| "", &it.name, []);
record!(OlderVersion, ParameterVersion, |it| &it.parameter, &it.id, []);
record!(KeptSecret, KeptSecret, |it| "", &it.name, []);
record!(SecretVersion, SecretVersion, |it| &it.secret, &it.id, []);
record!(LogGroup, LogGroup, |it| "", &it.name, []);
record!(Role, Role, |it| "", &it.name, []);
record!(ManagedPolicy, ManagedPolicy, |it| "", &it.name, []);
record!(Bucket, Bucket, |it| "", &it.name, [BucketName: it.name.as_str()]);
record!(Object, Object, |it| &it.bucket, &it.key, []);
record!(Upload, Upload, |it| &it.bucket, &it.id, []);
record!(Part, Part, |it| &it.upload, &it.id, []);
record!(AccessKey, AccessKey, |it| "", it.id.as_str(), [AccessKeyId: it.id.as_str()]);
record!(RoleMapping, RoleMapping, |it| &it.api_id, ROLE_MAPPING_ID, []);
record!(AuthorizationPolicy, AuthorizationPolicy, |it| "", it.name.as_str(), []);

impl Record for FunctionVersion {
    const KIND: Kind = Kind::FunctionVersion;

    fn tenant(&self) -> Tenant {
        self.function.tenant.clone()
    }

    fn parent(&self) -> &str {
        self.function.name.as_str()
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn names(&self) -> Vec<Name> {
        Vec::new()
    }
}

impl Record for UserPoolDomain {
    const KIND: Kind = Kind::UserPoolDomain;

    fn tenant(&self) -> Tenant {
        self.tenant.clone()
    }

    fn parent(&self) -> &str {
        self.pool.as_str()
    }

    fn id(&self) -> &str {
        &self.domain
    }

    fn names(&self) -> Vec<Name> {
        if self.is_custom() {
            vec![
                Name::new(Namespace::CustomDomain, self.domain.as_str()),
                Name::new(Namespace::PoolCustomDomain, self.pool.as_str()),
            ]
        } else {
            vec![
                Name::new(Namespace::DomainPrefix, format!("{}/{}", self.tenant.region, self.domain)),
                Name::new(Namespace::PoolPrefixDomain, self.pool.as_str()),
            ]
        }
    }
}

impl Record for Stack {
    const KIND: Kind = Kind::Stack;

    fn tenant(&self) -> Tenant {
        self.tenant.clone()
    }

    fn id(&self) -> &str {
        &self.id
    }

    /// A deleted stack gives its name back.
    fn names(&self) -> Vec<Name> {
        if self.is_live() { vec![stack_name(&self.tenant, &self.name)] } else { Vec::new() }
    }
}

/// The name under which a stack that is not deleted is found.
pub fn stack_name(tenant: &Tenant, name: &str) -> Name {
    Name::new(Namespace::StackName, format!("{}/{}/{name}", tenant.account, tenant.region))
}

impl Record for User {
    const KIND: Kind = Kind::User;

    fn tenant(&self) -> Tenant {
        self.tenant.clone()
    }

    fn parent(&self) -> &str {
        self.pool.as_str()
    }

    fn id(&self) -> &str {
        &self.key
    }

    fn names(&self) -> Vec<Name> {
        let aliases = self.aliases.iter().map(|alias| (Namespace::UserAlias, alias));
        let names = std::iter::once((Namespace::UserSub, &self.sub)).chain(aliases);
        names.map(|(namespace, name)| Name::new(namespace, format!("{}/{name}", self.pool))).collect()
    }
}

impl Record for Session {
    const KIND: Kind = Kind::Session;

    fn tenant(&self) -> Tenant {
        self.tenant.clone()
    }

    fn parent(&self) -> &str {
        &self.owner
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Record for Node {
    const KIND: Kind = Kind::Node;

    fn tenant(&self) -> Tenant {
        node_tenant()
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Record for StoredBlob {
    const KIND: Kind = Kind::StoredBlob;

    fn tenant(&self) -> Tenant {
        blob_tenant()
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Record for BlobPiece {
    const KIND: Kind = Kind::BlobPiece;

    fn tenant(&self) -> Tenant {
        blob_tenant()
    }

    fn parent(&self) -> &str {
        &self.blob
    }

    fn id(&self) -> &str {
        &self.number
    }
}

impl Record for Keyring {
    const KIND: Kind = Kind::Keyring;

    fn tenant(&self) -> Tenant {
        keyring_tenant()
    }

    fn id(&self) -> &str {
        KEYRING_ID
    }
}

/// The id of the one record of what an account has set for API Gateway.
pub const API_GATEWAY_ACCOUNT_ID: &str = "account";

/// The id of the one keyring of a store.
pub const KEYRING_ID: &str = "keyring";

/// The tenant the keyring is filed under; it belongs to nobody.
pub fn keyring_tenant() -> Tenant {
    nobody()
}

/// The id of an API's one role mapping.
pub const ROLE_MAPPING_ID: &str = "roles";

/// The tenant that authorization policies are filed under: their names are unique over all accounts and regions.
pub fn policy_tenant() -> Tenant {
    nobody()
}

/// The tenant that blobs are filed under: who may read one is decided by what names it.
pub fn blob_tenant() -> Tenant {
    nobody()
}

/// The tenant that nodes are filed under.
pub fn node_tenant() -> Tenant {
    nobody()
}

fn nobody() -> Tenant {
    Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() }
}
