//! OpenAPI documents: `ImportRestApi`, `PutRestApi`.
