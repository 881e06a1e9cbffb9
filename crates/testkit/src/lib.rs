//! Test support: fake clock, seeded randomness, generated inputs, fixtures, an in-memory store. A dev-dependency only.

mod fake_clock;
pub mod forgeries;
pub mod generated;
mod memory_store;
mod seeded_random;

pub use fake_clock::{FakeClock, FakeMonotonic};
pub use memory_store::memory_store;
pub use seeded_random::SeededRandom;
