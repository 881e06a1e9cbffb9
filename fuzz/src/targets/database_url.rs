//! URLs of PostgreSQL databases.

use claviger_store_postgres::Settings;

use crate::input::texts;

/// The end of every password.
const WORD: &str = "k7Gz-nobody-knows";

/// The start of a password, not encoded as it should be, and what follows it.
pub(super) fn run(data: &[u8]) {
    let Some([start, rest]) = texts(data) else { return };
    // A file of passwords would be read, and this machine's are nobody's business.
    if rest.contains("file") || rest.contains('%') && rest.contains('?') {
        return;
    }
    match Settings::parse(&format!("postgres://u:{start}{WORD}@{rest}")) {
        Ok(settings) => assert!((1..=1000).contains(&settings.readers_max), "{}", settings.readers_max),
        Err(error) => assert!(!error.to_string().contains(WORD), "an error does not tell the password: {error}"),
    }
}
