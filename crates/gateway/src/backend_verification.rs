//! How a backend must prove over TLS who it is.

use claviger_resources::{http_api, rest_api};

/// What the certificate of a backend is held to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verification {
    /// It is for the host that is called, and an authority vouches for it that is known.
    #[default]
    Host,
    /// The same for a server of this name, which the handshake names, too (API Gateway, API reference,
    /// `serverNameToVerify`).
    Name(Box<str>),
    /// It is for the host that is called and within its time, whoever issued it (API Gateway, API reference,
    /// `insecureSkipVerification`).
    AnyIssuer,
}

impl Verification {
    /// What the integration of a REST API's method asks for.
    pub(crate) fn of_method(integration: &rest_api::Integration) -> Self {
        let config = integration.tls_config.as_ref();
        let skips = config.and_then(|config| config.get("insecureSkipVerification")?.as_bool()).unwrap_or_default();
        if skips { Self::AnyIssuer } else { Self::Host }
    }

    /// What an integration of an HTTP API asks for.
    pub(crate) fn of_http_api(integration: &http_api::Integration) -> Self {
        let name = integration.tls_config.as_ref().and_then(|config| config.server_name_to_verify.as_deref());
        name.map_or(Self::Host, |name| Self::Name(name.into()))
    }
}
