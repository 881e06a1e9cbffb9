//! The operations of our own service: the whole surface on one screen.

use super::app_client::{DescribeAppClientExtras, UpdateAppClientExtras};
use crate::operation::{Row, row};

/// Every operation that is served.
pub static OPERATIONS: &[Row] = &[row::<DescribeAppClientExtras>(), row::<UpdateAppClientExtras>()];
