//! Amazon Cognito user pools (`cognito-idp`, version 2016-04-18), as far as machines need them.

#[cfg(test)]
pub(crate) mod output_shapes;
pub mod shapes;
