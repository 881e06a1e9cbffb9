//! Numbers of schemas and bodies: whole ones are compared exactly, others as they are read.

use std::cmp::Ordering;

use serde_json::Number;

/// How two numbers compare.
pub(super) fn compare(one: &Number, other: &Number) -> Ordering {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => real(one).total_cmp(&real(other)),
    }
}

/// Whether a number is a multiple of another; nothing is one of zero.
pub(super) fn is_multiple(number: &Number, of: &Number) -> bool {
    if let (Some(number), Some(of)) = (whole(number), whole(of)) {
        return of != 0 && number % of == 0;
    }
    let quotient = real(number) / real(of);
    // Decimal fractions have no exact form: 0.3 is a multiple of 0.1 all the same.
    quotient.is_finite() && (quotient - quotient.round()).abs() <= quotient.abs().max(1.0) * 1e-12
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn real(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}
