//! Transactions that get in each other's way are run again.

/// Runs an attempt again while it `collides`, so often at most in all; tells what came of the last one.
pub async fn retried<T, E, F>(
    attempts_max: u32,
    mut attempt: impl FnMut() -> F,
    collides: impl Fn(&E) -> bool,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for _ in 1..attempts_max {
        match attempt().await {
            Err(error) if collides(&error) => {}
            outcome => return outcome,
        }
    }
    attempt().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_collides_is_run_again_and_the_last_attempt_counts() {
        for (collisions, attempts, expected) in [(0, 1, Ok(1)), (2, 3, Ok(3)), (3, 3, Err("collision"))] {
            let made = Cell::new(0);
            let attempt = || async {
                made.set(made.get() + 1);
                if made.get() > collisions { Ok(made.get()) } else { Err("collision") }
            };
            assert_eq!(retried(3, attempt, |error| *error == "collision").await, expected);
            assert_eq!(made.get(), attempts);
        }
        let made = Cell::new(0);
        let attempt = || async {
            made.set(made.get() + 1);
            Err::<(), _>("refusal")
        };
        assert_eq!(retried(3, attempt, |error| *error == "collision").await, Err("refusal"));
        assert_eq!(made.get(), 1);
    }
}
