//! The names of users that do not exist, where callers are not to tell them from others.

use claviger_resources::user_pool::UserPool;
use uuid::Builder;

use super::super::sign_in_name;
use crate::services::Services;

/// The username and the subject that a user of this name would have: always the same, and nobody's. Where users go by an
/// address, their usernames are UUIDs, and so is this one.
pub(super) fn names(services: &Services, pool: &UserPool, given: &str) -> (String, String) {
    let digest = |what: &str| {
        let name = format!("{}/{}", pool.id, sign_in_name::key(pool, given));
        // No client's id holds a space, so these are no digests of secrets.
        services.vault.digest_key().digest(&format!("{what} of nobody"), name.as_bytes()).0
    };
    let uuid = |what| {
        let bytes = digest(what).first_chunk().copied().unwrap_or_default();
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    };
    let sub = uuid("subject");
    let goes_by_address = pool.configuration.get("UsernameAttributes").is_some();
    (if goes_by_address { sub.clone() } else { given.to_owned() }, sub)
}
