//! Amazon S3 (`s3`, version 2006-03-01), as far as deploy tools go: buckets, objects, uploads in parts.
//!
//! What is known of objects is in the store, what they hold in files beside it (`claviger_runtime::blobs`), which are on disk
//! before a transaction names them. Settings of buckets are kept and shown and not enforced: policies, ACLs, versioning,
//! lifecycles. One bucket is there before anyone makes it: that of the AWS CDK's bootstrap ([`bucket::find`]).
//!
//! [`request`] finds the operation a request names and runs it; [`code::read`] is how Lambda and the deploy engine read an
//! object whole.

mod body;
pub mod bucket;
pub mod bucket_settings;
pub mod code;
mod conditions;
mod errors;
mod multipart;
pub mod object;
mod object_copy;
mod object_list;
mod object_tags;
pub mod operations;
mod output;
mod part_copy;
pub mod request;
mod work;

pub use errors::Error;
pub use request::{S3Answer, S3Body, S3Request};
