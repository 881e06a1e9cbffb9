//! Just enough XML to read an answer: elements, their texts, and the five entities.

/// An element with what is in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The root of a document.
    pub(crate) fn parse(xml: &str) -> Self {
        let mut open = vec![Self::default()];
        let mut rest = xml;
        while let Some((before, after)) = rest.split_once('<') {
            let (tag, after) = after.split_once('>').unwrap();
            open.last_mut().unwrap().text.push_str(&unescaped(before));
            rest = after;
            if tag.starts_with('?') {
                continue;
            }
            if tag.starts_with('/') {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
                continue;
            }
            let name = tag.trim_end_matches('/').split_whitespace().next().unwrap().to_owned();
            let element = Self { name, ..Self::default() };
            if tag.ends_with('/') {
                open.last_mut().unwrap().children.push(element);
            } else {
                open.push(element);
            }
        }
        open.pop().unwrap().children.pop().unwrap_or_default()
    }

    /// Every element at a path, names separated by slashes.
    pub(crate) fn all(&self, path: &str) -> impl Iterator<Item = &Self> {
        let mut found = vec![self];
        for name in path.split('/') {
            found = found.into_iter().flat_map(|it| &it.children).filter(|child| child.name == name).collect();
        }
        found.into_iter()
    }

    /// The text of the first element at a path; empty when there is none.
    pub(crate) fn text(&self, path: &str) -> String {
        self.all(path).next().map(|element| element.text.clone()).unwrap_or_default()
    }

    /// Whether there is an element at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.all(path).next().is_some()
    }
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#10;", "\n");
    text.replace("&apos;", "'").replace("&#39;", "'").replace("&#xA;", "\n").replace("&amp;", "&")
}
