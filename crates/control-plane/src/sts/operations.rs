//! Every operation of STS that is served.

use super::access_key::GetAccessKeyInfo;
use super::assumed_role::AssumeRole;
use super::caller_identity::GetCallerIdentity;
use super::session_token::GetSessionToken;
use crate::operation::{Row, procedure, row};

/// The rows.
pub static OPERATIONS: &[Row] = &[
    procedure::<AssumeRole>(),
    procedure::<GetCallerIdentity>(),
    procedure::<GetSessionToken>(),
    row::<GetAccessKeyInfo>(),
];
