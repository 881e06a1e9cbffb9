//! `docs/quotas.md` says what the tables say. `UPDATE_GOLDENS=1 cargo test -p claviger-control-plane quotas_page` renews it.

use std::fmt::Write as _;
use std::path::PathBuf;

use claviger_control_plane::cognito::{categories, shapes};
use claviger_resources::quotas::{QUOTAS, Raised};
use claviger_resources::request_rates::{
    CATEGORIES, CategoryRow, DOMAIN, DOMAIN_PER_ADDRESS, DOMAIN_PER_CLIENT, OPERATION_ON_POOL,
};

/// A number as people read it: `40,000,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn quotas() -> String {
    let mut table =
        "| name | counts | AWS's default | AWS raises it to | at most here |\n|---|---|--:|--:|--:|\n".to_owned();
    for row in &QUOTAS {
        let raised = match row.raised {
            Raised::Fixed => "fixed".to_owned(),
            Raised::To(most) => grouped(most),
            Raised::OnRequest => "on request".to_owned(),
        };
        let (default, most) = (grouped(row.default), grouped(row.maximum()));
        writeln!(table, "| `{}` | {} | {default} | {raised} | {most} |", row.name, row.counts).unwrap();
    }
    table
}

/// The operations of a category, and what else is counted in it.
fn counted(row: &CategoryRow) -> String {
    let operations = shapes::OPERATIONS.iter().map(|operation| operation.name);
    let own = operations.filter(|name| categories::of(name) == Some(row.category));
    let mut listed: Vec<String> = own.map(|name| format!("`{name}`")).collect();
    if row.name == "ClientAuthentication" {
        listed.insert(0, "the grant `client_credentials`".to_owned());
    }
    if listed.is_empty() { "nothing that is served".to_owned() } else { listed.join(", ") }
}

fn rates() -> String {
    let mut table = "| category | requests a second | adjustable | counted in it |\n|---|--:|---|---|\n".to_owned();
    for row in &CATEGORIES {
        let name = if row.name.is_empty() {
            "answers to challenges, three times `UserAuthentication`".to_owned()
        } else {
            format!("`{}`", row.name)
        };
        let adjustable = if row.adjustable { "yes" } else { "no" };
        writeln!(table, "| {name} | {} | {adjustable} | {} |", row.default, counted(row)).unwrap();
    }
    table
}

fn bounds() -> String {
    let bounded = CATEGORIES.iter().filter(|row| row.category.is_bounded_by_pool());
    let bounded: Vec<String> = bounded.map(|row| format!("`{}`", row.name)).collect();
    [
        (
            "requests a second of one operation on one pool",
            OPERATION_ON_POOL,
            format!("the categories {}", bounded.join(", ")),
        ),
        ("requests a second from one address", DOMAIN_PER_ADDRESS, "`/oauth2/…` of all domains together".to_owned()),
        ("requests a second of one app client", DOMAIN_PER_CLIENT, "the token endpoint".to_owned()),
        ("requests a second to one domain", DOMAIN, "`/oauth2/…` of the domain".to_owned()),
    ]
    .iter()
    .fold("| bound | | where |\n|---|--:|---|\n".to_owned(), |table, (what, rate, place)| {
        format!("{table}| {what} | {rate} | {place} |\n")
    })
}

/// The page with the part after this marker replaced.
fn with_part(page: &str, name: &str, part: &str) -> String {
    let start = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("the page has no place for {name}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{start}{part}<!-- end -->{after}")
}

#[test]
fn the_page_of_quotas_says_what_the_tables_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/quotas.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let parts = [("quotas", quotas()), ("rates", rates()), ("bounds", bounds())];
    let expected = parts.iter().fold(page.clone(), |page, (name, part)| with_part(&page, name, part));
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, expected).unwrap();
    } else {
        assert!(page == expected, "docs/quotas.md is stale; UPDATE_GOLDENS=1 renews it");
    }
}
