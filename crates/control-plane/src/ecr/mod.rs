//! Amazon ECR (`ecr`, version 2015-09-21): no repositories. The Serverless Framework asks for one before it removes a
//! service, and goes on when it hears that there is none.

pub mod operations;
pub mod output_shapes;
pub mod repository;
pub mod shapes;
