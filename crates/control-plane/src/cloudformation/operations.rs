//! Every operation of CloudFormation that is served, on one screen.

use super::change_set::{CreateChangeSet, DeleteChangeSet, DescribeChangeSet, ExecuteChangeSet, ListChangeSets};
use super::stack::{
    CancelUpdateStack, ContinueUpdateRollback, CreateStack, DeleteStack, DescribeStacks, GetStackPolicy, ListStacks,
    RollbackStack, SetStackPolicy, UpdateStack, UpdateTerminationProtection,
};
use super::stack_event::{DescribeEvents, DescribeStackEvents};
use super::stack_export::{ListExports, ListImports};
use super::stack_resource::{DescribeStackResource, DescribeStackResources, ListStackResources};
use super::template::{GetTemplate, GetTemplateSummary, ValidateTemplate};
use crate::operation::{Row, procedure, row};

/// The operations, by name.
pub static OPERATIONS: &[Row] = &[
    procedure::<CancelUpdateStack>(),
    procedure::<ContinueUpdateRollback>(),
    procedure::<CreateChangeSet>(),
    procedure::<CreateStack>(),
    row::<DeleteChangeSet>(),
    procedure::<DeleteStack>(),
    row::<DescribeChangeSet>(),
    row::<DescribeEvents>(),
    row::<DescribeStackEvents>(),
    row::<DescribeStackResource>(),
    row::<DescribeStackResources>(),
    row::<DescribeStacks>(),
    procedure::<ExecuteChangeSet>(),
    row::<GetStackPolicy>(),
    procedure::<GetTemplate>(),
    procedure::<GetTemplateSummary>(),
    row::<ListChangeSets>(),
    row::<ListExports>(),
    row::<ListImports>(),
    row::<ListStackResources>(),
    row::<ListStacks>(),
    procedure::<RollbackStack>(),
    procedure::<SetStackPolicy>(),
    procedure::<UpdateStack>(),
    row::<UpdateTerminationProtection>(),
    procedure::<ValidateTemplate>(),
];
