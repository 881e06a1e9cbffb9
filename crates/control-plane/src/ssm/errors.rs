//! How Systems Manager refuses.

use claviger_aws_protocol::failure::Failure;
use claviger_resources::limits::SSM_PARAMETERS_MAX;
use claviger_runtime::vault::VaultError;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of Systems Manager was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such parameter.
    #[error("Parameter {0} not found.")]
    ParameterNotFound(String),
    /// No such version of it.
    #[error("Systems Manager could not find version {selector} of {name}. Verify the version and try again.")]
    VersionNotFound {
        /// The parameter.
        name: String,
        /// The version, or the label.
        selector: String,
    },
    /// The name is taken.
    #[error("The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")]
    ParameterAlreadyExists,
    /// Something breaks a rule that the service description does not tell; the text is AWS's.
    #[error("{0}")]
    Validation(String),
    /// The name is one of those that AWS keeps for itself.
    #[error("No access to reserved parameter name: {0}.")]
    Reserved(String),
    /// The type of a parameter stays what it is.
    #[error(
        "The parameter {name} has the type {from}, which cannot be changed to {to}. Create a new, unique parameter."
    )]
    TypeChange {
        /// The parameter.
        name: String,
        /// Its type.
        from: String,
        /// The type it was to have.
        to: String,
    },
    /// The name has too many parts.
    #[error(
        "Parameter hierarchies can have a maximum of 15 levels. For more information, see Requirements and constraints \
         for parameter names in the AWS Systems Manager User Guide."
    )]
    TooManyLevels,
    /// The value does not match its pattern.
    #[error("Parameter value, cannot be validated against allowedPattern: {0}")]
    PatternMismatch(String),
    /// The pattern is none.
    #[error("The request does not meet the regular expression requirement: {0}")]
    InvalidPattern(String),
    /// There are as many parameters as there may be.
    #[error("There are {SSM_PARAMETERS_MAX} parameters, which is as many as there may be.")]
    TooManyParameters,
    /// Policies are not enforced, so none can be put.
    #[error("Policies of parameters are not served here; leave them out.")]
    Policies,
    /// A filter has a key that it cannot have.
    #[error("The following filter key is not valid: {key}. Valid filter keys include: [{valid}].")]
    FilterKey {
        /// Its key.
        key: String,
        /// Those it may have.
        valid: &'static str,
    },
    /// A filter has an option that its key cannot have.
    #[error("The following filter option is not valid: {0}. Valid options include: [BeginsWith, Equals].")]
    FilterOption(String),
    /// The token of a page is none.
    #[error("The specified token is not valid.")]
    NextToken,
    /// Only parameters are tagged here.
    #[error("{0} is not a valid resource type. Valid resource types are: Parameter.")]
    ResourceType(String),
    /// What is to be tagged does not exist.
    #[error("The resource ID \"{0}\" is not valid. Verify the ID and try again.")]
    ResourceId(String),
    /// There would be too many tags.
    #[error("The number of tags exceeds the limit of 50.")]
    TooManyTags,
    /// The vault could not do its part.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exception = match &error {
            Error::ParameterNotFound(_) => "ParameterNotFound",
            Error::VersionNotFound { .. } => "ParameterVersionNotFound",
            Error::ParameterAlreadyExists => "ParameterAlreadyExists",
            Error::Validation(_) | Error::Store(StoreError::NulCharacter) => "ValidationException",
            Error::Reserved(_) => "AccessDeniedException",
            Error::TypeChange { .. } => "HierarchyTypeMismatchException",
            Error::TooManyLevels => "HierarchyLevelLimitExceededException",
            Error::PatternMismatch(_) => "ParameterPatternMismatchException",
            Error::InvalidPattern(_) => "InvalidAllowedPatternException",
            Error::TooManyParameters => "ParameterLimitExceeded",
            Error::Policies => "InvalidPolicyTypeException",
            Error::FilterKey { .. } => "InvalidFilterKey",
            Error::FilterOption(_) => "InvalidFilterOption",
            Error::NextToken => "InvalidNextToken",
            Error::ResourceType(_) => "InvalidResourceType",
            Error::ResourceId(_) => "InvalidResourceId",
            Error::TooManyTags => "TooManyTagsError",
            Error::Store(StoreError::Contention | StoreError::Conflict) => {
                let message = "There are concurrent updates for a resource that supports one update at a time.";
                return Self::new("TooManyUpdates", 400, message);
            }
            Error::Vault(_) | Error::Store(_) => return Self::internal("InternalServerError"),
        };
        Self::new(exception, 400, error.to_string())
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
