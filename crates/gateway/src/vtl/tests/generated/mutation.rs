//! Templates of the corpus in which something was changed.

use super::super::corpus;
use super::chance::Chance;

/// What the language is made of, to be put where it does not belong.
#[rustfmt::skip]
const TOKENS: [&str; 44] = [
    "#set(",
    "#set($a = ",
    "#if(",
    "#elseif(",
    "#else",
    "#end",
    "#foreach($i in ",
    "#{end}",
    "#define($d)",
    "#macro(m)",
    "#break",
    "#stop",
    "##",
    "#*",
    "*#",
    "#[[",
    "]]#",
    "$",
    "$!",
    "${",
    "}",
    "$a",
    "$foreach",
    "(",
    ")",
    "[",
    "]",
    "..",
    "'",
    "\"",
    "\\",
    "\\\\",
    "==",
    "&&",
    " - ",
    "-1",
    "null",
    "true",
    "\n",
    "\r\n",
    " ",
    "é",
    "\u{1f600}",
    "9223372036854775807",
];

/// Changes made in a row.
const CHANGES_MAX: usize = 6;
/// Templates that grow by their own parts stay below this.
const CHARACTERS_MAX: usize = 4_000;

pub(super) fn template(chance: &mut Chance) -> String {
    let templates: Vec<&str> = corpus::templates().collect();
    let mut text: Vec<char> = chance.of(&templates).chars().collect();
    for _ in 0..=chance.below(CHANGES_MAX) {
        let [from, to] = range(chance, text.len());
        match chance.below(7) {
            0 => drop(text.drain(from..to)),
            1 | 2 => insert(&mut text, from, chance.of(&TOKENS).chars()),
            3 => drop(text.splice(from..to, chance.of(&TOKENS).chars())),
            4 => {
                let part = text[from..to].to_vec();
                insert(&mut text, to, part.repeat(1 + chance.below(3)).into_iter());
            }
            5 => {
                let other: Vec<char> = chance.of(&templates).chars().collect();
                let [start, end] = range(chance, other.len());
                insert(&mut text, from, other[start..end].iter().copied());
            }
            _ => text.truncate(to),
        }
        text.truncate(CHARACTERS_MAX);
    }
    text.into_iter().collect()
}

fn insert(text: &mut Vec<char>, at: usize, part: impl Iterator<Item = char>) {
    text.splice(at..at, part);
}

/// Two places in a text of this length, the first not behind the second; often near each other.
fn range(chance: &mut Chance, length: usize) -> [usize; 2] {
    let from = chance.below(length + 1);
    let reach = if chance.one_in(3) { length } else { 4 };
    [from, (from + chance.below(reach + 1)).min(length)]
}
