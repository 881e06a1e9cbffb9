//! Which rate limit a stage sets for a method (API Gateway, "Throttle requests to your REST APIs").

use std::collections::{BTreeMap, HashMap};

use claviger_resources::ResourceId;
use claviger_resources::rate::RateLimit;
use claviger_resources::rest_api::{MethodSetting, MethodVerb};

use crate::compile::CompiledApi;

/// The limits a stage sets for the methods of the deployment it serves.
pub fn limits_of_stage(
    settings: &BTreeMap<String, MethodSetting>,
    api: &CompiledApi,
) -> HashMap<(ResourceId, MethodVerb), RateLimit> {
    if settings.is_empty() {
        return HashMap::new();
    }
    let limits = api.methods().filter_map(|(resource, method)| {
        let limit = limit_of_stage(settings, &resource.path, method.verb)?;
        Some(((resource.id.clone(), method.verb), limit))
    });
    limits.collect()
}

/// The limit a stage sets for a method: that of the most specific of its settings that names the method. `None` when none
/// does, or when the one that does leaves it to the account (a negative limit).
pub fn limit_of_stage(
    settings: &BTreeMap<String, MethodSetting>,
    resource_path: &str,
    verb: MethodVerb,
) -> Option<RateLimit> {
    let setting = setting_for(settings, resource_path, verb)?;
    let burst = u32::try_from(setting.throttling_burst_limit).ok()?;
    (setting.throttling_rate_limit >= 0.0).then_some(RateLimit { rate: setting.throttling_rate_limit, burst })
}

/// The settings of a stage for a method: those of the path and verb, else of the path, else of all. A key is the path with
/// `~1` for its inner slashes, with or without the one it starts with, a slash, and the verb.
pub fn setting_for<'s>(
    settings: &'s BTreeMap<String, MethodSetting>,
    resource_path: &str,
    verb: MethodVerb,
) -> Option<&'s MethodSetting> {
    let wanted = resource_path.trim_start_matches('/');
    let mut best: Option<(u8, &MethodSetting)> = None;
    for (key, setting) in settings {
        let Some((path, of_verb)) = key.rsplit_once('/') else { continue };
        let of_path = match path {
            "*" => 0,
            _ if path.replace("~1", "/").trim_start_matches('/') == wanted => 2,
            _ => continue,
        };
        let specific = match of_verb {
            "*" => of_path,
            _ if of_verb == verb.as_str() => of_path + 1,
            _ => continue,
        };
        if best.is_none_or(|(before, _)| specific > before) {
            best = Some((specific, setting));
        }
    }
    best.map(|(_, setting)| setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_setting_decides() {
        let limited = |burst: i32| MethodSetting { throttling_burst_limit: burst, ..MethodSetting::default() };
        let settings = BTreeMap::from(
            [
                ("*/*", 1),
                ("pets~1{id}/GET", 2),
                ("~1pets~1{id}/*", 3),
                ("~1/GET", 4),
                ("*/PUT", 5),
                ("/orders/GET", -1),
            ]
            .map(|(key, burst)| (key.to_owned(), limited(burst))),
        );
        let check = |path: &str, verb: MethodVerb, expected: Option<u32>| {
            let limit = limit_of_stage(&settings, path, verb);
            assert_eq!(limit.map(|limit| limit.burst), expected, "{verb} {path}");
        };
        check("/pets/{id}", MethodVerb::Get, Some(2));
        check("/pets/{id}", MethodVerb::Put, Some(3));
        check("/", MethodVerb::Get, Some(4));
        check("/", MethodVerb::Post, Some(1));
        check("/other", MethodVerb::Put, Some(5));
        check("/orders", MethodVerb::Get, None);
        assert_eq!(limit_of_stage(&BTreeMap::new(), "/", MethodVerb::Get), None);
    }
}
