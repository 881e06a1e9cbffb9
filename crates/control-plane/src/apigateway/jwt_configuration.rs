//! What `JWT` authorizers of REST APIs accept (API Gateway, "Create a JWT authorizer for a REST API").

use std::collections::BTreeSet;

use claviger_resources::rest_api::{Authorizer, JwtConfiguration, JwtIssuer};
use http::Uri;

use super::errors::Error;
use super::patch::PatchOperation;
use crate::services::Services;

/// Issuers of an authorizer, additional claims of an issuer, and audiences of one, at most. API Gateway's own bounds are not
/// documented.
const ISSUERS_MAX: usize = 10;
const CLAIMS_MAX: usize = 10;
const AUDIENCES_MAX: usize = 50;
/// Claims that every token is judged by already.
const JUDGED_CLAIMS: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "scope", "scp"];

/// How tokens may be signed.
const ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// Asks each issuer for its discovery document, as API Gateway does, and keeps where its keys are; pools of ours are known
/// without.
pub(super) async fn resolve(services: &Services, configuration: &mut JwtConfiguration) -> Result<(), Error> {
    check(configuration)?;
    for issuer in &mut configuration.issuers {
        let name = &issuer.issuer;
        let is_local = services.issuance.snapshot().pool_of_issuer(name).is_some();
        issuer.jwks_uri = Some(if is_local {
            format!("{}/.well-known/jwks.json", name.trim_end_matches('/'))
        } else {
            let located = services.issuer_keys.locate(name).await;
            let refuse = |error| {
                Error::bad(format!(
                    "Invalid issuer specified: {name}. Its OIDC discovery document must be reachable at \
                     {name}/.well-known/openid-configuration and name this issuer ({error})"
                ))
            };
            located.map_err(refuse)?.to_string()
        });
    }
    Ok(())
}

/// The same for the configurations that patch operations carry.
pub(super) async fn resolve_patches(services: &Services, operations: &mut [PatchOperation]) -> Result<(), Error> {
    for operation in operations {
        if operation.path == PATH && operation.op == "replace" {
            let mut configuration = parse(operation.value.as_deref().unwrap_or_default())?;
            resolve(services, &mut configuration).await?;
            operation.value = serde_json::to_string(&configuration).ok();
        }
    }
    Ok(())
}

/// Reads a configuration that a patch operation carries as JSON.
pub(super) fn parse(text: &str) -> Result<JwtConfiguration, Error> {
    serde_json::from_str(text).map_err(|error| Error::bad(format!("Invalid JWT configuration specified: {error}")))
}

/// Refuses an authorizer with members that are not for it.
pub(super) fn check_authorizer(authorizer: &Authorizer) -> Result<(), Error> {
    let foreign = [
        ("providerARNs", authorizer.provider_arns.is_some()),
        ("authorizerUri", authorizer.authorizer_uri.is_some()),
        ("authorizerCredentials", authorizer.authorizer_credentials.is_some()),
        ("identityValidationExpression", authorizer.identity_validation_expression.is_some()),
        ("authorizerResultTtlInSeconds", authorizer.authorizer_result_ttl_in_seconds.is_some()),
    ];
    if let Some((name, _)) = foreign.into_iter().find(|(_, given)| *given) {
        return Err(Error::bad(format!("{name} is not supported for JWT authorizers")));
    }
    match &authorizer.jwt_configuration {
        Some(configuration) => check(configuration),
        None => Err(Error::bad("A JWT configuration is required for JWT authorizers")),
    }
}

/// The path of the patch operation that replaces a configuration.
const PATH: &str = "/jwtConfiguration";

fn check(configuration: &JwtConfiguration) -> Result<(), Error> {
    let count = configuration.issuers.len();
    if count == 0 || count > ISSUERS_MAX {
        return Err(Error::bad(format!("A JWT authorizer must have between 1 and {ISSUERS_MAX} issuers")));
    }
    if configuration.default_algorithms.is_empty() {
        return Err(Error::bad("A JWT authorizer must have at least one algorithm in defaultAlgorithms"));
    }
    if let Some(other) = configuration.default_algorithms.iter().find(|name| !ALGORITHMS.contains(&name.as_str())) {
        let known = ALGORITHMS.join(", ");
        return Err(Error::bad(format!("Invalid algorithm specified: {other}. Valid options are {known}")));
    }
    let mut names = BTreeSet::new();
    for issuer in &configuration.issuers {
        if !names.insert(&issuer.issuer) {
            return Err(Error::bad(format!("Issuers must be unique: {}", issuer.issuer)));
        }
        check_issuer(issuer)?;
    }
    Ok(())
}

fn check_issuer(issuer: &JwtIssuer) -> Result<(), Error> {
    let name = &issuer.issuer;
    let uri: Option<Uri> = name.parse().ok();
    // Where an address may be asked without TLS is decided where it is asked.
    let absolute = uri.as_ref().is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && uri.query().is_none()
    });
    if !absolute || name.contains('#') {
        return Err(Error::bad(format!(
            "Invalid issuer specified: {name}. It must be an absolute https URL without user information, query or fragment"
        )));
    }
    if issuer.audiences.is_empty()
        || issuer.audiences.len() > AUDIENCES_MAX
        || issuer.audiences.iter().any(String::is_empty)
    {
        return Err(Error::bad(format!(
            "The issuer {name} must have between 1 and {AUDIENCES_MAX} audiences, none of them empty"
        )));
    }
    let claims = issuer.additional_claims.as_deref().unwrap_or_default();
    if claims.len() > CLAIMS_MAX {
        return Err(Error::bad(format!("The issuer {name} can have at most {CLAIMS_MAX} additional claims")));
    }
    let mut names = BTreeSet::new();
    for claim in claims {
        let claim_name = claim.claim_name.as_str();
        if claim_name.is_empty() || JUDGED_CLAIMS.contains(&claim_name) {
            let judged = JUDGED_CLAIMS.join(", ");
            return Err(Error::bad(format!(
                "Invalid claim name specified: {claim_name:?}. It cannot be empty or one of {judged}"
            )));
        }
        if !names.insert(claim_name) {
            return Err(Error::bad(format!("Claim names must be unique within an issuer: {claim_name}")));
        }
        let expected = claim.expected_values.as_deref().unwrap_or_default();
        if expected.len() > 1 || expected.iter().any(String::is_empty) {
            return Err(Error::bad(format!(
                "The claim {claim_name} can have one expected value, which cannot be empty"
            )));
        }
    }
    Ok(())
}
