//! One request with all that may be known while it is answered.

use std::collections::BTreeMap;

use crate::context::Context;
use crate::request::Request;

/// One request, its context and the variables of the stage it came to.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The request.
    pub request: Request<'a>,
    /// The facts behind `$context`.
    pub context: Context<'a>,
    /// The stage's variables.
    pub stage_variables: &'a BTreeMap<String, String>,
}

#[cfg(test)]
pub(crate) mod tests {
    use http::{HeaderMap, HeaderName};

    use super::*;
    use crate::context::tests::example;

    /// Calls `look` with an exchange made of the parts that matter to a test.
    pub(crate) fn with<R>(
        headers: &[(&'static str, &str)],
        query: Option<&str>,
        body: &[u8],
        look: impl FnOnce(&Exchange<'_>) -> R,
    ) -> R {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let stage_variables = BTreeMap::from([("color".to_owned(), "blue".to_owned())]);
        let request =
            Request { method: "GET", path: "/user/7", query, headers: &map, path_parameters: &[("id", "7")], body };
        look(&Exchange { request, context: example(), stage_variables: &stage_variables })
    }
}
