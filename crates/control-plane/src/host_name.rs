//! Host names that users may bring: Cognito's custom domains and API Gateway's.

use std::net::IpAddr;

/// Names under which the server itself is reached.
const OWN_SUFFIXES: [&str; 4] = ["amazonaws.com", "amazoncognito.com", "localhost", "localhost.localstack.cloud"];

/// Whether this is a host name in lower case of at least so many labels, no address, and not one under which the server
/// itself is reached; `own` are the operator's own suffixes.
pub(crate) fn is_registrable(name: &str, labels_min: usize, own: &[String]) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_ours = suffixes(own)
        .any(|suffix| name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    name.len() <= 253
        && name.split('.').count() >= labels_min
        && name.split('.').all(label)
        && !is_ours
        && name.parse::<IpAddr>().is_err()
}

/// The same with one label of any name in front, which must not make it a name of the server itself either.
pub(crate) fn is_registrable_wildcard(parent: &str, labels_min: usize, own: &[String]) -> bool {
    let is_parent = |suffix: &str| suffix.split_once('.').is_some_and(|(_, rest)| rest == parent);
    is_registrable(parent, labels_min, own) && !suffixes(own).any(is_parent)
}

fn suffixes(own: &[String]) -> impl Iterator<Item = &str> {
    OWN_SUFFIXES.into_iter().chain(own.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_names_that_are_somebody_elses() {
        let own = ["m2m.example.com".to_owned()];
        let check = |name: &str, expected: bool| {
            let found = match name.strip_prefix("*.") {
                Some(parent) => is_registrable_wildcard(parent, 2, &own),
                None => is_registrable(name, 2, &own),
            };
            assert_eq!(found, expected, "{name}");
        };
        check("api.example.org", true);
        check("example.org", true);
        check("*.example.org", true);
        check("org", false);
        check("*.org", false);
        check("Api.example.org", false);
        check("api_v1.example.org", false);
        check("-a.example.org", false);
        check("a..org", false);
        check("api.example.org.", false);
        check("10.0.0.1", false);
        check("a.*.example.org", false);
        check("m2m.example.com", false);
        check("a.m2m.example.com", false);
        check("notm2m.example.com", true);
        check("*.example.com", false);
        check("*.localstack.cloud", false);
        check("x.execute-api.us-east-1.amazonaws.com", false);
        check("*.amazonaws.com", false);
        check("a.localhost", false);
        check(&format!("{}.org", "a.".repeat(126)), false);
    }
}
