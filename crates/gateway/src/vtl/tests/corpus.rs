//! The corpus: templates, what they are rendered over, and what they render, by theme.
//!
//! Each group names its source. What a group says of Velocity was compared with Velocity 1.7 itself; where API Gateway
//! goes its own way, the group says how Velocity would have it.

mod comments;
mod comparison;
mod conditionals;
mod context;
mod directives;
mod escapes;
mod input;
mod interpolation;
mod json_path;
mod loops;
mod macros;
mod nothing;
mod numbers;
mod overrides;
mod parameters;
mod ranges_lists_maps;
mod references;
mod set;
mod strings;
mod util;
mod whitespace;
mod whole_templates;

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::*;

/// Templates that have one source.
struct Group {
    source: &'static str,
    /// What Velocity does otherwise; empty when it does the same.
    differs: &'static str,
    /// The request's body.
    body: &'static str,
    /// Templates, and what they render.
    cases: &'static [(&'static str, &'static str)],
    /// Templates that are refused, and a part of the reason.
    refused: &'static [(&'static str, &'static str)],
}

impl Group {
    /// A group over the example body; the rest is to be filled in.
    const OF_EXAMPLE: Self = Self { source: "", differs: "", body: BODY, cases: &[], refused: &[] };

    fn templates(&self) -> impl Iterator<Item = &'static str> {
        self.cases.iter().chain(self.refused).map(|(template, _)| *template)
    }
}

/// Fewer templates than there are would be a mistake.
const TEMPLATES_MIN: usize = 300;

const GROUPS: [&[Group]; 22] = [
    comments::GROUPS,
    comparison::GROUPS,
    conditionals::GROUPS,
    context::GROUPS,
    directives::GROUPS,
    escapes::GROUPS,
    input::GROUPS,
    interpolation::GROUPS,
    json_path::GROUPS,
    loops::GROUPS,
    macros::GROUPS,
    nothing::GROUPS,
    numbers::GROUPS,
    overrides::GROUPS,
    parameters::GROUPS,
    ranges_lists_maps::GROUPS,
    references::GROUPS,
    set::GROUPS,
    strings::GROUPS,
    util::GROUPS,
    whitespace::GROUPS,
    whole_templates::GROUPS,
];

fn groups() -> impl Iterator<Item = &'static Group> {
    GROUPS.into_iter().flatten()
}

/// Every template of the corpus.
pub(super) fn templates() -> impl Iterator<Item = &'static str> {
    groups().flat_map(Group::templates)
}

#[test]
fn templates_render_as_they_do_in_api_gateway() {
    let mut wrong = Vec::new();
    for group in groups() {
        for (template, expected) in group.cases {
            let rendered = rendered(template, group.body);
            if rendered.as_deref() != Ok(*expected) {
                wrong.push(format!("{}\n{template:?}\n renders {rendered:?}\nexpected {expected:?}", group.source));
            }
        }
        for (template, reason) in group.refused {
            match rendered(template, group.body) {
                Err(error) if error.contains(reason) => {}
                other => wrong.push(format!("{}\n{template:?}\n gives {other:?}\nexpected {reason:?}", group.source)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_template_shows_something_of_its_own() {
    let mut seen = HashMap::new();
    for group in groups() {
        assert!(!group.source.is_empty(), "a group without a source");
        for template in group.templates() {
            if let Some(other) = seen.insert((without_literals(template), group.body), template) {
                panic!("{template:?} and {other:?} are alike but for a literal");
            }
        }
    }
    let of_velocity = groups().filter(|group| group.differs.is_empty()).flat_map(Group::templates).count();
    let all = templates().count();
    println!("{all} templates, {of_velocity} of them as in Velocity");
    assert!(all >= TEMPLATES_MIN, "{all}");
}

#[test]
fn literals_are_blanked() {
    for (template, blanked) in [
        ("#set($a = 'x''y')$a", "#set($a = '')$a"),
        ("#set($a1 = -15.5)2", "#set($a1 = 0)0"),
        ("#if(true || false)x#end", "#if(0 || 0)x#end"),
        ("#set($a = \"x\")", "#set($a = '')"),
        ("#set($a = \"$b.c('d') 7\")", "#set($a = \"$b.c('') 0\")"),
    ] {
        assert_eq!(without_literals(template), blanked, "{template}");
    }
}

fn rendered(template: &str, body: &str) -> Result<String, String> {
    let template = Template::parse(template).map_err(|error| error.to_string())?;
    let call = ExampleCall::new();
    let mut scope = Scope::new(&call, body.as_bytes());
    template.render(&mut scope, &Limits::default()).map_err(|error| error.to_string())
}

/// The template with its texts emptied and its numbers and booleans made 0. Texts that interpolate stay.
fn without_literals(template: &str) -> String {
    static TEXT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(?s)'[^']*'(?:'[^']*')*|"[^"$#]*""#).unwrap());
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(^|[^\w$-])(?:-?\d[\d.]*(?:[eE]-?\d+)?|true\b|false\b)").unwrap());
    NUMBER.replace_all(&TEXT.replace_all(template, "''"), "${1}0").into_owned()
}
