//! The route table of an HTTP API (API Gateway, "Create routes for HTTP APIs"): a full match of verb and path wins, a static
//! segment over a variable; then a path that ends in a greedy variable; then `$default`. `ANY` loses to the verb itself,
//! and a route whose verb does not fit is passed over.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use claviger_resources::http_api::RouteKey;

use crate::route::{PathParameters, Routes};

/// Routes by their keys, each with a value.
#[derive(Clone, Debug)]
pub(super) struct RouteTable<T> {
    full: Routes<Verbs<T>>,
    greedy: Routes<Verbs<T>>,
    default: Option<T>,
}

/// What answers the verbs of a path.
#[derive(Clone, Debug)]
struct Verbs<T>(HashMap<Box<str>, Named<T>>);

/// A value, and the names that its route gives to the path's variables.
type Named<T> = (Arc<[Box<str>]>, T);

impl<T> Verbs<T> {
    fn find(&self, verb: &str) -> Option<&Named<T>> {
        self.0.get(verb).or_else(|| self.0.get("ANY"))
    }
}

impl<T> RouteTable<T> {
    /// A table of these routes.
    pub(super) fn new(routes: impl IntoIterator<Item = (RouteKey, T)>) -> Self {
        let (mut default, mut patterns): (_, BTreeMap<String, Verbs<T>>) = (None, BTreeMap::new());
        for (key, route) in routes {
            match key {
                RouteKey::Default => default = Some(route),
                RouteKey::Request { verb, path } => {
                    let (pattern, names) = anonymous(&path);
                    let at_path = patterns.entry(pattern).or_insert_with(|| Verbs(HashMap::new()));
                    at_path.0.insert(verb, (names, route));
                }
            }
        }
        let mut table = Self { full: Routes::default(), greedy: Routes::default(), default };
        for (pattern, verbs) in patterns {
            let routes = if pattern.ends_with("+}") { &mut table.greedy } else { &mut table.full };
            routes.insert(&pattern, verbs);
        }
        table
    }

    /// The route for a verb and the path after the stage, with what its variables stand for, percent-encoded.
    pub(super) fn find<'t, 'p>(&'t self, verb: &str, path: &'p str) -> Option<(&'t T, PathParameters<'t, 'p>)> {
        let fits = |at_path: &Verbs<T>| at_path.find(verb).is_some();
        let found = self.full.find_where(path, fits).or_else(|| self.greedy.find_where(path, fits));
        let Some((at_path, places)) = found else { return self.default.as_ref().map(|value| (value, Vec::new())) };
        let (names, value) = at_path.find(verb)?;
        let parameters = names.iter().map(|name| &**name).zip(places.into_iter().map(|(_, text)| text));
        Some((value, parameters.collect()))
    }
}

/// The path with its variables unnamed, because routes of other verbs may name them otherwise, and their names.
fn anonymous(path: &str) -> (String, Arc<[Box<str>]>) {
    let (mut pattern, mut names) = (String::new(), Vec::new());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        pattern.push('/');
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                let greedy = name.strip_suffix('+');
                names.push(greedy.unwrap_or(name).into());
                pattern.push_str(if greedy.is_some() { "{_+}" } else { "{_}" });
            }
            None => pattern.push_str(segment),
        }
    }
    (pattern, names.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(keys: &[&str]) -> RouteTable<String> {
        RouteTable::new(keys.iter().map(|key| (RouteKey::parse(key).unwrap(), (*key).to_owned())))
    }

    #[test]
    fn the_most_specific_route_that_fits_the_verb_wins() {
        let routes = table(&[
            "GET /pets/dog/1",
            "GET /pets/dog/{id}",
            "GET /pets/{proxy+}",
            "ANY /{proxy+}",
            "POST /pets/dog/1",
            "ANY /pets/cat",
            "PUT /pets/cat",
            "GET /{kind}/{name}",
            "DELETE /{a}/{b}",
            "GET /",
            "$default",
        ]);
        let check = |request: &str, expected: &str, parameters: &[(&str, &str)]| {
            let (verb, path) = request.split_once(' ').unwrap();
            let (found, named) = routes.find(verb, path).unwrap();
            assert_eq!((found.as_str(), &*named), (expected, parameters), "{request}");
        };
        check("GET /pets/dog/1", "GET /pets/dog/1", &[]);
        check("GET /pets/dog/2", "GET /pets/dog/{id}", &[("id", "2")]);
        check("GET /pets/cat/1", "GET /pets/{proxy+}", &[("proxy", "cat/1")]);
        check("POST /test/5", "ANY /{proxy+}", &[("proxy", "test/5")]);
        check("POST /pets/dog/1", "POST /pets/dog/1", &[]);
        check("POST /pets/dog/2", "ANY /{proxy+}", &[("proxy", "pets/dog/2")]);
        check("PUT /pets/cat", "PUT /pets/cat", &[]);
        check("GET /pets/cat", "ANY /pets/cat", &[]);
        check("GET /pets/cow", "GET /{kind}/{name}", &[("kind", "pets"), ("name", "cow")]);
        check("DELETE /pets/cow", "DELETE /{a}/{b}", &[("a", "pets"), ("b", "cow")]);
        check("PATCH /pets/cow", "ANY /{proxy+}", &[("proxy", "pets/cow")]);
        check("GET /", "GET /", &[]);
        check("POST /", "$default", &[]);
        check("OPTIONS /", "$default", &[]);
        check("GET /a%2Fb/c", "GET /{kind}/{name}", &[("kind", "a%2Fb"), ("name", "c")]);
    }

    #[test]
    fn without_a_default_there_may_be_none() {
        let routes = table(&["GET /pets", "POST /pets/{id}"]);
        for request in ["GET /", "HEAD /pets", "GET /pets/1", "GET /Pets", "POST /pets"] {
            let (verb, path) = request.split_once(' ').unwrap();
            assert!(routes.find(verb, path).is_none(), "{request}");
        }
    }
}
