//! `claviger role-mapping`: shows and sets what the scopes of tokens allow of an API.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::call::{call, printable};
use super::roles::{RoleOptions, for_people};
use super::{Global, Output};

/// Show or set what the scopes of tokens allow of an API: scopes give roles, and roles allow methods and paths
///
/// What is given replaces the whole mapping; without an option, it is shown. A request whose token is accepted then needs a
/// role that allows its method and path, or is refused with status 403.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The API's id
    #[arg(value_name = "API_ID")]
    api_id: String,
    #[command(flatten)]
    roles: RoleOptions,
    /// Take the mapping away, so that the API's authorizers alone decide
    #[arg(long, conflicts_with_all = ["grants", "rules", "roles_file"])]
    delete: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (operation, input) = arguments.call()?;
    let answer = super::block_on(call(&global.endpoint, operation, &input))?;
    if !arguments.delete {
        super::print(&to_text(&answer, global.output)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// The operation, and its input, that does what is asked for.
    fn call(&self) -> anyhow::Result<(&'static str, Value)> {
        let mut input = json!({ "ApiId": self.api_id });
        let operation = match (self.roles.table()?, self.delete) {
            (_, true) => "DeleteRoleMapping",
            (None, false) => "DescribeRoleMapping",
            (Some(table), false) => {
                if let (Some(input), Value::Object(table)) = (input.as_object_mut(), table) {
                    input.extend(table);
                }
                "PutRoleMapping"
            }
        };
        Ok((operation, input))
    }
}

fn to_text(answer: &Map<String, Value>, output: Output) -> anyhow::Result<String> {
    if output == Output::Json {
        return Ok(serde_json::to_string_pretty(answer)? + "\n");
    }
    let mut text = String::new();
    let _ =
        writeln!(text, "API         {}", printable(answer.get("ApiId").and_then(Value::as_str).unwrap_or_default()));
    for_people(answer, &mut text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn an_option_sets_the_whole_mapping() {
        let check = |words: &[&str], operation: &str, expected: Value| {
            let line = Line::try_parse_from([&["role-mapping", "a1b2"], words].concat()).unwrap();
            assert_eq!(line.arguments.call().unwrap(), (operation, expected), "{words:?}");
        };
        check(&[], "DescribeRoleMapping", json!({"ApiId": "a1b2"}));
        check(&["--delete"], "DeleteRoleMapping", json!({"ApiId": "a1b2"}));
        let expected = json!({"ApiId": "a1b2", "Scopes": {"a/b": ["r"]}, "Roles": {"r": ["* /{proxy+}"]}});
        check(&["--grant", "a/b=r", "--allow", "r=* /{proxy+}"], "PutRoleMapping", expected);
        assert!(Line::try_parse_from(["role-mapping", "a1b2", "--delete", "--grant", "a=b"]).is_err());
    }

    #[test]
    fn tells_people_and_programs() {
        let answer = json!({"ApiId": "a1b2", "Scopes": {"a/b": ["r"]}, "Roles": {"r": ["GET /"]}});
        let answer = answer.as_object().unwrap();
        let people = "API         a1b2\nScopes      a/b = r\nRoles       r = GET /\n";
        assert_eq!(to_text(answer, Output::Text).unwrap(), people);
        let read: Map<String, Value> = serde_json::from_str(&to_text(answer, Output::Json).unwrap()).unwrap();
        assert_eq!(read, *answer);
    }
}
