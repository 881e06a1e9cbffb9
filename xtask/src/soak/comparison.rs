//! Whether much is served as fast as little: each kind of request goes to both in turn, one after the other, and then to
//! each under load.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::ensure;

use crate::load::{self, Requests, median};

/// Connections of a load.
const LOAD_CONNECTIONS: usize = 16;
/// How long each kind of request is sent in a round, in turn and under load.
const DURATION: Duration = Duration::from_secs(2);

/// A table that is printed as it is measured.
pub(super) struct Comparison {
    rounds: usize,
    /// The worse ratio of each kind of request.
    ratios: Vec<(String, f64)>,
}

impl Comparison {
    /// Begins the table: how much there is of what is counted, little and much.
    #[expect(clippy::print_stdout, reason = "the figures are the command's result")]
    pub(super) fn new([little, much]: [usize; 2], rounds: usize) -> Self {
        println!("\n{:38}  {little:>10}  {much:>10}  {:>6}  {little:>10}  {much:>10}  {:>6}", "", "ratio", "ratio");
        Self { rounds, ratios: Vec::new() }
    }

    /// Measures one kind of request where there is little and where there is much.
    #[expect(clippy::print_stdout, reason = "the figures are the command's result")]
    pub(super) fn measure(&mut self, what: &str, servers: [(SocketAddr, &Requests); 2]) -> anyhow::Result<()> {
        let (mut latencies, mut rates) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            latencies.push(load::in_turn(servers, DURATION)?);
            rates.push(load::in_slices(servers, LOAD_CONNECTIONS, DURATION)?);
        }
        let of = |pairs: &[[f64; 2]], part: fn(&[f64; 2]) -> f64| median(&pairs.iter().map(part).collect::<Vec<_>>());
        let slower = of(&latencies, |[little, much]| much / little);
        let fewer = of(&rates, |[little, much]| little / much);
        println!(
            "{what:38}  {:>7.3} ms  {:>7.3} ms  {slower:>6.2}  {:>8.0}/s  {:>8.0}/s  {fewer:>6.2}",
            of(&latencies, |[little, _]| *little),
            of(&latencies, |[_, much]| *much),
            of(&rates, |[little, _]| *little),
            of(&rates, |[_, much]| *much),
        );
        self.ratios.push((what.to_owned(), slower.max(fewer)));
        Ok(())
    }

    /// Fails when a kind of request is so many times slower where there is much.
    pub(super) fn check(&self, ratio_max: f64) -> anyhow::Result<()> {
        let slow = self.ratios.iter().filter(|(_, ratio)| *ratio >= ratio_max);
        let slow: Vec<&str> = slow.map(|(what, _)| what.as_str()).collect();
        ensure!(slow.is_empty(), "{ratio_max} times slower or more where there is much: {}", slow.join(", "));
        Ok(())
    }
}
