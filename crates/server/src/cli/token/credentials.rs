//! Who asks: the client's id and secret, from the command line, files or the environment.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use claviger_resources::Secret;

use crate::cli::WrongUsage;

/// Bytes of the largest secret that is read: Cognito's have 64 at most, other servers' may be longer.
const SECRET_BYTES_MAX: u64 = 4096;

/// The client that asks.
#[derive(clap::Args)]
pub(super) struct ClientCredentials {
    /// The client's id
    #[arg(long = "client-id", env = "CLAVIGER_CLIENT_ID", value_name = "ID", value_parser = client_id)]
    pub(super) id: String,
    #[arg(
        long = "client-secret",
        value_name = "SECRET",
        help = "The client's secret; the other two ways keep it out of the list of \
        processes [env: CLAVIGER_CLIENT_SECRET=]"
    )]
    secret: Option<String>,
    #[arg(
        long = "client-secret-file",
        value_name = "PATH",
        conflicts_with = "secret",
        help = "A file that holds the client's secret, - for stdin [env: CLAVIGER_CLIENT_SECRET_FILE=]"
    )]
    secret_file: Option<PathBuf>,
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClientCredentials({})", self.id)
    }
}

/// RFC 7617 ends the user name at the first colon.
fn client_id(text: &str) -> Result<String, &'static str> {
    match text {
        "" => Err("a client id is not empty"),
        _ if text.contains(':') => Err("a client id has no colon"),
        _ => Ok(text.to_owned()),
    }
}

/// Where a secret stands. The command line goes before the environment, which is why clap does not read the latter: it
/// would take one for a conflict with the other.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Here(String),
    File(PathBuf),
}

impl ClientCredentials {
    /// The secret, from where it stands.
    pub(super) fn secret(&self) -> anyhow::Result<Secret<String>> {
        let source = self.source(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let source = source.ok_or_else(|| {
            WrongUsage("no client secret; set CLAVIGER_CLIENT_SECRET, or name a file with --client-secret-file".into())
        })?;
        let text = match source {
            Source::Here(text) => text,
            Source::File(path) => {
                read(&path).with_context(|| format!("cannot read the client secret from {}", path.display()))?
            }
        };
        // Editors and `echo` end a file with a line feed, which no secret holds.
        let secret = text.trim_end_matches(['\r', '\n']);
        ensure!(!secret.is_empty(), WrongUsage("the client secret is empty".into()));
        Ok(Secret::new(secret.to_owned()))
    }

    fn source(&self, variable: impl Fn(&str) -> Option<String>) -> Option<Source> {
        let given = self.secret.clone().map(Source::Here);
        given
            .or_else(|| self.secret_file.clone().map(Source::File))
            .or_else(|| variable("CLAVIGER_CLIENT_SECRET").map(Source::Here))
            .or_else(|| variable("CLAVIGER_CLIENT_SECRET_FILE").map(|path| Source::File(path.into())))
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(std::io::stdin().lock()) } else { Box::new(File::open(path)?) };
    source.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= SECRET_BYTES_MAX, "it is larger than {SECRET_BYTES_MAX} bytes");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_the_secret_from_the_nearest_place() {
        let check = |flag: Option<&str>, file: Option<&str>, environment: &[(&str, &str)], expected: Option<Source>| {
            let credentials = ClientCredentials {
                id: "c".to_owned(),
                secret: flag.map(str::to_owned),
                secret_file: file.map(PathBuf::from),
            };
            let variable =
                |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(credentials.source(variable), expected, "{flag:?} {file:?} {environment:?}");
        };
        let here = |text: &str| Some(Source::Here(text.to_owned()));
        let in_file = |path: &str| Some(Source::File(path.into()));
        let both = [("CLAVIGER_CLIENT_SECRET", "set"), ("CLAVIGER_CLIENT_SECRET_FILE", "/set")];
        check(None, None, &[], None);
        check(Some("flag"), None, &both, here("flag"));
        check(None, Some("-"), &both, in_file("-"));
        check(None, None, &both, here("set"));
        check(None, None, &both[1..], in_file("/set"));
    }

    #[test]
    fn do_not_show_the_secret() {
        let credentials =
            ClientCredentials { id: "station".to_owned(), secret: Some("hidden".to_owned()), secret_file: None };
        assert_eq!(format!("{credentials:?}"), "ClientCredentials(station)");
    }
}
