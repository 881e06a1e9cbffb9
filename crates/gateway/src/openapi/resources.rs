//! The tree of resources that a document's paths make.

use std::collections::BTreeMap;

use claviger_resources::ResourceId;
use claviger_resources::rest_api::Resource;

use super::report::no_more;
use super::{Importer, Target};

/// The resources of an import by path.
#[derive(Default)]
pub(super) struct Resources {
    by_path: BTreeMap<String, Resource>,
    /// How many there may be.
    maximum: usize,
}

impl Resources {
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Resource> {
        self.by_path.get_mut(path)
    }

    pub(super) fn into_sorted(self) -> Vec<Resource> {
        self.by_path.into_values().collect()
    }
}

impl Importer<'_> {
    /// The resources that are there before the first path is read: the root, which every API has, and those of an API that
    /// is merged into.
    pub(super) fn first_resources(&self, root_id: ResourceId, maximum: usize) -> Resources {
        let mut by_path = BTreeMap::from([("/".to_owned(), self.resource(root_id, None, None, "/"))]);
        if let Target::Merge(existing) = self.target {
            by_path.extend(existing.resources.iter().map(|resource| (resource.path.clone(), resource.clone())));
        }
        Resources { by_path, maximum }
    }

    /// Makes the resources of a path that are not there yet, and gives the path without needless slashes. `None` after an
    /// error, which has been reported.
    pub(super) fn resources_of(&mut self, path: &str, resources: &mut Resources) -> Option<String> {
        let mut parent = "/".to_owned();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let path = if parent == "/" { format!("/{part}") } else { format!("{parent}/{part}") };
            if !resources.by_path.contains_key(&path) {
                let has_room = resources.by_path.len() < resources.maximum;
                let place = if has_room { check_part(part, &parent, resources) } else { Err(no_more("resources")) };
                if let Err(reason) = place {
                    self.report.error(format!("Unable to create resource at path '{path}': {reason}"));
                    return None;
                }
                let parent_id = resources.by_path.get(&parent).map(|resource| resource.id.clone());
                let known = self.target.existing().and_then(|definition| {
                    definition
                        .resources
                        .iter()
                        .find(|resource| resource.path == path)
                        .map(|resource| resource.id.clone())
                });
                let id = known.unwrap_or_else(|| ResourceId::generate(self.random));
                let resource = self.resource(id, parent_id, Some(part), &path);
                resources.by_path.insert(path.clone(), resource);
            }
            parent = path;
        }
        Some(parent)
    }

    fn resource(&self, id: ResourceId, parent_id: Option<ResourceId>, part: Option<&str>, path: &str) -> Resource {
        Resource {
            id,
            rest_api_id: self.target.id().clone(),
            tenant: self.target.tenant().clone(),
            parent_id,
            path_part: part.map(str::to_owned),
            path: path.to_owned(),
            methods: BTreeMap::new(),
        }
    }
}

/// Checks a path part as `CreateResource` does; the error is in API Gateway's words.
fn check_part(part: &str, parent: &str, resources: &Resources) -> Result<(), String> {
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:,".contains(&byte))
    };
    if parent.ends_with("+}") {
        let greedy = parent.rsplit('/').next().unwrap_or_default();
        return Err(format!("Cannot create a child of a resource with a greedy path variable: {greedy}"));
    }
    let variable = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(variable) = variable else {
        return if is_word(part) { Ok(()) } else { Err(PART_RULE.to_owned()) };
    };
    if !is_word(variable.strip_suffix('+').unwrap_or(variable)) {
        return Err(PART_RULE.to_owned());
    }
    let siblings = if parent == "/" { "/{".to_owned() } else { format!("{parent}/{{") };
    let sibling = resources.by_path.range(siblings.clone()..).map(|(path, _)| path);
    let sibling = sibling.take_while(|path| path.starts_with(&siblings)).find_map(|path| path.rsplit('/').next());
    match sibling {
        Some(sibling) => Err(format!(
            "A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed"
        )),
        None => Ok(()),
    }
}

const PART_RULE: &str = "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces \
                         at the beginning and the end.";
