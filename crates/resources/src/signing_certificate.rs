//! The certificate with which a pool would sign its requests to SAML providers.

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant, Timestamp, UserPoolId};

/// The signing certificate of a user pool, as it is stored. It is made when it is first asked for, and then stays.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SigningCertificate {
    /// The pool that signs with it.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The certificate: DER in base64, as it is shown.
    pub certificate: String,
    /// Its private key (PKCS #8 DER) under the store's data key.
    pub sealed: Sealed,
    /// When it was made.
    pub created: Timestamp,
}
