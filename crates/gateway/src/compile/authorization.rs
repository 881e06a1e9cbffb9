//! Authorization: who may call a method, resolved to what a request is judged by.

use std::collections::HashMap;
use std::sync::Arc;

use claviger_resources::rest_api::{AuthorizationType, Authorizer, AuthorizerType, JwtAdditionalClaim, Method};
use claviger_resources::{AuthorizerId, UserPoolId, user_pool};
use http::HeaderName;
use http::header::AUTHORIZATION;

use crate::lambda_authorizer::{LambdaAuthorizer, RESULT_TTL_SECONDS_DEFAULT};
use crate::pattern::Pattern;

/// Who may call a method.
#[derive(Clone, Debug)]
pub enum Authorization {
    /// Anyone.
    Open,
    /// Whoever bears a token of some user pools.
    UserPools(UserPools),
    /// Whoever bears a token of some issuers.
    Jwt(JwtMethod),
    /// Whoever a Lambda authorizer lets in.
    Lambda(Arc<LambdaAuthorizer>),
    /// Whoever signs with AWS credentials that may.
    AwsIam,
}

/// What a token must be and carry to pass a method.
#[derive(Clone, Debug)]
pub struct UserPools {
    /// The authorizer.
    pub authorizer: Arc<UserPoolAuthorizer>,
    /// The scopes of which an access token must carry one. Without any, only an ID token passes.
    pub scopes: Box<[Box<str>]>,
}

/// A `COGNITO_USER_POOLS` authorizer.
#[derive(Clone, Debug)]
pub struct UserPoolAuthorizer {
    /// Its id.
    pub id: AuthorizerId,
    /// Its name.
    pub name: String,
    /// The pools whose tokens are accepted.
    pub pools: Box<[UserPoolId]>,
    /// The header that carries the token.
    pub header: HeaderName,
    /// What the token's `aud` claim must match as a whole; an access token has none and so never passes one.
    pub identity_validation: Option<Pattern>,
    /// For how long an accepted token need not be judged again, in seconds.
    pub result_ttl_seconds: u32,
}

/// What a token must be and carry to pass a method that a `JWT` authorizer guards.
#[derive(Clone, Debug)]
pub struct JwtMethod {
    /// The authorizer.
    pub authorizer: Arc<JwtAuthorizer>,
    /// The scopes of which a token must carry one, if there are any.
    pub scopes: Box<[Box<str>]>,
}

/// A `JWT` authorizer.
#[derive(Clone, Debug)]
pub struct JwtAuthorizer {
    /// Its id.
    pub id: AuthorizerId,
    /// Its name.
    pub name: String,
    /// The header that carries the token.
    pub header: HeaderName,
    /// The issuers whose tokens are accepted.
    pub issuers: Box<[TrustedIssuer]>,
    /// How tokens may be signed.
    pub algorithms: Box<[Box<str>]>,
}

/// An issuer that a `JWT` authorizer trusts.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    /// Its name.
    pub name: Box<str>,
    /// The audiences of which a token must have one.
    pub audiences: Box<[Box<str>]>,
    /// What else a token must carry.
    pub claims: Box<[JwtAdditionalClaim]>,
}

/// The authorizers of an API, each compiled once. One that is wrong is refused only where a method uses it.
pub(super) struct Authorizers(HashMap<AuthorizerId, Result<CompiledAuthorizer, String>>);

/// An authorizer, ready to decide.
#[derive(Clone, Debug)]
pub enum CompiledAuthorizer {
    /// By tokens of user pools.
    UserPools(Arc<UserPoolAuthorizer>),
    /// By tokens of any issuers.
    Jwt(Arc<JwtAuthorizer>),
    /// By what a function says.
    Lambda(Arc<LambdaAuthorizer>),
}

impl Authorizers {
    pub(super) fn new(authorizers: &[Authorizer]) -> Self {
        Self(
            authorizers
                .iter()
                .map(|authorizer| (authorizer.id.clone(), CompiledAuthorizer::compile(authorizer)))
                .collect(),
        )
    }

    pub(super) fn compile(&self, method: &Method) -> Result<Authorization, String> {
        match method.authorization_type {
            AuthorizationType::None => return Ok(Authorization::Open),
            AuthorizationType::AwsIam => return Ok(Authorization::AwsIam),
            AuthorizationType::Custom | AuthorizationType::CognitoUserPools | AuthorizationType::Jwt => {}
        }
        let id = method.authorizer_id.as_ref().ok_or("the method names no authorizer")?;
        let compiled = self.0.get(id).ok_or_else(|| format!("the authorizer {id} does not exist"))?;
        Ok(match (method.authorization_type, compiled.clone()?) {
            (AuthorizationType::CognitoUserPools, CompiledAuthorizer::UserPools(authorizer)) => {
                Authorization::UserPools(UserPools { authorizer, scopes: scopes(method) })
            }
            (AuthorizationType::Jwt, CompiledAuthorizer::Jwt(authorizer)) => {
                Authorization::Jwt(JwtMethod { authorizer, scopes: scopes(method) })
            }
            (AuthorizationType::Custom, CompiledAuthorizer::Lambda(authorizer)) => Authorization::Lambda(authorizer),
            (_, CompiledAuthorizer::UserPools(_)) => {
                return Err(format!("the authorizer {id} is of type COGNITO_USER_POOLS"));
            }
            (_, CompiledAuthorizer::Jwt(_)) => return Err(format!("the authorizer {id} is of type JWT")),
            (AuthorizationType::Jwt, _) => return Err(format!("the authorizer {id} is not of type JWT")),
            (_, CompiledAuthorizer::Lambda(_)) => {
                return Err(format!("the authorizer {id} is not of type COGNITO_USER_POOLS"));
            }
        })
    }
}

impl CompiledAuthorizer {
    /// Compiles an authorizer; the error says what is wrong with it.
    pub fn compile(authorizer: &Authorizer) -> Result<Self, String> {
        match authorizer.kind {
            AuthorizerType::CognitoUserPools => user_pools(authorizer).map(Arc::new).map(Self::UserPools),
            AuthorizerType::Jwt => jwt(authorizer).map(Arc::new).map(Self::Jwt),
            AuthorizerType::Token | AuthorizerType::Request => {
                LambdaAuthorizer::compile(authorizer).map(Arc::new).map(Self::Lambda)
            }
        }
    }
}

fn scopes(method: &Method) -> Box<[Box<str>]> {
    boxed(method.authorization_scopes.as_deref().unwrap_or_default())
}

fn boxed(texts: &[String]) -> Box<[Box<str>]> {
    texts.iter().map(|text| text.as_str().into()).collect()
}

/// The header that carries the token.
fn header(authorizer: &Authorizer) -> Result<HeaderName, String> {
    let Some(source) = authorizer.identity_source.as_deref() else { return Ok(AUTHORIZATION) };
    source
        .strip_prefix("method.request.header.")
        .and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok())
        .ok_or_else(|| format!("the identity source {source:?} is not a header"))
}

fn jwt(authorizer: &Authorizer) -> Result<JwtAuthorizer, String> {
    let of = |what: &str| format!("authorizer {}: {what}", authorizer.name);
    let configuration = authorizer.jwt_configuration.as_ref().ok_or_else(|| of("it has no JWT configuration"))?;
    if configuration.issuers.is_empty() {
        return Err(of("it names no issuer"));
    }
    let issuers = configuration.issuers.iter().map(|issuer| TrustedIssuer {
        name: issuer.issuer.as_str().into(),
        audiences: boxed(&issuer.audiences),
        claims: issuer.additional_claims.iter().flatten().cloned().collect(),
    });
    Ok(JwtAuthorizer {
        id: authorizer.id.clone(),
        name: authorizer.name.clone(),
        header: header(authorizer).map_err(|what| of(&what))?,
        issuers: issuers.collect(),
        algorithms: boxed(&configuration.default_algorithms),
    })
}

fn user_pools(authorizer: &Authorizer) -> Result<UserPoolAuthorizer, String> {
    let of = |what: String| format!("authorizer {}: {what}", authorizer.name);
    let arns = authorizer.provider_arns.as_deref().unwrap_or_default();
    let pool =
        |arn: &String| user_pool::id_of_arn(arn).ok_or_else(|| of(format!("{arn:?} is not the ARN of a user pool")));
    let pools: Box<[_]> = arns.iter().map(pool).collect::<Result<_, _>>()?;
    if pools.is_empty() {
        return Err(of("it names no user pool".to_owned()));
    }
    let header = header(authorizer).map_err(of)?;
    let identity_validation = match authorizer.identity_validation_expression.as_deref() {
        None | Some("") => None,
        Some(expression) => Some(Pattern::compile(expression).map_err(|error| of(error.to_string()))?),
    };
    Ok(UserPoolAuthorizer {
        id: authorizer.id.clone(),
        name: authorizer.name.clone(),
        pools,
        header,
        identity_validation,
        result_ttl_seconds: authorizer.authorizer_result_ttl_in_seconds.unwrap_or(RESULT_TTL_SECONDS_DEFAULT),
    })
}
