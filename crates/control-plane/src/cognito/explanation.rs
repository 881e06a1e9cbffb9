//! What decided that an operation of Cognito was refused, where it is a setting or a quota: for operators, never for callers.

use super::Error;

/// The setting or quota behind a refusal, and its value.
pub(super) fn setting(error: &Error) -> Option<String> {
    Some(match error {
        Error::QuotaUsedUp { what, maximum } => format!("the quota of {what} is {maximum}"),
        Error::OverLimit(limit) => limit.to_string(),
        Error::UserPoolProtected => "DeletionProtection of the user pool is ACTIVE".to_owned(),
        Error::TierTooLow(feature) => format!("UserPoolTier of the user pool is LITE, which does not have {feature}"),
        Error::ClientCredentialsAlone
        | Error::ClientCredentialsSecret
        | Error::ClientCredentialsScope(_)
        | Error::OAuthFlowsAndScopesRequired
        | Error::CallbackUrlsRequired => "AllowedOAuthFlows in the request".to_owned(),
        Error::ScopeNotDefined(scope) => format!("no resource server of the user pool defines {scope}"),
        Error::UserPoolHasDomain | Error::UserPoolDomainExists => "the user pool's domain".to_owned(),
        Error::TokenValidity => {
            "access and ID tokens live from 5 minutes to a day, refresh tokens from an hour to ten years".to_owned()
        }
        Error::DomainReservedWord(word) => format!("the reserved word {word}"),
        Error::PublicClient => "the app client was created without GenerateSecret".to_owned(),
        _ => return None,
    })
}
