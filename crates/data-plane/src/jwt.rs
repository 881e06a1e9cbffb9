//! Tokens of `JWT` authorizers, of REST APIs and of HTTP APIs: one of a pool of ours is verified with what the snapshot knows
//! and kept as verified, any other with the keys of its issuer, which may have to be fetched.

use claviger_oauth::jwt_authorizer::{AcceptedJwt, JwtDemand, JwtRefusal, PresentedToken};
use claviger_runtime::issuer_keys::FetchError;
use claviger_runtime::snapshot::Snapshot;

use crate::DataPlane;

impl DataPlane {
    /// Judges a token of an issuer that the authorizer names.
    pub(crate) async fn judge_jwt(
        &self,
        snapshot: &Snapshot,
        token: PresentedToken<'_>,
        issuer: &str,
        demand: JwtDemand<'_>,
        now_seconds: i64,
    ) -> Result<AcceptedJwt, JwtRefusal> {
        if let Some(pool) = snapshot.pool_of_issuer(issuer) {
            let verified = self.tokens.verify(snapshot, token.text(), |named| *named == pool.id, now_seconds)?;
            return token.admit(verified, demand, now_seconds);
        }
        let keys = self.issuer_keys.keys(issuer, token.key_id()).await.map_err(|error| match error {
            FetchError::Keys(reason) => JwtRefusal::Keys(reason),
            FetchError::Address(_) | FetchError::Discovery(_) => JwtRefusal::Discovery(error.to_string()),
        })?;
        token.accept(|token| keys.verify(token), demand, now_seconds)
    }
}
