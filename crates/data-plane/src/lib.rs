//! What traffic does: the token endpoint, discovery, the gateway pipeline and its integrations.

pub mod body;
