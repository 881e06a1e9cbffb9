//! How records are found: by their key, or by a name they claim.

use std::fmt;

use claviger_resources::Tenant;

macro_rules! closed_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The text under which it is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads the stored text back.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

closed_set! {
    /// The kinds of record a store keeps. The text of a kind is stored: it never changes.
    Kind {
        /// One that a newer program keeps: during an upgrade, older nodes hear of those, too, and let them be.
        Unknown = "unknown",
        /// A server that shares the store with others.
        Node = "node",
        /// The store's wrapped keys.
        Keyring = "keyring",
        /// A user pool.
        UserPool = "user_pool",
        /// The signing keys of a user pool.
        SigningKeys = "signing_keys",
        /// Tokens of a user pool that are refused.
        Revocation = "revocation",
        /// A resource server of a user pool.
        ResourceServer = "resource_server",
        /// An app client of a user pool.
        AppClient = "app_client",
        /// A domain of a user pool.
        UserPoolDomain = "user_pool_domain",
        /// A user of a user pool.
        User = "user",
        /// A group of a user pool.
        Group = "group",
        /// A user's place in a group.
        GroupMember = "group_member",
        /// What a user's sign-in leaves behind.
        Session = "session",
        /// The tokens an app client has had of its budget.
        TokenUsage = "token_usage",
        /// The tokens an app client was issued and refused in a month.
        TokenCount = "token_count",
        /// A request rate that an account has set.
        ProvisionedLimit = "provisioned_limit",
        /// What was sent to a user.
        Correspondence = "correspondence",
        /// A message to a user.
        Message = "message",
        /// The certificate with which a user pool signs SAML requests.
        SigningCertificate = "signing_certificate",
        /// A branding style of an app client.
        ManagedLoginBranding = "managed_login_branding",
        /// A REST API.
        RestApi = "rest_api",
        /// A resource of a REST API with its methods.
        Resource = "resource",
        /// An authorizer of a REST API.
        Authorizer = "authorizer",
        /// A model of a REST API.
        Model = "model",
        /// A request validator of a REST API.
        RequestValidator = "request_validator",
        /// A customised gateway response of a REST API.
        GatewayResponse = "gateway_response",
        /// A deployment of a REST API.
        Deployment = "deployment",
        /// A documentation part of a REST API.
        DocumentationPart = "documentation_part",
        /// A documentation version of a REST API.
        DocumentationVersion = "documentation_version",
        /// A stage of a REST API.
        Stage = "stage",
        /// An HTTP API.
        HttpApi = "http_api",
        /// A route of an HTTP API.
        HttpRoute = "http_route",
        /// An integration of an HTTP API.
        HttpIntegration = "http_integration",
        /// An authorizer of an HTTP API.
        HttpAuthorizer = "http_authorizer",
        /// A deployment of an HTTP API.
        HttpDeployment = "http_deployment",
        /// A stage of an HTTP API.
        HttpStage = "http_stage",
        /// An access key of the control plane.
        AccessKey = "access_key",
        /// A client certificate.
        ClientCertificate = "client_certificate",
        /// An API key.
        ApiKey = "api_key",
        /// A usage plan.
        UsagePlan = "usage_plan",
        /// An API key's place in a usage plan.
        UsagePlanKey = "usage_plan_key",
        /// The requests an API key has made under a usage plan.
        KeyUsage = "key_usage",
        /// What an account has set for API Gateway.
        ApiGatewayAccount = "api_gateway_account",
        /// A custom domain name of APIs.
        DomainName = "domain_name",
        /// A path of a custom domain name that leads to an API.
        ApiMapping = "api_mapping",
        /// A Lambda function.
        Function = "function",
        /// A published version of one.
        FunctionVersion = "function_version",
        /// A layer of Lambda functions.
        Layer = "layer",
        /// A CloudFormation stack.
        Stack = "stack",
        /// A resource of a stack.
        StackResource = "stack_resource",
        /// Something that has happened to a stack.
        StackEvent = "stack_event",
        /// A template of a stack.
        StackTemplate = "stack_template",
        /// What a stack could become.
        ChangeSet = "change_set",
        /// A value that a stack exports.
        StackExport = "stack_export",
        /// That a stack imports a value.
        StackImport = "stack_import",
        /// The role mapping of an API.
        RoleMapping = "role_mapping",
        /// What a proxy may ask about.
        AuthorizationPolicy = "authorization_policy",
        /// A parameter of Systems Manager.
        Parameter = "parameter",
        /// An older version of one.
        ParameterVersion = "parameter_version",
        /// A secret of Secrets Manager.
        KeptSecret = "secret",
        /// A version of one.
        SecretVersion = "secret_version",
        /// A log group of CloudWatch Logs.
        LogGroup = "log_group",
        /// A role of IAM.
        Role = "role",
        /// A managed policy of IAM.
        ManagedPolicy = "managed_policy",
        /// A bucket of S3.
        Bucket = "bucket",
        /// An object of S3.
        Object = "object",
        /// An upload in parts.
        Upload = "upload",
        /// A part of one.
        Part = "part",
        /// Contents of objects and functions, where they are not in files.
        StoredBlob = "blob",
        /// A piece of those.
        BlobPiece = "blob_piece",
    }
}

closed_set! {
    /// What a unique name is a name of. The text is stored: it never changes.
    Namespace {
        /// The id of a user pool, unique over all accounts and regions.
        UserPoolId = "user_pool_id",
        /// The id of an app client, unique over all accounts and regions.
        ClientId = "client_id",
        /// The id of an API, unique over all accounts and regions.
        ApiId = "api_id",
        /// The id of an API key, unique over all accounts and regions.
        ApiKeyId = "api_key_id",
        /// The value of an API key, unique in its account and region: its keyed digest.
        ApiKeyValue = "api_key_value",
        /// The id of a usage plan, unique over all accounts and regions.
        UsagePlanId = "usage_plan_id",
        /// A domain prefix, unique in its region: `{region}/{prefix}`.
        DomainPrefix = "domain_prefix",
        /// A host name of a user's own, unique over all.
        CustomDomain = "custom_domain",
        /// The prefix domain of a pool, of which it has one: the pool's id.
        PoolPrefixDomain = "pool_prefix_domain",
        /// The custom domain of a pool, of which it has one: the pool's id.
        PoolCustomDomain = "pool_custom_domain",
        /// The subject of a user: `{pool}/{sub}`.
        UserSub = "user_sub",
        /// Another name a user may sign in with: `{pool}/{attribute}/{value}`.
        UserAlias = "user_alias",
        /// The app client that a branding style is for, of which it has one: the client's id.
        BrandedClient = "branded_client",
        /// The key of an API mapping within its domain: `{domain}/{key}`.
        ApiMappingKey = "api_mapping_key",
        /// The name of a stack that is not deleted, unique in its account and region: `{account}/{region}/{name}`.
        StackName = "stack_name",
        /// The name of a change set within its stack: `{stack}/{name}`.
        ChangeSetName = "change_set_name",
        /// The path of a resource within its API: `{api}{path}`.
        ResourcePath = "resource_path",
        /// The key of a route within its API: `{api}/{route key}`.
        RouteKey = "route_key",
        /// The id of an access key, unique over all accounts.
        AccessKeyId = "access_key_id",
        /// The name of a bucket, unique over all accounts and regions.
        BucketName = "bucket_name",
    }
}

/// Where a record is: its kind, its owner, what it belongs to, and its id there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub tenant: Tenant,
    /// The id of what it belongs to; empty when it stands alone.
    pub parent: String,
    /// Its id, unique for this kind, owner and parent.
    pub id: String,
}

/// A name that at most one record may hold at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// What it is a name of.
    pub namespace: Namespace,
    /// The name.
    pub name: String,
}

impl Name {
    /// The name `name` in `namespace`.
    pub fn new(namespace: Namespace, name: impl Into<String>) -> Self {
        Self { namespace, name: name.into() }
    }
}
