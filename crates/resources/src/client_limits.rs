//! Limits of an app client beyond AWS's: a request rate and a token budget, each off unless set.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use crate::Timestamp;
use crate::rate::RateLimit;

/// The limits of an app client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientLimits {
    /// How many tokens a second it may ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateLimit>,
    /// How many tokens it may have in a day or a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<TokenBudget>,
}

/// How many tokens there may be in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBudget {
    /// The tokens.
    pub tokens: u64,
    /// The period.
    pub period: Period,
}

/// The period of a budget, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the first of the next.
    Month,
}

/// One day or one month: what a count of tokens is a count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Which of the two.
    pub period: Period,
    /// When it began.
    pub start: Timestamp,
}

impl Period {
    /// The period as people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The day or month that a moment is in.
    pub fn at(self, now: Timestamp) -> Span {
        let date = now.utc().date();
        let start = match self {
            Self::Day => date,
            Self::Month => date.replace_day(1).unwrap_or(date),
        };
        Span { period: self, start: midnight(start) }
    }
}

impl Span {
    /// When the next one begins.
    pub fn end(self) -> Timestamp {
        let start = self.start.utc().date();
        let next = match self.period {
            Period::Day => start.next_day(),
            Period::Month => {
                let year = if start.month() == Month::December { start.year() + 1 } else { start.year() };
                Date::from_calendar_date(year, start.month().next(), 1).ok()
            }
        };
        next.map_or(self.start, midnight)
    }

    /// Whole seconds, at least one, until the next one begins.
    pub fn seconds_left(self, now: Timestamp) -> u64 {
        let milliseconds = self.end().milliseconds().saturating_sub(now.milliseconds());
        u64::try_from(milliseconds).unwrap_or_default().div_ceil(1000).max(1)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn midnight(date: Date) -> Timestamp {
    Timestamp::from_seconds(date.midnight().assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32, month: u8, day: u8, seconds: i64) -> Timestamp {
        let date = Date::from_calendar_date(year, month.try_into().unwrap(), day).unwrap();
        Timestamp::from_seconds(midnight(date).seconds() + seconds)
    }

    #[test]
    fn a_period_ends_where_the_next_begins() {
        let check = |period: Period, now: Timestamp, start: Timestamp, end: Timestamp| {
            let span = period.at(now);
            assert_eq!((span.start, span.end()), (start, end), "{period} {now:?}");
            assert_eq!(period.at(end).start, end);
            assert_eq!(period.at(Timestamp::from_milliseconds(end.milliseconds() - 1)), span);
        };
        check(Period::Day, at(2030, 1, 31, 0), at(2030, 1, 31, 0), at(2030, 2, 1, 0));
        check(Period::Day, at(2029, 12, 31, 86_399), at(2029, 12, 31, 0), at(2030, 1, 1, 0));
        check(Period::Month, at(2030, 1, 31, 5), at(2030, 1, 1, 0), at(2030, 2, 1, 0));
        check(Period::Month, at(2028, 2, 29, 5), at(2028, 2, 1, 0), at(2028, 3, 1, 0));
        check(Period::Month, at(2029, 12, 1, 0), at(2029, 12, 1, 0), at(2030, 1, 1, 0));
    }

    #[test]
    fn tells_what_is_left_of_a_period() {
        let check = |period: Period, now: Timestamp, expected: u64| {
            assert_eq!(period.at(now).seconds_left(now), expected, "{period} {now:?}");
        };
        check(Period::Day, at(2030, 1, 1, 0), 86_400);
        check(Period::Day, at(2030, 1, 1, 86_399), 1);
        check(Period::Month, at(2030, 1, 1, 0), 31 * 86_400);
        let almost = Timestamp::from_milliseconds(at(2030, 1, 2, 0).milliseconds() - 1);
        check(Period::Day, almost, 1);
    }
}
