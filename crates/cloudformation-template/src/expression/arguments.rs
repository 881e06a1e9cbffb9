//! The arguments of each intrinsic function.

use indexmap::IndexSet;

use super::parse::Parser;
use super::sub::{Piece, is_variable_name, pieces};
use super::{Expression, FindInMap, Kind, StackOutputOf, SubPart};
use crate::TemplateError;
use crate::document::{Members, Node, NodeValue};

pub(crate) const JOIN: &str = "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be \
                    joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.";
const SUB: &str = "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first \
                   argument, and an optional second argument to specify a mapping of values to replace in the string";

pub(crate) const SPLIT: &str = "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be \
                     split or a function that returns a string to be split.";

impl Parser<'_> {
    pub(super) fn join(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let malformed = || TemplateError::at(line, format!("Template error: {JOIN}"));
        let Some([delimiter, list]) = argument.as_list() else { return Err(malformed()) };
        let delimiter = delimiter.scalar_text().ok_or_else(malformed)?;
        let list = self.boxed(list)?;
        match list.kind {
            Kind::Literal(_) | Kind::Map(_) => Err(malformed()),
            _ => Ok(Kind::Join { delimiter, list }),
        }
    }

    pub(super) fn split(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let malformed = || TemplateError::at(line, format!("Template error: {SPLIT}"));
        let Some([delimiter, text]) = argument.as_list() else { return Err(malformed()) };
        let delimiter = delimiter.scalar_text().ok_or_else(malformed)?;
        let text = self.boxed(text)?;
        match text.kind {
            Kind::List(_) | Kind::Map(_) => Err(malformed()),
            _ => Ok(Kind::Split { delimiter, text }),
        }
    }

    pub(super) fn cidr(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        match argument.as_list() {
            Some([block, count, bits @ ..]) if bits.len() < 2 => Ok(Kind::Cidr {
                block: self.boxed(block)?,
                count: self.boxed(count)?,
                bits: bits.first().map(|bits| self.boxed(bits)).transpose()?,
            }),
            _ => Err(TemplateError::at(
                line,
                "Template error: every Fn::Cidr object requires two or three parameters, (1) an ipBlock, (2) a count and \
                 (3) cidrBits",
            )),
        }
    }

    pub(super) fn attribute(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let malformed = || {
            TemplateError::at(
                line,
                "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the \
                 resource attribute",
            )
        };
        let (resource, attribute) = match &argument.value {
            NodeValue::Text(text) => {
                let (resource, attribute) = text.split_once('.').ok_or_else(malformed)?;
                (resource.to_owned(), Expression::new(Kind::Literal(attribute.into()), line))
            }
            NodeValue::List(elements) => match elements.as_slice() {
                [resource, attribute] => {
                    let resource = resource.as_text().ok_or_else(malformed)?;
                    (resource.to_owned(), self.expression(attribute)?)
                }
                _ => return Err(malformed()),
            },
            _ => return Err(malformed()),
        };
        let names_none = match &attribute.kind {
            Kind::Literal(value) => value.as_str().is_none_or(str::is_empty),
            Kind::List(_) | Kind::Map(_) => true,
            _ => false,
        };
        if resource.is_empty() || names_none {
            return Err(malformed());
        }
        if !self.place.knows_resources() {
            self.unresolved(&resource);
        } else if !self.names.resources.contains(&resource) {
            return Err(TemplateError::at(
                line,
                format!("Template error: instance of Fn::GetAtt references undefined resource {resource}"),
            ));
        }
        Ok(Kind::Attribute { resource, attribute: Box::new(attribute) })
    }

    pub(super) fn sub(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let malformed = || TemplateError::at(line, format!("Template error: {SUB}"));
        let (text, values) = match argument.as_list() {
            Some([text, values]) => {
                (text.as_text().ok_or_else(malformed)?.to_owned(), Some(values.as_map().ok_or_else(malformed)?))
            }
            Some(_) => return Err(malformed()),
            None => (argument.scalar_text().ok_or_else(malformed)?, None),
        };
        let mut names: IndexSet<String> = IndexSet::new();
        let mut variables = Vec::new();
        for (name, value) in values.into_iter().flatten() {
            if name.is_empty() || !name.chars().all(|character| character.is_alphanumeric() || character == '_') {
                return Err(TemplateError::at(
                    line,
                    "Template error: every key of the context object of every Fn::Sub object must contain only \
                     alphanumeric characters and underscores",
                ));
            }
            let value = self.expression(value)?;
            if matches!(value.kind, Kind::List(_) | Kind::Map(_)) {
                return Err(TemplateError::at(
                    line,
                    "Template error: every value of the context object of every Fn::Sub object must be a string or a \
                     function that returns a string",
                ));
            }
            names.insert(name.clone());
            variables.push(value);
        }
        let mut parts = Vec::new();
        for piece in pieces(&text) {
            parts.push(match piece {
                Piece::Text(text) => SubPart::Text(text.to_owned()),
                Piece::Variable(name) => {
                    let (place, is_new) = names.insert_full(name.to_owned());
                    if is_new {
                        variables.push(self.variable(name, line)?);
                    }
                    SubPart::Variable(place)
                }
            });
        }
        Ok(Kind::Sub { parts, variables })
    }

    /// A variable of `Fn::Sub` that the template as a whole explains.
    fn variable(&mut self, name: &str, line: usize) -> Result<Expression, TemplateError> {
        if !is_variable_name(name) {
            return Err(TemplateError::at(
                line,
                "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, \
                 underscores, periods, and colons",
            ));
        }
        let kind = match name.split_once('.') {
            Some((resource, attribute)) => {
                if !self.place.knows_resources() {
                    self.unresolved(resource);
                } else if attribute.is_empty() || !self.names.resources.contains(resource) {
                    return Err(TemplateError::at(
                        line,
                        format!("Template error: instance of Fn::Sub references invalid resource attribute {name}"),
                    ));
                }
                let attribute = Box::new(Expression::new(Kind::Literal(attribute.into()), line));
                Kind::Attribute { resource: resource.to_owned(), attribute }
            }
            None => self.named(name),
        };
        Ok(Expression::new(kind, line))
    }

    pub(super) fn find_in_map(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let malformed = || {
            TemplateError::at(
                line,
                "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the \
                 attribute for return value",
            )
        };
        let (map, key, attribute, default) = match argument.as_list() {
            Some([map, key, attribute]) => (map, key, attribute, None),
            Some([map, key, attribute, options]) if self.names.extended => {
                let default = options.as_map().and_then(|options| options.get("DefaultValue")).ok_or_else(malformed)?;
                (map, key, attribute, Some(default))
            }
            _ => return Err(malformed()),
        };
        if let Some(name) = map.as_text()
            && default.is_none()
            && !self.names.mappings.contains(name)
        {
            return Err(TemplateError::at(
                line,
                format!("Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."),
            ));
        }
        Ok(Kind::FindInMap(Box::new(FindInMap {
            map: self.expression(map)?,
            key: self.expression(key)?,
            attribute: self.expression(attribute)?,
            default: default.map(|default| self.expression(default)).transpose()?,
        })))
    }

    pub(super) fn condition(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let error = |message: &str| TemplateError::at(line, format!("Template error: {message}"));
        match argument.as_list() {
            Some([condition, then, otherwise]) => {
                let condition = condition
                    .as_text()
                    .ok_or_else(|| error("Fn::If requires a list argument with the first element being a condition"))?;
                if !self.names.conditions.contains(condition) {
                    return Err(error(&format!("unresolved condition dependency {condition} in Fn::If")));
                }
                Ok(Kind::If {
                    condition: condition.to_owned(),
                    then: self.boxed(then)?,
                    otherwise: self.boxed(otherwise)?,
                })
            }
            Some(_) => Err(error("Fn::If requires a list argument with three elements")),
            None => Err(error("Fn::If requires a list argument with the first element being a condition")),
        }
    }

    pub(super) fn import(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        if !self.place.knows_resources() {
            return Err(TemplateError::at(
                line,
                format!("Template error: Cannot use Fn::ImportValue in {}.", self.place.name()),
            ));
        }
        let name = self.boxed(argument)?;
        let mut refers = false;
        name.visit(None, &mut |expression| refers |= expression.resource().is_some());
        if refers || matches!(name.kind, Kind::List(_) | Kind::Map(_)) {
            return Err(TemplateError::at(
                line,
                "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or \
                 Fn::GetAZs",
            ));
        }
        Ok(Kind::Import(name))
    }

    pub(super) fn stack_output(&mut self, argument: &Node, line: usize) -> Result<Kind, TemplateError> {
        let error = |message: &str| TemplateError::at(line, format!("Template error: {message}"));
        if !self.place.knows_resources() {
            return Err(error(&format!("Cannot use Fn::GetStackOutput in {}.", self.place.name())));
        }
        let members: &Members =
            argument.as_map().ok_or_else(|| error("every Fn::GetStackOutput object requires a map of arguments"))?;
        if let Some(unknown) =
            members.keys().find(|name| !["StackName", "OutputName", "Region", "RoleArn"].contains(&name.as_str()))
        {
            return Err(error(&format!("Fn::GetStackOutput does not support the argument {unknown}")));
        }
        let mut required = |name: &str| match members.get(name) {
            Some(node) => self.expression(node),
            None => Err(error(&format!("every Fn::GetStackOutput object requires {name}"))),
        };
        let (stack, output) = (required("StackName")?, required("OutputName")?);
        let mut optional = |name: &str| members.get(name).map(|node| self.expression(node)).transpose();
        let (region, role) = (optional("Region")?, optional("RoleArn")?);
        Ok(Kind::StackOutput(Box::new(StackOutputOf { stack, output, region, role })))
    }
}
