//! Repositories, of which there are none: `DescribeRepositories`.

use claviger_aws_protocol::failure::Failure;
use claviger_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::operation::{Access, Context, Operation, Refusal};

/// Lists repositories.
pub struct DescribeRepositories;

/// The members of `DescribeRepositories`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeRepositoriesInput {
    registry_id: Option<String>,
    repository_names: Option<Vec<String>>,
}

/// No repositories.
#[derive(Debug, Serialize)]
pub struct DescribeRepositoriesOutput {
    repositories: [&'static str; 0],
}

/// Why an operation of ECR was refused. The texts are AWS's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error("The repository with name '{name}' does not exist in the registry with id '{registry}'")]
    RepositoryNotFound {
        /// Its name.
        name: String,
        /// The account.
        registry: String,
    },
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Operation for DescribeRepositories {
    const NAME: &'static str = "DescribeRepositories";
    const ACCESS: Access = Access::Read;
    type Input = DescribeRepositoriesInput;
    type Output = DescribeRepositoriesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let Some(name) = input.repository_names.as_ref().and_then(|names| names.first()) else {
            return Ok(DescribeRepositoriesOutput { repositories: [] });
        };
        let registry = input.registry_id.clone().unwrap_or_else(|| cx.tenant.account.to_string());
        Err(Error::RepositoryNotFound { name: name.clone(), registry })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::RepositoryNotFound { .. } => Self::new("RepositoryNotFoundException", 400, error.to_string()),
            Error::Store(_) => Self::internal("ServerException"),
        }
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
