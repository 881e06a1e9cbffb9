//! What clients hand back that was sealed here: refresh tokens and session tokens. Nobody can make one.

use std::sync::LazyLock;

use claviger_resources::Secret;
use claviger_runtime::sessions::refresh_token::RefreshToken;
use claviger_runtime::temporary_credentials;
use claviger_runtime::vault::{KEY_BYTES, MasterKey, Vault};
use claviger_testkit::SeededRandom;

/// A token.
pub(super) fn run(data: &[u8]) {
    static VAULT: LazyLock<Option<Vault>> = LazyLock::new(|| {
        let master = MasterKey::new(&Secret::new(vec![7; KEY_BYTES])).ok()?;
        Vault::create(&master, &mut SeededRandom::new(7)).ok().map(|(vault, _)| vault)
    });
    let (Some(vault), Ok(text)) = (&*VAULT, std::str::from_utf8(data)) else { return };
    assert!(RefreshToken::open(vault, text).is_none(), "nobody can seal");
    assert!(temporary_credentials::read(vault, text).is_none(), "nobody can seal");
    let _ = temporary_credentials::account_of(text);
}
