//! The control plane over an in-memory store: requests in, answers and stored state out.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is missing fails the test that asks for it")]
#![expect(clippy::needless_pass_by_value, reason = "literal values read best where they are used")]

mod apigateway;
mod claviger;
mod cloudformation;
mod cognito;
mod dispatch;
mod lambda;
mod plane;
mod quotas_page;
mod roles_and_policies;
mod s3;
mod ssm;
mod sts;
