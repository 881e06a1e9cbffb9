//! What an expression refers to.

use std::collections::BTreeMap;

use super::{Expression, Kind};

impl Expression {
    /// The expressions directly within.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Literal(_) | Kind::Pseudo(_) | Kind::Parameter(_) | Kind::Reference(_) | Kind::RefAll(_) => {
                Vec::new()
            }
            Kind::List(elements) => elements.iter().collect(),
            Kind::Map(members) => members.iter().map(|(_, member)| member).collect(),
            Kind::Sub { variables, .. } => variables.iter().collect(),
            Kind::Attribute { attribute: inner, .. }
            | Kind::Base64(inner)
            | Kind::AvailabilityZones(inner)
            | Kind::Import(inner)
            | Kind::Join { list: inner, .. }
            | Kind::Length(inner)
            | Kind::Split { text: inner, .. }
            | Kind::ToJson(inner) => vec![inner],
            Kind::Cidr { block, count, bits } => {
                [Some(block), Some(count), bits.as_ref()].into_iter().flatten().map(Box::as_ref).collect()
            }
            Kind::FindInMap(find) => [Some(&find.map), Some(&find.key), Some(&find.attribute), find.default.as_ref()]
                .into_iter()
                .flatten()
                .collect(),
            Kind::If { then, otherwise, .. } => vec![then, otherwise],
            Kind::Select { index, list } => vec![index, list],
            Kind::StackOutput(of) => [Some(&of.stack), Some(&of.output), of.region.as_ref(), of.role.as_ref()]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// Shows every expression within, and this one, to `look`; where conditions are decided, of each `Fn::If` only the
    /// branch that counts.
    pub(crate) fn visit<'a>(&'a self, conditions: Option<&BTreeMap<String, bool>>, look: &mut dyn FnMut(&'a Self)) {
        look(self);
        if let (Kind::If { condition, then, otherwise }, Some(conditions)) = (&self.kind, conditions) {
            let holds = conditions.get(condition).copied().unwrap_or_default();
            return if holds { then } else { otherwise }.visit(Some(conditions), look);
        }
        for child in self.children() {
            child.visit(conditions, look);
        }
    }

    /// The resource that the expression itself names.
    pub(crate) fn resource(&self) -> Option<&str> {
        match &self.kind {
            Kind::Reference(resource) | Kind::Attribute { resource, .. } => Some(resource),
            _ => None,
        }
    }

    /// Names of the conditions that decide about the expression.
    pub(crate) fn conditions(&self) -> Vec<&str> {
        let mut conditions = Vec::new();
        self.visit(None, &mut |expression| {
            if let Kind::If { condition, .. } = &expression.kind {
                conditions.push(condition.as_str());
            }
        });
        conditions
    }
}
