//! The interpreter: walks a template's tree over a scope.

use std::sync::Arc;

use super::ast::{Block, Builtin, Expression, Node, Operator, Position, Reference, Slot, Step};
use super::error::{RenderError, RenderErrorKind};
use super::heap::{Entries, Heap, Outcome};
use super::scope::Scope;
use super::text::{self, Text, to_text};
use super::value::{ListStyle, MapKind, Value};
use super::{Limits, Program, arithmetic, input, method, util};

pub(super) fn template(program: &Program, scope: &mut Scope<'_>, limits: &Limits) -> Result<String, RenderError> {
    scope.heap.begin(limits);
    let mut out = Text::output(&scope.heap);
    let mut renderer = Renderer {
        scope,
        variables: std::iter::repeat_with(|| Variable::Unset).take(program.slots).collect(),
        loops: Vec::new(),
        depth: 0,
        position: Position { line: 1, column: 1 },
    };
    match renderer.block(&program.block, &mut out) {
        Ok(_) => Ok(out.into_string()),
        Err(kind) => Err(kind.at(renderer.position)),
    }
}

struct Renderer<'r, 'a> {
    scope: &'r mut Scope<'a>,
    variables: Vec<Variable>,
    loops: Vec<Round>,
    depth: usize,
    /// Where an error that happens now is reported.
    position: Position,
}

enum Variable {
    Unset,
    Value(Value),
    /// A block that renders anew wherever its name stands; anywhere but in text it is what it renders then.
    Define(Arc<Block>),
}

/// A loop in progress.
struct Round {
    index: usize,
    length: usize,
}

/// How a block ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    /// The loop at this depth is to end, and those inside it.
    BreakLoop(usize),
    Stop,
}

impl Renderer<'_, '_> {
    fn block(&mut self, block: &[Node], out: &mut Text) -> Outcome<Flow> {
        self.enter()?;
        for node in block {
            self.heap().spend(1)?;
            let flow = match node {
                Node::Text(text) => {
                    out.push(text)?;
                    Flow::Next
                }
                Node::Reference(reference) => self.reference(reference, out)?,
                Node::Set { target, value } => {
                    self.position = target.position;
                    let value = self.evaluate(value)?;
                    self.assign(target, value)?;
                    Flow::Next
                }
                Node::If { branches, otherwise } => self.branches(branches, otherwise, out)?,
                Node::Foreach { element, list, body, position } => {
                    self.position = *position;
                    self.foreach(*element, list, body, out)?
                }
                Node::Define { name, body } => {
                    self.set(*name, Variable::Define(Arc::clone(body)));
                    Flow::Next
                }
                Node::Break(None, _) => Flow::Break,
                Node::Break(Some(scope), position) => {
                    let scope = self.evaluate(scope)?;
                    self.position = *position;
                    match scope {
                        Value::Loop(depth) => Flow::BreakLoop(depth),
                        _ => {
                            return Err(RenderErrorKind::method(
                                "#break",
                                "its argument is no scope, as `$foreach` is",
                            ));
                        }
                    }
                }
                Node::Stop => Flow::Stop,
            };
            if flow != Flow::Next {
                self.leave();
                return Ok(flow);
            }
        }
        self.leave();
        Ok(Flow::Next)
    }

    /// Renders what a reference leads to; nothing when it leads nowhere.
    fn reference(&mut self, reference: &Reference, out: &mut Text) -> Outcome<Flow> {
        self.position = reference.position;
        if let (Some(Variable::Define(block)), []) = (self.variables.get(reference.root.0), &*reference.steps) {
            let block = Arc::clone(block);
            let flow = self.block(&block, out)?;
            return Ok(if flow == Flow::Stop { flow } else { Flow::Next });
        }
        let value = self.resolve(reference)?;
        if value != Value::Null {
            let before = out.len();
            text::write(self.heap(), &value, out)?;
            self.heap().spend_on(out.len() - before)?;
        }
        Ok(Flow::Next)
    }

    fn branches(&mut self, branches: &[(Expression, Block)], otherwise: &Block, out: &mut Text) -> Outcome<Flow> {
        for (condition, body) in branches {
            self.heap().spend(1)?;
            if self.holds(condition)? {
                return self.block(body, out);
            }
        }
        self.block(otherwise, out)
    }

    fn foreach(&mut self, element: Slot, list: &Expression, body: &Block, out: &mut Text) -> Outcome<Flow> {
        let rounds_max = self.heap().limits().foreach_iterations;
        let (length, items): (usize, Vec<Value>) = match self.evaluate(list)? {
            Value::List(id) => {
                let items = self.heap().items(id);
                (items.len(), items.iter().take(rounds_max).cloned().collect())
            }
            Value::Map(id) => {
                let entries = self.heap().entries(id);
                let values = entries.into_iter().flatten().map(|(_, value)| value);
                (entries.map_or(0, Entries::len), values.take(rounds_max).cloned().collect())
            }
            // Velocity passes over what it cannot go through.
            _ => return Ok(Flow::Next),
        };
        self.heap().spend_on(items.len() * 4)?;
        let outer = self.set(element, Variable::Unset);
        self.loops.push(Round { index: 0, length });
        let depth = self.loops.len() - 1;
        let mut flow = Flow::Next;
        for (index, item) in items.into_iter().enumerate() {
            self.heap().spend(1)?;
            self.set(element, Variable::Value(item));
            if let Some(round) = self.loops.last_mut() {
                round.index = index;
            }
            flow = self.block(body, out)?;
            if flow != Flow::Next {
                break;
            }
        }
        self.loops.pop();
        self.set(element, outer);
        let goes_on = flow == Flow::Stop || matches!(flow, Flow::BreakLoop(ended) if ended < depth);
        Ok(if goes_on { flow } else { Flow::Next })
    }

    /// Java's null cannot be assigned: the variable keeps its value.
    fn assign(&mut self, target: &Reference, value: Value) -> Outcome<()> {
        if value == Value::Null {
            return Ok(());
        }
        let Some((last, before)) = target.steps.split_last() else {
            self.set(target.root, Variable::Value(value));
            return Ok(());
        };
        let holder = self.follow(target, before)?;
        match (last, holder) {
            (Step::Property(name), Value::Map(map)) => {
                self.heap().put(map, name, value)?;
            }
            (Step::Index(index), Value::Map(map)) => {
                let index = self.evaluate(index)?;
                let key = to_text(self.heap(), &index)?;
                self.heap().put(map, &key, value)?;
            }
            (Step::Index(index), Value::List(items)) => {
                let index = self.evaluate(index)?;
                self.position = target.position;
                if let Value::Integer(index) = index {
                    let length = self.heap().items(items).len();
                    let index = method::position(index, length, "[…] =")?;
                    self.heap().replace(items, index, value);
                }
            }
            // Velocity logs an assignment that leads nowhere and goes on.
            _ => {}
        }
        Ok(())
    }

    /// The value of a reference; null when it leads nowhere.
    fn resolve(&mut self, reference: &Reference) -> Outcome<Value> {
        self.follow(reference, &reference.steps)
    }

    fn follow(&mut self, reference: &Reference, steps: &[Step]) -> Outcome<Value> {
        self.position = reference.position;
        if let (Some(Variable::Define(_)), Some(first)) = (self.variables.get(reference.root.0), steps.first())
            && !matches!(first, Step::Method { name, .. } if &**name == "toString")
        {
            // A block has no property and no other method.
            return Ok(Value::Null);
        }
        let mut value = self.root(reference)?;
        for step in steps {
            if value == Value::Null {
                break;
            }
            self.heap().spend(1)?;
            value = self.step(&value, step, reference.position)?;
        }
        Ok(value)
    }

    fn root(&mut self, reference: &Reference) -> Outcome<Value> {
        match self.variables.get(reference.root.0) {
            Some(Variable::Value(value)) => return Ok(value.clone()),
            Some(Variable::Define(block)) => {
                let block = Arc::clone(block);
                return self.interpolated(&block);
            }
            Some(Variable::Unset) | None => {}
        }
        let Some(builtin) = reference.builtin else { return Ok(Value::Null) };
        Ok(match builtin {
            Builtin::Input => Value::Input,
            Builtin::Util => Value::Util,
            Builtin::Context => Value::Map(self.scope.context()?),
            Builtin::StageVariables => Value::Map(self.scope.stage_variables()?),
            Builtin::Foreach => self.loops.len().checked_sub(1).map_or(Value::Null, Value::Loop),
            Builtin::VelocityCount => self.loop_property(self.loops.len().wrapping_sub(1), "count"),
            Builtin::VelocityHasNext => self.loop_property(self.loops.len().wrapping_sub(1), "hasNext"),
        })
    }

    fn step(&mut self, value: &Value, step: &Step, position: Position) -> Outcome<Value> {
        match step {
            Step::Property(name) => match value {
                Value::Input => input::property(self.scope, name),
                Value::Loop(depth) => Ok(self.loop_property(*depth, name)),
                value => Ok(method::property(self.heap(), value, name)),
            },
            Step::Index(index) => {
                let index = self.evaluate(index)?;
                self.position = position;
                method::index(self.heap(), value, &index)
            }
            Step::Method { name, arguments, prepared } => {
                let arguments =
                    arguments.iter().map(|argument| self.evaluate(argument)).collect::<Outcome<Vec<_>>>()?;
                self.position = position;
                match value {
                    Value::Input => input::call(self.scope, name, &arguments, prepared),
                    Value::Util => util::call(self.heap(), name, &arguments),
                    Value::Loop(depth) if arguments.is_empty() => Ok(self.loop_property(*depth, name)),
                    value => method::call(self.heap(), value, name, &arguments, prepared),
                }
            }
        }
    }

    /// `$foreach.name`, of the loop at `depth`.
    fn loop_property(&self, depth: usize, name: &str) -> Value {
        let Some(round) = self.loops.get(depth) else { return Value::Null };
        let integer = |count: usize| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        match name {
            "index" | "getIndex" => integer(round.index),
            "count" | "getCount" => integer(round.index + 1),
            "hasNext" | "getHasNext" => Value::Boolean(round.index + 1 < round.length),
            "first" | "isFirst" => Value::Boolean(round.index == 0),
            "last" | "isLast" => Value::Boolean(round.index + 1 == round.length),
            "parent" | "getParent" => depth.checked_sub(1).map_or(Value::Null, Value::Loop),
            "topmost" | "getTopmost" => Value::Loop(0),
            _ => Value::Null,
        }
    }

    fn evaluate(&mut self, expression: &Expression) -> Outcome<Value> {
        self.heap().spend(1)?;
        self.enter()?;
        let value = self.value(expression)?;
        self.leave();
        Ok(value)
    }

    fn value(&mut self, expression: &Expression) -> Outcome<Value> {
        match expression {
            Expression::Literal(value) => Ok(value.clone()),
            Expression::Interpolated(block) => self.interpolated(block),
            Expression::Reference(reference) => {
                let value = self.resolve(reference)?;
                Ok(if value == Value::Null { Value::empty_text() } else { value })
            }
            Expression::List(items) => {
                let items = items.iter().map(|item| self.evaluate(item)).collect::<Outcome<_>>()?;
                self.heap().new_list(items, ListStyle::Java)
            }
            Expression::Map(entries) => {
                let map = self.heap().new_map(MapKind::Plain)?;
                for (key, value) in entries {
                    let key = self.evaluate(key)?;
                    let key = to_text(self.heap(), &key)?;
                    let value = self.evaluate(value)?;
                    self.heap().put(map, &key, value)?;
                }
                Ok(Value::Map(map))
            }
            Expression::Range(ends, position) => {
                let (from, to) = (self.evaluate(&ends.0)?, self.evaluate(&ends.1)?);
                self.position = *position;
                self.range(&from, &to)
            }
            Expression::Not(_) => self.holds(expression).map(Value::Boolean),
            Expression::Binary(operator, operands, position) => match operator {
                Operator::Or | Operator::And => self.holds(expression).map(Value::Boolean),
                operator => {
                    let left = self.evaluate(&operands.0)?;
                    let right = self.evaluate(&operands.1)?;
                    self.position = *position;
                    arithmetic::operate(self.heap(), *operator, &left, &right)
                }
            },
        }
    }

    /// Whether a condition is met. Velocity takes every value but `false` for true when a reference leads to it, and
    /// literals other than `true` for false.
    fn holds(&mut self, condition: &Expression) -> Outcome<bool> {
        self.enter()?;
        let holds = match condition {
            Expression::Not(inner) => !self.holds(inner)?,
            Expression::Binary(Operator::Or, operands, _) => self.holds(&operands.0)? || self.holds(&operands.1)?,
            Expression::Binary(Operator::And, operands, _) => self.holds(&operands.0)? && self.holds(&operands.1)?,
            Expression::Reference(_) => self.evaluate(condition)? != Value::Boolean(false),
            _ => self.evaluate(condition)? == Value::Boolean(true),
        };
        self.leave();
        Ok(holds)
    }

    fn interpolated(&mut self, block: &Block) -> Outcome<Value> {
        let mut text = Text::value(self.heap());
        self.block(block, &mut text)?;
        self.heap().text(text.as_str())
    }

    fn range(&mut self, from: &Value, to: &Value) -> Outcome<Value> {
        let (Value::Integer(from), Value::Integer(to)) = (from, to) else { return Ok(Value::Null) };
        let heap = self.heap();
        let length = usize::try_from(from.abs_diff(*to)).unwrap_or(usize::MAX);
        if length.saturating_mul(size_of::<Value>()) > heap.bytes_left() {
            return Err(heap.too_much_memory());
        }
        heap.spend_on(length.saturating_mul(64))?;
        let items = if from <= to {
            (*from..=*to).map(Value::Integer).collect()
        } else {
            (*to..=*from).rev().map(Value::Integer).collect()
        };
        heap.new_list(items, ListStyle::Java)
    }

    fn set(&mut self, slot: Slot, variable: Variable) -> Variable {
        self.variables.get_mut(slot.0).map_or(Variable::Unset, |place| std::mem::replace(place, variable))
    }

    fn heap(&mut self) -> &mut Heap {
        &mut self.scope.heap
    }

    fn enter(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth > self.scope.heap.limits().depth { Err(self.scope.heap.too_deep()) } else { Ok(()) }
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}
