//! Routes: which resource a path means. A tree of path segments with hashed children, so that a lookup costs what the
//! path's length costs, however many resources there are, and a path without variables allocates nothing.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use percent_encoding::percent_decode_str;

/// The variables of a path with the text they stand for, still percent-encoded.
pub type PathParameters<'t, 'p> = Vec<(&'t str, &'p str)>;

/// A tree of path patterns (`/pets/{id}`, `/files/{path+}`), each with a value.
///
/// A literal segment beats `{name}`, which beats `{name+}`; when the better one leads nowhere, the next is tried
/// (API Gateway, "Set up a proxy integration with a proxy resource").
#[derive(Clone, Debug)]
pub struct Routes<T> {
    nodes: Vec<Node<T>>,
}

#[derive(Clone, Debug)]
struct Node<T> {
    /// What clients send is only looked up here: nobody can fill it with segments that collide, so the fast hash will do.
    literals: HashMap<Box<str>, usize, RandomState>,
    variable: Option<(Box<str>, usize)>,
    greedy: Option<(Box<str>, T)>,
    value: Option<T>,
}

impl<T> Node<T> {
    fn new() -> Self {
        Self { literals: HashMap::default(), variable: None, greedy: None, value: None }
    }
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::new()] }
    }
}

impl<T> Routes<T> {
    /// Adds a pattern; one that names the same places again replaces the earlier value.
    pub fn insert(&mut self, pattern: &str, value: T) {
        let mut at = 0;
        for segment in pattern.split('/').filter(|segment| !segment.is_empty()) {
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            let variable = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            at = match variable {
                Some(name) => {
                    if let Some(name) = name.strip_suffix('+') {
                        node.greedy = Some((name.into(), value));
                        return;
                    }
                    node.variable.get_or_insert_with(|| (name.into(), next)).1
                }
                None => *node.literals.entry(segment.into()).or_insert(next),
            };
            if at == next {
                self.nodes.push(Node::new());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.value = Some(value);
        }
    }

    /// Every value, in no order.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().flat_map(|node| node.value.iter().chain(node.greedy.iter().map(|(_, value)| value)))
    }

    /// The value whose pattern the path after the stage matches best, with what its variables stand for. Slashes at
    /// either end do not count; two in a row inside match only within a greedy variable, which keeps them.
    pub fn find<'t, 'p>(&'t self, path: &'p str) -> Option<(&'t T, PathParameters<'t, 'p>)> {
        self.find_where(path, |_| true)
    }

    /// The same among those values that fit.
    pub fn find_where<'t, 'p>(
        &'t self,
        path: &'p str,
        fits: impl Fn(&T) -> bool,
    ) -> Option<(&'t T, PathParameters<'t, 'p>)> {
        let mut parameters = Vec::new();
        let value = self.walk(0, path.trim_matches('/'), &fits, &mut parameters)?;
        Some((value, parameters))
    }

    fn walk<'t, 'p>(
        &'t self,
        at: usize,
        rest: &'p str,
        fits: &impl Fn(&T) -> bool,
        parameters: &mut PathParameters<'t, 'p>,
    ) -> Option<&'t T> {
        let node = self.nodes.get(at)?;
        if rest.is_empty() {
            return node.value.as_ref().filter(|value| fits(value));
        }
        let (segment, tail) = rest.split_once('/').unwrap_or((rest, ""));
        let found = node.literal(segment).and_then(|next| self.walk(next, tail, fits, parameters));
        if found.is_some() {
            return found;
        }
        if let Some((name, next)) = &node.variable
            && !segment.is_empty()
        {
            let length = parameters.len();
            parameters.push((name, segment));
            let found = self.walk(*next, tail, fits, parameters);
            if found.is_some() {
                return found;
            }
            parameters.truncate(length);
        }
        let (name, value) = node.greedy.as_ref().filter(|(_, value)| fits(value))?;
        parameters.push((name, rest));
        Some(value)
    }
}

impl<T> Node<T> {
    fn literal(&self, segment: &str) -> Option<usize> {
        if let Some(next) = self.literals.get(segment) {
            return Some(*next);
        }
        if self.literals.is_empty() || !segment.contains('%') {
            return None;
        }
        self.literals.get(decode(segment).as_ref()).copied()
    }
}

/// The text that a percent-encoded segment stands for.
pub fn decode(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(patterns: &[&'static str]) -> Routes<&'static str> {
        let mut routes = Routes::default();
        for pattern in patterns {
            routes.insert(pattern, *pattern);
        }
        routes
    }

    #[test]
    fn finds_the_most_specific_resource() {
        let routes = table(&[
            "/",
            "/pets",
            "/pets/{id}",
            "/pets/{id}/toys",
            "/pets/mine",
            "/files/{path+}",
            "/a/b/c",
            "/{first}/b/{third}",
            "/s p",
        ]);
        let check = |path: &str, expected: &str| {
            let found = routes.find(path).map_or_else(String::new, |(pattern, parameters)| {
                let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{pattern} {}", parameters.join(" ")).trim_end().to_owned()
            });
            assert_eq!(found, expected, "{path}");
        };
        check("/", "/");
        check("", "/");
        check("//", "/");
        check("/pets", "/pets");
        check("/pets/", "/pets");
        check("//pets", "/pets");
        check("/pe%74s", "/pets");
        check("/s%20p", "/s p");
        check("/Pets", "");
        check("/pets/mine", "/pets/mine");
        check("/pets/7", "/pets/{id} id=7");
        check("/pets/7/", "/pets/{id} id=7");
        check("/pets/a%2Fb", "/pets/{id} id=a%2Fb");
        check("/pets/mine/toys", "/pets/{id}/toys id=mine");
        check("/pets//toys", "");
        check("/pets/7/toys/1", "");
        check("/files", "");
        check("/files/", "");
        check("/files/a/b", "/files/{path+} path=a/b");
        check("/files/a//b", "/files/{path+} path=a//b");
        check("/files/a/", "/files/{path+} path=a");
        check("/a/b/c", "/a/b/c");
        check("/a/b/d", "/{first}/b/{third} first=a third=d");
        check("/a/b", "");
    }

    #[test]
    fn falls_back_to_a_greedy_sibling() {
        let routes = table(&["/{proxy+}", "/api/users", "/api"]);
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(routes.find(path).map(|(pattern, _)| *pattern), expected, "{path}");
        };
        check("/api/users", Some("/api/users"));
        check("/api/users/7", Some("/{proxy+}"));
        check("/api/other", Some("/{proxy+}"));
        check("/", None);
        assert_eq!(routes.find("/api/other").unwrap().1, vec![("proxy", "api/other")]);
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        let mut routes = Routes::default();
        routes.insert("/a", 1);
        routes.insert("/a", 2);
        assert_eq!(routes.find("/a").map(|(value, _)| *value), Some(2));
    }

    #[test]
    fn finds_each_of_ten_thousand_resources() {
        let mut routes = Routes::default();
        for index in 0..10_000 {
            routes.insert(&format!("/v1/thing{index}/{{id}}/detail"), index);
        }
        for index in 0..10_000 {
            let path = format!("/v1/thing{index}/7/detail");
            assert_eq!(routes.find(&path), Some((&index, vec![("id", "7")])));
        }
    }

    proptest! {
        #[test]
        fn never_panics(path in "[/a-c%2{}+.]{0,40}", patterns in proptest::collection::vec("(/([abc]|\\{x\\}|\\{y\\+\\})){0,5}", 0..8)) {
            let mut routes = Routes::default();
            for (index, pattern) in patterns.iter().enumerate() {
                routes.insert(pattern, index);
            }
            let _ = routes.find(&path);
        }
    }
}
