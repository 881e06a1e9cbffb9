//! Token counts: how many tokens an app client was issued and refused on each day, as they are stored.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month};

use crate::{ClientId, Tenant, Timestamp, UserPoolId};

/// Days that counts are kept.
pub const DAYS_KEPT: u16 = 400;

/// The counts of an app client in one month. One record holds a month so that a day's count is written without rewriting
/// what was counted a year ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCount {
    /// The app client and the month; see [`id`].
    pub id: String,
    /// The app client.
    pub client: ClientId,
    /// Its pool.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The days on which something was counted, in their order.
    pub days: Vec<DayCount>,
}

/// What was counted on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The day.
    pub day: Day,
    /// Tokens that were issued.
    pub issued: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// A day in UTC, by its number since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(i32);

impl Day {
    /// The day of a moment.
    pub fn of(at: Timestamp) -> Self {
        const SECONDS: i64 = 24 * 60 * 60;
        Self(i32::try_from(at.seconds().div_euclid(SECONDS)).unwrap_or(i32::MAX))
    }

    /// So many days before.
    #[must_use]
    pub fn before(self, days: u16) -> Self {
        Self(self.0.saturating_sub(days.into()))
    }

    /// The calendar date.
    pub fn date(self) -> Date {
        let epoch = Date::from_ordinal_date(1970, 1).unwrap_or(Date::MIN);
        epoch.checked_add(Duration::days(self.0.into())).unwrap_or(Date::MAX)
    }

    /// The month, as `2026-01`.
    pub fn month(self) -> String {
        let date = self.date();
        format!("{:04}-{:02}", date.year(), u8::from(date.month()))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = self.date();
        write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }
}

/// The id of the record of an app client and a month: those of a client stand together, in their order.
pub fn id(client: &ClientId, month: &str) -> String {
    format!("{client}.{month}")
}

/// The months, as `2026-01`, that have days since this one, up to another.
pub fn months(since: Day, until: Day) -> Vec<String> {
    let (since, until) = (since.date(), until.date());
    let (mut year, mut month) = (since.year(), since.month());
    let mut months = Vec::new();
    while (year, u8::from(month)) <= (until.year(), u8::from(until.month())) {
        months.push(format!("{year:04}-{:02}", u8::from(month)));
        month = month.next();
        year += i32::from(month == Month::January);
    }
    months
}

impl TokenCount {
    /// No counts of a month yet.
    pub fn nothing(client: ClientId, pool: UserPoolId, tenant: Tenant, month: &str) -> Self {
        Self { id: id(&client, month), client, pool, tenant, days: Vec::new() }
    }

    /// Adds what was counted on a day.
    pub fn add(&mut self, more: DayCount) {
        match self.days.binary_search_by_key(&more.day, |count| count.day) {
            Ok(place) => {
                if let Some(count) = self.days.get_mut(place) {
                    count.issued = count.issued.saturating_add(more.issued);
                    count.refused = count.refused.saturating_add(more.refused);
                }
            }
            Err(place) => self.days.insert(place, more),
        }
    }

    /// Whether nothing of it is to be kept any more.
    pub fn is_over(&self, today: Day) -> bool {
        self.days.iter().all(|count| count.day < today.before(DAYS_KEPT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        let date = Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).unwrap();
        Day::of(Timestamp::from_seconds(date.midnight().assume_utc().unix_timestamp()))
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(day("2026-02-28").to_string(), "2026-02-28");
        assert_eq!(Day::of(Timestamp::from_seconds(-1)).to_string(), "1969-12-31");
        assert_eq!(day("2026-03-01").before(1), day("2026-02-28"));
        assert_eq!(day("2026-12-31").month(), "2026-12");
        let check = |since: &str, until: &str, expected: &[&str]| {
            assert_eq!(months(day(since), day(until)), expected, "{since} {until}");
        };
        check("2026-01-31", "2026-02-01", &["2026-01", "2026-02"]);
        check("2025-11-30", "2026-02-01", &["2025-11", "2025-12", "2026-01", "2026-02"]);
        check("2026-01-01", "2026-01-01", &["2026-01"]);
        check("2026-01-02", "2025-12-31", &[]);
        assert_eq!(months(day("2026-01-01").before(DAYS_KEPT), day("2026-01-01")).len(), 15);
    }

    #[test]
    fn counts_are_added_to_their_days_and_are_over_with_the_last_of_them() {
        let client = ClientId::parse("abc123abc123abc123abc123ab").unwrap();
        let pool = UserPoolId::parse("us-east-1_AbCdEfGhI").unwrap();
        let tenant = Tenant { account: crate::AccountId::DEFAULT, region: crate::Region::us_east_1() };
        let mut count = TokenCount::nothing(client, pool, tenant, "2026-01");
        assert_eq!(count.id, "abc123abc123abc123abc123ab.2026-01");
        let of = |text: &str, issued, refused| DayCount { day: day(text), issued, refused };
        for more in [of("2026-01-03", 1, 0), of("2026-01-01", 2, 1), of("2026-01-03", 0, 4)] {
            count.add(more);
        }
        assert_eq!(count.days, [of("2026-01-01", 2, 1), of("2026-01-03", 1, 4)]);
        let last = day("2026-01-03");
        assert!(!count.is_over(Day(last.0 + 400)) && count.is_over(Day(last.0 + 401)));
    }
}
