//! What an operator may set for backends: all of them, or one by its origin. Without settings, a backend is called as API
//! Gateway calls it; `docs/proxying.md` tells what each setting does.

use std::collections::BTreeMap;
use std::time::Duration;

use claviger_runtime::outbound::{Connections, Http2};
use http::{StatusCode, Uri};

/// How backends are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// How connections are made and kept.
    pub connections: Connections,
    /// How long a backend may take from being asked to the head of its answer; the integration's timeout holds as well.
    pub response_max: Option<Duration>,
    /// How long it may pause within the body of its answer.
    pub body_pause_max: Option<Duration>,
    /// Requests that a backend is given at once; further ones wait.
    pub requests_max: usize,
    /// Bytes of an answer's body that are waited for before its head goes to the client, so that a backend that breaks off
    /// early can still be told as such.
    pub hold_bytes: usize,
    /// How often a request is tried again that can do no harm twice.
    pub retries: u32,
    /// Statuses of answers after which it is.
    pub retry_statuses: Vec<StatusCode>,
    /// Failures in a row after which a backend is left alone; 0 for never.
    pub breaker_failures: u32,
    /// For how long.
    pub breaker_open: Duration,
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            connections: Connections::default(),
            response_max: None,
            body_pause_max: None,
            requests_max: 1_024,
            hold_bytes: 64 * 1024,
            retries: 0,
            retry_statuses: Vec::new(),
            breaker_failures: 0,
            breaker_open: Duration::from_secs(10),
        }
    }
}

/// A setting as operators write it.
#[derive(Debug)]
pub struct SettingRow {
    /// Its name.
    pub name: &'static str,
    /// What it may be, in words.
    pub values: &'static str,
    /// What it is when nobody sets it.
    pub default: &'static str,
    set: fn(&mut UpstreamSettings, &str) -> Option<()>,
}

/// Every setting.
pub static SETTINGS: [SettingRow; 12] = [
    row("connect-timeout-ms", "1 to 60000", "10000", |settings, text| {
        settings.connections.connect_max = milliseconds(text, 60_000)?;
        Some(())
    }),
    row("response-timeout-ms", "1 to 29000, or off", "off", |settings, text| {
        settings.response_max = unless_off(text, |text| milliseconds(text, 29_000))?;
        Some(())
    }),
    row("body-pause-timeout-ms", "1 to 29000, or off", "off", |settings, text| {
        settings.body_pause_max = unless_off(text, |text| milliseconds(text, 29_000))?;
        Some(())
    }),
    row("requests-max", "1 to 65536", "1024", |settings, text| {
        settings.requests_max = number(text, 1, 65_536)?;
        Some(())
    }),
    row("idle-connections-max", "0 to 65536", "256", |settings, text| {
        settings.connections.idle_count_max = number(text, 0, 65_536)?;
        Some(())
    }),
    row("idle-connection-timeout-ms", "1 to 3600000", "60000", |settings, text| {
        settings.connections.idle_max = milliseconds(text, 3_600_000)?;
        Some(())
    }),
    row("http2", "negotiated, prior-knowledge or off", "negotiated", |settings, text| {
        settings.connections.http2 = match text {
            "negotiated" => Http2::Negotiated,
            "prior-knowledge" => Http2::PriorKnowledge,
            "off" => Http2::Off,
            _ => return None,
        };
        Some(())
    }),
    row("hold-bytes", "0 to 1048576", "65536", |settings, text| {
        settings.hold_bytes = number(text, 0, 1_048_576)?;
        Some(())
    }),
    row("retries", "0 to 5", "0", |settings, text| {
        settings.retries = u32::try_from(number(text, 0, 5)?).ok()?;
        Some(())
    }),
    row("retry-statuses", "statuses from 500 to 599 with + between them, or off", "off", |settings, text| {
        let status = |text: &str| StatusCode::from_u16(u16::try_from(number(text, 500, 599)?).ok()?).ok();
        let statuses = unless_off(text, |text| text.split('+').map(status).collect::<Option<Vec<_>>>())?;
        settings.retry_statuses = statuses.unwrap_or_default();
        Some(())
    }),
    row("breaker-failures", "1 to 1000, or off", "off", |settings, text| {
        let failures = unless_off(text, |text| u32::try_from(number(text, 1, 1_000)?).ok())?;
        settings.breaker_failures = failures.unwrap_or_default();
        Some(())
    }),
    row("breaker-open-ms", "1 to 3600000", "10000", |settings, text| {
        settings.breaker_open = milliseconds(text, 3_600_000)?;
        Some(())
    }),
];

const fn row(
    name: &'static str,
    values: &'static str,
    default: &'static str,
    set: fn(&mut UpstreamSettings, &str) -> Option<()>,
) -> SettingRow {
    SettingRow { name, values, default, set }
}

fn number(text: &str, least: usize, most: usize) -> Option<usize> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

fn milliseconds(text: &str, most: u64) -> Option<Duration> {
    text.parse().ok().filter(|number| (1..=most).contains(number)).map(Duration::from_millis)
}

/// `Some(None)` for `off`; `None` when the text is wrong.
#[expect(clippy::option_option, reason = "off is one of the values that are right")]
fn unless_off<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text == "off" { Some(None) } else { read(text).map(Some) }
}

/// Where a backend is: its scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    secure: bool,
    host: Box<str>,
    port: u16,
}

impl Origin {
    /// The origin of an address.
    pub fn of(uri: &Uri) -> Option<Self> {
        let secure = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase().into();
        Some(Self { secure, host, port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }) })
    }

    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let names_no_more = uri.path().len() <= 1 && uri.query().is_none();
        Self::of(&uri).filter(|_| names_no_more)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}:{}", if self.secure { "https" } else { "http" }, self.host, self.port)
    }
}

/// What an operator has set: for all backends, and for some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamRules {
    general: UpstreamSettings,
    of: BTreeMap<Origin, UpstreamSettings>,
}

/// A setting that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// It does not have the form of one.
    #[error("{0:?} is not of the form [ORIGIN ]NAME=VALUE, as in `retries=1` or `https://api.example.com retries=1`")]
    Form(String),
    /// It is for something that is no origin.
    #[error("{0:?} is no origin such as https://api.example.com or http://10.0.0.7:8080")]
    Origin(String),
    /// There is no such setting.
    #[error("there is no setting {0:?} for backends; docs/proxying.md names them all")]
    Name(String),
    /// It may not be this.
    #[error("{name} may be {values}, not {value:?}")]
    Value {
        /// Its name.
        name: &'static str,
        /// What it may be.
        values: &'static str,
        /// What was given.
        value: String,
    },
}

impl UpstreamRules {
    /// Reads settings of the form `[ORIGIN ]NAME=VALUE`. Those of one origin go before those for all, whatever the order in
    /// which they are given.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str> + Clone) -> Result<Self, SettingError> {
        let mut rules = Self::default();
        for text in texts.clone() {
            let (origin, row, value) = read(text)?;
            // Whatever it is for, a value is held to the same bounds.
            let settings = &mut rules.general;
            match origin {
                Some(_) => apply(row, &mut settings.clone(), value)?,
                None => apply(row, settings, value)?,
            }
        }
        for text in texts {
            let (Some(origin), row, value) = read(text)? else { continue };
            let general = &rules.general;
            apply(row, rules.of.entry(origin).or_insert_with(|| general.clone()), value)?;
        }
        Ok(rules)
    }

    /// What holds for all backends that have no settings of their own.
    pub(super) fn general(&self) -> &UpstreamSettings {
        &self.general
    }

    /// What holds for one that has.
    pub(super) fn own(&self, origin: &Origin) -> Option<&UpstreamSettings> {
        self.of.get(origin)
    }
}

fn read(text: &str) -> Result<(Option<Origin>, &'static SettingRow, &str), SettingError> {
    let (origin, setting) = match text.trim().rsplit_once(' ') {
        Some((origin, setting)) => (Some(origin.trim()), setting),
        None => (None, text.trim()),
    };
    let (name, value) = setting.split_once('=').ok_or_else(|| SettingError::Form(text.to_owned()))?;
    let row = SETTINGS.iter().find(|row| row.name == name).ok_or_else(|| SettingError::Name(name.to_owned()))?;
    let parse = |origin: &str| Origin::parse(origin).ok_or_else(|| SettingError::Origin(origin.to_owned()));
    Ok((origin.map(parse).transpose()?, row, value))
}

fn apply(row: &SettingRow, settings: &mut UpstreamSettings, value: &str) -> Result<(), SettingError> {
    let wrong = || SettingError::Value { name: row.name, values: row.values, value: value.to_owned() };
    (row.set)(settings, value).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(rules: &UpstreamRules, uri: &str) -> UpstreamSettings {
        let origin = Origin::of(&uri.parse().unwrap()).unwrap();
        rules.own(&origin).unwrap_or_else(|| rules.general()).clone()
    }

    #[test]
    fn every_setting_has_the_default_that_it_says() {
        for row in &SETTINGS {
            let mut settings = UpstreamSettings::default();
            (row.set)(&mut settings, row.default).unwrap_or_else(|| panic!("{}", row.name));
            assert_eq!(settings, UpstreamSettings::default(), "{}", row.name);
            let documented = include_str!("../../../../docs/proxying.md");
            let line = format!("| `{}` | {} | {} |", row.name, row.values, row.default);
            assert!(documented.contains(&line), "docs/proxying.md lacks {line:?}");
        }
    }

    #[test]
    fn an_origin_s_settings_go_before_those_for_all() {
        let texts = ["http://A.b retries=2", "retries=1", "http2=off", "http://a.b:80/ retry-statuses=502+503"];
        let rules = UpstreamRules::parse(texts).unwrap();
        let settings = own(&rules, "http://a.B:80/x?y");
        assert_eq!((settings.retries, settings.connections.http2), (2, Http2::Off));
        assert_eq!(settings.retry_statuses, [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE]);
        for other in ["https://a.b/", "http://a.b:81/", "http://b.b/"] {
            assert_eq!((own(&rules, other).retries, own(&rules, other).retry_statuses.len()), (1, 0), "{other}");
        }
        assert_eq!(UpstreamRules::parse([]).unwrap(), UpstreamRules::default());
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        let check = |text: &str, expected: &str| {
            assert_eq!(UpstreamRules::parse([text]).unwrap_err().to_string(), expected);
        };
        check(
            "retries",
            "\"retries\" is not of the form [ORIGIN ]NAME=VALUE, as in `retries=1` or `https://api.example.com retries=1`",
        );
        check("tries=1", "there is no setting \"tries\" for backends; docs/proxying.md names them all");
        check("retries=6", "retries may be 0 to 5, not \"6\"");
        check("http://a requests-max=0", "requests-max may be 1 to 65536, not \"0\"");
        check("http2=yes", "http2 may be negotiated, prior-knowledge or off, not \"yes\"");
        for origin in ["a", "ftp://a", "http://a/b", "http://a?b"] {
            let expected = format!("{origin:?} is no origin such as https://api.example.com or http://10.0.0.7:8080");
            check(&format!("{origin} retries=1"), &expected);
        }
    }
}
