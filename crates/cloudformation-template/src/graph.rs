//! What must be there before what.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::TemplateError;
use crate::expression::{Expression, Kind};
use crate::template::Resource;

/// Which resources each resource needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    pub(crate) needs: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// The dependencies of resources that exist, with all conditions decided.
    pub(crate) fn live(
        resources: &IndexMap<String, Resource>,
        live: &BTreeSet<String>,
        conditions: &BTreeMap<String, bool>,
    ) -> Result<Self, TemplateError> {
        let mut needs = BTreeMap::new();
        for (name, resource) in resources.iter().filter(|(name, _)| live.contains(*name)) {
            let mut of_this: BTreeSet<String> =
                resource.depends_on.iter().filter(|name| live.contains(*name)).cloned().collect();
            for expression in resource.expressions() {
                expression.visit(Some(conditions), &mut |expression| {
                    of_this.extend(expression.resource().map(str::to_owned));
                });
            }
            needs.insert(name.clone(), of_this);
        }
        Self { needs }.without_circles(resources)
    }

    /// The dependencies that hold whatever the conditions are.
    pub(crate) fn certain(resources: &IndexMap<String, Resource>) -> Result<Self, TemplateError> {
        let mut needs = BTreeMap::new();
        for (name, resource) in resources.iter().filter(|(_, resource)| resource.condition.is_none()) {
            let mut of_this: BTreeSet<String> = resource.depends_on.iter().cloned().collect();
            for expression in resource.expressions() {
                certain(expression, &mut of_this);
            }
            needs.insert(name.clone(), of_this);
        }
        Self { needs }.without_circles(resources)
    }

    fn without_circles(self, resources: &IndexMap<String, Resource>) -> Result<Self, TemplateError> {
        let edges: BTreeMap<&str, Vec<&str>> = self
            .needs
            .iter()
            .map(|(name, needs)| (name.as_str(), needs.iter().map(String::as_str).collect()))
            .collect();
        let circle = circle(&edges);
        if circle.is_empty() {
            return Ok(self);
        }
        Err(TemplateError {
            message: format!("Circular dependency between resources: [{}]", circle.join(", ")),
            line: circle.first().and_then(|name| resources.get(*name)).map(|resource| resource.line),
        })
    }

    /// Every resource after those it needs; otherwise in the template's order.
    pub(crate) fn order<'a>(&self, resources: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut waiting: Vec<&str> = resources.collect();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        let mut order = Vec::new();
        loop {
            let (ready, still): (Vec<&str>, Vec<&str>) = waiting.iter().partition(|name| {
                self.needs.get(**name).is_none_or(|needs| needs.iter().all(|need| done.contains(need.as_str())))
            });
            if ready.is_empty() {
                return order;
            }
            done.extend(&ready);
            order.extend(ready);
            waiting = still;
        }
    }
}

/// Gathers what an expression refers to outside of any `Fn::If`.
fn certain(expression: &Expression, needs: &mut BTreeSet<String>) {
    if matches!(expression.kind, Kind::If { .. }) {
        return;
    }
    needs.extend(expression.resource().map(str::to_owned));
    for child in expression.children() {
        certain(child, needs);
    }
}

/// The names that wait for one another, and those on the way between; none when everything can come in some order. What has
/// no edges of its own waits for nothing.
pub(crate) fn circle<'a>(edges: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<&'a str> {
    let mut backwards: BTreeMap<&str, Vec<&str>> = edges.keys().map(|name| (*name, Vec::new())).collect();
    for (name, needs) in edges {
        for need in needs {
            if let Some(needed_by) = backwards.get_mut(need) {
                needed_by.push(name);
            }
        }
    }
    // Neither what can come first nor what can come last is in a circle.
    let forwards: BTreeMap<&str, Vec<&str>> = edges.clone();
    let stuck = stuck(&forwards, &backwards);
    let stuck_backwards = self::stuck(&backwards, &forwards);
    edges.keys().copied().filter(|name| stuck.contains(name) && stuck_backwards.contains(name)).collect()
}

/// What never becomes free when names leave as soon as everything they need has left.
fn stuck<'a>(
    needs: &BTreeMap<&'a str, Vec<&'a str>>,
    needed_by: &BTreeMap<&'a str, Vec<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut open: BTreeMap<&str, usize> = needs
        .iter()
        .map(|(name, needs)| (*name, needs.iter().filter(|need| needed_by.contains_key(*need)).count()))
        .collect();
    let mut free: Vec<&str> = open.iter().filter(|(_, open)| **open == 0).map(|(name, _)| *name).collect();
    while let Some(name) = free.pop() {
        open.remove(name);
        for waiting in needed_by.get(name).into_iter().flatten() {
            if let Some(open) = open.get_mut(waiting) {
                *open = open.saturating_sub(1);
                if *open == 0 {
                    free.push(waiting);
                }
            }
        }
    }
    open.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_in_a_circle() {
        let check = |edges: &[(&'static str, &[&'static str])], expected: &[&str]| {
            let edges = edges.iter().map(|(name, needs)| (*name, needs.to_vec())).collect();
            assert_eq!(circle(&edges), expected, "{edges:?}");
        };
        check(&[], &[]);
        check(&[("a", &["b"]), ("b", &["c"]), ("c", &[])], &[]);
        check(&[("a", &["a"])], &["a"]);
        check(&[("a", &["b"]), ("b", &["a"])], &["a", "b"]);
        check(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &[]), ("c2", &["a"])], &["b", "c"]);
        check(&[("a", &["gone"])], &[]);
    }
}
