//! The ARNs under which policies and permissions speak of APIs and of what is called there (API Gateway, "ARN syntax").

use std::fmt::{Display, Write as _};

use claviger_resources::{AuthorizerId, Tenant};
use percent_encoding::percent_decode_str;

/// The ARN of an API, which the others begin with.
pub(crate) fn of_api(tenant: &Tenant, id: impl Display) -> String {
    format!("arn:aws:execute-api:{}:{}:{id}", tenant.region, tenant.account)
}

/// The ARN of an authorizer of an API, which a function's permission for it is held against.
pub(crate) fn of_authorizer(mut api: String, authorizer: &AuthorizerId) -> String {
    let _ = write!(api, "/authorizers/{authorizer}");
    api
}

/// The ARN of what is called with this path, which is what an authorizer's policy is held against. An encoded character
/// stands decoded in it, and slashes at either end do not: the route is the same without, and whoever denies `GET/admin`
/// means `GET/%61dmin/` too. An encoded slash stays encoded, because it separates nothing.
pub(crate) fn of_call(mut api: String, stage: &str, verb: &str, path: &str) -> String {
    let _ = write!(api, "/{stage}/{verb}/");
    for (place, segment) in path.trim_matches('/').split('/').enumerate() {
        if place > 0 {
            api.push('/');
        }
        match percent_decode_str(segment).decode_utf8() {
            Ok(decoded) => api.push_str(&decoded.replace('/', "%2F")),
            Err(_) => api.push_str(segment),
        }
    }
    api
}
