//! What a host name alone says: an API, a pool's domain, a service, a bucket, or nothing.

use std::net::IpAddr;

use claviger_resources::Region;

use super::Names;
use super::services;

/// The suffixes of AWS's own host names.
const AWS_SUFFIXES: [&str; 2] = ["amazonaws.com", "amazoncognito.com"];
/// Suffixes whose every name is this machine: by RFC 6761, and by a public DNS record that answers 127.0.0.1.
const LOCAL_SUFFIXES: [&str; 2] = ["localhost", "localhost.localstack.cloud"];

/// What a host name alone decides (rows 3 to 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostForm<'a> {
    /// `{apiId}.execute-api[.{region}].*`
    ExecuteApi { api: &'a str, region: Option<&'a str> },
    /// `{prefix}.auth.{region}.SUFFIX`
    PoolDomain { prefix: &'a str, region: &'a str },
    /// `cognito-idp.{region}.SUFFIX`, `issuer-cognito-idp.{region}.SUFFIX`
    CognitoIdp { region: Option<&'a str> },
    /// Any other service's host; an unknown service keeps the name its host has.
    Service { name: &'a str, region: Option<&'a str> },
    /// S3, path style or with the bucket in the host.
    S3 { bucket: Option<&'a str>, region: Option<&'a str> },
    /// A name of AWS's that belongs to no service.
    UnknownAws,
    /// Everything else: the path decides.
    Bare,
}

/// Reads the form of a host that is no registered custom domain.
pub(super) fn form<'a>(host: &'a str, names: &Names<'_>) -> HostForm<'a> {
    if let Some((api, rest)) = host.split_once(".execute-api.")
        && !api.is_empty()
        && !api.contains('.')
    {
        let region = rest.split('.').next().filter(|label| looks_like_region(label));
        return HostForm::ExecuteApi { api, region };
    }
    let Some((name, owner)) = split_suffix(host, names) else {
        return match host.rfind(".s3.") {
            Some(at) if at > 0 => HostForm::S3 {
                bucket: host.get(..at),
                region: host
                    .get(at + 4..)
                    .and_then(|rest| rest.split('.').next())
                    .filter(|label| looks_like_region(label)),
            },
            _ => HostForm::Bare,
        };
    };
    if name.is_empty() {
        return if owner == Owner::Aws { HostForm::UnknownAws } else { HostForm::Bare };
    }
    named(name, owner)
}

/// Whether `claviger exec`'s proxy answers for this host itself instead of reaching out to it.
pub(super) fn answered_here(host: &str, port: Option<u16>, names: &Names<'_>) -> bool {
    let usual_port = || port.is_none_or(|port| [names.port, 80, 443].contains(&port));
    (names.is_custom_domain)(host)
        || match split_suffix(host, names) {
            Some((_, Owner::Aws | Owner::Configured)) => true,
            Some((name, Owner::Local)) => !name.is_empty() && usual_port(),
            None => false,
        }
}

/// Whether this is a name of this server itself, so that a request target in absolute form is not foreign.
pub(super) fn is_this_server(host: &str, port: Option<u16>, names: &Names<'_>) -> bool {
    let loopback = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    loopback && port.unwrap_or(80) == names.port
}

/// Whether no stranger can make this name resolve to this machine in somebody's browser: addresses, names under our
/// suffixes, names without a dot, and names under top-level domains that are not delegated.
pub(super) fn is_trustworthy(host: &str, names: &Names<'_>) -> bool {
    let top_level = host.rsplit_once('.').map(|(_, label)| label);
    top_level.is_none_or(|label| ["internal", "local", "test"].contains(&label))
        || host.parse::<IpAddr>().is_ok()
        || split_suffix(host, names).is_some()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Aws,
    Local,
    Configured,
}

/// Splits off the longest suffix that is ours or AWS's: `("sts.us-east-1", Aws)`; the first part is empty for the
/// suffix itself.
fn split_suffix<'a>(host: &'a str, names: &Names<'_>) -> Option<(&'a str, Owner)> {
    let configured = names.suffixes.iter().map(|suffix| (suffix.as_str(), Owner::Configured));
    let local = LOCAL_SUFFIXES.into_iter().map(|suffix| (suffix, Owner::Local));
    let aws = AWS_SUFFIXES.into_iter().map(|suffix| (suffix, Owner::Aws));
    configured
        .chain(local)
        .chain(aws)
        .filter_map(|(suffix, owner)| {
            let name = host.strip_suffix(suffix)?;
            let name = if name.is_empty() { name } else { name.strip_suffix('.')? };
            Some((name, owner))
        })
        .min_by_key(|(name, _)| name.len())
}

/// Reads what stands before a suffix.
fn named(name: &str, owner: Owner) -> HostForm<'_> {
    let (service, region) = match name.rsplit_once('.') {
        Some((service, region)) if looks_like_region(region) => (service, Some(region)),
        _ => (name, None),
    };
    if let Some((prefix, region)) = name.split_once(".auth.")
        && !prefix.contains('.')
        && Region::parse(region).is_ok()
    {
        return HostForm::PoolDomain { prefix, region };
    }
    if let Some((first, region)) = name.split_once('.')
        && is_cognito_idp(first)
        && Region::parse(region).is_ok()
    {
        return HostForm::CognitoIdp { region: Some(region) };
    }
    if is_cognito_idp(service) {
        return HostForm::CognitoIdp { region };
    }
    if let Some((bucket, legacy_region)) = s3(service) {
        return HostForm::S3 { bucket, region: region.or(legacy_region) };
    }
    // `api.ecr.{region}`, `{region}.queue`: the service stands last.
    let (first, last) = service.rsplit_once('.').map_or((None, service), |(first, last)| (Some(first), last));
    match (owner, services::of_host_label(last)) {
        (_, Some(name)) => {
            HostForm::Service { name, region: region.or(first.filter(|label| looks_like_region(label))) }
        }
        (Owner::Aws, None) => HostForm::Service { name: last, region },
        (Owner::Local | Owner::Configured, None) => HostForm::S3 { bucket: Some(name), region: None },
    }
}

fn is_cognito_idp(label: &str) -> bool {
    matches!(label, "cognito-idp" | "issuer-cognito-idp")
}

/// Reads `[{bucket}.]s3[.dualstack]`, and the older `s3-{region}`, which S3 still answers.
fn s3(service: &str) -> Option<(Option<&str>, Option<&str>)> {
    let service = service.strip_suffix(".dualstack").unwrap_or(service);
    let (bucket, label) = service.rsplit_once('.').map_or((None, service), |(bucket, label)| (Some(bucket), label));
    match label.strip_prefix("s3")? {
        "" => Some((bucket, None)),
        rest => rest.strip_prefix('-').filter(|region| looks_like_region(region)).map(|region| (bucket, Some(region))),
    }
}

/// Whether a label has the form of AWS's region names, such as `us-gov-west-1`.
fn looks_like_region(label: &str) -> bool {
    let mut parts = label.rsplit('-');
    let number = parts.next().unwrap_or_default();
    (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && parts.clone().count() >= 2
        && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planes::Planes;

    #[test]
    fn reads_hosts() {
        let suffixes = ["m2m.example.com".to_owned()];
        let names = Names {
            suffixes: &suffixes,
            is_custom_domain: &|_| false,
            dev: true,
            proxy_allowed: true,
            port: 4566,
            planes: Planes::ALL,
        };
        let check = |host: &str, expected: HostForm<'_>| assert_eq!(form(host, &names), expected, "{host}");
        let east = Some("us-east-1");

        check("a1.execute-api.us-east-1.amazonaws.com", HostForm::ExecuteApi { api: "a1", region: east });
        check("a1.execute-api.localhost", HostForm::ExecuteApi { api: "a1", region: None });
        check("a1.execute-api.example.org", HostForm::ExecuteApi { api: "a1", region: None });
        check("execute-api.us-east-1.amazonaws.com", HostForm::Service { name: "execute-api", region: east });

        check("p.auth.us-east-1.amazoncognito.com", HostForm::PoolDomain { prefix: "p", region: "us-east-1" });
        check("p.auth.home.localhost", HostForm::PoolDomain { prefix: "p", region: "home" });
        check("p.auth.us-east-1.m2m.example.com", HostForm::PoolDomain { prefix: "p", region: "us-east-1" });
        check("p.auth.us-east-1.example.org", HostForm::Bare);

        check("cognito-idp.us-east-1.amazonaws.com", HostForm::CognitoIdp { region: east });
        check("issuer-cognito-idp.us-east-1.localhost", HostForm::CognitoIdp { region: east });
        check("cognito-idp.localhost.localstack.cloud", HostForm::CognitoIdp { region: None });

        check("sts.amazonaws.com", HostForm::Service { name: "sts", region: None });
        check("api.ecr.us-east-1.amazonaws.com", HostForm::Service { name: "ecr", region: east });
        check("us-east-1.queue.amazonaws.com", HostForm::Service { name: "sqs", region: east });
        check("dynamodb.us-east-1.amazonaws.com", HostForm::Service { name: "dynamodb", region: east });
        check(
            "apigateway.us-gov-west-1.localhost",
            HostForm::Service { name: "apigateway", region: Some("us-gov-west-1") },
        );

        check("s3.amazonaws.com", HostForm::S3 { bucket: None, region: None });
        check("s3.dualstack.us-east-1.amazonaws.com", HostForm::S3 { bucket: None, region: east });
        check("my.bucket.s3.amazonaws.com", HostForm::S3 { bucket: Some("my.bucket"), region: None });
        check("b.s3.us-east-1.amazonaws.com", HostForm::S3 { bucket: Some("b"), region: east });
        check("b.s3-us-east-1.amazonaws.com", HostForm::S3 { bucket: Some("b"), region: east });
        check("b.s3.us-east-1.example.org", HostForm::S3 { bucket: Some("b"), region: east });
        check("b.s3.localhost", HostForm::S3 { bucket: Some("b"), region: None });
        check("cdk-assets.localhost", HostForm::S3 { bucket: Some("cdk-assets"), region: None });
        check("my.bucket.m2m.example.com", HostForm::S3 { bucket: Some("my.bucket"), region: None });

        check("amazonaws.com", HostForm::UnknownAws);
        for bare in
            ["", "localhost", "127.0.0.1", "::1", "claviger", "example.org", "s3.example.org", "m2m.example.com"]
        {
            check(bare, HostForm::Bare);
        }
    }

    #[test]
    fn tells_region_names_from_other_labels() {
        let check = |label: &str, expected: bool| assert_eq!(looks_like_region(label), expected, "{label}");
        check("us-east-1", true);
        check("us-gov-west-1", true);
        check("ap-southeast-12", true);
        check("my-bucket-1", true);
        check("us-east", false);
        check("east-1", false);
        check("us--1", false);
        check("us-east-123", false);
        check("localhost", false);
    }

    #[test]
    fn trusts_only_names_that_strangers_cannot_point_here() {
        let names = Names {
            suffixes: &[],
            is_custom_domain: &|_| false,
            dev: true,
            proxy_allowed: true,
            port: 4566,
            planes: Planes::ALL,
        };
        for host in
            ["localhost", "127.0.0.1", "::1", "10.1.2.3", "claviger", "host.docker.internal", "sts.amazonaws.com"]
        {
            assert!(is_trustworthy(host, &names), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"] {
            assert!(!is_trustworthy(host, &names), "{host}");
        }
    }
}
