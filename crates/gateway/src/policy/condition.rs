//! Conditions of a statement (IAM User Guide, "IAM JSON policy elements: Condition operators").

use claviger_resources::Timestamp;
use claviger_resources::wildcard::{ArnPattern, Wildcard};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;

use super::circumstances::Circumstances;
use super::network::Network;
use super::{Budget, InvalidPolicy, invalid};

/// One operator over one key, with the values of which one must fit.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// The key, in lower case.
    key: Box<str>,
    quantifier: Quantifier,
    /// Whether a request without the key satisfies it.
    if_exists: bool,
    test: Test,
}

/// What a key that may have several values must do. The keys known here have one at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    None,
    ForAnyValue,
    ForAllValues,
}

#[derive(Clone, Debug)]
enum Test {
    /// Whether the key must be absent.
    Null(bool),
    Fits {
        /// Whether none of the values may fit.
        negated: bool,
        values: Box<[Fit]>,
    },
}

/// How an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    AnyCase,
    Like,
    Arn,
    Network,
    Moment(Comparison),
    Number(Comparison),
}

/// A value of a policy as its operator compares it.
#[derive(Clone, Debug)]
enum Fit {
    Text(Box<str>),
    AnyCase(Box<str>),
    Like(Wildcard),
    Arn(ArnPattern),
    Network(Network),
    Moment(Comparison, i64),
    Number(Comparison, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// Reads the `Condition` of a statement: all that it holds must be satisfied.
    pub(super) fn read_all(operators: &Map<String, Value>, budget: &mut Budget) -> Result<Box<[Self]>, InvalidPolicy> {
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let keys = keys.as_object().ok_or_else(|| invalid(format!("{operator} must be an object")))?;
            for (key, values) in keys {
                conditions.push(Self::read(operator, key, values, budget)?);
            }
        }
        Ok(conditions.into())
    }

    fn read(operator: &str, key: &str, values: &Value, budget: &mut Budget) -> Result<Self, InvalidPolicy> {
        let (quantifier, name) = match operator.split_once(':') {
            None => (Quantifier::None, operator),
            Some(("ForAnyValue", name)) => (Quantifier::ForAnyValue, name),
            Some(("ForAllValues", name)) => (Quantifier::ForAllValues, name),
            Some(_) => return Err(unknown(operator)),
        };
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let values = scalars(operator, values)?;
        budget.spend(values.len())?;
        let test = if name == "Null" {
            match values.as_slice() {
                [value] if value == "true" => Test::Null(true),
                [value] if value == "false" => Test::Null(false),
                _ => return Err(invalid("Null compares with true or false")),
            }
        } else {
            let kind = Kind::parse(name).ok_or_else(|| unknown(operator))?;
            let fit = |value: &String| {
                let wrong = || invalid(format!("{value:?} is no value of the condition operator {operator}"));
                kind.fit(value).ok_or_else(wrong)
            };
            Test::Fits { negated: name.contains("Not"), values: values.iter().map(fit).collect::<Result<_, _>>()? }
        };
        Ok(Self { key: key.to_ascii_lowercase().into(), quantifier, if_exists, test })
    }

    pub(super) fn holds(&self, circumstances: &Circumstances<'_>) -> bool {
        let value = circumstances.value(&self.key);
        match (&self.test, value) {
            (Test::Null(absent), value) => value.is_none() == *absent,
            (Test::Fits { .. }, None) if self.if_exists => true,
            (Test::Fits { negated, .. }, None) => match self.quantifier {
                Quantifier::None => *negated,
                Quantifier::ForAnyValue => false,
                Quantifier::ForAllValues => true,
            },
            (Test::Fits { negated, values }, Some(value)) => values.iter().any(|fit| fit.fits(&value)) != *negated,
        }
    }
}

impl Kind {
    /// The kind of the operator with this name; what negates it does not change it.
    fn parse(operator: &str) -> Option<Self> {
        Some(match operator {
            "StringEquals" | "StringNotEquals" | "BinaryEquals" => Self::Text,
            "StringEqualsIgnoreCase" | "StringNotEqualsIgnoreCase" | "Bool" => Self::AnyCase,
            "StringLike" | "StringNotLike" => Self::Like,
            "ArnEquals" | "ArnLike" | "ArnNotEquals" | "ArnNotLike" => Self::Arn,
            "IpAddress" | "NotIpAddress" => Self::Network,
            other => match other.strip_prefix("Date") {
                Some(comparison) => Self::Moment(Comparison::parse(comparison)?),
                None => Self::Number(Comparison::parse(other.strip_prefix("Numeric")?)?),
            },
        })
    }

    /// A value to compare with; `None` when an operator of this kind cannot have it.
    fn fit(self, value: &str) -> Option<Fit> {
        Some(match self {
            Self::Text => Fit::Text(value.into()),
            Self::AnyCase => Fit::AnyCase(value.to_lowercase().into()),
            Self::Like => Fit::Like(Wildcard::new(value)),
            Self::Arn => Fit::Arn(ArnPattern::new(value)?),
            Self::Network => Fit::Network(Network::parse(value)?),
            Self::Moment(comparison) => Fit::Moment(comparison, moment(value)?.milliseconds()),
            Self::Number(comparison) => Fit::Number(comparison, number(value)?),
        })
    }
}

impl Fit {
    fn fits(&self, value: &str) -> bool {
        match self {
            Self::Text(text) => **text == *value,
            Self::AnyCase(text) => **text == value.to_lowercase(),
            Self::Like(pattern) => pattern.matches(value),
            Self::Arn(pattern) => pattern.matches(value),
            Self::Network(network) => value.parse().is_ok_and(|address| network.contains(address)),
            Self::Moment(comparison, than) => {
                moment(value).is_some_and(|value| comparison.holds(&value.milliseconds(), than))
            }
            Self::Number(comparison, than) => number(value).is_some_and(|value| comparison.holds(&value, than)),
        }
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "Equals" | "NotEquals" => Self::Equal,
            "LessThan" => Self::Less,
            "LessThanEquals" => Self::LessOrEqual,
            "GreaterThan" => Self::Greater,
            "GreaterThanEquals" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds<T: PartialOrd>(self, value: &T, than: &T) -> bool {
        match self {
            Self::Equal => value == than,
            Self::Less => value < than,
            Self::LessOrEqual => value <= than,
            Self::Greater => value > than,
            Self::GreaterOrEqual => value >= than,
        }
    }
}

/// A date of ISO 8601, or seconds since 1970.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse() {
        return Some(Timestamp::from_seconds(seconds));
    }
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let moment = OffsetDateTime::parse(&whole, &Iso8601::PARSING).ok()?;
    Some(Timestamp::from_milliseconds(i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()?))
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The values of an operator: texts, numbers and truth values, alone or in a list.
fn scalars(operator: &str, value: &Value) -> Result<Vec<String>, InvalidPolicy> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    let scalars = match value {
        Value::Array(list) => list.iter().map(scalar).collect(),
        other => scalar(other).map(|value| vec![value]),
    };
    scalars.ok_or_else(|| invalid(format!("{operator} compares with texts, numbers or truth values")))
}

fn unknown(operator: &str) -> InvalidPolicy {
    invalid(format!("the condition operator {operator} is not known"))
}
