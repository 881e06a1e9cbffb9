//! On which terms a backend is called over TLS, where they are not the usual ones.

use claviger_gateway::backend_verification::Verification;
use claviger_gateway::refusal::Refusal;
use claviger_resources::ClientCertificateId;
use claviger_resources::client_certificate::ClientCertificate;
use claviger_runtime::outbound::{Tls, UnusableTls};
use claviger_runtime::vault::Vault;

/// What the backend must prove, and what it is shown.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) verification: &'a Verification,
    /// The certificate for a backend that asks for one.
    pub(crate) certificate: Option<&'a ClientCertificate>,
}

/// The same, as connections are told apart by it: none serves others than those it was made for.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct OwnTerms {
    verification: Verification,
    certificate: Option<ClientCertificateId>,
}

impl Terms<'_> {
    /// Whether they are those on which most backends are called.
    pub(super) fn are_usual(self) -> bool {
        *self.verification == Verification::Host && self.certificate.is_none()
    }

    pub(super) fn own(self) -> OwnTerms {
        OwnTerms {
            verification: self.verification.clone(),
            certificate: self.certificate.map(|certificate| certificate.id.clone()),
        }
    }

    pub(super) fn tls(self, vault: &Vault) -> Result<Tls, Refusal> {
        let unusable = |error: UnusableTls| {
            tracing::error!(error = &error as &dyn std::error::Error, "a backend cannot be called as it should be");
            Refusal::configuration(error.to_string())
        };
        let tls = Tls::verifying(self.verification).map_err(unusable)?;
        match self.certificate {
            Some(certificate) => tls.showing(certificate, vault).map_err(unusable),
            None => Ok(tls),
        }
    }
}
