//! What the fuzz targets reach of this crate beside what is public. It is no part of its interface.

use crate::apigateway::api_key_import::csv;
use crate::cognito::user_filter::UserFilter;
use crate::logs::filter_pattern::FilterPattern;

/// Reads a file of API keys; tells how many it holds.
pub fn api_key_file(text: &str) -> Option<usize> {
    csv::parse(text).ok().map(|rows| rows.len())
}

/// Reads the filter of a list of users; tells whether it is one.
pub fn user_filter(text: &str) -> bool {
    UserFilter::parse(text).is_ok()
}

/// Reads a pattern for log events and holds a message against it; `None` when it is no pattern.
pub fn filter_pattern(text: &str, message: &str) -> Option<bool> {
    FilterPattern::parse(text).ok().map(|pattern| pattern.fits(message))
}
