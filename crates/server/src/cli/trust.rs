//! Trust bundles: files of certificates for clients that read them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What surrounds our certificate in a bundle, so that a bundle made from a bundle holds only the present one.
const BEGIN: &str = "# Claviger local authority: begin\n";
const END: &str = "# Claviger local authority: end\n";

/// The most bytes that are read of an existing bundle; Mozilla's roots are a fifth of a megabyte.
const BUNDLE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The server's authority, and the system's roots once they are needed.
pub(super) struct Trust {
    authority: String,
    system_roots: OnceLock<String>,
}

impl Trust {
    /// Trusts `authority`, in PEM form.
    pub(super) fn new(authority: &str) -> Self {
        Self { authority: authority.to_owned(), system_roots: OnceLock::new() }
    }

    /// The certificates in `pem`, and the authority.
    pub(super) fn with(&self, pem: &str) -> String {
        let mut bundle = without_ours(pem);
        if !bundle.is_empty() && !bundle.ends_with('\n') {
            bundle.push('\n');
        }
        bundle.extend([BEGIN, self.authority.trim_end(), "\n", END]);
        bundle
    }

    /// The system's roots, and the authority.
    pub(super) fn with_system_roots(&self) -> String {
        self.with(self.system_roots.get_or_init(system_roots))
    }
}

/// Reads a file of certificates, or a directory of such files; says on stderr when it cannot.
pub(super) fn read_pem(variable: &str, path: &Path) -> Option<String> {
    let read = if path.is_dir() { read_directory(path) } else { read_file(path) };
    read.inspect_err(|error| {
        eprintln!("claviger: {variable} names {}, which cannot be read ({error}); leaving it out", path.display());
    })
    .ok()
}

/// Writes a file that only its owner can read, whole or not at all.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&unfinished, path)
}

fn read_directory(path: &Path) -> io::Result<String> {
    let mut bundle = String::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        // Such directories also hold other things, and each certificate a second time under its hash.
        let is_certificate = path.extension().is_some_and(|extension| extension == "pem" || extension == "crt");
        if is_certificate && let Ok(pem) = read_file(&path) {
            bundle.push_str(&pem);
            bundle.push('\n');
        }
    }
    Ok(bundle)
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BUNDLE_BYTES_MAX).read_to_end(&mut bytes)?;
    // Comments in bundles come in all encodings; certificates are ASCII.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn system_roots() -> String {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        eprintln!("claviger: this machine has no root certificates; the command will trust names of AWS only");
    }
    found.certs.iter().map(|certificate| pem(certificate)).collect()
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// Leaves out what an earlier `exec` or `env` added.
fn without_ours(pem: &str) -> String {
    let mut rest = pem;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(BEGIN) {
        kept.push_str(before);
        rest = after.split_once(END).map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn replaces_its_own_part_of_a_bundle() {
        let first = Trust::new("first\n").with("corporate");
        assert_eq!(first, format!("corporate\n{BEGIN}first\n{END}"));
        assert_eq!(Trust::new("second").with(&first), format!("corporate\n{BEGIN}second\n{END}"));
        assert_eq!(Trust::new("second").with(""), format!("{BEGIN}second\n{END}"));
    }

    #[test]
    fn reads_files_and_directories_and_leaves_out_what_it_cannot_read() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.pem"), "a").unwrap();
        fs::write(directory.path().join("0a1b2c3d.0"), "a").unwrap();
        let read = |path: &Path| read_pem("SSL_CERT_FILE", path);
        assert_eq!(read(&directory.path().join("a.pem")).as_deref(), Some("a"));
        assert_eq!(read(directory.path()).as_deref(), Some("a\n"));
        assert_eq!(read(&directory.path().join("missing.pem")), None);
    }

    #[test]
    fn writes_files_for_their_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new").join("bundle.pem");
        for text in ["first", "second"] {
            write_private(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
