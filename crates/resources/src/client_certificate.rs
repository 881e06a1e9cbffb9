//! Client certificates: what the gateway shows to backends, so that they know who calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ClientCertificateId, Sealed, Tenant, Timestamp};

/// A client certificate, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificate {
    /// Its id, unique in its account and region.
    pub id: ClientCertificateId,
    /// The account and region it belongs to.
    pub tenant: Tenant,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The certificate in PEM, as it is shown.
    pub pem: String,
    /// Its private key (PKCS #8 DER) under the store's data key.
    pub sealed: Sealed,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Its tags; `None` until some were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}
