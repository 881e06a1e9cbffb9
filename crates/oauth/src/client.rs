//! App clients as the token rules know them: no more than a decision needs, because a node holds a million of them.

use std::sync::Arc;

use claviger_resources::client_limits::ClientLimits;
use claviger_resources::{ClientId, UserPoolId};

use crate::claims::ExtraClaims;
use crate::secret::SecretDigest;

/// An app client.
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// The pool it belongs to.
    pub pool: UserPoolId,
    /// The digests of its active secrets; none for a public client.
    pub secrets: Box<[SecretDigest]>,
    /// `AllowedOAuthFlowsUserPoolClient`: whether it may use any flow.
    pub oauth_enabled: bool,
    /// Whether the client-credentials flow is among those it may use.
    pub client_credentials: bool,
    /// The scopes it may ask for, in the order they were given; each text is shared between clients.
    pub scopes: Box<[Arc<str>]>,
    /// How long its access tokens live, in seconds.
    pub access_token_seconds: u32,
    /// What it may use, beyond AWS's own limits; for the many that have none, a word.
    pub limits: Option<Box<ClientLimits>>,
    /// Whether it may ask for tokens by `GetClientToken` (`ALLOW_CLIENT_TOKEN_AUTH`).
    pub client_token_auth: bool,
    /// Its static claims; behind a pointer, because nearly no client has any.
    pub extra_claims: Option<Box<ExtraClaims>>,
}
