//! Generated inputs: how many are tried and from which seed, and values that programs trip over.
//!
//! `CLAVIGER_CASES` says how many inputs are tried and `CLAVIGER_SEED` where chance begins, so that a failure can be seen
//! again; without them a test tries its own number of inputs, the same ones every time.

use std::cell::Cell;
use std::fmt::Debug;
use std::panic;
use std::sync::Once;
use std::time::Instant;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::{Value, json};

/// How many smaller forms of a failing batch are tried.
const SHRINK_ITERATIONS_MAX: u32 = 4_096;

/// How many inputs to try: what `CLAVIGER_CASES` says, else `default`.
pub fn cases(default: usize) -> usize {
    number("CLAVIGER_CASES").map_or(default, |cases| usize::try_from(cases).unwrap_or(usize::MAX))
}

/// The number in an environment variable, with which somebody asks for more or other than a test does by itself.
///
/// # Panics
///
/// When it is no number.
pub fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(error) => panic!("{variable} is {text}: {error}"),
    }
}

/// Tries batches until they have held `cases` inputs; `test` tells how many a batch held. A panic anywhere on the thread,
/// background tasks included, fails the batch as a refusal of the test does. A batch that fails is made as small as it gets
/// and shown whole.
///
/// # Panics
///
/// When a batch fails.
#[expect(clippy::print_stdout, reason = "the seed and the time are part of the test's report")]
pub fn try_batches<S>(cases: usize, batches: &S, test: impl Fn(&S::Value) -> Result<usize, TestCaseError>)
where
    S: Strategy,
    S::Value: Debug,
{
    count_panics();
    let (started, first) = (Instant::now(), number("CLAVIGER_SEED").unwrap_or_default());
    println!("{cases} inputs from seed {first}");
    let done = Cell::new(0);
    let mut seed = first;
    while done.get() < cases {
        let config = Config { failure_persistence: None, max_shrink_iters: SHRINK_ITERATIONS_MAX, ..Config::default() };
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let batch = match batches.new_tree(&mut runner) {
            Ok(batch) => batch,
            Err(reason) => panic!("no batch can be made: {reason}"),
        };
        let result = runner.run_one(batch, |batch| {
            let before = PANICS.get();
            let held = test(&batch)?;
            prop_assert!(PANICS.get() == before, "a task panicked");
            done.set(done.get() + held);
            Ok(())
        });
        match result {
            Ok(_) => {}
            Err(TestError::Fail(reason, batch)) => {
                panic!("{reason}\n{batch:#?}\nsee it again with CLAVIGER_SEED={seed} CLAVIGER_CASES=1")
            }
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
        seed = seed.wrapping_add(1);
    }
    println!("{} inputs in {:.1} s", done.get(), started.elapsed().as_secs_f64());
}

/// Text that programs trip over.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z0-9/:._-]{0,40}",
        any::<String>(),
        prop::sample::select(
            &["\u{0}", "\u{feff}", "\u{202e}abc", "../../x", "%00", "{####}", "$input.body", "*", " a "][..]
        )
        .prop_map(str::to_owned),
        prop::sample::select(
            &["us-east-1_none", "ACTIVE", "ENABLED", "weather/get", "COGNITO", "email", "custom:a", "true", "-1"][..]
        )
        .prop_map(str::to_owned),
        Just("arn:aws:cognito-idp:us-east-1:000000000000:userpool/x".to_owned()),
        Just("\u{1f980}".repeat(64)),
        Just("x".repeat(100_000)),
    ]
}

/// Any JSON value.
pub fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_i64..100).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![json!(u64::MAX), json!(i64::MIN), json!(i32::MAX), json!(-1), json!(0.5)]),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The text of a JSON value that no value in memory has: deep nesting, huge numbers, halves of characters, members that
/// come twice; some of it is not JSON at all.
pub fn json_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(
            &[
                "1e999",
                "-1e999",
                "1e-999",
                "-0",
                "-0.0",
                "1E400",
                "99999999999999999999999999",
                "0x1",
                "01",
                "NaN",
                "+1",
                ".5",
                r#""\ud800""#,
                r#""\udc00\ud800""#,
                r#""\u0000""#,
                r#""\x""#,
                r#"{"a":1,"a":2}"#,
                r#"{"":null}"#,
                "[,]",
                "{",
                "\"",
                "nul",
                "",
            ][..]
        )
        .prop_map(str::to_owned),
        (1..200_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        (1..200_usize).prop_map(|depth| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth)),
        Just("[".repeat(50_000)),
        (1..400_usize).prop_map(|digits| "9".repeat(digits)),
    ]
}

thread_local! {
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// Counts the panics of each thread from now on: one in a background task is caught by the task and shows nowhere else.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            before(panic);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(test: impl Fn(&Vec<u8>) -> Result<usize, TestCaseError>) -> String {
        let run = || try_batches(64, &prop::collection::vec(any::<u8>(), 1..8), &test);
        let failure = panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_err();
        failure.downcast_ref::<String>().unwrap().clone()
    }

    #[test]
    fn tries_as_many_inputs_as_it_is_told() {
        let tried = Cell::new(0);
        try_batches(64, &prop::collection::vec(any::<u8>(), 1..8), |batch| {
            tried.set(tried.get() + batch.len());
            Ok(batch.len())
        });
        assert!((64..72).contains(&tried.get()), "{}", tried.get());
    }

    #[test]
    fn shows_the_smallest_batch_that_fails() {
        let shown = failure(|batch| {
            prop_assert!(batch.iter().all(|byte| *byte < 10), "too much");
            Ok(batch.len())
        });
        assert!(shown.starts_with("too much") && shown.contains("[\n    10,\n]"), "{shown}");
    }

    #[test]
    fn fails_when_a_panic_was_caught_before_the_test_saw_it() {
        let shown = failure(|batch| {
            let _ = panic::catch_unwind(|| panic!("in the background"));
            Ok(batch.len())
        });
        assert!(shown.starts_with("a task panicked"), "{shown}");
    }
}
