//! What is wrong with a configuration, and where that was said.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In this line of the file.
    Line(Arc<PathBuf>, usize),
    /// In an environment variable.
    Variable(String),
    /// On the command line.
    Flag(String),
    /// Nowhere: what holds when nothing is said, or what is missing from a file.
    Missing(Arc<PathBuf>),
}

/// Something, and where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) origin: Origin,
    pub(crate) text: String,
}

/// All that is wrong with a configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used\n{}", lines(.0))]
pub(crate) struct ConfigError(pub(crate) Vec<Problem>);

impl<T> Located<T> {
    /// That there is something wrong with it.
    pub(crate) fn problem(&self, text: impl Into<String>) -> Problem {
        Problem { origin: self.origin.clone(), text: text.into() }
    }

    /// Something else, said in the same place.
    pub(crate) fn with<U>(&self, value: U) -> Located<U> {
        Located { value, origin: self.origin.clone() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(file, line) => write!(f, "{}:{line}", file.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Missing(file) => write!(f, "{}", file.display()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}
