//! What a stored row says of itself, for whoever looks at all of them and cares for none in particular.

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
use claviger_resources::http_api::{self, HttpApi};
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
use claviger_resources::rest_api::{self, RestApi};
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

use crate::error::StoreError;
use crate::key::{Key, Kind, Name};
use crate::record::{Record, Stored};
use crate::transaction::Row;

/// Where a record stands by what is in it, and which names it should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its key.
    pub key: Key,
    /// Its names.
    pub names: Vec<Name>,
}

fn describe<R: Record>(row: &Row) -> Result<Described, StoreError> {
    let record = Stored::<R>::from_row(row)?.record;
    Ok(Described { key: record.key(), names: record.names() })
}

impl Described {
    /// Decodes a row as the noun of its kind.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let describe = match row.key.kind {
            Kind::Unknown => {
                let source = "only a newer program knows what it is".into();
                return Err(StoreError::Corrupt { what: format!("{} {}", row.key.kind, row.key.id), source });
            }
            Kind::Node => describe::<Node>,
            Kind::Keyring => describe::<Keyring>,
            Kind::UserPool => describe::<UserPool>,
            Kind::SigningKeys => describe::<SigningKeys>,
            Kind::Revocation => describe::<Revocation>,
            Kind::ResourceServer => describe::<ResourceServer>,
            Kind::AppClient => describe::<AppClient>,
            Kind::UserPoolDomain => describe::<UserPoolDomain>,
            Kind::User => describe::<User>,
            Kind::Group => describe::<Group>,
            Kind::GroupMember => describe::<GroupMember>,
            Kind::Session => describe::<Session>,
            Kind::TokenUsage => describe::<TokenUsage>,
            Kind::TokenCount => describe::<TokenCount>,
            Kind::ProvisionedLimit => describe::<ProvisionedLimit>,
            Kind::Correspondence => describe::<Correspondence>,
            Kind::Message => describe::<Message>,
            Kind::SigningCertificate => describe::<SigningCertificate>,
            Kind::ManagedLoginBranding => describe::<ManagedLoginBranding>,
            Kind::RestApi => describe::<RestApi>,
            Kind::Resource => describe::<rest_api::Resource>,
            Kind::Authorizer => describe::<rest_api::Authorizer>,
            Kind::Model => describe::<rest_api::Model>,
            Kind::RequestValidator => describe::<rest_api::RequestValidator>,
            Kind::GatewayResponse => describe::<rest_api::GatewayResponse>,
            Kind::Deployment => describe::<rest_api::Deployment>,
            Kind::DocumentationPart => describe::<rest_api::DocumentationPart>,
            Kind::DocumentationVersion => describe::<rest_api::DocumentationVersion>,
            Kind::Stage => describe::<rest_api::Stage>,
            Kind::HttpApi => describe::<HttpApi>,
            Kind::HttpRoute => describe::<http_api::Route>,
            Kind::HttpIntegration => describe::<http_api::Integration>,
            Kind::HttpAuthorizer => describe::<http_api::Authorizer>,
            Kind::HttpDeployment => describe::<http_api::Deployment>,
            Kind::HttpStage => describe::<http_api::Stage>,
            Kind::AccessKey => describe::<AccessKey>,
            Kind::ClientCertificate => describe::<ClientCertificate>,
            Kind::ApiKey => describe::<ApiKey>,
            Kind::UsagePlan => describe::<UsagePlan>,
            Kind::UsagePlanKey => describe::<UsagePlanKey>,
            Kind::KeyUsage => describe::<KeyUsage>,
            Kind::ApiGatewayAccount => describe::<ApiGatewayAccount>,
            Kind::DomainName => describe::<DomainName>,
            Kind::ApiMapping => describe::<ApiMapping>,
            Kind::Function => describe::<Function>,
            Kind::FunctionVersion => describe::<FunctionVersion>,
            Kind::Layer => describe::<Layer>,
            Kind::Stack => describe::<Stack>,
            Kind::StackResource => describe::<StackResource>,
            Kind::StackEvent => describe::<StackEvent>,
            Kind::StackTemplate => describe::<StackTemplate>,
            Kind::ChangeSet => describe::<ChangeSet>,
            Kind::StackExport => describe::<StackExport>,
            Kind::StackImport => describe::<StackImport>,
            Kind::RoleMapping => describe::<RoleMapping>,
            Kind::AuthorizationPolicy => describe::<AuthorizationPolicy>,
            Kind::Parameter => describe::<Parameter>,
            Kind::ParameterVersion => describe::<OlderVersion>,
            Kind::KeptSecret => describe::<KeptSecret>,
            Kind::SecretVersion => describe::<SecretVersion>,
            Kind::LogGroup => describe::<LogGroup>,
            Kind::Role => describe::<Role>,
            Kind::ManagedPolicy => describe::<ManagedPolicy>,
            Kind::Bucket => describe::<Bucket>,
            Kind::Object => describe::<Object>,
            Kind::Upload => describe::<Upload>,
            Kind::Part => describe::<Part>,
            Kind::StoredBlob => describe::<StoredBlob>,
            Kind::BlobPiece => describe::<BlobPiece>,
        };
        describe(row)
    }
}
