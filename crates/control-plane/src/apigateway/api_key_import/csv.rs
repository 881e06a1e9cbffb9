//! Comma-separated values with the columns of an API key file.

use claviger_resources::Secret;

/// A key as a file describes it.
pub(crate) struct Row {
    /// The line it stands on, from 1.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) key: Option<Secret<String>>,
    pub(super) description: String,
    pub(super) enabled: bool,
    pub(super) usage_plan_ids: Vec<String>,
}

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidFile {
    #[error("The API key file must have the columns Name and Key")]
    NoColumns,
    #[error("The API key file has a quotation mark that is not closed, in line {0}")]
    OpenQuote(usize),
}

/// Columns that are looked at; others are passed over.
const COLUMNS: [&str; 5] = ["name", "key", "description", "enabled", "usageplanids"];

/// Reads a file: a line of column names in any case and order, then a line for each key. A description that is not there is
/// empty, a key that does not say so is enabled.
pub(crate) fn parse(text: &str) -> Result<Vec<Row>, InvalidFile> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().ok_or(InvalidFile::NoColumns)?;
    let names = fields(header).ok_or(InvalidFile::OpenQuote(1))?;
    let place = |column: &str| names.iter().position(|name| name.eq_ignore_ascii_case(column));
    let [name, key, description, enabled, plans] = COLUMNS.map(place);
    if name.is_none() || key.is_none() {
        return Err(InvalidFile::NoColumns);
    }
    let mut rows = Vec::new();
    for (index, line) in lines {
        let values = fields(line).ok_or(InvalidFile::OpenQuote(index + 1))?;
        let value = |place: Option<usize>| place.and_then(|place| values.get(place)).map(String::as_str);
        let plans = value(plans).unwrap_or_default().split(',').map(str::trim).filter(|plan| !plan.is_empty());
        rows.push(Row {
            line: index + 1,
            name: value(name).unwrap_or_default().to_owned(),
            key: value(key).map(|value| Secret::new(value.to_owned())),
            description: value(description).unwrap_or_default().to_owned(),
            enabled: value(enabled)
                .filter(|value| !value.is_empty())
                .is_none_or(|value| value.eq_ignore_ascii_case("true")),
            usage_plan_ids: plans.map(str::to_owned).collect(),
        });
    }
    Ok(rows)
}

/// The fields of a line. One may stand in double or single quotation marks, which are doubled inside; `None` when the closing
/// one is missing.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start();
        let (field, after) = if let Some(quote @ ('"' | '\'')) = trimmed.chars().next() {
            quoted(trimmed, quote)?
        } else {
            let (field, after) = rest.find(',').map_or((rest, ""), |comma| rest.split_at(comma));
            (field.trim().to_owned(), after)
        };
        fields.push(field);
        match after.find(',') {
            Some(comma) => rest = after.get(comma + 1..).unwrap_or_default(),
            None => return Some(fields),
        }
    }
}

/// The field at the start of a text that begins with a quotation mark, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            field.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            field.push(quote);
        } else {
            return Some((field, text.get(at + 1..).unwrap_or_default()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_stand_in_any_order_and_case() {
        let rows = parse(
            "\u{feff}Enabled,NAME,key,ignored,UsageplanIds\r\n\
             true,First,apikey1234abcdefghij0123456789,x,\"c7y23b, glvrsr\"\r\n\r\n\
             FALSE , 'Second, \"the\" ''other''' ,b,x,'c7y23b'\n,Third,c\n",
        )
        .unwrap();
        let shown: Vec<_> = rows
            .iter()
            .map(|row| {
                let key = row.key.as_ref().map(|key| key.expose().as_str());
                (row.line, row.name.as_str(), key.unwrap_or_default(), row.enabled, row.usage_plan_ids.join("+"))
            })
            .collect();
        assert_eq!(
            shown,
            [
                (2, "First", "apikey1234abcdefghij0123456789", true, "c7y23b+glvrsr".to_owned()),
                (4, "Second, \"the\" 'other'", "b", false, "c7y23b".to_owned()),
                (5, "Third", "c", true, String::new()),
            ]
        );
        assert!(rows.iter().all(|row| row.description.is_empty()));
        let rows = parse("Key,name,Description\na,b,\"c, d\"").unwrap();
        assert_eq!((rows[0].description.as_str(), rows[0].enabled), ("c, d", true));
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let check = |text: &str, expected: InvalidFile| assert_eq!(parse(text).err(), Some(expected), "{text}");
        check("", InvalidFile::NoColumns);
        check("name,value\na,b", InvalidFile::NoColumns);
        check("name,key\n\na,\"b", InvalidFile::OpenQuote(3));
        check("name,'key", InvalidFile::OpenQuote(1));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}", line in "[\"',a \n]{0,20}") {
            let _ = parse(&text);
            let _ = parse(&format!("name,key\n{line}"));
        }
    }
}
