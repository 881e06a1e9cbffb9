//! The embedded backend from outside: the contract, the files it opens, its commits and its crashes.

mod files;
