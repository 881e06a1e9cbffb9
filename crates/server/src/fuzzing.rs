//! What the fuzz targets reach of this crate beside what is public. It is no part of its interface.

use std::path::PathBuf;

use crate::certificates::{self, CertificateError};
use crate::config::{self, CertificateFiles};

/// Checks a configuration file with this text; the error is what the operator is told.
pub fn config(text: &str) -> Result<(), String> {
    config::check_text(text).map(|_| ()).map_err(|error| error.to_string())
}

/// Reads a certificate and its key; the error is what the operator is told.
pub fn certificate(certificate: PathBuf, key: PathBuf) -> Result<(), String> {
    let loaded = certificates::load(&CertificateFiles { certificate, key });
    loaded.map(|_| ()).map_err(|error: CertificateError| error.to_string())
}
