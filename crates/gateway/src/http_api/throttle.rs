//! Which rate limit a stage sets for a route (API Gateway, "Throttle requests to your HTTP APIs").

use claviger_resources::http_api::{RouteSettings, Stage};
use claviger_resources::limits::API_GATEWAY_ACCOUNT_RATE;
use claviger_resources::rate::RateLimit;

/// The limit a stage sets for the route with this key, which is that route's alone; `None` when it leaves it to the account.
pub fn limit_of_stage(stage: &Stage, route_key: &str) -> Option<RateLimit> {
    limit(stage.route_settings.get(route_key), &stage.default_route_settings)
}

/// What a route's own settings leave open, the stage's default ones say; where only one of rate and burst is said, the other
/// is the account's.
fn limit(own: Option<&RouteSettings>, default: &RouteSettings) -> Option<RateLimit> {
    let rate = own.and_then(|own| own.throttling_rate_limit).or(default.throttling_rate_limit);
    let burst = own.and_then(|own| own.throttling_burst_limit).or(default.throttling_burst_limit);
    if rate.is_none() && burst.is_none() {
        return None;
    }
    Some(RateLimit {
        rate: rate.unwrap_or(API_GATEWAY_ACCOUNT_RATE.rate).max(0.0),
        burst: burst.map_or(API_GATEWAY_ACCOUNT_RATE.burst, |burst| u32::try_from(burst).unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_s_own_settings_come_first() {
        let settings = |rate: Option<f64>, burst: Option<i32>| RouteSettings {
            throttling_rate_limit: rate,
            throttling_burst_limit: burst,
            ..RouteSettings::default()
        };
        let check = |own: Option<RouteSettings>, default: RouteSettings, expected: Option<(f64, u32)>| {
            let limit = limit(own.as_ref(), &default).map(|limit| (limit.rate, limit.burst));
            assert_eq!(limit, expected, "{own:?} {default:?}");
        };
        check(None, settings(None, None), None);
        check(Some(settings(None, None)), settings(None, None), None);
        check(None, settings(Some(1.5), Some(2)), Some((1.5, 2)));
        check(Some(settings(Some(3.0), Some(4))), settings(Some(1.5), Some(2)), Some((3.0, 4)));
        check(Some(settings(Some(3.0), None)), settings(Some(1.5), Some(2)), Some((3.0, 2)));
        check(None, settings(Some(1.0), None), Some((1.0, 5_000)));
        check(None, settings(None, Some(0)), Some((10_000.0, 0)));
    }
}
