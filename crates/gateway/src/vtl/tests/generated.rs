//! Templates that chance makes, over bodies that chance makes: whatever they say, they end, within every bound, and
//! always in the same way.
//!
//! Half of the templates are written by the [`grammar`], which knows what templates may say; the other half are
//! templates of the corpus in which something was changed ([`mutation`]). `CLAVIGER_CASES` says how many are tried,
//! `CLAVIGER_SECONDS` how long instead, `CLAVIGER_SEED` where chance begins.

mod bodies;
mod chance;
mod grammar;
mod mutation;

use std::panic;
use std::time::{Duration, Instant};

use self::chance::Chance;
use super::*;

/// Templates tried where nobody asks for more.
const CASES: u64 = 4_000;
/// One template in so many is rendered with the limits of production, which takes longer.
const WHOLE_EVERY: u64 = 64;
/// How long a template may take, by far: what is bounded in steps takes milliseconds.
const DURATION_MAX: Duration = Duration::from_secs(5);
/// A template that took longer is tried again: the machine may have been busy with other things.
const ATTEMPTS: usize = 3;
/// The progress of a long run is told so often.
const TOLD_EVERY: u64 = 250_000;

#[test]
fn every_template_ends_within_its_bounds() {
    let first = number("CLAVIGER_SEED").unwrap_or_default();
    let seconds = number("CLAVIGER_SECONDS").map(Duration::from_secs);
    let cases = number("CLAVIGER_CASES").unwrap_or(CASES);
    let started = Instant::now();
    let mut done = Tally::default();
    let goes_on = |tried: u64| seconds.map_or(tried < cases, |seconds| started.elapsed() < seconds);
    println!("templates from seed {first}");
    while goes_on(done.tried) {
        let seed = first.wrapping_add(done.tried);
        match panic::catch_unwind(|| attempt(seed)) {
            Ok(outcome) => done.count(outcome),
            Err(panic) => {
                println!("see it again with CLAVIGER_SEED={seed} CLAVIGER_CASES=1");
                println!("{:?} over {:?}", case(seed).template, case(seed).bodies);
                panic::resume_unwind(panic);
            }
        }
        if done.tried.is_multiple_of(TOLD_EVERY) {
            println!("{done} in {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    println!("{done} in {:.1} s", started.elapsed().as_secs_f64());
    // Chance that makes nothing but errors, or none at all, would prove little.
    assert!(done.tried < CASES || done.rendered > done.tried / 4 && done.refused > 0 && done.stopped > 0, "{done}");
}

/// How templates ended.
#[derive(Default)]
struct Tally {
    tried: u64,
    refused: u64,
    stopped: u64,
    rendered: u64,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        self.tried += 1;
        match outcome {
            Outcome::Refused => self.refused += 1,
            Outcome::Stopped => self.stopped += 1,
            Outcome::Rendered => self.rendered += 1,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tried, refused, stopped, rendered } = self;
        write!(f, "{tried} templates: {refused} did not parse, {stopped} were stopped by an error, {rendered} rendered")
    }
}

#[derive(Clone, Copy)]
enum Outcome {
    Refused,
    Stopped,
    Rendered,
}

/// What one seed makes.
struct Case {
    template: String,
    /// The bodies of the client's request and the backend's answer.
    bodies: [Vec<u8>; 2],
    limits: Limits,
}

fn case(seed: u64) -> Case {
    let mut chance = Chance::new(seed);
    let template = if chance.one_in(2) { grammar::template(&mut chance) } else { mutation::template(&mut chance) };
    let limits = if seed.is_multiple_of(WHOLE_EVERY) {
        Limits::default()
    } else {
        Limits { steps: 20_000, output_bytes: 10_000, memory_bytes: 200_000, depth: 60, foreach_iterations: 100 }
    };
    Case { template, bodies: [bodies::body(&mut chance), bodies::body(&mut chance)], limits }
}

/// Renders what a seed makes, and checks what holds of every rendering.
fn attempt(seed: u64) -> Outcome {
    let case = case(seed);
    let parsed = in_time(|| Template::parse(&case.template));
    let template = match parsed {
        Ok(template) => template,
        Err(error) => {
            check_place(&case.template, error.line, error.column);
            return Outcome::Refused;
        }
    };
    let rendered = in_time(|| render_both(&template, &case));
    let again = render_both(&template, &case);
    assert_eq!(rendered, again, "the same template renders in another way");
    let mut outcome = Outcome::Rendered;
    for result in rendered {
        match result {
            Ok(text) => {
                assert!(text.len() <= case.limits.output_bytes, "{} bytes", text.len());
                assert!(template.constant().is_none_or(|constant| constant == text), "a constant that is none");
            }
            Err(error) => {
                check_place(&case.template, error.line, error.column);
                outcome = Outcome::Stopped;
            }
        }
    }
    outcome
}

/// The template as the request's and then as the response's, as one call has them.
fn render_both(template: &Template, case: &Case) -> [Result<String, RenderError>; 2] {
    let call = ExampleCall::new();
    let [request, response] = &case.bodies;
    let mut scope = Scope::new(&call, request);
    let first = template.render(&mut scope, &case.limits);
    scope.set_body(response);
    let second = template.render(&mut scope, &case.limits);
    let _ = scope.overrides();
    [first, second]
}

/// Runs something that is quick, unless it is slow every time.
fn in_time<T>(run: impl Fn() -> T) -> T {
    let mut shortest = Duration::MAX;
    for _ in 0..ATTEMPTS {
        let started = Instant::now();
        let result = run();
        shortest = shortest.min(started.elapsed());
        if shortest < DURATION_MAX {
            return result;
        }
    }
    panic!("it took {shortest:?}");
}

/// An error is somewhere in the template, or just behind it.
fn check_place(template: &str, line: u32, column: u32) {
    let lines = template.matches('\n').count() + 1;
    assert!((1..=lines).contains(&(line as usize)) && column > 0, "line {line}, column {column}");
    let of_line = template.split('\n').nth(line as usize - 1).unwrap_or_default();
    assert!(column as usize <= of_line.chars().count() + 1, "line {line}, column {column}");
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable} is {text}: {error}")))
}
