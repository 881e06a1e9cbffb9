//! The table of configurations: what can be used, and what is refused, with its line.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use clap::Args as _;
use clap::FromArgMatches as _;
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;
use crate::planes::Planes;

/// A directory with what configurations name: a data directory, a master key, certificates.
struct World(TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        fs::create_dir(world.path("data")).unwrap();
        fs::set_permissions(world.path("data"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::create_dir(world.path("open")).unwrap();
        fs::set_permissions(world.path("open"), fs::Permissions::from_mode(0o777)).unwrap();
        world.write("master.key", &"0".repeat(64), 0o600);
        world.write("data/master.key", &"0".repeat(64), 0o600);
        world.certificate("tls", |_| {});
        world.certificate("other", |_| {});
        world.certificate("old", |params| {
            (params.not_before, params.not_after) =
                (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
        });
        world.certificate("early", |params| {
            (params.not_before, params.not_after) =
                (rcgen::date_time_ymd(2090, 1, 1), rcgen::date_time_ymd(2091, 1, 1));
        });
        world.certificate("nameless", |params| params.subject_alt_names.clear());
        world.write("exposed.key", &fs::read_to_string(world.path("tls.key")).unwrap(), 0o644);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn certificate(&self, name: &str, change: impl Fn(&mut CertificateParams)) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["auth.example.com".to_owned()]).unwrap();
        change(&mut params);
        self.write(&format!("{name}.pem"), &params.self_signed(&key).unwrap().pem(), 0o644);
        self.write(&format!("{name}.key"), &key.serialize_pem(), 0o600);
    }

    /// What comes of a file, variables and flags; `HERE` in them is the directory of the world.
    fn read(&self, text: &str, variables: &[(&str, &str)], flags: &[&str]) -> Result<Config, String> {
        let here = self.0.path().to_str().unwrap();
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.replace("HERE", here))
        };
        let flags = flags.iter().map(|flag| flag.replace("HERE", here));
        let command = Flags::augment_args(clap::Command::new("serve"));
        let matches = command.try_get_matches_from(std::iter::once("serve".to_owned()).chain(flags)).unwrap();
        let flags = Flags::from_arg_matches(&matches).unwrap();
        let file = Arc::new(PathBuf::from("claviger.toml"));
        check(&file, &text.replace("HERE", here), variable, &flags, Some(MovableClock::default().now()))
            .map_err(|error| error.to_string().replace(here, "HERE"))
    }
}

/// What every configuration needs.
const NEEDED: &str = "data_dir = 'HERE/data'\nissuer = 'aws'\nmaster_key.file = 'HERE/master.key'\n";

#[test]
fn a_few_lines_are_enough() {
    let world = World::new();
    let config = world.read(NEEDED, &[], &[]).unwrap();
    assert_eq!(config.data_dir, world.path("data"));
    assert_eq!(format!("{:?}", config.store), format!("sqlite:{}", world.path("data/claviger.db").display()));
    assert_eq!(config.master_key, MasterKeySource::File(world.path("master.key")));
    assert_eq!(config.issuers, Issuers::Aws);
    let [address] = &*config.addresses else { panic!("{:?}", config.addresses) };
    assert_eq!((address.socket.to_string().as_str(), address.planes), ("127.0.0.1:4566", Planes::ALL));
    assert!(
        config.revoke_on_delete
            && address.takes_plain
            && !config.run_functions
            && !config.aws_request_rates
            && config.certificates.is_empty()
    );
}

#[test]
fn every_setting_can_be_given_in_a_file() {
    let world = World::new();
    let text = "
        data_dir = 'HERE/data'
        store = 'sqlite:HERE/records.db'
        account = '111122223333'
        issuer = 'https://auth.example.com/m2m'
        suffixes = ['Example.com.']
        run_functions = true
        functions = ['arn:aws:lambda:us-east-1:111122223333:function:claims=http://127.0.0.1:9000/']
        quotas = ['user-pools-per-region=5']
        request_rates = 'aws'
        token_cache_mib = 0
        upstreams = ['retries=1']
        drain_delay_seconds = 5
        drain_seconds = 60
        address_file = 'HERE/address'
        log = 'info,claviger_runtime=debug'
        log_format = 'json'

        [listen]
        data = ['0.0.0.0:443', '[::]:443']
        control = ['127.0.0.1:8443']
        operations = ['127.0.0.1:8443', '127.0.0.1:9100']
        connections_max = 100

        [[roles]]
        name = 'reader'
        statements = [{ effect = 'Allow', actions = ['cognito-idp:Describe*'], resources = ['*'] }]

        [master_key]
        command = ['cat', 'HERE/master.key']

        [[tls.certificates]]
        certificate = 'HERE/tls.pem'
        key = 'HERE/tls.key'

        [[tls.certificates]]
        certificate = 'HERE/other.pem'
        key = 'HERE/other.key'
    ";
    let config = world.read(text, &[], &[]).unwrap();
    assert_eq!(format!("{:?}", config.store), format!("sqlite:{}", world.path("records.db").display()));
    assert_eq!(config.account.to_string(), "111122223333");
    assert_eq!(config.issuers, Issuers::Url("https://auth.example.com/m2m".to_owned()));
    assert_eq!(config.suffixes, ["example.com"]);
    let addresses: Vec<_> =
        config.addresses.iter().map(|it| (it.socket.to_string(), it.planes, it.takes_plain)).collect();
    assert_eq!(
        addresses,
        [
            ("0.0.0.0:443".to_owned(), Planes::DATA, false),
            ("[::]:443".to_owned(), Planes::DATA, false),
            ("127.0.0.1:8443".to_owned(), Planes::CONTROL | Planes::OPERATIONS, true),
            ("127.0.0.1:9100".to_owned(), Planes::OPERATIONS, true),
        ]
    );
    assert_eq!((config.connections_max, config.token_cache_bytes, config.functions.len()), (100, 0, 1));
    assert_eq!((config.drain_delay.as_secs(), config.drain_max.as_secs()), (5, 60));
    assert_eq!(config.certificates.len(), 2);
    assert!(config.roles.policy("reader").is_some() && config.roles.policy("admin").is_some());
    assert!(config.run_functions && config.aws_request_rates && config.log_is_json);
}

#[test]
fn a_flag_counts_for_more_than_a_variable_and_that_for_more_than_the_file() {
    let world = World::new();
    let account = |text: &str, variables: &[(&str, &str)], flags: &[&str]| {
        world.read(&format!("{NEEDED}{text}"), variables, flags).unwrap().account.to_string()
    };
    let (file, variable) = ("account = '000000000001'", ("CLAVIGER_ACCOUNT", "000000000002"));
    assert_eq!(account(file, &[], &[]), "000000000001");
    assert_eq!(account(file, &[variable], &[]), "000000000002");
    assert_eq!(account(file, &[("CLAVIGER_ACCOUNT", "")], &[]), "000000000001");
    assert_eq!(account(file, &[variable], &["--account", "000000000003"]), "000000000003");
}

#[test]
fn every_kind_of_setting_can_be_a_flag_or_a_variable() {
    let world = World::new();
    let table = "[{ certificate = 'HERE/tls.pem', key = 'HERE/tls.key' }]";
    let config = world.read(
        "",
        &[
            ("CLAVIGER_DATA_DIR", "HERE/data"),
            ("CLAVIGER_LISTEN_CONTROL", "127.0.0.1:1, 127.0.0.1:2"),
            ("CLAVIGER_TLS_CERTIFICATES", table),
            ("CLAVIGER_DRAIN_SECONDS", "7"),
            ("KEY", "0"),
        ],
        &[
            "--issuer=aws",
            "--master-key-variable",
            "KEY",
            "--tls-behind-proxy",
            "--suffixes",
            "a.example",
            "--suffixes=b.example,c.example",
        ],
    );
    let config = config.unwrap();
    assert_eq!(config.suffixes, ["a.example", "b.example", "c.example"]);
    assert_eq!((config.addresses.len(), config.certificates.len(), config.drain_max.as_secs()), (3, 1, 7));
}

/// Checks what is wrong with a configuration that is complete but for these lines, which follow three.
fn check_refused(world: &World, text: &str, expected: &str) {
    let refused = world.read(&format!("{NEEDED}{text}"), &[], &[]).err();
    let refused = refused.unwrap_or_else(|| panic!("{text} is not refused"));
    let lines: Vec<_> = refused.lines().skip(1).map(str::trim).collect();
    assert!(lines.iter().any(|line| line.starts_with(expected)), "{text}\n{refused}");
    assert_eq!(lines.len(), 1, "{text}\n{refused}");
}

#[test]
fn what_is_unsafe_is_refused_with_its_line() {
    let world = World::new();
    let check = |text: &str, expected: &str| check_refused(&world, text, expected);
    // Plain HTTP beyond this machine.
    check("listen.data = ['0.0.0.0:4566']", "claviger.toml:4: 0.0.0.0:4566 would take secrets in plain HTTP");
    check("listen.data = ['[::]:4566']", "claviger.toml:4: [::]:4566 would take secrets in plain HTTP");
    check("listen.data = ['10.0.0.1:80']", "claviger.toml:4: 10.0.0.1:80 would take secrets in plain HTTP");
    check("[listen]\ncontrol = [\n  '127.0.0.1:1',\n  '192.168.1.1:1'\n]", "claviger.toml:7: 192.168.1.1:1 would take");
    check("listen.operations = ['0.0.0.0:9100']", "claviger.toml:4: 0.0.0.0:9100 would take secrets in plain HTTP");
    // Tokens that could be anyone's.
    let issuer =
        |value: &str| format!("data_dir = 'HERE/data'\nmaster_key.file = 'HERE/master.key'\nissuer = '{value}'");
    let check_issuer = |value: &str, expected: &str| {
        let refused = world.read(&issuer(value), &[], &[]).unwrap_err();
        assert!(refused.contains(&format!("claviger.toml:3: {expected}")), "{refused}");
    };
    check_issuer("http://auth.example.com", "an issuer is an https URL");
    check_issuer("https://auth.example.com/", "an issuer ends without a slash");
    check_issuer("https://auth.example.com?x=1", "an issuer has no query");
    check_issuer("https://auth.example.com#x", "an issuer has no query");
    check_issuer("https://me@auth.example.com", "an issuer names no user");
    check_issuer("self", "issuer is neither aws nor an https URL");
    check_issuer("auth example", "issuer is neither aws nor a URL");
    check_issuer("ftp://auth.example.com", "issuer is neither aws nor an https URL");
    // Certificates that clients would refuse, or whose key is no secret.
    let tls = |certificate: &str, key: &str| {
        format!("tls.certificates = [\n  {{ certificate = 'HERE/{certificate}', key = 'HERE/{key}' }},\n]")
    };
    check(&tls("old.pem", "old.key"), "claviger.toml:5: the certificate in HERE/old.pem has expired");
    check(&tls("early.pem", "early.key"), "claviger.toml:5: the certificate in HERE/early.pem is not valid yet");
    check(&tls("tls.pem", "other.key"), "claviger.toml:5: the key in HERE/other.key is not that of the certificate in");
    check(
        &tls("tls.pem", "exposed.key"),
        "claviger.toml:5: HERE/exposed.key can be read by others (mode 644); run: chmod",
    );
    check(&tls("nameless.pem", "nameless.key"), "claviger.toml:5: the certificate in HERE/nameless.pem names no host");
    check(&tls("missing.pem", "tls.key"), "claviger.toml:5: HERE/missing.pem cannot be read");
    check(&tls("tls.pem", "missing.key"), "claviger.toml:5: HERE/missing.key cannot be read");
    check(&tls("tls.key", "tls.key"), "claviger.toml:5: HERE/tls.key holds no certificate in PEM form");
    check(&tls("tls.pem", "master.key"), "claviger.toml:5: HERE/master.key holds no private key in PEM form");
    // Data that others can get at, or that would not last.
    check("store = 'postgres://me:secret@db.example.com/x?sslmode=prefer'", "claviger.toml:4: store: ");
    check("store = 'sqlite::memory:'", "claviger.toml:4: a store in memory would lose everything");
    check("suffixes = ['com']", "claviger.toml:4: com is a whole top-level domain");
}

#[test]
fn what_is_unsafe_about_files_is_refused_with_its_line() {
    let world = World::new();
    let check = |text: &str, expected: &str| {
        let refused = world.read(text, &[], &[]).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
        assert_eq!(refused.lines().count(), 2, "{refused}");
    };
    let master = |key: &str| format!("issuer = 'aws'\ndata_dir = 'HERE/data'\nmaster_key.{key}");
    check(&master("file = 'HERE/data/master.key'"), "claviger.toml:3: the master key lies in the data directory");
    check(
        &master("file = 'HERE/data/../data/master.key'"),
        "claviger.toml:3: the master key lies in the data directory",
    );
    check(&master("variable = 'NOT_SET'"), "claviger.toml:3: the environment variable NOT_SET is not set");
    check(&master("command = []"), "claviger.toml:3: master_key.command is empty");
    check(
        &master("file = 'HERE/master.key'\nmaster_key.command = ['pass', 'show']"),
        "claviger.toml:4: there is one master key",
    );
    check("issuer = 'aws'\ndata_dir = 'HERE/data'", "claviger.toml: there is no master key");
    let data = |path: &str| format!("issuer = 'aws'\nmaster_key.file = 'HERE/master.key'\ndata_dir = '{path}'");
    check(&data("HERE/open"), "claviger.toml:3: others may write in HERE/open (mode 777); run: chmod 700 HERE/open");
    check(&data("HERE/tls.pem"), "claviger.toml:3: HERE/tls.pem is no directory");
    check(&data(""), "claviger.toml:3: data_dir is empty");
    check("issuer = 'aws'\nmaster_key.file = 'HERE/master.key'", "claviger.toml: data_dir is missing");
    check("data_dir = 'HERE/data'\nmaster_key.file = 'HERE/master.key'", "claviger.toml: issuer is missing");
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_line() {
    let world = World::new();
    let check = |text: &str, expected: &str| check_refused(&world, text, expected);
    check("acount = '1'", "claviger.toml:4: there is no setting acount; is it account?");
    check("[tls]\ncertificate = 'x'", "claviger.toml:5: there is no setting tls.certificate; is it tls.certificates?");
    check("[nonsense]\nx = 1", "claviger.toml:4: there is no setting nonsense; docs/configuration.md lists them all");
    check("account = 111122223333", "claviger.toml:4: account takes a text");
    check("account = '1'", "claviger.toml:4: account: ");
    check("run_functions = 'yes'", "claviger.toml:4: run_functions takes true or false");
    check("drain_seconds = -1", "claviger.toml:4: no setting takes a negative number");
    check("drain_seconds = 1.5", "claviger.toml:4: no setting takes a fraction");
    check("drain_seconds = 2026-01-01", "claviger.toml:4: no setting takes a date");
    check("drain_seconds = 3601", "claviger.toml:4: drain_seconds goes from 0 to 3600");
    check("drain_delay_seconds = 3601", "claviger.toml:4: drain_delay_seconds goes from 0 to 3600");
    check("cut_off_seconds = 86401", "claviger.toml:4: cut_off_seconds goes from 0 to 86400");
    check("cut_off_seconds = 10", "claviger.toml:4: cut_off_seconds is for nodes that share a database");
    let shared = "cut_off_seconds = 9\nstore = 'postgres://node:secret@localhost/store'";
    check(shared, "claviger.toml:4: cut_off_seconds is 0 or at least 10");
    check("token_cache_mib = 65537", "claviger.toml:4: token_cache_mib goes from 0 to 65536");
    check("listen.connections_max = 0", "claviger.toml:4: listen.connections_max goes from 1 to 1000000");
    check("listen = ['127.0.0.1:1']", "claviger.toml:4: there is no setting listen");
    check("listen.data = '127.0.0.1:1'", "claviger.toml:4: listen.data takes a list of texts");
    check("listen.data = [1]", "claviger.toml:4: lists hold texts, or tables");
    check("listen.data = ['localhost:80']", "claviger.toml:4: \"localhost:80\" is no address to listen on");
    check("listen.data = ['127.0.0.1:1', '127.0.0.1:1']", "claviger.toml:4: 127.0.0.1:1 stands here twice");
    check("tls.certificates = ['x', { key = 'y' }]", "claviger.toml:4: a list holds texts or tables, not both");
    check("[[tls.certificates]]\nkey = 'x'", "claviger.toml:4: certificate is missing");
    check("[[tls.certificates]]\ncertificate = 'x'", "claviger.toml:4: key is missing");
    check("[[tls.certificates]]\ncertificate = 1\nkey = 'x'", "claviger.toml:5: certificate is the path of a file");
    check(
        "[[tls.certificates]]\nchain = 'x'\nkey = 'x'\ncertificate = 'x'",
        "claviger.toml:5: a certificate has no chain",
    );
    check(
        "store = 'mysql://localhost'",
        "claviger.toml:4: store is sqlite: and the path of a file, or a postgres:// URL",
    );
    check("store = 'sqlite:'", "claviger.toml:4: store names no file");
    check("suffixes = ['a b.example']", "claviger.toml:4: \"a b.example\" is no host name");
    check("suffixes = ['-a.example']", "claviger.toml:4: \"-a.example\" is no host name");
    check("[[roles]]\nname = 'a'", "claviger.toml:4: roles: missing field `statements`");
    check("[[roles]]\nname = 'admin'\nstatements = []", "claviger.toml:4: roles: ");
    check(
        "[[roles]]\nname = 'a'\nstatements = [{ effect = 'Maybe' }]",
        "claviger.toml:4: roles: the role a is no policy",
    );
    check("functions = ['claims']", "claviger.toml:4: functions: expected ARN=URL");
    check("quotas = ['pools=1']", "claviger.toml:4: quotas: there is no quota \"pools\"");
    check("request_rates = 'mine'", "claviger.toml:4: request_rates is one of off, aws");
    check("upstreams = ['attempts=many']", "claviger.toml:4: upstreams: ");
    check("log = 'nonsense=loud'", "claviger.toml:4: log: ");
    check("log_format = 'xml'", "claviger.toml:4: log_format is one of text, json");
    check("a = 1\na = 2", "claviger.toml:5: this is no TOML: ");
    check("run_functions = ", "claviger.toml:4: this is no TOML: ");
}

#[test]
fn what_flags_and_variables_say_wrongly_is_refused_by_their_names() {
    let world = World::new();
    let check = |variables: &[(&str, &str)], flags: &[&str], expected: &str| {
        let refused = world.read(NEEDED, variables, flags).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    };
    check(&[("CLAVIGER_DRAIN_SECONDS", "soon")], &[], "CLAVIGER_DRAIN_SECONDS: this must be a whole number");
    check(&[("CLAVIGER_RUN_FUNCTIONS", "1")], &[], "CLAVIGER_RUN_FUNCTIONS: this must be true or false");
    check(&[("CLAVIGER_LISTEN_DATA", "0.0.0.0:1")], &[], "CLAVIGER_LISTEN_DATA: 0.0.0.0:1 would take secrets");
    check(&[], &["--listen-data", "10.0.0.1:1"], "--listen-data: 10.0.0.1:1 would take secrets");
    check(&[], &["--tls-certificates", "nonsense"], "--tls-certificates: this must be a list of tables");
    check(&[], &["--tls-certificates", "[{ key = 'x' }]"], "--tls-certificates: certificate is missing");
    check(&[], &["--token-cache-mib=-1"], "--token-cache-mib: this must be a whole number");
}

#[test]
fn everything_wrong_is_told_at_once() {
    let world = World::new();
    let refused = world.read("nonsense = 1\nlog_format = 'xml'\nlisten.data = ['0.0.0.0:1']", &[], &[]).unwrap_err();
    assert_eq!(refused.lines().count(), 7, "{refused}");
    assert!(refused.starts_with("the configuration cannot be used\n  claviger.toml:1: "), "{refused}");
}

#[test]
fn a_secret_in_a_setting_is_not_shown() {
    let world = World::new();
    let refused = world.read(&format!("{NEEDED}store = 'mysql://me:secret@host/db'"), &[], &[]).unwrap_err();
    assert!(!refused.contains("secret"), "{refused}");
}
