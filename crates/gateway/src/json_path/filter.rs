//! The conditions of `[?(…)]`.

use std::cmp::Ordering;

use super::{Node, Scalar, Step, TooMuchWork, Work};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Any(Box<[Condition]>),
    All(Box<[Condition]>),
    Not(Box<Condition>),
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Box<str>),
    /// A path from the candidate (`@`).
    Here(Box<[Step]>),
    /// A path from the document (`$`).
    Root(Box<[Step]>),
}

impl Work<'_> {
    pub(super) fn holds<'n, N: Node<'n>>(
        &mut self,
        condition: &Condition,
        here: N,
        root: N,
    ) -> Result<bool, TooMuchWork> {
        match condition {
            Condition::Any(conditions) => {
                for condition in conditions {
                    if self.holds(condition, here, root)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::All(conditions) => {
                for condition in conditions {
                    if !self.holds(condition, here, root)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Not(condition) => Ok(!self.holds(condition, here, root)?),
            Condition::Exists(Operand::Here(steps)) => Ok(!self.follow(steps, here, root)?.is_empty()),
            Condition::Exists(Operand::Root(steps)) => Ok(!self.follow(steps, root, root)?.is_empty()),
            Condition::Exists(Operand::Boolean(boolean)) => Ok(*boolean),
            Condition::Exists(_) => Ok(true),
            Condition::Compare(left, operator, right) => {
                let left = self.operand(left, here, root)?;
                let right = self.operand(right, here, root)?;
                Ok(compare(left, *operator, right))
            }
        }
    }

    /// `None` for a path that finds nothing, or finds an array or object.
    fn operand<'o, 'n: 'o, N: Node<'n>>(
        &mut self,
        operand: &'o Operand,
        here: N,
        root: N,
    ) -> Result<Option<Scalar<'o>>, TooMuchWork> {
        let found = match operand {
            Operand::Null => return Ok(Some(Scalar::Null)),
            Operand::Boolean(boolean) => return Ok(Some(Scalar::Boolean(*boolean))),
            Operand::Number(number) => return Ok(Some(Scalar::Number(*number))),
            Operand::Text(text) => return Ok(Some(Scalar::Text(text))),
            Operand::Here(steps) => self.follow(steps, here, root)?,
            Operand::Root(steps) => self.follow(steps, root, root)?,
        };
        Ok(found.first().and_then(|node| node.scalar()))
    }
}

fn compare(left: Option<Scalar<'_>>, operator: Operator, right: Option<Scalar<'_>>) -> bool {
    let order = match (left, right) {
        (Some(Scalar::Number(left)), Some(Scalar::Number(right))) => left.partial_cmp(&right),
        (Some(Scalar::Text(left)), Some(Scalar::Text(right))) => Some(left.cmp(right)),
        (Some(left), Some(right)) if left == right => Some(Ordering::Equal),
        _ => None,
    };
    match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}
