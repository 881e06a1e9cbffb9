//! A template with its parameters bound: which resources and outputs there are, in what order, and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::TemplateError;
use crate::document::Node;
use crate::expression::{Expression, Kind};
use crate::graph::Graph;
use crate::parameters::Parameters;
use crate::pseudo::PseudoParameters;
use crate::resolve::{Audience, Evaluation, KNOWN_AFTER_APPLY, Known, Need, Planned, Unresolved};
use crate::template::{Body, Output, Resource, is_export_name, malformed_export};

/// A template for one stack: transforms applied, rules kept, conditions decided.
#[derive(Clone, Debug)]
pub struct Instance {
    body: Body,
    parameters: Parameters,
    pseudo: PseudoParameters,
    conditions: BTreeMap<String, bool>,
    live: BTreeSet<String>,
    graph: Graph,
}

/// An output with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct ResolvedOutput {
    /// What it comes to.
    pub value: String,
    /// `Export.Name`.
    pub export_name: Option<String>,
}

/// What an expression refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// A parameter.
    Parameter(String),
    /// A resource, by `Ref`.
    Resource(String),
    /// An attribute of a resource.
    Attribute {
        /// The resource's logical id.
        resource: String,
        /// The attribute; empty where a function names it.
        attribute: String,
    },
}

impl Instance {
    pub(crate) fn new(body: Body, parameters: Parameters, pseudo: PseudoParameters) -> Result<Self, TemplateError> {
        check_rules(&body, &parameters, &pseudo)?;
        let conditions = body.decide(&parameters, &pseudo)?;
        let holds = |condition: &Option<String>| {
            condition.as_ref().is_none_or(|name| conditions.get(name).copied().unwrap_or_default())
        };
        let live: BTreeSet<String> = body
            .resources
            .iter()
            .filter(|(_, resource)| holds(&resource.condition))
            .map(|(name, _)| name.clone())
            .collect();
        check_live(&body, &live, &conditions)?;
        let graph = Graph::live(&body.resources, &live, &conditions)?;
        Ok(Self { body, parameters, pseudo, conditions, live, graph })
    }

    /// The resources that exist, in the template's order.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.body.resources.values().filter(|resource| self.live.contains(&resource.logical_id))
    }

    /// A resource that exists.
    pub fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.body.resources.get(logical_id).filter(|_| self.live.contains(logical_id))
    }

    /// The outputs that exist, in the template's order.
    pub fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.body.outputs.values().filter(|output| {
            output.condition.as_ref().is_none_or(|name| self.conditions.get(name).copied().unwrap_or_default())
        })
    }

    /// The bound parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What each condition came to.
    pub fn conditions(&self) -> &BTreeMap<String, bool> {
        &self.conditions
    }

    /// The resources that must exist before one may be created, and may be deleted only after it.
    pub fn dependencies(&self, logical_id: &str) -> impl Iterator<Item = &str> {
        self.graph.needs.get(logical_id).into_iter().flatten().map(String::as_str)
    }

    /// All resources, each after those it depends on, otherwise in the template's order. Backwards it is the order of
    /// deletion.
    pub fn creation_order(&self) -> Vec<&Resource> {
        let names = self.resources().map(|resource| resource.logical_id.as_str());
        self.graph.order(names).into_iter().filter_map(|name| self.resource(name)).collect()
    }

    /// The value of an expression, dynamic references included; `null` for `AWS::NoValue` on its own.
    pub fn resolve(&self, expression: &Expression, known: &Known) -> Result<Value, Unresolved> {
        self.resolve_for(Audience::Resource, expression, known)
    }

    fn resolve_for(&self, audience: Audience, expression: &Expression, known: &Known) -> Result<Value, Unresolved> {
        let mut evaluation = self.evaluation(known).for_audience(audience);
        let value = evaluation.value_with_dynamic(expression)?;
        if evaluation.needs.is_empty() { Ok(value) } else { Err(Unresolved::Needs(evaluation.needs)) }
    }

    /// What an output comes to, and the name under which other stacks get it. Dynamic references to secrets stay as they
    /// are written, because anyone may look at outputs.
    pub fn resolve_output(&self, output: &Output, known: &Known) -> Result<ResolvedOutput, Unresolved> {
        let malformed = |what: &str| {
            TemplateError::at(
                output.line,
                format!(
                    "Template format error: The Value field of every Outputs member must evaluate to a String and not a \
                     {what}."
                ),
            )
        };
        let value = match self.resolve_for(Audience::Outputs, &output.value, known)? {
            Value::String(text) => text,
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Array(_) => return Err(malformed("List").into()),
            Value::Object(_) => return Err(malformed("Map").into()),
            Value::Null => return Err(malformed("null").into()),
        };
        let export_name = match &output.export {
            None => None,
            Some(export) => match self.resolve_for(Audience::Outputs, &export.name, known)? {
                Value::String(name) if is_export_name(&name) => Some(name),
                _ => return Err(malformed_export(&output.name, export.name.line).into()),
            },
        };
        Ok(ResolvedOutput { value, export_name })
    }

    /// Names of the exports of other stacks that this one uses.
    pub fn imports(&self) -> Result<BTreeSet<String>, TemplateError> {
        let known = Known::default();
        let mut evaluation = self.evaluation(&known);
        let of_resources = self.resources().flat_map(Resource::expressions);
        for expression in of_resources.chain(self.outputs().flat_map(Output::expressions)) {
            let mut imports = Vec::new();
            expression.visit(Some(&self.conditions), &mut |expression| {
                if matches!(expression.kind, Kind::Import(_)) {
                    imports.push(expression);
                }
            });
            for import in imports {
                evaluation.value(import)?;
            }
        }
        let needs = evaluation.needs.into_iter();
        Ok(needs.filter_map(|need| if let Need::Export(name) = need { Some(name) } else { None }).collect())
    }

    /// What an expression refers to, as far as conditions let it: what a change of it may come from.
    pub fn references<'a>(&'a self, expression: &'a Expression) -> BTreeSet<Reference> {
        let mut references = BTreeSet::new();
        expression.visit(Some(&self.conditions), &mut |expression| match &expression.kind {
            Kind::Parameter(name) => {
                references.insert(Reference::Parameter(name.clone()));
            }
            Kind::Reference(resource) => {
                references.insert(Reference::Resource(resource.clone()));
            }
            Kind::Attribute { resource, attribute } => {
                let attribute = match &attribute.kind {
                    Kind::Literal(Value::String(attribute)) => attribute.clone(),
                    _ => String::new(),
                };
                references.insert(Reference::Attribute { resource: resource.clone(), attribute });
            }
            _ => {}
        });
        references
    }

    /// The value of an expression as far as it is known, to be held against what there is.
    pub fn plan(&self, expression: &Expression, known: &Known) -> Result<Planned, TemplateError> {
        let mut evaluation = self.evaluation(known);
        let value = evaluation.value_with_dynamic(expression)?;
        Ok(Planned { value, needs: evaluation.needs })
    }

    /// The value of an expression as far as it may be shown: dynamic references to secrets as they are written, `****` for
    /// what is never echoed. To be shown only: some functions cannot do with what is hidden, and are shown as
    /// [`KNOWN_AFTER_APPLY`].
    pub fn show(&self, expression: &Expression, known: &Known) -> Value {
        let mut evaluation = self.evaluation(known).for_audience(Audience::ChangeSet);
        evaluation.value_with_dynamic(expression).unwrap_or_else(|_| KNOWN_AFTER_APPLY.into())
    }

    /// The template with its transforms applied, as `GetTemplate` gives it for the stage `Processed`.
    pub fn processed(&self) -> Value {
        let members: Map<String, Value> =
            self.body.root.iter().map(|(name, node)| (name.clone(), Node::to_json(node))).collect();
        members.into()
    }

    fn evaluation<'a>(&'a self, known: &'a Known) -> Evaluation<'a> {
        Evaluation::new(&self.body, &self.parameters, &self.pseudo, &self.conditions, known)
    }
}

/// Refuses parameters that break a rule.
fn check_rules(body: &Body, parameters: &Parameters, pseudo: &PseudoParameters) -> Result<(), TemplateError> {
    let (none, known) = (BTreeMap::new(), Known::default());
    let mut evaluation = Evaluation::new(body, parameters, pseudo, &none, &known);
    for (name, rule) in &body.rules {
        let counts = rule.condition.as_ref().map_or(Ok(true), |condition| evaluation.holds(condition))?;
        for assertion in rule.assertions.iter().filter(|_| counts) {
            if !evaluation.holds(&assertion.assert)? {
                let reason = assertion.description.clone().unwrap_or_else(|| format!("Rule {name} is not satisfied"));
                return Err(TemplateError::at(rule.line, reason));
            }
        }
    }
    Ok(())
}

/// What exists refers only to what exists.
fn check_live(body: &Body, live: &BTreeSet<String>, conditions: &BTreeMap<String, bool>) -> Result<(), TemplateError> {
    let resources = body.resources.values().filter(|resource| live.contains(&resource.logical_id));
    refer_to(live, conditions, "Resources", resources.flat_map(Resource::expressions))?;
    let exists = |output: &&Output| {
        output.condition.as_ref().is_none_or(|name| conditions.get(name).copied().unwrap_or_default())
    };
    refer_to(live, conditions, "Outputs", body.outputs.values().filter(exists).flat_map(Output::expressions))
}

fn refer_to<'a>(
    live: &BTreeSet<String>,
    conditions: &BTreeMap<String, bool>,
    place: &str,
    expressions: impl Iterator<Item = &'a Expression>,
) -> Result<(), TemplateError> {
    let (mut absent, mut first) = (BTreeSet::new(), None);
    for expression in expressions {
        expression.visit(Some(conditions), &mut |expression| {
            if let Some(name) = expression.resource().filter(|name| !live.contains(*name)) {
                first.get_or_insert(expression.line);
                absent.insert(name);
            }
        });
    }
    if absent.is_empty() {
        return Ok(());
    }
    let names = absent.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!(
        "Template format error: Unresolved resource dependencies [{names}] in the {place} block of the template"
    );
    Err(TemplateError { message, line: first })
}
