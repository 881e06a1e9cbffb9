//! Test support: fake clock, seeded randomness, fixtures, an in-memory store. A dev-dependency only.
