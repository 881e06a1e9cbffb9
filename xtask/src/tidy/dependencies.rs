//! Who may use whom: the real dependencies against the table of crates in `ARCHITECTURE.md`, which is thereby never stale.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde::Deserialize;

use super::Findings;
use crate::project::{cargo, output, root};

/// What a pure crate must not use: async runtimes, HTTP servers and clients, SQL drivers, TLS.
const NOT_PURE: &[&str] =
    &["tokio", "hyper", "hyper-util", "axum", "tower", "rusqlite", "tokio-postgres", "rustls", "tokio-rustls"];

/// The only crates that see SQL.
const SQL: &[(&str, &[&str])] = &[("rusqlite", &["store-sqlite"]), ("tokio-postgres", &["store-postgres"])];

/// Test support: a dev-dependency of anyone, never part of the binary.
const TESTKIT: &str = "testkit";

const PREFIX: &str = "claviger-";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `None` for an ordinary dependency, else `dev` or `build`.
    kind: Option<String>,
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    pure: bool,
    may_use: Vec<String>,
}

pub(super) fn check(findings: &mut Findings) -> anyhow::Result<()> {
    let architecture =
        std::fs::read_to_string(root().join("ARCHITECTURE.md")).context("cannot read ARCHITECTURE.md")?;
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&metadata).context("cannot read what cargo metadata printed")?;
    let rows = parse_table(&architecture);
    compare(&metadata.packages, &rows, findings);
    check_purposes(&std::fs::read_to_string(root().join("Cargo.toml"))?, findings);
    let deny = std::fs::read_to_string(root().join("deny.toml")).context("cannot read deny.toml")?;
    let built =
        output(&mut cargo(&["tree", "--workspace", "--locked", "--quiet", "--prefix", "none", "--format", "{p}"]))?;
    check_bans(&deny, &built, findings);
    let format = "{p}\t{l}";
    let tree = ["tree", "--workspace", "--locked", "--quiet", "--prefix", "none", "--format", format];
    check_licences(&deny, &output(&mut cargo(&tree))?, findings);
    check_sources(&std::fs::read_to_string(root().join("Cargo.lock"))?, findings);
    Ok(())
}

/// Reads the rows ``| `crate` | one line | pure or I/O | `a`, `b` or nothing |``.
fn parse_table(architecture: &str) -> BTreeMap<String, Row> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = BTreeMap::new();
    for line in architecture.lines().filter(|line| line.starts_with("| `")) {
        if let [_, name, _, kind, may_use, _] = &*cells(line)
            && (kind == "pure" || kind == "I/O")
        {
            let may_use = may_use.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            rows.insert(name.trim_matches('`').to_owned(), Row { pure: kind == "pure", may_use });
        }
    }
    rows
}

fn compare(packages: &[Package], rows: &BTreeMap<String, Row>, findings: &mut Findings) {
    for package in packages {
        let Some(name) = package.name.strip_prefix(PREFIX) else { continue };
        let Some(row) = rows.get(name) else {
            findings.error(format!("ARCHITECTURE.md: the table of crates has no row for `{name}`"));
            continue;
        };
        for dependency in &package.dependencies {
            check_dependency(name, row, dependency, findings);
        }
    }
    for name in rows.keys() {
        if !packages.iter().any(|package| package.name.strip_prefix(PREFIX) == Some(name)) {
            findings.error(format!("ARCHITECTURE.md: the table of crates names `{name}`, which does not exist"));
        }
    }
}

fn check_dependency(name: &str, row: &Row, dependency: &Dependency, findings: &mut Findings) {
    let dev = dependency.kind.as_deref() == Some("dev");
    if let Some(ours) = dependency.name.strip_prefix(PREFIX) {
        if ours == TESTKIT && !dev {
            findings.error(format!("{name}: `{TESTKIT}` may only be a dev-dependency"));
        } else if ours != TESTKIT && !row.may_use.iter().any(|allowed| allowed == ours) {
            findings.error(format!("{name}: may not use `{ours}`; the table in ARCHITECTURE.md says what it may use"));
        }
    }
    if row.pure && !dev && NOT_PURE.contains(&&*dependency.name) {
        findings.error(format!("{name}: is pure and may not use `{}`", dependency.name));
    }
    for (driver, users) in SQL {
        if dependency.name == *driver && !users.contains(&name) {
            findings.error(format!("{name}: may not use `{driver}`; only {} sees SQL", users.join(", ")));
        }
    }
}

/// Every outside crate says in `Cargo.toml` what it is for.
fn check_purposes(manifest: &str, findings: &mut Findings) {
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    for line in section.lines().take_while(|line| !line.starts_with('[')) {
        let is_outside = line.contains(" = ") && !line.starts_with(PREFIX) && !line.starts_with('#');
        if is_outside && !line.contains(" # ") {
            findings.error(format!("Cargo.toml: say what this is for after a `#`: {line}"));
        }
    }
}

/// What `deny.toml` bans is not in the tree; cargo-deny, which checks more, need not be installed.
fn check_bans(deny: &str, built: &str, findings: &mut Findings) {
    let bans = deny.split("deny = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    for ban in bans.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")) {
        let banned = ban.split('"').next().unwrap_or_default();
        if built.lines().any(|line| line.split(' ').next() == Some(banned)) {
            findings.error(format!("deny.toml bans `{banned}`, but it is built; `cargo tree -i {banned}` says why"));
        }
    }
}

/// Every crate that is built may be used under a licence that `deny.toml` allows.
fn check_licences(deny: &str, built: &str, findings: &mut Findings) {
    let section = deny.split("[licenses]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let list = section.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    let allowed = quoted(list);
    let exceptions: BTreeMap<String, Vec<String>> = section
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = "))
        .filter_map(|line| {
            let mut words = quoted(line).into_iter();
            Some((words.next()?, words.collect()))
        })
        .collect();
    // A mark tells which were printed before.
    let lines: BTreeSet<&str> = built.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        let (package, licence) = line.split_once('\t').unwrap_or((line, ""));
        let name = package.split(' ').next().unwrap_or_default();
        let excepted = exceptions.get(name);
        // Older manifests write `/` for `OR`.
        let is_allowed = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX).is_ok_and(|expression| {
            expression.evaluate(|requirement| {
                // Who may use a later version may use this one.
                let licence = requirement.to_string().replacen('+', "", 1);
                allowed.contains(&licence) || excepted.is_some_and(|excepted| excepted.contains(&licence))
            })
        });
        if !is_allowed {
            findings.error(format!("deny.toml allows no licence of `{package}`: {licence:?}"));
        }
    }
}

/// Every crate that is not ours comes from the one registry.
fn check_sources(lock: &str, findings: &mut Findings) {
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
            line.map(|value| value.trim_matches('"').to_owned())
        };
        if let Some(source) =
            field("source").filter(|source| !source.starts_with("registry+") || !source.contains("crates.io"))
        {
            findings.error(format!("Cargo.lock: `{}` comes from {source}", field("name").unwrap_or_default()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_those_that_are_allowed() {
        let deny = "[licenses]\nallow = [\"MIT\", \"Apache-2.0 WITH LLVM-exception\"]\nexceptions = [\n    { crate = \"maps\", allow = [\"MPL-2.0\"] },\n]\n[sources]\n";
        let check = |built: &str| {
            let mut findings = Findings::default();
            check_licences(deny, built, &mut findings);
            findings.errors.len()
        };
        let allowed =
            "a v1.0.0\tMIT OR GPL-3.0\nb v1\tMIT/Apache-2.0\nc v1\tApache-2.0 WITH LLVM-exception\nmaps v1\tMPL-2.0\n";
        assert_eq!(check(allowed), 0);
        for refused in ["a v1\tGPL-3.0", "a v1\tMIT AND GPL-3.0", "a v1\tMPL-2.0", "a v1\t", "a v1\tnonsense"] {
            assert_eq!(check(refused), 1, "{refused}");
        }
    }

    #[test]
    fn crates_come_from_the_registry() {
        let mut findings = Findings::default();
        let ours = "[[package]]\nname = \"ours\"\n";
        let index = "[[package]]\nname = \"a\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        let git = "[[package]]\nname = \"b\"\nsource = \"git+https://example.com/b\"\n";
        check_sources(&[ours, index].concat(), &mut findings);
        assert!(findings.errors.is_empty());
        check_sources(git, &mut findings);
        assert_eq!(findings.errors.len(), 1);
    }

    const TABLE: &str = "\
| crate | what it is | kind | may use |
|---|---|---|---|
| `resources` | The nouns. | pure | nothing of ours |
| `store` | The storage port. | I/O | `resources` |
| `testkit` | Test support. | I/O | `resources`, `store` |
";

    /// What the rules say about one crate with one dependency.
    fn said(name: &str, dependency: &str, kind: Option<&str>) -> Vec<String> {
        let mut findings = Findings::default();
        let rows = parse_table(TABLE);
        let dependency = Dependency { name: dependency.to_owned(), kind: kind.map(str::to_owned) };
        check_dependency(name, &rows[name], &dependency, &mut findings);
        findings.errors
    }

    #[test]
    fn reads_the_table_of_crates() {
        let rows = parse_table(TABLE);
        assert_eq!(rows["resources"], Row { pure: true, may_use: vec![] });
        assert_eq!(rows["testkit"], Row { pure: false, may_use: vec!["resources".to_owned(), "store".to_owned()] });
    }

    #[test]
    fn allows_what_the_table_allows() {
        assert!(said("store", "claviger-resources", None).is_empty());
        assert!(said("store", "tokio", None).is_empty());
        assert!(said("store", "claviger-testkit", Some("dev")).is_empty());
        assert!(said("resources", "tokio", Some("dev")).is_empty());
    }

    #[test]
    fn refuses_what_the_table_does_not_allow() {
        assert_eq!(said("resources", "claviger-store", None).len(), 1);
        assert_eq!(said("resources", "claviger-store", Some("dev")).len(), 1);
        assert_eq!(said("store", "claviger-testkit", None).len(), 1);
        assert_eq!(said("resources", "hyper", None).len(), 1);
        assert_eq!(said("store", "rusqlite", None).len(), 1);
    }

    #[test]
    fn asks_for_a_row_per_crate_and_a_crate_per_row() {
        let mut findings = Findings::default();
        let package = Package { name: "claviger-gateway".to_owned(), dependencies: vec![] };
        compare(&[package], &parse_table(TABLE), &mut findings);
        assert_eq!(findings.errors.len(), 4, "{:?}", findings.errors);
    }

    #[test]
    fn asks_what_an_outside_crate_is_for() {
        let mut findings = Findings::default();
        let manifest =
            "[workspace.dependencies]\n# group\nclaviger-a = { path = \"a\" }\nb = \"1\" # bees\nc = \"1\"\n[x]\n";
        check_purposes(manifest, &mut findings);
        assert_eq!(findings.errors, ["Cargo.toml: say what this is for after a `#`: c = \"1\""]);
    }

    #[test]
    fn asks_that_nothing_banned_is_built() {
        let deny =
            "[bans]\ndeny = [\n    { crate = \"ring\", reason = \"r\" },\n    { crate = \"b\" },\n]\nskip = []\n";
        let mut findings = Findings::default();
        check_bans(deny, "claviger v0.1.0\nring v0.17.0\nbc v1.0.0\n", &mut findings);
        assert_eq!(findings.errors, ["deny.toml bans `ring`, but it is built; `cargo tree -i ring` says why"]);
    }
}
