//! `claviger deploy`, `plan` and `destroy`: CloudFormation without any AWS tool.
//!
//! They call the very API that AWS's tools call ([`api`]), follow what happens ([`progress`]) and say what came of it.

mod api;
mod connections;
pub(super) mod deploy;
mod deployment;
pub(super) mod destroy;
pub(super) mod plan;
mod progress;
mod source;

pub(super) use self::connections::{Client, Connections};
pub(super) use self::deploy::check_name;
pub(super) use self::deployment::{Deployment, Outcome};

use self::api::Api;
use super::endpoint::Endpoint;

/// Where a stack is.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Place {
    /// The region that the stack lives in
    #[arg(long, env = "AWS_REGION", value_name = "REGION", default_value = "us-east-1")]
    region: String,
}

impl Place {
    /// The region of servers that are told nothing else.
    pub(super) fn default_region() -> Self {
        Self { region: "us-east-1".to_owned() }
    }

    fn api(&self, endpoint: &Endpoint) -> Api {
        Api::new(endpoint.clone(), self.region.clone())
    }
}
