//! Identity providers: `ListIdentityProviders`. Users sign in with the pool itself, so there are none to list.

use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::operations::Empty;
use super::user_pool;
use crate::operation::{Access, Context, Operation};

/// Lists a pool's identity providers, of which it has none.
pub struct ListIdentityProviders;

/// The members of `ListIdentityProviders`; its one page never ends before the list does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListIdentityProvidersInput {
    user_pool_id: String,
    #[serde(rename = "MaxResults")]
    _max_results: Option<u32>,
    next_token: Option<String>,
}

/// What `ListIdentityProviders` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListIdentityProvidersOutput {
    providers: [Empty; 0],
}

impl Operation for ListIdentityProviders {
    const NAME: &'static str = "ListIdentityProviders";
    const ACCESS: Access = Access::Read;
    type Input = ListIdentityProvidersInput;
    type Output = ListIdentityProvidersOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        user_pool::find(cx, &input.user_pool_id).await?;
        if input.next_token.is_some() {
            return Err(Error::PaginationToken);
        }
        Ok(ListIdentityProvidersOutput { providers: [] })
    }
}
