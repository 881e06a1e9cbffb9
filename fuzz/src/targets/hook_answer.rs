//! What the claims hook answers, and the claims that come of it.

use claviger_oauth::hook::{self, EventVersion, TokenKind};
use serde_json::{Map, Value};

/// An answer.
pub(super) fn run(data: &[u8]) {
    for version in [EventVersion::V1, EventVersion::V2, EventVersion::V3] {
        let Ok(changes) = hook::read(version, data) else { continue };
        for kind in [TokenKind::Machine, TokenKind::Access, TokenKind::Id] {
            let own = [("iss", "issuer"), ("sub", "subject"), ("client_id", "client"), ("scope", "a/b")];
            let mut claims: Map<String, Value> =
                own.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
            changes.apply(kind, &mut claims, "client");
            assert_eq!(claims.get("iss"), Some(&Value::from("issuer")), "a hook does not change the issuer");
            let _ = hook::to_json(&claims);
        }
    }
}
