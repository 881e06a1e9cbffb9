//! The master key of `claviger dev`: a file beside the store, made with it and readable by its owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use claviger_resources::{Random, Secret};
use claviger_runtime::vault::{KEY_BYTES, MasterKey, VaultError};
use zeroize::Zeroizing;

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
    /// The key does not fit.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// The key in `path`; a new one when there is no such file yet.
pub(crate) fn open_or_create(path: &Path, random: &mut dyn Random) -> Result<MasterKey, MasterKeyError> {
    let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
    match fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => {
            let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
            }
            let bytes = decode(text.trim()).ok_or_else(|| MasterKeyError::Malformed { path: path.to_owned() })?;
            Ok(MasterKey::new(&bytes)?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = generate(random);
            write(path, key.expose()).map_err(failed)?;
            Ok(MasterKey::new(&key)?)
        }
        Err(error) => Err(failed(error)),
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
