//! What was given: the file, the variables and the flags, read into one form. A flag counts for more than a variable, a
//! variable for more than the file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Located, Origin, Problem};
use super::settings::{Kind, SETTINGS, Setting};

/// Bytes of the largest file that is read.
pub(super) const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A value as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Switch(bool),
    List(Vec<Located<String>>),
    Tables(Vec<Located<Table>>),
    Table(Table),
}

/// A table of the file.
pub(crate) type Table = BTreeMap<String, Located<Value>>;

/// The values of settings by their keys.
#[derive(Debug, Default)]
pub(crate) struct Given(BTreeMap<&'static str, Located<Value>>);

/// The settings that the command line holds.
#[derive(Debug, Default)]
pub(crate) struct Flags(Vec<(&'static Setting, Vec<String>)>);

impl Given {
    /// Reads the text of a file, the variables and the flags; adds what is wrong with them to `problems`. `None` when the
    /// file is no TOML: what it was to say nobody knows.
    pub(crate) fn read(
        file: &Arc<PathBuf>,
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
        flags: &Flags,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let mut given = Self::default();
        match DeTable::parse(text) {
            Ok(table) => {
                let lines = Lines { file: Arc::clone(file), text };
                given.take_table(&lines.table(table.into_inner(), problems), "", problems);
            }
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                problems.push(Problem {
                    origin: Origin::Line(Arc::clone(file), line),
                    text: format!("this is no TOML: {}", error.message()),
                });
                return None;
            }
        }
        for setting in SETTINGS {
            if let Some(text) = variable(&setting.variable()).filter(|text| !text.is_empty()) {
                given.take_words(setting, &[text], &Origin::Variable(setting.variable()), problems);
            }
        }
        for (setting, words) in &flags.0 {
            given.take_words(setting, words, &Origin::Flag(setting.flag()), problems);
        }
        Some(given)
    }

    /// The value of a setting.
    pub(crate) fn value(&self, key: &'static str) -> Option<&Located<Value>> {
        debug_assert!(Setting::find(key).is_some(), "{key} is no setting");
        self.0.get(key)
    }

    /// A text.
    pub(crate) fn text(&self, key: &'static str) -> Option<Located<String>> {
        let value = self.value(key)?;
        match &value.value {
            Value::Text(text) => Some(value.with(text.clone())),
            _ => None,
        }
    }

    /// A number.
    pub(crate) fn number(&self, key: &'static str) -> Option<Located<u64>> {
        let value = self.value(key)?;
        match &value.value {
            Value::Number(number) => Some(value.with(*number)),
            _ => None,
        }
    }

    /// A switch, which is off unless it was turned on.
    pub(crate) fn is_on(&self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.value == Value::Switch(true))
    }

    /// A list, which is empty when nothing was given.
    pub(crate) fn list(&self, key: &'static str) -> &[Located<String>] {
        match self.value(key).map(|value| &value.value) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// Tables, none when nothing was given.
    pub(crate) fn tables(&self, key: &'static str) -> &[Located<Table>] {
        match self.value(key).map(|value| &value.value) {
            Some(Value::Tables(tables)) => tables,
            _ => &[],
        }
    }

    fn take_table(&mut self, table: &Table, path: &str, problems: &mut Vec<Problem>) {
        for (name, value) in table {
            let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let inside = format!("{key}.");
            match (Setting::find(&key), &value.value) {
                (Some(setting), found) if found.is(setting.kind) => {
                    self.0.insert(setting.key, value.clone());
                }
                (Some(setting), _) => problems.push(value.problem(format!("{key} takes {}", setting.kind.words()))),
                (None, Value::Table(table)) if SETTINGS.iter().any(|setting| setting.key.starts_with(&inside)) => {
                    self.take_table(table, &key, problems);
                }
                (None, _) => problems.push(value.problem(unknown(&key))),
            }
        }
    }

    /// Takes what a variable or flags say of a setting.
    fn take_words(
        &mut self,
        setting: &'static Setting,
        words: &[String],
        origin: &Origin,
        problems: &mut Vec<Problem>,
    ) {
        let word = words.last().map(|word| word.trim()).unwrap_or_default();
        let value = match setting.kind {
            Kind::Text => Some(Value::Text(word.to_owned())),
            Kind::Number => word.parse().ok().map(Value::Number),
            Kind::Switch => word.parse().ok().map(Value::Switch),
            Kind::List => {
                let parts = words.iter().flat_map(|word| word.split([',', '\n'])).map(str::trim);
                let parts = parts.filter(|part| !part.is_empty());
                let list = parts.map(|part| Located { value: part.to_owned(), origin: origin.clone() }).collect();
                Some(Value::List(list))
            }
            Kind::Tables => tables(word, origin, problems),
        };
        if let Some(value) = value {
            self.0.insert(setting.key, Located { value, origin: origin.clone() });
        } else {
            let text = format!("this must be {}", setting.kind.words());
            problems.push(Problem { origin: origin.clone(), text });
        }
    }
}

impl Value {
    /// Whether it is what settings of this kind take. A list without entries is every kind of list.
    fn is(&self, kind: Kind) -> bool {
        match self {
            Self::Text(_) => kind == Kind::Text,
            Self::Number(_) => kind == Kind::Number,
            Self::Switch(_) => kind == Kind::Switch,
            Self::List(list) => kind == Kind::List || (list.is_empty() && kind == Kind::Tables),
            Self::Tables(_) => kind == Kind::Tables,
            Self::Table(_) => false,
        }
    }
}

/// What to say of a key that is no setting's.
fn unknown(key: &str) -> String {
    let distance = |setting: &&Setting| distance(key, setting.key);
    match SETTINGS.iter().min_by_key(distance).filter(|setting| distance(setting) <= 3) {
        Some(near) => format!("there is no setting {key}; is it {}?", near.key),
        None => format!("there is no setting {key}; docs/configuration.md lists them all"),
    }
}

/// How many characters must be put, taken or replaced to come from one word to another.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (line, from) in from.chars().take(64).enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for ((to, diagonal), above) in to.iter().zip(&above).zip(above.iter().skip(1)) {
            left = (diagonal + usize::from(from != *to)).min(left + 1).min(above + 1);
            next.push(left);
        }
        above = next;
    }
    above.last().copied().unwrap_or_default()
}

/// The tables that a variable or a flag holds as a TOML array.
fn tables(text: &str, origin: &Origin, problems: &mut Vec<Problem>) -> Option<Value> {
    let document = format!("tables = {text}");
    let table = DeTable::parse(&document).ok()?.into_inner();
    // Everything was said in one place, whatever its line there.
    let lines = Lines { file: Arc::default(), text: "" };
    match lines.table(table, problems).remove("tables")?.value {
        Value::Tables(tables) => {
            Some(Value::Tables(tables.into_iter().map(|table| moved(&table.value, origin)).collect()))
        }
        Value::List(list) if list.is_empty() => Some(Value::Tables(Vec::new())),
        _ => None,
    }
}

fn moved(table: &Table, origin: &Origin) -> Located<Table> {
    let moved_list = |list: &[Located<String>]| {
        list.iter().map(|it| Located { value: it.value.clone(), origin: origin.clone() }).collect()
    };
    let value = table.iter().map(|(name, value)| {
        let value = match &value.value {
            Value::List(list) => Value::List(moved_list(list)),
            other => other.clone(),
        };
        (name.clone(), Located { value, origin: origin.clone() })
    });
    Located { value: value.collect(), origin: origin.clone() }
}

/// A file whose values are given their lines.
struct Lines<'t> {
    file: Arc<PathBuf>,
    text: &'t str,
}

impl Lines<'_> {
    fn table(&self, table: DeTable<'_>, problems: &mut Vec<Problem>) -> Table {
        let entries = table.into_iter().filter_map(|(name, value)| {
            let origin = self.origin(name.span().start);
            let value = self.value(value, &origin, problems)?;
            Some((name.into_inner().into_owned(), value))
        });
        entries.collect()
    }

    /// A value with its line; `key` is where it is found when it stands in none of its own.
    fn value(&self, value: Spanned<DeValue<'_>>, key: &Origin, problems: &mut Vec<Problem>) -> Option<Located<Value>> {
        let mut refuse = |text: &str| {
            problems.push(Problem { origin: key.clone(), text: text.to_owned() });
            None
        };
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Number(number),
                Err(_) => return refuse("no setting takes a negative number, or one that large"),
            },
            DeValue::Boolean(switch) => Value::Switch(switch),
            DeValue::Float(_) => return refuse("no setting takes a fraction"),
            DeValue::Datetime(_) => return refuse("no setting takes a date"),
            DeValue::Table(table) => Value::Table(self.table(table, problems)),
            DeValue::Array(array) => {
                let entries: Vec<_> = array
                    .into_iter()
                    .filter_map(|entry| {
                        let origin = self.origin(entry.span().start);
                        self.value(entry, &origin, problems)
                    })
                    .collect();
                return list(entries, key, problems);
            }
        };
        Some(Located { value, origin: key.clone() })
    }

    fn origin(&self, offset: usize) -> Origin {
        Origin::Line(Arc::clone(&self.file), line_of(self.text, offset))
    }
}

/// A list of texts or of tables.
fn list(entries: Vec<Located<Value>>, key: &Origin, problems: &mut Vec<Problem>) -> Option<Located<Value>> {
    let (mut texts, mut tables) = (Vec::new(), Vec::new());
    for Located { value, origin } in entries {
        match value {
            Value::Text(value) => texts.push(Located { value, origin }),
            Value::Table(value) => tables.push(Located { value, origin }),
            _ => {
                let text = "lists hold texts, or tables".to_owned();
                problems.push(Problem { origin, text });
                return None;
            }
        }
    }
    let value = match (texts.is_empty(), tables.is_empty()) {
        (_, true) => Value::List(texts),
        (true, false) => Value::Tables(tables),
        (false, false) => {
            problems.push(Problem { origin: key.clone(), text: "a list holds texts or tables, not both".to_owned() });
            return None;
        }
    };
    Some(Located { value, origin: key.clone() })
}

/// The line that a place in a text is in, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let words: Vec<String> = matches.get_many::<String>(setting.key)?.cloned().collect();
            Some((setting, words))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(|setting| {
            let argument = Arg::new(setting.key).long(setting.flag()).help(setting.text());
            match setting.kind {
                Kind::Text | Kind::Tables => argument.value_name("TEXT"),
                Kind::Number => argument.value_name("N"),
                Kind::Switch => {
                    argument.value_name("BOOL").num_args(0..=1).require_equals(true).default_missing_value("true")
                }
                Kind::List => argument.value_name("TEXT").action(ArgAction::Append),
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
