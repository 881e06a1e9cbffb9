//! What S3 has of its own on the wire: bodies in chunks, checksums, small documents in XML.

mod checksum;
mod chunks;
mod document;

pub use checksum::{Algorithm, Checksum};
pub use chunks::{ChunkError, Chunks};
pub use document::{Document, DocumentError};
