//! JSONPath as mapping templates and parameter mappings write it: `$input.path('$.items[0].id')`, `….body.user.name`.
//!
//! The subset is that of the Java library API Gateway uses: names, quoted names, indexes (negative ones count from the
//! end), index lists, slices, wildcards, deep scans, filters and `.length()`. A path is compiled once and then selects
//! from anything that is a [`Node`]: the JSON of a body, or the values of a template while it renders. A definite path
//! (names and single indexes only) selects one node or none; any other selects a list, which may be empty.

mod filter;
mod parse;

use filter::Condition;

/// A compiled path.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    steps: Box<[Step]>,
    length: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Name(Box<str>),
    Index(i64),
    Indexes(Box<[i64]>),
    Slice(Option<i64>, Option<i64>),
    Wildcard,
    Filter(Condition),
    Deep(Box<Step>),
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("JSONPath `{path}`, character {column}: expected {expected}")]
pub struct JsonPathError {
    /// The text.
    pub path: String,
    /// Where in it, counted from 1.
    pub column: usize,
    /// What would have been right there.
    pub expected: &'static str,
}

/// A path visited more nodes than it was allowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the JSONPath visits more than {nodes_max} nodes, or nests too deeply; name fewer nodes instead of `..` or `*`"
)]
pub struct TooMuchWork {
    /// The bound that was reached.
    pub nodes_max: usize,
}

/// What a path selected.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection<N> {
    /// A definite path found nothing.
    Missing,
    /// A definite path found this node.
    One(N),
    /// An indefinite path found these nodes.
    Many(Vec<N>),
    /// The path ends in `.length()`.
    Length(usize),
}

impl<N> Selection<N> {
    /// The same selection of other nodes.
    pub fn map<M>(self, mut change: impl FnMut(N) -> M) -> Selection<M> {
        match self {
            Self::Missing => Selection::Missing,
            Self::One(node) => Selection::One(change(node)),
            Self::Many(nodes) => Selection::Many(nodes.into_iter().map(change).collect()),
            Self::Length(length) => Selection::Length(length),
        }
    }
}

/// A leaf of a JSON tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'n> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// Any number.
    Number(f64),
    /// A string.
    Text(&'n str),
}

/// A place in a JSON tree from which a path can go on.
pub trait Node<'n>: Copy {
    /// The member of an object; `None` too when this is no object.
    fn member(self, name: &str) -> Option<Self>;
    /// How many elements an array has; `None` when this is no array.
    fn elements(self) -> Option<usize>;
    /// An element of an array.
    fn element(self, index: usize) -> Option<Self>;
    /// Shows each element, or each member's value, in order.
    fn for_each_child(self, show: &mut dyn FnMut(Self));
    /// The value of a leaf; `None` for arrays and objects.
    fn scalar(self) -> Option<Scalar<'n>>;
}

/// Objects and arrays deeper than this are not scanned.
const DEPTH_MAX: usize = 256;

impl JsonPath {
    /// Compiles a path. One that does not start with `$` means `$.` and itself, as in a parameter mapping.
    pub fn parse(path: &str) -> Result<Self, JsonPathError> {
        parse::path(path)
    }

    /// Whether the path can only ever name one node.
    pub fn is_definite(&self) -> bool {
        is_definite(&self.steps)
    }

    /// Selects below `root`, visiting at most `nodes_max` nodes.
    pub fn select<'n, N: Node<'n>>(&self, root: N, nodes_max: usize) -> Result<Selection<N>, TooMuchWork> {
        self.select_within(root, &mut nodes_max.clone())
    }

    /// Selects below `root` and takes the nodes it visits from `nodes_left`.
    pub(crate) fn select_within<'n, N: Node<'n>>(
        &self,
        root: N,
        nodes_left: &mut usize,
    ) -> Result<Selection<N>, TooMuchWork> {
        let nodes_max = *nodes_left;
        let mut work = Work { nodes_left, nodes_max };
        let mut found = work.follow(&self.steps, root, root)?;
        Ok(match (self.is_definite(), self.length) {
            (true, false) => found.pop().map_or(Selection::Missing, Selection::One),
            (true, true) => found.pop().and_then(size).map_or(Selection::Missing, Selection::Length),
            (false, false) => Selection::Many(found),
            (false, true) => Selection::Length(found.len()),
        })
    }

    /// The selected value of a JSON document: what a parameter mapping needs. `None` when a definite path finds nothing.
    pub fn value(
        &self,
        document: &serde_json::Value,
        nodes_max: usize,
    ) -> Result<Option<serde_json::Value>, TooMuchWork> {
        Ok(match self.select(document, nodes_max)? {
            Selection::Missing => None,
            Selection::One(value) => Some(value.clone()),
            Selection::Many(values) => Some(values.into_iter().cloned().collect()),
            Selection::Length(length) => Some(length.into()),
        })
    }
}

fn is_definite(steps: &[Step]) -> bool {
    steps.iter().all(|step| matches!(step, Step::Name(_) | Step::Index(_)))
}

fn size<'n, N: Node<'n>>(node: N) -> Option<usize> {
    if node.scalar().is_some() {
        return None;
    }
    node.elements().or_else(|| {
        let mut members = 0;
        node.for_each_child(&mut |_| members += 1);
        Some(members)
    })
}

/// How far selecting may still go.
struct Work<'w> {
    nodes_left: &'w mut usize,
    nodes_max: usize,
}

impl Work<'_> {
    fn visit(&mut self, nodes: usize) -> Result<(), TooMuchWork> {
        let nodes_left = self.nodes_left.checked_sub(nodes);
        *self.nodes_left = nodes_left.unwrap_or(0);
        nodes_left.map(|_| ()).ok_or(TooMuchWork { nodes_max: self.nodes_max })
    }

    fn follow<'n, N: Node<'n>>(&mut self, steps: &[Step], start: N, root: N) -> Result<Vec<N>, TooMuchWork> {
        let mut current = vec![start];
        for step in steps {
            let mut next = Vec::new();
            for node in current {
                self.visit(1)?;
                self.take(step, node, root, &mut next)?;
            }
            current = next;
        }
        Ok(current)
    }

    fn take<'n, N: Node<'n>>(&mut self, step: &Step, node: N, root: N, next: &mut Vec<N>) -> Result<(), TooMuchWork> {
        match step {
            Step::Name(name) => next.extend(node.member(name)),
            Step::Index(index) => next.extend(element(node, *index)),
            Step::Indexes(indexes) => {
                self.visit(indexes.len())?;
                next.extend(indexes.iter().filter_map(|index| element(node, *index)));
            }
            Step::Slice(from, to) => {
                let length = node.elements().unwrap_or(0);
                let from = from.map_or(0, |from| position(from, length));
                let to = to.map_or(length, |to| position(to, length));
                self.visit(to.saturating_sub(from))?;
                next.extend((from..to).filter_map(|index| node.element(index)));
            }
            Step::Wildcard => next.extend(self.children(node)?),
            Step::Filter(condition) => {
                // A filter goes through an array; on an object it judges the object itself.
                let candidates = match (node.elements(), node.scalar()) {
                    (Some(_), _) => self.children(node)?,
                    (None, None) => vec![node],
                    (None, Some(_)) => Vec::new(),
                };
                for candidate in candidates {
                    if self.holds(condition, candidate, root)? {
                        next.push(candidate);
                    }
                }
            }
            Step::Deep(inner) => self.scan(inner, node, root, next, 0)?,
        }
        Ok(())
    }

    fn children<'n, N: Node<'n>>(&mut self, node: N) -> Result<Vec<N>, TooMuchWork> {
        let mut children = Vec::new();
        node.for_each_child(&mut |child| children.push(child));
        self.visit(children.len())?;
        Ok(children)
    }

    fn scan<'n, N: Node<'n>>(
        &mut self,
        step: &Step,
        node: N,
        root: N,
        next: &mut Vec<N>,
        depth: usize,
    ) -> Result<(), TooMuchWork> {
        if depth > DEPTH_MAX {
            return Err(TooMuchWork { nodes_max: self.nodes_max });
        }
        // A scan meets an array's objects one by one: a filter must not judge them twice.
        if !(matches!(step, Step::Filter(_)) && node.elements().is_some()) {
            self.take(step, node, root, next)?;
        }
        for child in self.children(node)? {
            self.scan(step, child, root, next, depth + 1)?;
        }
        Ok(())
    }
}

fn element<'n, N: Node<'n>>(node: N, index: i64) -> Option<N> {
    let length = i64::try_from(node.elements()?).ok()?;
    let index = if index < 0 { index.checked_add(length)? } else { index };
    node.element(usize::try_from(index).ok()?)
}

/// The place of a slice's end in an array, with negative ones counted from the array's end.
fn position(end: i64, length: usize) -> usize {
    let from_end = usize::try_from(end.unsigned_abs()).unwrap_or(usize::MAX);
    if end < 0 { length.saturating_sub(from_end) } else { from_end.min(length) }
}

impl<'n> Node<'n> for &'n serde_json::Value {
    fn member(self, name: &str) -> Option<Self> {
        self.as_object()?.get(name)
    }

    fn elements(self) -> Option<usize> {
        Some(self.as_array()?.len())
    }

    fn element(self, index: usize) -> Option<Self> {
        self.as_array()?.get(index)
    }

    fn for_each_child(self, show: &mut dyn FnMut(Self)) {
        match self {
            serde_json::Value::Array(elements) => elements.iter().for_each(show),
            serde_json::Value::Object(members) => members.values().for_each(show),
            _ => {}
        }
    }

    fn scalar(self) -> Option<Scalar<'n>> {
        match self {
            serde_json::Value::Null => Some(Scalar::Null),
            serde_json::Value::Bool(boolean) => Some(Scalar::Boolean(*boolean)),
            serde_json::Value::Number(number) => Some(Scalar::Number(number.as_f64().unwrap_or(f64::NAN))),
            serde_json::Value::String(text) => Some(Scalar::Text(text)),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
