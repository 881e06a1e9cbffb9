//! From values to expressions: which intrinsic function a value is and where it may stand.

use std::collections::HashSet;

use indexmap::IndexSet;

use super::{Expression, Kind};
use crate::TemplateError;
use crate::document::{Node, NodeValue};
use crate::pseudo::Pseudo;

/// What a template has, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) parameters: HashSet<String>,
    pub(crate) resources: HashSet<String>,
    pub(crate) conditions: HashSet<String>,
    pub(crate) mappings: HashSet<String>,
    /// Whether the template asks for `AWS::LanguageExtensions`.
    pub(crate) extended: bool,
}

/// The part of the template that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Conditions,
    Outputs,
    Resources,
    Rules,
}

impl Place {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Conditions => "Conditions",
            Self::Outputs => "Outputs",
            Self::Resources => "Resources",
            Self::Rules => "Rules",
        }
    }

    /// Whether what is read there may refer to resources.
    pub(super) fn knows_resources(self) -> bool {
        matches!(self, Self::Outputs | Self::Resources)
    }
}

const SUPPORTED: &str = "Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, \
                         Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, \
                         Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, \
                         Fn::Cidr";

/// Reads the expressions of one section and gathers what they name that is not there.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    pub(crate) names: &'a Names,
    pub(super) place: Place,
    unresolved: IndexSet<String>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(names: &'a Names, place: Place) -> Self {
        Self { names, place, unresolved: IndexSet::new() }
    }

    /// Refuses the section when it names resources or parameters that are not there.
    pub(crate) fn finish(self) -> Result<(), TemplateError> {
        if self.unresolved.is_empty() {
            return Ok(());
        }
        let names = self.unresolved.into_iter().collect::<Vec<_>>().join(", ");
        let place = self.place.name();
        Err(TemplateError::new(if self.place.knows_resources() {
            format!(
                "Template format error: Unresolved resource dependencies [{names}] in the {place} block of the template"
            )
        } else {
            format!(
                "Template format error: Unresolved dependencies [{names}]. Cannot reference resources in the {place} \
                 block of the template"
            )
        }))
    }

    /// Notes a name that the template does not have.
    pub(crate) fn unresolved(&mut self, name: &str) {
        self.unresolved.insert(name.to_owned());
    }

    pub(crate) fn expression(&mut self, node: &Node) -> Result<Expression, TemplateError> {
        if let Some((name, argument)) = node.single_member()
            && (name == "Ref" || name.starts_with("Fn:"))
        {
            return self.function(name, argument, node.line);
        }
        let kind = match &node.value {
            NodeValue::List(elements) => {
                Kind::List(elements.iter().map(|element| self.expression(element)).collect::<Result<_, _>>()?)
            }
            NodeValue::Map(members) => Kind::Map(
                members.iter().map(|(name, member)| Ok((name.clone(), self.expression(member)?))).collect::<Result<
                    _,
                    TemplateError,
                >>(
                )?,
            ),
            _ => Kind::Literal(node.to_json()),
        };
        Ok(Expression::new(kind, node.line))
    }

    pub(super) fn boxed(&mut self, node: &Node) -> Result<Box<Expression>, TemplateError> {
        self.expression(node).map(Box::new)
    }

    fn function(&mut self, name: &str, argument: &Node, line: usize) -> Result<Expression, TemplateError> {
        let error = |message: &str| TemplateError::at(line, format!("Template error: {message}"));
        let kind = match name {
            "Ref" => self.reference(argument, line)?,
            "Fn::GetAtt" => self.attribute(argument, line)?,
            "Fn::Join" => self.join(argument, line)?,
            "Fn::Sub" => self.sub(argument, line)?,
            "Fn::Select" => match argument.as_list() {
                Some([index, list]) => Kind::Select { index: self.boxed(index)?, list: self.boxed(list)? },
                _ => {
                    return Err(error(
                        "Fn::Select requires a list argument with two elements: an integer index and a list",
                    ));
                }
            },
            "Fn::Split" => self.split(argument, line)?,
            "Fn::Base64" => match &argument.value {
                NodeValue::Null | NodeValue::List(_) => {
                    return Err(error("every Fn::Base64 object must have a String-typed value."));
                }
                _ => Kind::Base64(self.boxed(argument)?),
            },
            "Fn::GetAZs" => match &argument.value {
                NodeValue::Null | NodeValue::List(_) => {
                    return Err(error("every Fn::GetAZs object must have a String-typed value."));
                }
                _ => Kind::AvailabilityZones(self.boxed(argument)?),
            },
            "Fn::Cidr" => self.cidr(argument, line)?,
            "Fn::FindInMap" => self.find_in_map(argument, line)?,
            "Fn::If" => self.condition(argument, line)?,
            "Fn::ImportValue" => self.import(argument, line)?,
            "Fn::GetStackOutput" => self.stack_output(argument, line)?,
            "Fn::RefAll" if self.place == Place::Rules => {
                Kind::RefAll(argument.scalar_text().ok_or_else(|| error("Fn::RefAll requires a parameter type"))?)
            }
            "Fn::Length" if self.names.extended => Kind::Length(self.boxed(argument)?),
            "Fn::ToJsonString" if self.names.extended => match &argument.value {
                NodeValue::List(_) | NodeValue::Map(_) => Kind::ToJson(self.boxed(argument)?),
                _ => return Err(error("Fn::ToJsonString requires an object or an array")),
            },
            "Fn::Length" | "Fn::ToJsonString" => {
                return Err(error(&format!("{name} requires the AWS::LanguageExtensions transform")));
            }
            "Fn::Transform" => {
                let macro_name = argument.as_map().and_then(|members| members.get("Name")).and_then(Node::as_text);
                return Err(error(&format!("No transform named {} found.", macro_name.unwrap_or_default())));
            }
            "Fn::Equals"
            | "Fn::And"
            | "Fn::Or"
            | "Fn::Not"
            | "Fn::Contains"
            | "Fn::EachMemberIn"
            | "Fn::EachMemberEquals"
            | "Fn::ValueOf"
            | "Fn::ValueOfAll"
            | "Fn::RefAll" => {
                return Err(error(&format!("{name} cannot be partially collapsed")));
            }
            _ => {
                return Err(TemplateError::at(
                    line,
                    format!(
                        "Template Error: Encountered unsupported function: {name} Supported functions are: [{SUPPORTED}]"
                    ),
                ));
            }
        };
        Ok(Expression::new(kind, line))
    }

    fn reference(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let name = argument
            .scalar_text()
            .ok_or_else(|| TemplateError::at(line, "Template error: All References must be of type string"))?;
        Ok(self.named(&name))
    }

    /// What a name stands for. Unknown names are gathered, so that one error names them all.
    pub(super) fn named(&mut self, name: &str) -> Kind {
        if let Some(pseudo) = Pseudo::named(name) {
            Kind::Pseudo(pseudo)
        } else if self.names.parameters.contains(name) {
            Kind::Parameter(name.to_owned())
        } else {
            if !self.place.knows_resources() || !self.names.resources.contains(name) {
                self.unresolved(name);
            }
            Kind::Reference(name.to_owned())
        }
    }
}
