//! How Cognito refuses: one enum in its own words, one mapping to its exceptions.

use claviger_aws_protocol::failure::Failure;
use claviger_oauth::token_error::{Limit, TokenError};
use claviger_resources::UserPoolId;
use claviger_runtime::hook::HookError;
use claviger_runtime::passwords::PasswordError;
use claviger_runtime::vault::VaultError;
use claviger_store::StoreError;

use super::sign_in::SignInError;
use super::user_error::UserError;
use crate::operation::Refusal;

/// Why an operation of Cognito was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such pool in this account and region.
    #[error("User pool {0} does not exist.")]
    UserPoolNotFound(String),
    /// No such app client in the pool.
    #[error("User pool client {0} does not exist.")]
    AppClientNotFound(String),
    /// No such resource server in the pool.
    #[error("Resource server {0} does not exist.")]
    ResourceServerNotFound(String),
    /// The app client has no such secret.
    #[error("Client secret {0} does not exist.")]
    ClientSecretNotFound(String),
    /// No such branding style in the pool.
    #[error("Managed login branding {0} does not exist.")]
    BrandingNotFound(String),
    /// The app client has no branding style.
    #[error("User pool client {0} has no managed login branding.")]
    AppClientUnbranded(String),
    /// The pool has no such user.
    #[error("User does not exist.")]
    UserNotFound,

    /// A quota is used up.
    #[error("The quota of {maximum} {what} is used up.")]
    QuotaUsedUp {
        /// What there are too many of, and where.
        what: &'static str,
        /// The quota.
        maximum: u64,
    },

    /// No category of requests has this name.
    #[error("There is no API category {0}.")]
    LimitNotFound(String),
    /// A limit is named by its category and by nothing else.
    #[error("Attributes must name the Category of the limit, and nothing else.")]
    LimitAttributes,
    /// AWS does not change the rate of this category.
    #[error("The request rate of {0} is not adjustable.")]
    LimitNotAdjustable(&'static str),
    /// A rate cannot be less than what is free.
    #[error("The request rate of {category} must be at least its default, {default}.")]
    LimitBelowDefault {
        /// The category.
        category: &'static str,
        /// AWS's default.
        default: u32,
    },
    /// A rate beyond what the account may have.
    #[error("The request rate of {category} must be at most {maximum}.")]
    LimitTooHigh {
        /// The category.
        category: &'static str,
        /// The most it can be.
        maximum: u32,
    },

    /// A list's token was made by another list, or by nobody.
    #[error("Invalid pagination token")]
    PaginationToken,

    /// A pool with a domain cannot be deleted.
    #[error("User pool cannot be deleted. It has a domain configured that should be deleted first.")]
    UserPoolHasDomain,
    /// A protected pool cannot be deleted.
    #[error(
        "The user pool cannot be deleted because deletion protection is activated. \
         Deletion protection must be inactivated first."
    )]
    UserPoolProtected,
    /// Verification by text message needs a way to send one.
    #[error("SMS configuration is required when phone_number is selected for auto verification")]
    SmsConfigurationRequired,
    /// Users sign in with an attribute or with an alias.
    #[error("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")]
    AliasAndUsernameAttributes,
    /// Two authentication levels of the same name.
    #[error("AcrConfiguration names the value {0} twice; each level needs a name of its own.")]
    AcrValueTwice(String),
    /// The id a tag pins is not one that a pool of this region can have.
    #[error(
        "The tag {tag} cannot pin the id of a user pool to {value}: give letters and digits, or {region}_ before them."
    )]
    PinnedIdMalformed {
        /// The tag.
        tag: &'static str,
        /// Its value.
        value: String,
        /// The caller's region.
        region: String,
    },
    /// The id a tag pins is taken.
    #[error("The user pool id {0} is taken; choose another one in the tag.")]
    PinnedIdTaken(UserPoolId),
    /// A setting asks for a plan above the pool's.
    #[error("{0} requires the user pool to be in the ESSENTIALS tier or higher.")]
    TierTooLow(&'static str),

    /// A custom attribute without a name or a type.
    #[error("Schema attributes need a Name, and custom ones an AttributeDataType.")]
    AttributeIncomplete,
    /// A custom attribute that every user would need.
    #[error("Required custom attributes are not supported currently.")]
    AttributeRequired,
    /// A standard attribute keeps its type.
    #[error("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {0}")]
    AttributeStandard(String),
    /// More custom attributes than a pool may have.
    #[error("A user pool can have up to {0} custom attributes.")]
    TooManyAttributes(u64),
    /// The pool has an attribute of this name.
    #[error("{0}: Existing attribute already has name {0}.")]
    AttributeExists(String),

    /// The pool has a resource server of this identifier.
    #[error("{pool} already has a resource server with identifier {identifier}")]
    ResourceServerExists {
        /// The pool.
        pool: UserPoolId,
        /// The identifier.
        identifier: String,
    },
    /// One resource server, one scope of a name.
    #[error("The scope {0} is given twice.")]
    ScopeTwice(String),

    /// OAuth is switched on without flows or scopes.
    #[error("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")]
    OAuthFlowsAndScopesRequired,
    /// Machines' flow beside users' flows.
    #[error("client_credentials flow can not be selected along with code flow or implicit flow.")]
    ClientCredentialsAlone,
    /// Machines' flow for a public client.
    #[error("client_credentials flow can not be selected if client does not have a client secret.")]
    ClientCredentialsSecret,
    /// A scope about users for machines.
    #[error("{0} is not supported with client_credentials flow")]
    ClientCredentialsScope(String),
    /// No resource server of the pool defines the scope.
    #[error("Invalid scope requested: {0}")]
    ScopeNotDefined(String),
    /// Users' flows return to somewhere.
    #[error("CallbackUrls can not be empty when code flow or implicit flow is selected")]
    CallbackUrlsRequired,
    /// The default redirect is one of the redirects.
    #[error("DefaultRedirectURI must be one of CallbackURLs.")]
    DefaultRedirectUri,
    /// A redirect in clear to another machine.
    #[error("{0} cannot use the HTTP protocol.")]
    HttpUrl(String),
    /// No such identity provider in the pool.
    #[error("The provider {provider} does not exist for User Pool {pool}")]
    ProviderNotFound {
        /// The provider.
        provider: String,
        /// The pool.
        pool: UserPoolId,
    },
    /// A token would live too short or too long.
    #[error("Invalid range for token validity.")]
    TokenValidity,
    /// Auth flows of both generations of names.
    #[error("Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.")]
    LegacyAuthFlows,
    /// The flow of `GetClientToken` stands alone.
    #[error("ALLOW_CLIENT_TOKEN_AUTH cannot be combined with other auth flows.")]
    ClientTokenAuthAlone,
    /// A setting that only a client with a secret can have.
    #[error("{0} requires a client secret.")]
    SecretRequired(&'static str),
    /// A readable attribute that the pool does not have.
    #[error("Invalid read attributes specified while creating a client")]
    ReadAttributes,
    /// A writable attribute that the pool does not have.
    #[error("Invalid write attributes specified while creating a client")]
    WriteAttributes,
    /// Analytics without a role, or named in two ways.
    #[error(
        "Invalid analytics configuration given, either <application arn> or \
         <application id, role arn, external id> are valid"
    )]
    Analytics,

    /// Nobody, or somebody else.
    #[error("Invalid client or secret")]
    ClientOrSecret,
    /// The client's settings lack the flow of `GetClientToken`.
    #[error("ALLOW_CLIENT_TOKEN_AUTH flow not enabled for this client")]
    ClientTokenAuthDisabled,
    /// A scope that the client cannot have.
    #[error("Invalid scope requested: {0}")]
    ScopeNotGranted(String),
    /// A limit on tokens is used up for now.
    #[error("{}", over_limit(*.0))]
    OverLimit(Limit),
    /// A token that is refused for another reason.
    #[error("No token can be issued: {0}.")]
    NoToken(TokenError),
    /// The pool's pre token generation trigger refused, or could not be asked.
    #[error(transparent)]
    Hook(HookError),
    /// The two settings of one trigger name two functions.
    #[error("PreTokenGeneration and the LambdaArn of PreTokenGenerationConfig must be identical.")]
    PreTokenGenerationDiffers,
    /// The pool's keys are not there in time, or cannot be used.
    #[error("the user pool cannot sign: {0}")]
    NoKey(String),

    /// A secret both given and asked for.
    #[error("ClientSecret cannot be given when GenerateSecret is true.")]
    SecretGivenAndGenerated,
    /// Secrets are for clients that were created with one.
    #[error("The user pool client has no secret; secrets can be added only to a client that was created with one.")]
    PublicClient,
    /// A client with a secret keeps one.
    #[error("The only secret of a user pool client cannot be deleted.")]
    LastSecret,

    /// The domain leads elsewhere.
    #[error("Domain already associated with another user pool.")]
    DomainTaken,
    /// A pool has one domain of each kind.
    #[error("User pool already has a domain configured.")]
    UserPoolDomainExists,
    /// A word that AWS keeps for itself.
    #[error("Domain cannot contain reserved word: {0}")]
    DomainReservedWord(String),
    /// Not a prefix.
    #[error(
        "The domain name contains an invalid character. \
         Domain names can only contain lower-case letters, numbers, and hyphens."
    )]
    DomainCharacter,
    /// Not a host name under a domain of the caller's own.
    #[error(
        "Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the parent domain or domain \
         parent is a top-level domain."
    )]
    DomainNotSubdomain,
    /// Certificates of custom domains are in us-east-1.
    #[error(
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid \
         certificate chain."
    )]
    DomainCertificate,
    /// A prefix has no certificate.
    #[error("CustomDomainConfig cannot be given for a prefix domain.")]
    DomainIsPrefix,
    /// Neither of the two versions.
    #[error("ManagedLoginVersion must be 1 or 2.")]
    ManagedLoginVersion,
    /// Failover needs replicas in other regions.
    #[error("Routing is not available: user pools have no replicas in other regions.")]
    DomainRouting,
    /// The pool has no such domain.
    #[error("No such domain or user pool exists.")]
    DomainNotFound,

    /// An app client has one branding style.
    #[error("User pool client {0} already has a managed login branding.")]
    BrandingExists(String),
    /// Cognito's own style has nothing of the caller's.
    #[error("Settings and Assets cannot be given when UseCognitoProvidedValues is true.")]
    BrandingProvided,
    /// A member that AWS's shapes leave open and the operation needs.
    #[error("1 validation error detected: Value null at '{0}' failed to satisfy constraint: Member must not be null")]
    MemberRequired(&'static str),

    /// The pool wants a second factor of each user, and none is asked for here.
    #[error(
        "This user pool requires multi-factor authentication, which is not served here. \
         Set its MfaConfiguration to OFF or OPTIONAL to let users sign in."
    )]
    MfaNotServed,
    /// Logs of a pool stay with the server.
    #[error(
        "Log delivery is not served here: user pools have no logs of their own. LogConfigurations can only be empty."
    )]
    LogDeliveryNotServed,

    /// Not the name of a user pool.
    #[error("Invalid resource ARN {0}: it must be the ARN of a user pool.")]
    ResourceArn(String),
    /// Tags that a pool cannot have, given to `TagResource`.
    #[error(transparent)]
    Tags(InvalidTags),
    /// Tags that a pool cannot have, given with the pool.
    #[error(transparent)]
    UserPoolTags(InvalidTags),

    /// Something about a user.
    #[error(transparent)]
    User(#[from] UserError),
    /// Something about a sign-in or its tokens.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// A password could not be made or checked.
    #[error("the password failed")]
    Password(#[from] PasswordError),
    /// What comes before the operation's transaction was left out.
    #[error("the operation was not prepared")]
    NotPrepared,
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The vault could not do its part.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// A key or a certificate over it could not be made.
    #[error("a signing certificate cannot be made")]
    SigningCertificate(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a pool cannot have some tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTags {
    /// AWS keeps these keys for itself.
    #[error("aws: prefixed tag key names are not allowed for external use.")]
    Reserved,
    /// More than a pool may have.
    #[error("A user pool can have up to {0} tags.")]
    TooMany(u64),
}

impl Error {
    /// The exception that carries it; all of them are answered with status 400.
    fn exception(&self) -> Option<&'static str> {
        Some(match self {
            Self::UserPoolNotFound(_)
            | Self::AppClientNotFound(_)
            | Self::ResourceServerNotFound(_)
            | Self::ClientSecretNotFound(_)
            | Self::LimitNotFound(_)
            | Self::BrandingNotFound(_)
            | Self::AppClientUnbranded(_) => "ResourceNotFoundException",
            Self::LimitTooHigh { .. } => "ServiceQuotaExceededException",
            Self::UserNotFound => "UserNotFoundException",
            Self::User(error) => error.exception(),
            Self::SignIn(error) => error.exception(),
            Self::QuotaUsedUp { .. } => "LimitExceededException",
            Self::ClientCredentialsAlone | Self::ClientCredentialsSecret | Self::ClientCredentialsScope(_) => {
                "InvalidOAuthFlowException"
            }
            Self::ScopeNotDefined(_) => "ScopeDoesNotExistException",
            Self::BrandingExists(_) => "ManagedLoginBrandingExistsException",
            // The description has another exception for what the region or the pool does not allow; this is the client.
            Self::ClientOrSecret | Self::ClientTokenAuthDisabled => "NotAuthorizedException",
            Self::Hook(HookError::Function(_)) => "UserLambdaValidationException",
            Self::Hook(HookError::Call(_)) => "UnexpectedLambdaException",
            Self::Hook(HookError::Answer(_)) => "InvalidLambdaResponseException",
            Self::UserPoolTags(_) => "UserPoolTaggingException",
            Self::TierTooLow(_) => "FeatureUnavailableInTierException",
            // SDKs wait and try again when they read this name, and that is what helps.
            Self::OverLimit(_) | Self::Store(StoreError::Contention | StoreError::Conflict) => {
                "TooManyRequestsException"
            }
            // `GetClientToken` does not declare `ScopeDoesNotExistException`.
            Self::ScopeNotGranted(_)
            | Self::NoToken(_)
            | Self::PreTokenGenerationDiffers
            | Self::LimitAttributes
            | Self::LimitNotAdjustable(_)
            | Self::LimitBelowDefault { .. }
            | Self::PaginationToken
            | Self::UserPoolHasDomain
            | Self::UserPoolProtected
            | Self::SmsConfigurationRequired
            | Self::AliasAndUsernameAttributes
            | Self::AcrValueTwice(_)
            | Self::PinnedIdMalformed { .. }
            | Self::PinnedIdTaken(_)
            | Self::AttributeIncomplete
            | Self::AttributeRequired
            | Self::AttributeStandard(_)
            | Self::AttributeExists(_)
            | Self::TooManyAttributes(_)
            | Self::ResourceServerExists { .. }
            | Self::ScopeTwice(_)
            | Self::OAuthFlowsAndScopesRequired
            | Self::CallbackUrlsRequired
            | Self::DefaultRedirectUri
            | Self::HttpUrl(_)
            | Self::ProviderNotFound { .. }
            | Self::TokenValidity
            | Self::LegacyAuthFlows
            | Self::ClientTokenAuthAlone
            | Self::SecretRequired(_)
            | Self::ReadAttributes
            | Self::WriteAttributes
            | Self::Analytics
            | Self::SecretGivenAndGenerated
            | Self::PublicClient
            | Self::LastSecret
            | Self::DomainTaken
            | Self::UserPoolDomainExists
            | Self::DomainReservedWord(_)
            | Self::DomainCharacter
            | Self::DomainNotSubdomain
            | Self::DomainCertificate
            | Self::DomainIsPrefix
            | Self::ManagedLoginVersion
            | Self::DomainRouting
            | Self::DomainNotFound
            | Self::BrandingProvided
            | Self::MemberRequired(_)
            | Self::MfaNotServed
            | Self::LogDeliveryNotServed
            | Self::ResourceArn(_)
            | Self::Tags(_)
            | Self::Store(StoreError::NulCharacter) => "InvalidParameterException",
            Self::Store(
                StoreError::AlreadyExists
                | StoreError::NameTaken { .. }
                | StoreError::ReadOnly
                | StoreError::Unavailable(_)
                | StoreError::Corrupt { .. },
            )
            | Self::Password(_)
            | Self::NotPrepared
            | Self::Vault(_)
            | Self::NoKey(_)
            | Self::SigningCertificate(_) => return None,
        })
    }

    /// What the caller reads.
    fn message(&self) -> String {
        match self {
            Self::Store(StoreError::Contention | StoreError::Conflict) => "Too many requests".to_owned(),
            Self::Store(error) => error.to_string(),
            // Callers compare this text; the reason is in the log.
            Self::Hook(HookError::Answer(_)) => "Unrecognizable lambda output".to_owned(),
            other => other.to_string(),
        }
    }

    /// The error in AWS's terms, where `internal` is the operation's exception for what is not the caller's fault.
    pub(super) fn failure(&self, internal: &'static str) -> Failure {
        match self.exception() {
            Some(exception) => Failure::new(exception, 400, self.message()),
            None => Failure::internal(internal),
        }
    }
}

/// What a caller hears of a limit: of AWS's, AWS's words.
fn over_limit(limit: Limit) -> String {
    match limit {
        Limit::Requests(_) => "Rate exceeded".to_owned(),
        limit => format!("No token can be issued: {limit}."),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        error.failure("InternalErrorException")
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }

    fn keeps_changes(&self) -> bool {
        match self {
            Self::User(error) => error.keeps_changes(),
            Self::SignIn(error) => error.keeps_changes(),
            _ => false,
        }
    }

    fn setting(&self) -> Option<String> {
        super::explanation::setting(self)
    }
}
