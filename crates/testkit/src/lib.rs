//! Test support: fake clock, seeded randomness, fixtures, an in-memory store. A dev-dependency only.

mod seeded_random;

pub use seeded_random::SeededRandom;
