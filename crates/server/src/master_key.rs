//! Where master keys come from: for `claviger dev` a file beside the store, made with it; for `claviger serve` a file, a
//! variable or a command that the operator names.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use claviger_resources::{Random, Secret};
use claviger_runtime::vault::{KEY_BYTES, MasterKey, MasterKeys, VaultError};
use zeroize::Zeroizing;

/// The most keys, older ones among them.
const KEYS_MAX: usize = 16;

/// Where the master key of `claviger serve` comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeySource {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// What a command prints.
    Command(Vec<String>),
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or written.
    #[error("cannot use the master key file {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file is not a key.
    #[error("{path} is not a master key: it must hold 64 hexadecimal digits; restore it from a copy")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// Others may read the file.
    #[error("{path} can be read by others (mode {mode:o}); run: chmod 600 {path}")]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The environment variable is not set, or not text.
    #[error("the environment variable {name} holds no master key")]
    Variable {
        /// Which variable.
        name: String,
    },
    /// The command cannot be run, or fails.
    #[error("the command for the master key failed: {program}: {reason}")]
    Command {
        /// What was to be run.
        program: String,
        /// What became of it.
        reason: String,
    },
    /// What was found is no list of keys.
    #[error(
        "{place} holds no master key: the first line is the key, and each further line an older one that still opens: 64 hexadecimal digits each, 16 lines at most"
    )]
    NoKeys {
        /// Where it was found.
        place: String,
    },
    /// The key does not fit.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl MasterKeySource {
    /// The keys that are there now.
    pub fn read(&self) -> Result<MasterKeys, MasterKeyError> {
        let text = match self {
            Self::File(path) => read_private(path)?,
            Self::Variable(name) => {
                let text = std::env::var(name).map_err(|_| MasterKeyError::Variable { name: name.clone() });
                Zeroizing::new(text?)
            }
            Self::Command(words) => printed(words)?,
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let no_keys = || MasterKeyError::NoKeys { place: self.place() };
        let keys: Option<Vec<_>> = lines.map(decode).collect();
        let keys = keys.filter(|keys| (1..=KEYS_MAX).contains(&keys.len())).ok_or_else(no_keys)?;
        let mut keys = keys.iter().map(MasterKey::new);
        let current = keys.next().ok_or_else(no_keys)??;
        Ok(MasterKeys { current, older: keys.collect::<Result<_, _>>()? })
    }

    fn place(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Variable(name) => format!("the environment variable {name}"),
            Self::Command(words) => format!("what {} prints", words.first().map_or("", String::as_str)),
        }
    }
}

/// The text of a file that its owner alone can read.
fn read_private(path: &Path) -> Result<Zeroizing<String>, MasterKeyError> {
    let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(failed)
}

/// What a command prints. What it complains of goes where our own complaints go.
fn printed(words: &[String]) -> Result<Zeroizing<String>, MasterKeyError> {
    let (program, arguments) = words.split_first().map_or(("", [].as_slice()), |(program, rest)| (program, rest));
    let failed = |reason: String| MasterKeyError::Command { program: program.to_owned(), reason };
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let text = std::str::from_utf8(&printed).map_err(|_| failed("it prints something else than text".to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The key in `path`; a new one when there is no such file yet.
pub(crate) fn open_or_create(path: &Path, random: &mut dyn Random) -> Result<MasterKey, MasterKeyError> {
    match read_private(path) {
        Ok(text) => {
            let bytes = decode(text.trim()).ok_or_else(|| MasterKeyError::Malformed { path: path.to_owned() })?;
            Ok(MasterKey::new(&bytes)?)
        }
        Err(MasterKeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            let key = generate(random);
            let written = write(path, key.expose());
            written.map_err(|source| MasterKeyError::File { path: path.to_owned(), source })?;
            Ok(MasterKey::new(&key)?)
        }
        Err(error) => Err(error),
    }
}

/// A key that is kept nowhere, for a server that keeps nothing.
pub(crate) fn ephemeral(random: &mut dyn Random) -> Result<MasterKey, MasterKeyError> {
    Ok(MasterKey::new(&generate(random))?)
}

fn generate(random: &mut dyn Random) -> Secret<Vec<u8>> {
    let mut bytes = vec![0; KEY_BYTES];
    random.fill(&mut bytes);
    Secret::new(bytes)
}

fn write(path: &Path, key: &[u8]) -> io::Result<()> {
    let digits = key.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text: Zeroizing<String> =
        Zeroizing::new(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect());
    text.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    // Without the key the store is lost, so it must be on disk before anything is sealed with it.
    file.sync_all()?;
    path.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

fn decode(text: &str) -> Option<Secret<Vec<u8>>> {
    if text.len() != KEY_BYTES * 2 {
        return None;
    }
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = Zeroizing::new(digits?);
    Some(Secret::new(digits.chunks_exact(2).filter_map(|pair| Some(pair.first()? << 4 | pair.last()?)).collect()))
}

#[cfg(test)]
mod tests {
    use claviger_testkit::SeededRandom;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        open_or_create(&path, &mut SeededRandom::new(1)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 64);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        open_or_create(&path, &mut SeededRandom::new(2)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn refuses_a_file_that_others_can_read_or_that_is_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        open_or_create(&path, &mut SeededRandom::new(1)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let exposed = open_or_create(&path, &mut SeededRandom::new(1));
        assert!(matches!(exposed, Err(MasterKeyError::Exposed { mode: 0o644, .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(63), &"\u{e9}".repeat(32)] {
            fs::write(&path, text).unwrap();
            let refused = open_or_create(&path, &mut SeededRandom::new(1));
            assert!(matches!(refused, Err(MasterKeyError::Malformed { .. })), "{text}");
        }
    }
}
