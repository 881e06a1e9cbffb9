//! The small documents in XML that calls of S3 carry, read within bounds.

use roxmltree::{Node, ParsingOptions};

/// Nodes that a document may have: a thousand keys to delete with all that may stand around each.
const NODES_MAX: u32 = 50_000;

/// Why a document cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The XML you provided was not well-formed or did not validate against our published schema")]
pub struct DocumentError;

/// An element: its text, and the elements in it.
#[derive(Debug)]
pub struct Document<'d> {
    name: &'d str,
    text: Option<String>,
    children: Vec<Document<'d>>,
}

/// How deep elements may nest.
const DEPTH_MAX: usize = 32;

impl<'d> Document<'d> {
    /// Reads a document whose root has this name, and gives it to `read`.
    pub fn read<T>(text: &[u8], root: &str, read: impl FnOnce(&Document<'_>) -> Option<T>) -> Result<T, DocumentError> {
        let text = std::str::from_utf8(text).map_err(|_| DocumentError)?;
        let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
        let parsed = roxmltree::Document::parse_with_options(text, options).map_err(|_| DocumentError)?;
        let element = Document::of(parsed.root_element(), DEPTH_MAX)?;
        read(Some(&element).filter(|element| element.name == root).ok_or(DocumentError)?).ok_or(DocumentError)
    }

    /// An element with those in it, of which so many may be in one another: reading calls itself for each.
    fn of<'n: 'd>(node: Node<'d, 'n>, depth_left: usize) -> Result<Self, DocumentError> {
        let depth_left = depth_left.checked_sub(1).ok_or(DocumentError)?;
        let children = node.children().filter(Node::is_element).map(|child| Document::of(child, depth_left));
        let (name, text) = (node.tag_name().name(), node.text().map(str::to_owned));
        Ok(Self { name, text, children: children.collect::<Result<_, _>>()? })
    }

    /// The elements of this name in it.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Document<'d>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first element of this name in it, empty when there is nothing in that.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|child| child.name == name).map(|child| child.text.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Result<Vec<String>, DocumentError> {
        Document::read(text.as_bytes(), "Delete", |delete| {
            delete.all("Object").map(|object| object.text_of("Key").map(str::to_owned)).collect()
        })
    }

    #[test]
    fn a_document_is_read_by_the_names_of_its_elements() {
        let check = |text: &str, expected: Result<&[&str], DocumentError>| {
            let expected = expected.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect());
            assert_eq!(keys(text), expected, "{text}");
        };
        check("<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>", Ok(&["a&b", "c"]));
        check(
            "<?xml version=\"1.0\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet></Delete>",
            Ok(&[]),
        );
        check("<Delete><Object><Key/></Object></Delete>", Ok(&[""]));
        check("<Delete><Object/></Delete>", Err(DocumentError));
        check("<Other/>", Err(DocumentError));
        check("<Delete>", Err(DocumentError));
        check("", Err(DocumentError));
        check(&format!("<Delete>{}", "<a>".repeat(100_000)), Err(DocumentError));
        check(&format!("<Delete>{}{}</Delete>", "<a>".repeat(40), "</a>".repeat(40)), Err(DocumentError));
        // What ends an element only by the looks of it does not hide how deep others are.
        for element in ["<a b='/>'>", "<a><![CDATA[</]]>", "<a><!--/>-->"] {
            check(&format!("<Delete>{}{}</Delete>", element.repeat(15_000), "</a>".repeat(15_000)), Err(DocumentError));
        }
        check("<!DOCTYPE a [<!ENTITY b \"c\">]><Delete/>", Err(DocumentError));
    }
}
