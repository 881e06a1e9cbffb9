//! The coverage page: what the AWS clients proved of every operation in the control plane's tables, and of the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::project::root;

const PAGE: &str = "docs/coverage.md";

const OPENING: &str = "\
# Coverage

What real clients have proved against the real binary, made by `cargo xtask compat --write` from the runs of the tests in
[`compat/`](../compat/README.md); CI fails when it is stale. *Answers*: the call was answered as expected. *Refuses*: a
call that must fail was refused with the exception class and the message that AWS's clients must see.
";

/// A service whose operations stand in a table of the control plane.
struct Service {
    /// Its name in the proofs, which is the name that the clients use.
    subject: &'static str,
    /// The folder of its table.
    folder: &'static str,
    title: &'static str,
    clients: &'static [&'static str],
}

const SERVICES: &[Service] = &[
    Service { subject: "cognito-idp", folder: "cognito", title: "Amazon Cognito user pools", clients: CLIENTS },
    Service { subject: "apigateway", folder: "apigateway", title: "Amazon API Gateway", clients: CLIENTS },
    Service {
        subject: "apigatewayv2",
        folder: "apigatewayv2",
        title: "Amazon API Gateway, HTTP APIs",
        clients: CLIENTS,
    },
    Service { subject: "lambda", folder: "lambda", title: "AWS Lambda", clients: CLIENTS },
    Service { subject: "cloudformation", folder: "cloudformation", title: "AWS CloudFormation", clients: CLIENTS },
    Service { subject: "ssm", folder: "ssm", title: "AWS Systems Manager, Parameter Store", clients: CLIENTS },
    Service { subject: "sts", folder: "sts", title: "AWS Security Token Service", clients: CLIENTS },
];

const CLIENTS: &[&str] = &["boto3", "AWS CLI", "JavaScript SDK"];

/// The clients that must each see every operation answer and refuse.
const NEEDED: &[&str] = &["boto3", "JavaScript SDK"];

/// Operations that take nothing and so cannot be refused.
const NEVER_REFUSED: &[&str] = &["GetAccount", "GetCallerIdentity"];

/// What is proved beside operations: the subject and its title.
const SUBJECTS: &[(&str, &str)] = &[
    ("oauth2", "Tokens and keys"),
    ("gate", "The gate"),
    ("functions", "Functions"),
    ("forward-auth", "In front of services that are not behind the gate"),
    ("explain", "`claviger explain`"),
    ("exec", "`claviger exec`"),
    ("s3", "Amazon S3"),
    ("durability", "Durability"),
];

/// What a passing test proved; the tests write a line of JSON for each.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Proof {
    subject: String,
    what: String,
    client: String,
    refusal: bool,
}

/// Writes the page, or fails when it differs from what is proved now.
pub(super) fn update(proofs: &Path, write: bool) -> anyhow::Result<()> {
    let proofs = fs::read_to_string(proofs).with_context(|| format!("cannot read {}", proofs.display()))?;
    let mut parsed = BTreeSet::new();
    for line in proofs.lines() {
        parsed.insert(serde_json::from_str(line).with_context(|| format!("not a proof: {line}"))?);
    }
    let mut operations = BTreeMap::new();
    for service in SERVICES {
        let table = root().join("crates/control-plane/src").join(service.folder).join("operations.rs");
        let table = fs::read_to_string(&table).with_context(|| format!("cannot read {}", table.display()))?;
        operations.insert(service.subject, operations_of(&table));
    }
    let unproved = unproved(&operations, &parsed);
    if !unproved.is_empty() {
        bail!("no client proves: {}; add steps to compat/stories", unproved.join(", "));
    }
    settle(&page(&operations, &parsed), write)
}

fn settle(page: &str, write: bool) -> anyhow::Result<()> {
    let path = root().join(PAGE);
    if write {
        return fs::write(&path, page).with_context(|| format!("cannot write {PAGE}"));
    }
    if fs::read_to_string(&path).unwrap_or_default() != page {
        bail!("{PAGE} is stale; bring it up to date with `cargo xtask compat --write`");
    }
    Ok(())
}

/// The operations of a table, read from its source: every `row::<Name>()` and `procedure::<Name>()`, sorted.
fn operations_of(table: &str) -> BTreeSet<String> {
    let names = table.split("::<").skip(1).filter_map(|rest| rest.split_once('>'));
    names.filter_map(|(path, _)| path.rsplit("::").next()).map(str::to_owned).collect()
}

/// Every operation must be answered once and refused once, to each of the needed clients.
fn unproved(operations: &BTreeMap<&str, BTreeSet<String>>, proofs: &BTreeSet<Proof>) -> Vec<String> {
    let mut unproved = Vec::new();
    for (subject, names) in operations {
        for (name, client) in names.iter().flat_map(|name| NEEDED.iter().map(move |client| (name, *client))) {
            let proved = |refusal| {
                let proof = (*subject, &**name, client, refusal);
                proofs.iter().any(|p| (&*p.subject, &*p.what, &*p.client, p.refusal) == proof)
            };
            if !proved(false) {
                unproved.push(format!("an answer of {subject} {name} to {client}"));
            }
            if !proved(true) && !NEVER_REFUSED.contains(&&**name) {
                unproved.push(format!("a refusal of {subject} {name} to {client}"));
            }
        }
    }
    unproved
}

fn page(operations: &BTreeMap<&str, BTreeSet<String>>, proofs: &BTreeSet<Proof>) -> String {
    let mut page = OPENING.to_owned();
    for service in SERVICES {
        let names = operations.get(service.subject).cloned().unwrap_or_default();
        let _ = write!(page, "\n## {} ({} operations)\n\n", service.title, names.len());
        let cell = |name: &str, client: &str| {
            let of_it = |refusal| {
                let proof = (service.subject, name, client, refusal);
                proofs.iter().any(|p| (&*p.subject, &*p.what, &*p.client, p.refusal) == proof)
            };
            let words = [of_it(false).then_some("answers"), of_it(true).then_some("refuses")];
            words.into_iter().flatten().collect::<Vec<_>>().join(", ")
        };
        page +=
            &table("operation", service.clients, names.iter().map(String::as_str), |name| format!("`{name}`"), cell);
    }
    for (subject, title) in SUBJECTS {
        let of_it: Vec<_> = proofs.iter().filter(|proof| proof.subject == *subject).collect();
        let whats: BTreeSet<_> = of_it.iter().map(|proof| &*proof.what).collect();
        let clients: BTreeSet<_> = of_it.iter().map(|proof| &*proof.client).collect();
        let clients: Vec<_> = clients.into_iter().collect();
        let _ = write!(page, "\n## {title}\n\n");
        let cell = |what: &str, client: &str| {
            let proved = of_it.iter().any(|proof| proof.what == what && proof.client == client);
            if proved { "yes".to_owned() } else { String::new() }
        };
        page += &table("what", &clients, whats.into_iter(), str::to_owned, cell);
    }
    page
}

fn table<'a>(
    head: &str,
    clients: &[&str],
    rows: impl Iterator<Item = &'a str>,
    title: impl Fn(&str) -> String,
    cell: impl Fn(&str, &str) -> String,
) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head: Vec<_> = std::iter::once(head).chain(clients.iter().copied()).map(str::to_owned).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    let rows = rows.map(|row| {
        let cells = clients.iter().map(|client| cell(row, client));
        line(std::iter::once(title(row)).chain(cells).collect())
    });
    let rows: String = rows.collect();
    format!("{}{rule}{rows}", line(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(subject: &str, what: &str, client: &str, refusal: bool) -> Proof {
        Proof { subject: subject.to_owned(), what: what.to_owned(), client: client.to_owned(), refusal }
    }

    #[test]
    fn reads_the_operations_of_a_table() {
        let table = "pub static OPERATIONS: &[Row] = &[row::<CreateUserPool>(), procedure::<user::SignUp>()];";
        assert_eq!(operations_of(table).into_iter().collect::<Vec<_>>(), ["CreateUserPool", "SignUp"]);
    }

    #[test]
    fn asks_for_an_answer_and_a_refusal_of_every_operation() {
        let operations = BTreeMap::from([("apigateway", operations_of("row::<GetStage>() row::<GetStages>()"))]);
        let proofs = BTreeSet::from([
            proof("apigateway", "GetStage", "boto3", false),
            proof("apigateway", "GetStage", "boto3", true),
            proof("apigateway", "GetStage", "AWS CLI", true),
            proof("apigateway", "GetStage", "JavaScript SDK", false),
            proof("apigateway", "GetStages", "JavaScript SDK", false),
            proof("apigateway", "GetStages", "JavaScript SDK", true),
            proof("cognito-idp", "GetStages", "boto3", false),
        ]);
        assert_eq!(
            unproved(&operations, &proofs),
            [
                "a refusal of apigateway GetStage to JavaScript SDK",
                "an answer of apigateway GetStages to boto3",
                "a refusal of apigateway GetStages to boto3"
            ]
        );
    }

    #[test]
    fn the_page_tells_what_each_client_proved() {
        let operations = BTreeMap::from([("apigateway", operations_of("row::<GetStage>()"))]);
        let proofs = BTreeSet::from([
            proof("apigateway", "GetStage", "boto3", false),
            proof("apigateway", "GetStage", "boto3", true),
            proof("gate", "Routing", "curl", false),
        ]);
        let page = page(&operations, &proofs);
        assert!(page.contains("## Amazon API Gateway (1 operations)"), "{page}");
        assert!(page.contains("| operation | boto3 | AWS CLI | JavaScript SDK |\n|---|---|---|---|\n"), "{page}");
        assert!(page.contains("| `GetStage` | answers, refuses |  |  |\n"), "{page}");
        assert!(page.contains("| what | curl |\n|---|---|\n| Routing | yes |\n"), "{page}");
    }
}
