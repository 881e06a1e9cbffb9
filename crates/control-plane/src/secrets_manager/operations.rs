//! Every operation of Secrets Manager that is served.

use super::password::GetRandomPassword;
use super::policy::{DeleteResourcePolicy, GetResourcePolicy, PutResourcePolicy, ValidateResourcePolicy};
use super::rotation::{CancelRotateSecret, RotateSecret};
use super::secret::{CreateSecret, DeleteSecret, DescribeSecret, RestoreSecret, UpdateSecret};
use super::secret_list::ListSecrets;
use super::tags::{TagResource, UntagResource};
use super::value::{BatchGetSecretValue, GetSecretValue, PutSecretValue};
use super::version::{ListSecretVersionIds, UpdateSecretVersionStage};
use crate::operation::{Row, procedure, row};

/// The rows.
pub static OPERATIONS: &[Row] = &[
    row::<CreateSecret>(),
    row::<GetSecretValue>(),
    row::<BatchGetSecretValue>(),
    row::<PutSecretValue>(),
    row::<UpdateSecret>(),
    row::<DescribeSecret>(),
    row::<ListSecrets>(),
    row::<ListSecretVersionIds>(),
    row::<UpdateSecretVersionStage>(),
    row::<DeleteSecret>(),
    row::<RestoreSecret>(),
    row::<GetRandomPassword>(),
    row::<PutResourcePolicy>(),
    row::<GetResourcePolicy>(),
    row::<DeleteResourcePolicy>(),
    row::<ValidateResourcePolicy>(),
    procedure::<RotateSecret>(),
    row::<CancelRotateSecret>(),
    row::<TagResource>(),
    row::<UntagResource>(),
];
