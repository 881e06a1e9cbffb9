//! A custom domain name as the gateway serves it: which API and stage a path of it leads to.

use std::collections::HashMap;
use std::sync::Arc;

use claviger_resources::api_mapping::ApiMapping;
use claviger_resources::domain_name::DomainName;

/// A custom domain name and its mappings.
#[derive(Clone)]
pub struct Domain {
    /// The name, `*.` in front of it where any label may stand there.
    pub name: Arc<str>,
    /// The first label of its regional name.
    pub target: Arc<str>,
    /// Key to mapping; the empty key is that of every path which no other key begins.
    mappings: HashMap<String, ApiMapping>,
    /// The most segments that a key has.
    levels: usize,
}

/// Where a path of a custom domain name leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped<'a> {
    /// The API's id.
    pub api: &'a str,
    /// The stage; where there is none, it is the first segment of the rest.
    pub stage: Option<&'a str>,
    /// The key of the mapping.
    pub base_path: &'a str,
    /// What follows the key in the path: nothing, or a slash and more.
    pub rest: &'a str,
}

impl Domain {
    /// A domain without mappings.
    pub(super) fn new(record: &DomainName) -> Self {
        Self {
            name: record.domain_name.as_str().into(),
            target: record.target.as_str().into(),
            mappings: HashMap::new(),
            levels: 0,
        }
    }

    /// The same domain as its record is now.
    pub(super) fn with_record(&self, record: &DomainName) -> Self {
        Self { mappings: self.mappings.clone(), levels: self.levels, ..Self::new(record) }
    }

    /// Takes a mapping in, in place of what it was before.
    pub(super) fn put(&mut self, mapping: ApiMapping) {
        self.mappings.retain(|_, known| known.api_mapping_id != mapping.api_mapping_id);
        self.mappings.insert(mapping.api_mapping_key.clone(), mapping);
        self.count_levels();
    }

    /// Takes the mapping with this id out.
    pub(super) fn remove(&mut self, id: &str) {
        self.mappings.retain(|_, known| known.api_mapping_id.as_str() != id);
        self.count_levels();
    }

    fn count_levels(&mut self) {
        self.levels = self.mappings.keys().map(|key| key.split('/').count()).max().unwrap_or_default();
    }

    /// Where a path leads: the longest key wins that its first segments are.
    pub fn find<'a>(&'a self, path: &'a str) -> Option<Mapped<'a>> {
        let segments = path.trim_start_matches('/');
        let ends = segments.match_indices('/').map(|(at, _)| at).chain([segments.len()]).take(self.levels);
        let longest = ends.filter(|end| *end > 0).filter_map(|end| {
            let (key, rest) = segments.split_at_checked(end)?;
            Some((self.mappings.get(key)?, rest))
        });
        let (mapping, rest) = longest.last().or_else(|| Some((self.mappings.get("")?, path)))?;
        Some(Mapped {
            api: &mapping.api_id,
            stage: mapping.stage.as_deref(),
            base_path: &mapping.api_mapping_key,
            rest,
        })
    }

    /// The keys of its mappings, for operators.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.mappings.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, ApiMappingId, Region, Tenant};

    use super::*;

    fn domain(keys: &[&str]) -> Domain {
        let mut domain =
            Domain { name: "api.example.com".into(), target: "d-1".into(), mappings: HashMap::new(), levels: 0 };
        for (number, key) in keys.iter().enumerate() {
            domain.put(ApiMapping {
                domain_name: "api.example.com".to_owned(),
                tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
                api_mapping_id: ApiMappingId::parse(&format!("m{number}")).unwrap(),
                api_mapping_key: (*key).to_owned(),
                api_id: format!("api{number}"),
                stage: None,
            });
        }
        domain
    }

    #[test]
    fn the_longest_key_wins_that_a_path_begins_with() {
        // The example of "Map API stages to a custom domain name for HTTP APIs".
        let domain = domain(&["", "orders", "orders/v1/items", "orders/v2/items", "orders/v2/items/categories"]);
        let check = |path: &str, api: &str, rest: &str| {
            let found = domain.find(path).map(|found| (found.api, found.rest));
            assert_eq!(found, Some((api, rest)), "{path}");
        };
        check("/orders", "api1", "");
        check("/orders/", "api1", "/");
        check("/orders/v1/items", "api2", "");
        check("/orders/v2/items", "api3", "");
        check("/orders/v1/items/123", "api2", "/123");
        check("/orders/v2/items/categories/5", "api4", "/5");
        check("/customers", "api0", "/customers");
        check("/", "api0", "/");
        check("/ordersandmore", "api0", "/ordersandmore");
        check("/orders/v2", "api1", "/v2");
        check("//orders/v2", "api1", "/v2");
        check("/Orders", "api0", "/Orders");
        check("/orders//v1/items", "api1", "//v1/items");
    }

    #[test]
    fn what_no_key_begins_leads_nowhere() {
        let domain = domain(&["orders", "a/b"]);
        for path in ["/", "", "/customers", "/a", "/a/c", "/b"] {
            assert_eq!(domain.find(path), None, "{path}");
        }
        assert_eq!(domain.keys(), ["a/b", "orders"]);
    }

    #[test]
    fn a_mapping_that_changes_its_key_leaves_the_old_one() {
        let mut domain = domain(&["orders"]);
        let mapping = ApiMapping { api_mapping_key: "a/b/c".to_owned(), ..domain.mappings["orders"].clone() };
        domain.put(mapping);
        assert_eq!((domain.find("/orders"), domain.levels), (None, 3));
        domain.remove("m0");
        assert_eq!((domain.find("/a/b/c"), domain.levels), (None, 0));
    }
}
