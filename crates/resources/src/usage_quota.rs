//! Quotas of usage plans: how many requests there may be in a day, week or month, each of the calendar and in UTC.

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, Month};

use crate::Timestamp;

/// How many requests there may be in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageQuota {
    /// The requests.
    pub limit: u32,
    /// The day on which a period starts: 0 is Sunday in a week, the first in a month.
    #[serde(default)]
    pub offset: u32,
    /// The period.
    pub period: QuotaPeriod,
}

/// The period of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum QuotaPeriod {
    /// From midnight to midnight.
    Day,
    /// Seven days.
    Week,
    /// From a day of one month to the same day of the next.
    Month,
}

/// From when to when a quota is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaSpan {
    /// The first moment.
    pub start: Timestamp,
    /// The first moment of the next.
    pub end: Timestamp,
}

impl QuotaPeriod {
    /// AWS's name of the period.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// Parses AWS's name of a period.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Day, Self::Week, Self::Month].into_iter().find(|period| period.as_str() == text)
    }

    /// The greatest offset it may have.
    pub const fn offset_max(self) -> u32 {
        match self {
            Self::Day => 0,
            Self::Week => 6,
            Self::Month => 27,
        }
    }
}

impl UsageQuota {
    /// The period that a moment is in.
    pub fn span(self, now: Timestamp) -> QuotaSpan {
        let today = now.utc().date();
        let offset = i64::from(self.offset.min(self.period.offset_max()));
        let (start, end) = match self.period {
            QuotaPeriod::Day => (Some(today), today.next_day()),
            QuotaPeriod::Week => {
                let since = (i64::from(today.weekday().number_days_from_sunday()) - offset).rem_euclid(7);
                let start = today.checked_sub(Duration::days(since));
                (start, start.and_then(|start| start.checked_add(Duration::days(7))))
            }
            QuotaPeriod::Month => {
                let of_month = |date: Date| date.replace_day(1).ok()?.checked_add(Duration::days(offset));
                let this = of_month(today);
                if this.is_some_and(|start| start <= today) {
                    (this, next_month(today).and_then(of_month))
                } else {
                    (previous_month(today).and_then(of_month), this)
                }
            }
        };
        let start = start.unwrap_or(today);
        QuotaSpan { start: midnight(start), end: midnight(end.unwrap_or(start)) }
    }
}

/// The first moment of the day that a moment is in.
pub fn day_of(now: Timestamp) -> Timestamp {
    midnight(now.utc().date())
}

/// A day as AWS writes it: `2026-01-31`.
pub fn day_text(day: Timestamp) -> String {
    day.utc().format(DAY).unwrap_or_default()
}

/// The first moment of a day written as AWS writes it.
pub fn parse_day(text: &str) -> Option<Timestamp> {
    Date::parse(text, DAY).ok().map(midnight)
}

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

fn midnight(date: Date) -> Timestamp {
    Timestamp::from_seconds(date.midnight().assume_utc().unix_timestamp())
}

fn next_month(date: Date) -> Option<Date> {
    let year = if date.month() == Month::December { date.year() + 1 } else { date.year() };
    Date::from_calendar_date(year, date.month().next(), 1).ok()
}

fn previous_month(date: Date) -> Option<Date> {
    let year = if date.month() == Month::January { date.year() - 1 } else { date.year() };
    Date::from_calendar_date(year, date.month().previous(), 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let mut parts = text.split('-').map(|part| part.parse::<i32>().unwrap());
        let mut next = || parts.next().unwrap();
        let (year, month, day) = (next(), next(), next());
        let month = Month::try_from(u8::try_from(month).unwrap()).unwrap();
        midnight(Date::from_calendar_date(year, month, u8::try_from(day).unwrap()).unwrap())
    }

    #[test]
    fn a_period_starts_on_its_day_and_ends_where_the_next_begins() {
        let check = |period: QuotaPeriod, offset: u32, now: &str, start: &str, end: &str| {
            let quota = UsageQuota { limit: 1, offset, period };
            let expected = QuotaSpan { start: at(start), end: at(end) };
            assert_eq!(quota.span(at(now)), expected, "{period:?} {offset} {now}");
            let last = Timestamp::from_milliseconds(expected.end.milliseconds() - 1);
            assert_eq!(quota.span(last), expected, "{period:?} {offset} {now}");
            assert_eq!(quota.span(expected.end).start, expected.end, "{period:?} {offset} {now}");
        };
        check(QuotaPeriod::Day, 0, "2030-01-31", "2030-01-31", "2030-02-01");
        check(QuotaPeriod::Day, 0, "2029-12-31", "2029-12-31", "2030-01-01");
        // The first of January 2030 is a Tuesday.
        check(QuotaPeriod::Week, 0, "2030-01-01", "2029-12-30", "2030-01-06");
        check(QuotaPeriod::Week, 1, "2030-01-01", "2029-12-31", "2030-01-07");
        check(QuotaPeriod::Week, 2, "2030-01-01", "2030-01-01", "2030-01-08");
        check(QuotaPeriod::Week, 3, "2030-01-01", "2029-12-26", "2030-01-02");
        check(QuotaPeriod::Week, 6, "2030-01-05", "2030-01-05", "2030-01-12");
        check(QuotaPeriod::Month, 0, "2028-02-29", "2028-02-01", "2028-03-01");
        check(QuotaPeriod::Month, 0, "2029-12-31", "2029-12-01", "2030-01-01");
        check(QuotaPeriod::Month, 27, "2030-02-28", "2030-02-28", "2030-03-28");
        check(QuotaPeriod::Month, 27, "2030-03-01", "2030-02-28", "2030-03-28");
        check(QuotaPeriod::Month, 14, "2030-01-01", "2029-12-15", "2030-01-15");
        check(QuotaPeriod::Month, 14, "2029-12-31", "2029-12-15", "2030-01-15");
    }

    #[test]
    fn days_are_written_as_dates() {
        let check = |text: &str, expected: Option<i64>| {
            let day = parse_day(text);
            assert_eq!(day.map(Timestamp::seconds), expected, "{text}");
            assert!(day.is_none_or(|day| day_text(day) == text), "{text}");
        };
        check("2030-01-01", Some(1_893_456_000));
        check("1970-01-01", Some(0));
        for text in ["", "2030-01", "2030-01-32", "2030-1-1", "2030-01-01T00:00:00Z", "99999-01-01"] {
            check(text, None);
        }
        assert_eq!(day_of(Timestamp::from_milliseconds(86_399_999)), Timestamp::from_seconds(0));
    }

    #[test]
    fn periods_have_the_names_of_aws() {
        for (name, expected) in
            [("DAY", Some(0)), ("WEEK", Some(6)), ("MONTH", Some(27)), ("YEAR", None), ("day", None)]
        {
            assert_eq!(QuotaPeriod::parse(name).map(QuotaPeriod::offset_max), expected, "{name}");
        }
    }
}
