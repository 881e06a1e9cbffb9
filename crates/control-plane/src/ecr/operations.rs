//! The operation of ECR that is served.

use super::repository::DescribeRepositories;
use crate::operation::{Row, row};

/// The rows.
pub static OPERATIONS: &[Row] = &[row::<DescribeRepositories>()];
