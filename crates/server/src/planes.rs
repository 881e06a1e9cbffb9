//! What is answered at an address: traffic, the calls of operators, what machines ask of the server itself, or all of it.

use std::ops::BitOr;

use claviger_control_plane::dispatch::is_unsigned;

use crate::routing::{RequestHead, Route};

/// Kinds of requests that an address answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planes(u8);

impl Planes {
    /// Traffic: tokens, keys, APIs, what proxies ask, and the calls of Cognito that AWS leaves unsigned.
    pub const DATA: Self = Self(1);
    /// The AWS calls of operators and deploy tools.
    pub const CONTROL: Self = Self(2);
    /// What machines ask of the server itself.
    pub const OPERATIONS: Self = Self(4);
    /// All of them.
    pub const ALL: Self = Self(7);

    /// Whether all of these are among them.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether an address that answers these answers what goes there. Refusals, and whether the server is alive and
    /// ready, are for everyone.
    pub fn answer(self, route: &Route<'_>, head: &RequestHead<'_>) -> bool {
        match route {
            Route::CustomDomain
            | Route::ExecuteApi { .. }
            | Route::PoolDomain { .. }
            | Route::OAuth
            | Route::WellKnown { .. }
            | Route::Authorize { .. }
            | Route::Own("/_claviger/introspect" | "/_claviger/revoke") => self.contains(Self::DATA),
            Route::Service { name, .. } if name == "cognito-idp" && is_unsigned(head.headers) => {
                self.contains(Self::DATA) || self.contains(Self::CONTROL)
            }
            Route::Preflight => self.contains(Self::DATA) || self.contains(Self::CONTROL),
            Route::Own("/_claviger/metrics") => self.contains(Self::OPERATIONS),
            Route::Own("/_claviger/health" | "/_claviger/ready")
            | Route::TunnelHere
            | Route::TunnelElsewhere
            | Route::Forward
            | Route::ProxyRefused
            | Route::MissingAuthenticationToken
            | Route::ForeignOrigin
            | Route::ForeignHost
            | Route::Elsewhere
            | Route::Page
            | Route::NotFound => true,
            Route::Service { .. } | Route::S3 { .. } | Route::Form | Route::Own(_) => self.contains(Self::CONTROL),
        }
    }
}

impl BitOr for Planes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
