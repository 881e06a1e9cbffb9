//! The certificates that clients are shown.

use std::path::PathBuf;

use super::Checks;
use super::given::{Table, Value};
use super::problem::Located;
use crate::certificates;

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Checks<'_> {
    /// The certificates, each tried out.
    pub(super) fn certificates(&mut self) -> Vec<CertificateFiles> {
        let mut found = Vec::new();
        for table in self.given.tables("tls.certificates") {
            let Some(files) = self.certificate_files(table) else { continue };
            let loaded = certificates::load(&files);
            match loaded.and_then(|loaded| self.now.map_or(Ok(()), |now| loaded.check_dates(now))) {
                Ok(()) => found.push(files),
                Err(error) => self.refuse(table, error.to_string()),
            }
        }
        found
    }

    fn certificate_files(&mut self, table: &Located<Table>) -> Option<CertificateFiles> {
        let before = self.problems.len();
        for (name, value) in &table.value {
            match (name.as_str(), &value.value) {
                ("certificate" | "key", Value::Text(_)) => {}
                ("certificate" | "key", _) => self.refuse(value, format!("{name} is the path of a file")),
                _ => self.refuse(value, format!("a certificate has no {name}, but a certificate and a key")),
            }
        }
        let path = |name: &str| match table.value.get(name).map(|value| &value.value) {
            Some(Value::Text(path)) => Some(PathBuf::from(path)),
            _ => None,
        };
        let (certificate, key) = (path("certificate"), path("key"));
        if self.problems.len() > before {
            return None;
        }
        match (certificate, key) {
            (Some(certificate), Some(key)) => Some(CertificateFiles { certificate, key }),
            (certificate, _) => {
                let name = if certificate.is_none() { "certificate" } else { "key" };
                self.refuse(table, format!("{name} is missing: the path of a PEM file"));
                None
            }
        }
    }
}
