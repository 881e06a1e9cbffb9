//! The environment that points AWS tools and HTTP clients at the server; `exec` sets it and `env` prints it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;

use super::endpoint::Endpoint;
use super::trust::{self, Trust};
use crate::outbound::{CHAIN_USER, Upstream};

/// Makes proxy-deaf versions of Node.js use the proxy.
const NODE_SHIM: &str = include_str!("node_proxy_shim.cjs");

/// Variables that name a trust bundle in place of the system's roots.
const BUNDLES: [&str; 4] = ["AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];
/// Variables that, where they are set, go before those.
const BUNDLES_WHERE_SET: [&str; 3] = ["HTTPLIB2_CA_CERTS", "NIX_SSL_CERT_FILE", "PIP_CERT"];
/// Variables that name certificates to trust beside built-in roots.
const ADDITIONS: [&str; 2] = ["DENO_CERT", "NODE_EXTRA_CA_CERTS"];
/// Where AWS's names live; a `NO_PROXY` entry that covers them would lead past the server.
const AWS_SUFFIXES: [&str; 2] = ["amazonaws.com", "amazoncognito.com"];

/// What both commands can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Choices {
    /// Region for tools that name none: neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set
    #[arg(long, env = "CLAVIGER_REGION", value_name = "REGION", default_value = "us-east-1")]
    region: String,
}

/// Variables to set, and the files that they name.
#[derive(Debug, Default)]
pub(super) struct Environment {
    pub(super) variables: BTreeMap<&'static str, String>,
    files: BTreeMap<PathBuf, String>,
}

impl Environment {
    /// Asks the server for its authority and works out what a command needs; files will be in `directory`.
    pub(super) async fn of(endpoint: &Endpoint, choices: &Choices, directory: &Path) -> anyhow::Result<Self> {
        let answer = endpoint.get("/_claviger/ca.pem").await?;
        let authority = std::str::from_utf8(answer.body()).unwrap_or_default();
        if answer.status() != StatusCode::OK || !authority.starts_with("-----BEGIN CERTIFICATE-----") {
            bail!("{} has no local certificate authority: it is not a `claviger dev` server", endpoint.url());
        }
        let trust = Trust::new(authority);
        let mut environment = Self::default();
        environment.aws(endpoint, choices, &inherited);
        environment.proxy(endpoint, &inherited)?;
        environment.bundles(&trust, directory, &inherited);
        environment.node(directory, &inherited);
        Ok(environment)
    }

    /// Writes the files.
    pub(super) fn write_files(&self) -> anyhow::Result<()> {
        for (path, text) in &self.files {
            trust::write_private(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Endpoint, region and credentials.
    fn aws(&mut self, endpoint: &Endpoint, choices: &Choices, inherited: &Inherited<'_>) {
        self.variables.insert("AWS_ENDPOINT_URL", endpoint.url());
        // Some tools read the one name, some the other.
        let region = inherited("AWS_REGION").or_else(|| inherited("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| choices.region.clone());
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if inherited(name).is_none() {
                self.variables.insert(name, region.clone());
            }
        }
        if inherited("AWS_ACCESS_KEY_ID").is_none() {
            self.variables.insert("AWS_ACCESS_KEY_ID", "test".to_owned());
            self.variables.insert("AWS_SECRET_ACCESS_KEY", "test".to_owned());
        }
    }

    /// The proxy, with the one that was set before chained behind it, and what goes past both.
    fn proxy(&mut self, endpoint: &Endpoint, inherited: &Inherited<'_>) -> anyhow::Result<()> {
        let exempt = either(inherited, "no_proxy", "NO_PROXY").unwrap_or_default();
        let exempt: Vec<&str> = exempt.split([',', ' ']).filter(|entry| !entry.is_empty()).collect();
        let all = either(inherited, "all_proxy", "ALL_PROXY");
        for (lower, upper) in [("http_proxy", "HTTP_PROXY"), ("https_proxy", "HTTPS_PROXY")] {
            let before = either(inherited, lower, upper).or_else(|| all.clone()).filter(|_| !exempt.contains(&"*"));
            let url = proxy_url(endpoint, before.as_deref()).with_context(|| format!("{upper} cannot be chained"))?;
            self.variables.insert(lower, url.clone());
            self.variables.insert(upper, url);
        }
        let mut direct: Vec<&str> = exempt.into_iter().filter(|entry| !covers_aws(entry)).collect();
        for host in ["localhost", "127.0.0.1", "::1", endpoint.host()] {
            if !direct.contains(&host) {
                direct.push(host);
            }
        }
        for name in ["no_proxy", "NO_PROXY"] {
            self.variables.insert(name, direct.join(","));
        }
        Ok(())
    }

    /// Trust bundles: what each variable named before, else the system's roots, and the server's authority.
    fn bundles(&mut self, trust: &Trust, directory: &Path, inherited: &Inherited<'_>) {
        for name in BUNDLES.into_iter().chain(ADDITIONS) {
            let before = inherited(name).and_then(|path| trust::read_pem(name, Path::new(&path)));
            let (file, text) = match before {
                Some(pem) => (format!("{}.pem", name.to_ascii_lowercase()), trust.with(&pem)),
                None if ADDITIONS.contains(&name) => ("authority.pem".to_owned(), trust.with("")),
                None => ("system.pem".to_owned(), trust.with_system_roots()),
            };
            self.file(name, directory.join(file), text);
        }
        for name in BUNDLES_WHERE_SET {
            if let Some(pem) = inherited(name).and_then(|path| trust::read_pem(name, Path::new(&path))) {
                self.file(name, directory.join(format!("{}.pem", name.to_ascii_lowercase())), trust.with(&pem));
            }
        }
    }

    /// Names a file in a variable.
    fn file(&mut self, name: &'static str, path: PathBuf, text: String) {
        self.variables.insert(name, path.to_string_lossy().into_owned());
        self.files.insert(path, text);
    }

    /// Node.js: its own switch where it has one, a shim where it has none.
    fn node(&mut self, directory: &Path, inherited: &Inherited<'_>) {
        let shim = directory.join("node_proxy_shim.cjs");
        let path = shim.to_string_lossy().replace('\\', r"\\").replace('"', "\\\"");
        let require = format!("--require \"{path}\"");
        let options = match inherited("NODE_OPTIONS") {
            Some(before) if before.contains(&require) => before,
            Some(before) => format!("{before} {require}"),
            None => require,
        };
        self.variables.insert("NODE_OPTIONS", options);
        self.variables.insert("NODE_USE_ENV_PROXY", "1".to_owned());
        self.files.insert(shim, NODE_SHIM.to_owned());
    }
}

/// Looks a variable up; an empty one counts as unset.
type Inherited<'a> = dyn Fn(&str) -> Option<String> + 'a;

fn inherited(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// curl reads the lower-case name first, and most others follow it.
fn either(inherited: &Inherited<'_>, lower: &str, upper: &str) -> Option<String> {
    inherited(lower).or_else(|| inherited(upper))
}

/// Our proxy's URL; the proxy before it travels in the user information, which clients hand to us on each request.
fn proxy_url(endpoint: &Endpoint, before: Option<&str>) -> anyhow::Result<String> {
    let ours = endpoint.authority();
    let Some(before) = before else { return Ok(format!("http://{ours}")) };
    let before = if before.contains("://") { before.to_owned() } else { format!("http://{before}") };
    // The value is not repeated in the complaint: it may hold a password.
    let upstream = Upstream::parse(&before)
        .context("only proxies of the form http://[user:password@]host:port can be; unset it, or set NO_PROXY=*")?;
    // A command under `exec` that runs `exec` itself: the chain is already there.
    if upstream.authority() == ours {
        return Ok(before);
    }
    Ok(format!("http://{CHAIN_USER}:{}@{ours}", URL_SAFE_NO_PAD.encode(before)))
}

/// Whether a `NO_PROXY` entry would exempt names of AWS.
fn covers_aws(entry: &str) -> bool {
    let name = entry.split(':').next().unwrap_or_default().trim_start_matches('*').trim_start_matches('.');
    let name = name.to_ascii_lowercase();
    let within = |name: &str, suffix: &str| {
        name.strip_suffix(suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    entry == "*" || AWS_SUFFIXES.iter().any(|aws| within(&name, aws) || (!name.is_empty() && within(aws, &name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables that follow from those in `before`.
    fn variables(before: &[(&str, &str)]) -> BTreeMap<&'static str, String> {
        let inherited = |name: &str| before.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let endpoint = Endpoint::parse("http://127.0.0.1:4566").unwrap();
        let choices = Choices { region: "us-east-1".to_owned() };
        let trust = Trust::new("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
        let mut environment = Environment::default();
        environment.aws(&endpoint, &choices, &inherited);
        environment.proxy(&endpoint, &inherited).unwrap();
        environment.bundles(&trust, Path::new("/files"), &inherited);
        environment.node(Path::new("/files"), &inherited);
        environment.variables
    }

    #[test]
    fn sets_what_is_unset() {
        let set = variables(&[]);
        let check =
            |name: &str, expected: &str| assert_eq!(set.get(name).map(String::as_str), Some(expected), "{name}");
        check("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
        check("AWS_REGION", "us-east-1");
        check("AWS_DEFAULT_REGION", "us-east-1");
        check("AWS_ACCESS_KEY_ID", "test");
        check("AWS_SECRET_ACCESS_KEY", "test");
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"] {
            check(name, "http://127.0.0.1:4566");
        }
        check("NO_PROXY", "localhost,127.0.0.1,::1");
        check("no_proxy", "localhost,127.0.0.1,::1");
        check("SSL_CERT_FILE", "/files/system.pem");
        check("REQUESTS_CA_BUNDLE", "/files/system.pem");
        check("NODE_EXTRA_CA_CERTS", "/files/authority.pem");
        check("NODE_OPTIONS", "--require \"/files/node_proxy_shim.cjs\"");
        check("NODE_USE_ENV_PROXY", "1");
    }

    #[test]
    fn keeps_region_and_credentials() {
        let set = variables(&[("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "111122223333")]);
        assert_eq!(set.get("AWS_REGION").map(String::as_str), Some("eu-west-1"));
        for kept in ["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert_eq!(set.get(kept), None, "{kept}");
        }
    }

    #[test]
    fn chains_the_proxy_that_was_set_before() {
        let chained = |url: &str| format!("http://chain:{}@127.0.0.1:4566", URL_SAFE_NO_PAD.encode(url));
        let check = |before: &[(&str, &str)], http: &str, https: &str| {
            let set = variables(before);
            assert_eq!((&*set["HTTP_PROXY"], &*set["HTTPS_PROXY"]), (http, https), "{before:?}");
        };
        let plain = "http://127.0.0.1:4566";
        let corporate = "http://user:secret@proxy.example:3128";
        check(&[("HTTPS_PROXY", corporate)], plain, &chained(corporate));
        check(&[("https_proxy", corporate), ("HTTPS_PROXY", "http://other.example")], plain, &chained(corporate));
        check(&[("HTTP_PROXY", "proxy.example:3128")], &chained("http://proxy.example:3128"), plain);
        check(&[("ALL_PROXY", corporate)], &chained(corporate), &chained(corporate));
        check(&[("HTTPS_PROXY", corporate), ("NO_PROXY", "*")], plain, plain);
        check(&[("HTTPS_PROXY", &chained(corporate))], plain, &chained(corporate));
    }

    #[test]
    fn refuses_proxies_that_cannot_be_chained_without_repeating_them() {
        let endpoint = Endpoint::parse("http://127.0.0.1:4566").unwrap();
        for before in ["socks5://user:secret@proxy.example:1080", "https://user:secret@proxy.example"] {
            let error = format!("{:#}", proxy_url(&endpoint, Some(before)).unwrap_err());
            assert!(error.contains("NO_PROXY=*") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn keeps_exemptions_but_for_names_of_aws() {
        let check = |before: &str, expected: &str| assert_eq!(variables(&[("NO_PROXY", before)])["NO_PROXY"], expected);
        check("corp.example, .internal", "corp.example,.internal,localhost,127.0.0.1,::1");
        check("localhost,10.0.0.0/8", "localhost,10.0.0.0/8,127.0.0.1,::1");
        check(".amazonaws.com,corp.example", "corp.example,localhost,127.0.0.1,::1");
        check("*.us-east-1.amazonaws.com:443,sts.amazonaws.com", "localhost,127.0.0.1,::1");
        check("com,*", "localhost,127.0.0.1,::1");
        check("notamazonaws.com", "notamazonaws.com,localhost,127.0.0.1,::1");
    }

    #[test]
    fn keeps_other_node_options_and_adds_the_shim_once() {
        let once = variables(&[("NODE_OPTIONS", "--max-old-space-size=64")]);
        let expected = "--max-old-space-size=64 --require \"/files/node_proxy_shim.cjs\"";
        assert_eq!(once["NODE_OPTIONS"], expected);
        assert_eq!(variables(&[("NODE_OPTIONS", expected)])["NODE_OPTIONS"], expected);
    }
}
