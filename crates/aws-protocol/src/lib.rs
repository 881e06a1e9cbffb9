//! The wire: SigV4, awsJson, restJson, error envelopes, shape validation. Knows no product noun.
pub mod failure;
