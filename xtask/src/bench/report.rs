//! The table a benchmark ends in.

use crate::load::{Outcome, machine, median};

/// Rows of figures, each with the floor it must keep if there is one.
pub(super) struct Report {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    figure: String,
    floor: Option<String>,
    met: bool,
}

impl Report {
    pub(super) fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// A single figure and the most it may be.
    pub(super) fn figure(&mut self, what: &str, value: f64, unit: &str, most: f64) {
        self.rows.push(Row {
            what: what.to_owned(),
            figure: format!("{value:.1} {unit}"),
            floor: Some(format!("≤ {most} {unit}")),
            met: value <= most,
        });
    }

    /// A load against its ceiling, round by round.
    pub(super) fn load(&mut self, what: &str, against: &str, load: &[Outcome], ceiling: &[f64], floor: Option<f64>) {
        let of = |part: fn(&Outcome) -> f64| median(&load.iter().map(part).collect::<Vec<_>>());
        let ratios: Vec<f64> = load.iter().zip(ceiling).map(|(load, ceiling)| load.per_second / ceiling).collect();
        let (low, high) =
            ratios.iter().fold((f64::MAX, f64::MIN), |(low, high), ratio| (low.min(*ratio), high.max(*ratio)));
        let ratio = median(&ratios);
        self.rows.push(Row {
            what: format!("{what} / {against}"),
            figure: format!(
                "{ratio:.2} ({low:.2} to {high:.2}); {:.0}/s of {:.0}/s",
                of(|outcome| outcome.per_second),
                median(ceiling)
            ),
            floor: floor.map(|floor| format!("≥ {floor}")),
            met: floor.is_none_or(|floor| ratio >= floor),
        });
        self.rows.push(Row {
            what: format!("{what}: latency p50, p99"),
            figure: format!(
                "{:.2} ms, {:.2} ms (ratio {:.1})",
                of(|outcome| outcome.p50),
                of(|outcome| outcome.p99),
                of(|outcome| outcome.p99 / outcome.p50)
            ),
            floor: None,
            met: true,
        });
    }

    pub(super) fn all_floors_met(&self) -> bool {
        self.rows.iter().all(|row| row.met)
    }

    /// Prints the table.
    #[expect(clippy::print_stdout, reason = "the table is the command's result")]
    pub(super) fn print(&self, rounds: usize, seconds: f64, connections: usize) {
        println!("{}", machine());
        println!("{connections} keep-alive connections, {rounds} rounds of {seconds} s, medians (spread)\n");
        let width = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
        for row in &self.rows {
            let floor = row.floor.as_ref().map_or(String::new(), |floor| {
                format!("   [{} floor {floor}]", if row.met { "meets" } else { "MISSES" })
            });
            println!("{:width$}   {}{floor}", row.what, row.figure);
        }
    }
}
