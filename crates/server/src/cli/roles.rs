//! Role tables on the command line: read from options or a file, and told to people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use claviger_resources::role_mapping::RoleTable;
use serde_json::{Map, Value, json};

use super::call::printable;

/// The options from which a role table is made.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct RoleOptions {
    /// A scope and the roles that it gives, may be repeated: weather-api/get=reader,auditor
    #[arg(long = "grant", value_name = "SCOPE=ROLES", value_parser = grant)]
    grants: Vec<Grant>,
    /// A role and a call that it allows, may be repeated: reader='GET /storms/{name}', admin='* /{proxy+}'
    #[arg(long = "allow", value_name = "ROLE=METHOD /PATH", value_parser = rule)]
    rules: Vec<Rule>,
    /// A file with the whole table in JSON, with the members scopes and roles
    #[arg(long, value_name = "PATH", conflicts_with_all = ["grants", "rules"])]
    roles_file: Option<PathBuf>,
}

/// A scope and its roles as they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    scope: String,
    roles: Vec<String>,
}

/// A role and one of its rules as they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    role: String,
    rule: String,
}

fn grant(text: &str) -> Result<Grant, &'static str> {
    // A scope may hold an equals sign, a role may not.
    let (scope, roles) = text.rsplit_once('=').ok_or("expected a scope, = and roles with commas between")?;
    let roles = roles.split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect();
    Ok(Grant { scope: scope.to_owned(), roles })
}

fn rule(text: &str) -> Result<Rule, &'static str> {
    let (role, call) =
        text.split_once('=').ok_or("expected a role, = and a method and path, as reader='GET /storms'")?;
    Ok(Rule { role: role.to_owned(), rule: call.to_owned() })
}

impl RoleOptions {
    /// The table as our operations take it; `None` when no option gives one.
    pub(super) fn table(&self) -> anyhow::Result<Option<Value>> {
        let table = match &self.roles_file {
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                serde_json::from_str(&text).with_context(|| format!("{} holds no role table", path.display()))?
            }
            None if self.grants.is_empty() && self.rules.is_empty() => return Ok(None),
            None => self.given(),
        };
        Ok(Some(json!({ "Scopes": table.scopes, "Roles": table.roles })))
    }

    fn given(&self) -> RoleTable {
        let mut scopes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Grant { scope, roles } in &self.grants {
            scopes.entry(scope.clone()).or_default().extend(roles.iter().cloned());
        }
        let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Rule { role, rule } in &self.rules {
            roles.entry(role.clone()).or_default().push(rule.clone());
        }
        RoleTable { scopes, roles }
    }
}

/// A role table for people, a line for each scope and each rule.
pub(super) fn for_people(table: &Map<String, Value>, text: &mut String) {
    for (title, member, between) in [("Scopes", "Scopes", ", "), ("Roles", "Roles", "\n            ")] {
        let entries = table.get(member).and_then(Value::as_object).into_iter().flatten();
        for (index, (name, values)) in entries.enumerate() {
            let title = if index == 0 { title } else { "" };
            let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
            let name = printable(name);
            let indent = if between == ", " { String::new() } else { " ".repeat(name.len() + 3) };
            let values: Vec<String> = values.map(printable).collect();
            let _ = writeln!(text, "{title:10}  {name} = {}", values.join(&format!("{between}{indent}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        roles: RoleOptions,
    }

    fn table(words: &[&str]) -> anyhow::Result<Option<Value>> {
        Line::try_parse_from([&["roles"], words].concat())?.roles.table()
    }

    #[test]
    fn options_make_a_table() {
        let words = ["--grant", "a/b=c=reader,writer", "--grant", "x/y=reader", "--allow", "reader=GET /a=b"];
        let expected = json!({
            "Scopes": { "a/b=c": ["reader", "writer"], "x/y": ["reader"] }, "Roles": { "reader": ["GET /a=b"] },
        });
        assert_eq!(table(&words).unwrap(), Some(expected));
        assert_eq!(table(&[]).unwrap(), None);
        assert!(table(&["--grant", "a"]).is_err() && table(&["--allow", "a"]).is_err());
        assert!(table(&["--roles-file", "x", "--grant", "a=b"]).is_err());
        assert!(table(&["--roles-file", "/no/such/file"]).unwrap_err().to_string().contains("cannot read"));
    }

    #[test]
    fn tells_people() {
        let table = json!({
            "Scopes": { "a/b": ["reader", "writer"], "x/y": [] }, "Roles": { "reader": ["GET /", "GET /a"], "w": [] },
        });
        let mut text = String::new();
        for_people(table.as_object().unwrap(), &mut text);
        assert_eq!(
            text,
            "Scopes      a/b = reader, writer\n            x/y = \n\
             Roles       reader = GET /\n                     GET /a\n            w = \n"
        );
    }
}
