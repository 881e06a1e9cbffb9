//! How many inputs were tried and how many of them were answered, by kind and by operation.

use std::fmt;

use claviger_control_plane::cognito::operations::OPERATIONS;

use super::change::{KINDS, ONE};

/// The counts of one run.
pub(super) struct Tally {
    kinds: [Count; KINDS.len()],
    /// In the order of the table of operations.
    operations: Vec<Count>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    tried: usize,
    answered: usize,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { kinds: [Count::default(); KINDS.len()], operations: vec![Count::default(); OPERATIONS.len()] }
    }

    /// Counts one input.
    pub(super) fn count(&mut self, operation: usize, kind: usize, answered: bool) {
        for count in [&mut self.operations[operation], &mut self.kinds[kind]] {
            count.tried += 1;
            count.answered += usize::from(answered);
        }
    }

    fn all(&self) -> usize {
        self.kinds.iter().map(|count| count.tried).sum()
    }

    /// Asserts that the run shows what it is meant to show: half of the inputs have one member changed, and every operation
    /// answered `answered_min` inputs.
    pub(super) fn assert_telling(&self, answered_min: usize) {
        assert!(
            self.kinds[ONE].tried * 2 >= self.all(),
            "less than half of the inputs have one member changed\n{self}"
        );
        let short = |count: &Count| count.answered < answered_min;
        let names = OPERATIONS.iter().zip(&self.operations).filter(|(_, count)| short(count)).map(|(row, _)| row.name);
        let names: Vec<_> = names.collect();
        assert!(names.is_empty(), "answered fewer than {answered_min} inputs: {}\n{self}", names.join(", "));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>8}  {:>8}", "inputs", "answered")?;
        let kinds = KINDS.iter().zip(&self.kinds);
        let rows = kinds.chain(OPERATIONS.iter().map(|row| &row.name).zip(&self.operations));
        for (name, Count { tried, answered }) in rows {
            writeln!(f, "{tried:>8}  {answered:>8}  {name}")?;
        }
        Ok(())
    }
}
