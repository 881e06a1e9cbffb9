//! The storage port: records, transactions, the revision feed, and the contract every backend passes.
