//! Which issuer the tokens of a pool carry.

use std::sync::Arc;

use claviger_oauth::issuer;
use claviger_resources::user_pool::UserPool;

/// The operator's choice of issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Issuers {
    /// AWS's own form, so that verifiers which derive it from the pool id accept our tokens.
    #[default]
    Aws,
    /// This base URL followed by the pool id.
    Url(String),
}

impl Issuers {
    /// The issuer of a pool.
    pub fn of(&self, pool: &UserPool) -> Arc<str> {
        match self {
            Self::Aws => issuer::of(&pool.id, pool.issuer).into(),
            Self::Url(base) => issuer::under(base, &pool.id).into(),
        }
    }
}
