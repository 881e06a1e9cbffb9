//! Rules: what parameters must be together.

use crate::TemplateError;
use crate::document::Node;
use crate::expression::Parser;
use crate::predicate::{Dialect, Predicate};

/// A rule of the template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// When the rule counts; always, where there is none.
    pub(crate) condition: Option<Predicate>,
    pub(crate) assertions: Vec<Assertion>,
    pub(crate) line: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assertion {
    pub(crate) assert: Predicate,
    pub(crate) description: Option<String>,
}

impl Rule {
    pub(crate) fn parse(name: &str, node: &Node, parser: &mut Parser<'_>) -> Result<Self, TemplateError> {
        let error = |line: usize, message: String| TemplateError::at(line, format!("Template format error: {message}"));
        let members =
            node.as_map().ok_or_else(|| error(node.line, "Any Rules member must be a JSON object.".to_owned()))?;
        if let Some(unknown) = members.keys().find(|member| !["Assertions", "RuleCondition"].contains(&member.as_str()))
        {
            return Err(error(node.line, format!("Invalid rule property '{unknown}' in rule {name}")));
        }
        let assertions = members
            .get("Assertions")
            .and_then(Node::as_list)
            .filter(|assertions| !assertions.is_empty())
            .ok_or_else(|| error(node.line, format!("Rule {name} must contain a list of Assertions")))?;
        let condition =
            members.get("RuleCondition").map(|node| Predicate::parse(node, Dialect::Rule, parser)).transpose()?;
        let assertions = assertions
            .iter()
            .map(|assertion| {
                let assert = assertion.as_map().and_then(|members| members.get("Assert")).ok_or_else(|| {
                    error(assertion.line, format!("Every assertion of rule {name} must contain an Assert member"))
                })?;
                let description = assertion.as_map().and_then(|members| members.get("AssertDescription"));
                Ok(Assertion {
                    assert: Predicate::parse(assert, Dialect::Rule, parser)?,
                    description: description.and_then(Node::scalar_text),
                })
            })
            .collect::<Result<_, TemplateError>>()?;
        Ok(Self { condition, assertions, line: node.line })
    }
}
