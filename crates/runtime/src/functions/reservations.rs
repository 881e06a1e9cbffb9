//! Reserved concurrency: how many events each function has at a time, and which may have no more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::FunctionError;

/// The events that functions have.
#[derive(Default)]
pub(super) struct Reservations(Mutex<HashMap<String, u32>>);

/// An event's place, which is given back when this is dropped.
pub(super) struct Reserved<'a> {
    reservations: &'a Reservations,
    arn: String,
}

impl Reservations {
    /// A place for an event of a function that may have `most` at a time, if that is set.
    pub(super) fn take(&self, arn: &str, most: Option<u32>) -> Result<Reserved<'_>, FunctionError> {
        let mut counts = self.lock();
        let count = counts.get(arn).copied().unwrap_or_default();
        if most.is_some_and(|most| count >= most) {
            return Err(FunctionError::ReservationFull);
        }
        counts.insert(arn.to_owned(), count + 1);
        drop(counts);
        Ok(Reserved { reservations: self, arn: arn.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let mut counts = self.reservations.lock();
        match counts.get_mut(&self.arn) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.arn)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_as_many_events_as_are_reserved_for_it() {
        let reservations = Reservations::default();
        let take = |arn, most| reservations.take(arn, most);
        let full = Some(FunctionError::ReservationFull);
        assert_eq!(take("a", Some(0)).err(), full);
        let first = take("a", Some(2)).unwrap();
        let _second = take("a", Some(2)).unwrap();
        assert_eq!(take("a", Some(2)).err(), full);
        assert!(take("b", Some(1)).is_ok() && take("a", None).is_ok());
        drop(first);
        assert!(take("a", Some(2)).is_ok());
        assert_eq!(reservations.lock().len(), 1);
    }
}
