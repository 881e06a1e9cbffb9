//! Certificates and keys in PEM form, as they are in the files of a server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::input::parts;

/// The certificate with its chain, and the key.
pub(super) fn run(data: &[u8]) {
    static FOLDER: LazyLock<Option<TempDir>> = LazyLock::new(|| tempfile::tempdir().ok());
    let [certificate, key] = parts(data);
    let Some(folder) = &*FOLDER else { return };
    let [certificate_file, key_file] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
    let private = || fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600));
    if fs::write(&certificate_file, certificate).is_ok() && fs::write(&key_file, key).is_ok() && private().is_ok() {
        let used = claviger_server::fuzzing::certificate(certificate_file, key_file.clone());
        assert!(used.is_err() || !key.is_empty(), "no certificate is used without its key");
    }
}
