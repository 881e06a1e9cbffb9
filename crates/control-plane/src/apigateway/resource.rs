//! Resources: `CreateResource`, `GetResource`, `GetResources`, `UpdateResource`, `DeleteResource`.

use std::collections::BTreeMap;

use claviger_resources::ResourceId;
use claviger_resources::quotas::Quota;
use claviger_resources::rest_api::{Method, MethodVerb, Resource, RestApi};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::{PatchOperation, apply_all};
use super::rest_api;
use crate::operation::{Access, Context, Operation};

/// Adds a resource below another.
pub struct CreateResource;
/// Shows a resource.
pub struct GetResource;
/// Lists the resources of an API, ordered by path.
pub struct GetResources;
/// Renames or moves a resource.
pub struct UpdateResource;
/// Deletes a resource and all below it.
pub struct DeleteResource;

/// The members of `CreateResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateResourceInput {
    rest_api_id: String,
    parent_id: String,
    path_part: String,
}

/// The members of `GetResource` and `DeleteResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceInput {
    rest_api_id: String,
    resource_id: String,
    #[serde(default)]
    embed: Vec<String>,
}

/// The members of `GetResources`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetResourcesInput {
    rest_api_id: String,
    #[serde(default)]
    embed: Vec<String>,
    #[serde(flatten)]
    page: PageInput,
}

/// The members of `UpdateResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateResourceInput {
    rest_api_id: String,
    resource_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A resource as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceOutput {
    id: ResourceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<ResourceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_part: Option<String>,
    path: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    resource_methods: BTreeMap<MethodVerb, MethodEntry>,
}

/// A method among those of its resource: whole, or an empty object that only says it is there.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum MethodEntry {
    Whole(Box<Method>),
    Present {},
}

impl ResourceOutput {
    /// The resource; its methods whole when `embed` is set, else as empty objects.
    fn new(resource: &Resource, embed: bool) -> Self {
        let entry = |method: &Method| {
            if embed { MethodEntry::Whole(Box::new(method.clone())) } else { MethodEntry::Present {} }
        };
        let methods = resource.methods.iter().map(|(verb, method)| (*verb, entry(method)));
        Self {
            id: resource.id.clone(),
            parent_id: resource.parent_id.clone(),
            path_part: resource.path_part.clone(),
            path: resource.path.clone(),
            resource_methods: methods.collect(),
        }
    }
}

impl Operation for CreateResource {
    const NAME: &'static str = "CreateResource";
    const ACCESS: Access = Access::Write;
    type Input = CreateResourceInput;
    type Output = ResourceOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let parent = find(cx, &api, &input.parent_id).await?;
        let resource = create(cx, &api, &parent, &input.path_part).await?;
        Ok(ResourceOutput::new(&resource, false))
    }
}

impl Operation for GetResource {
    const NAME: &'static str = "GetResource";
    const ACCESS: Access = Access::Read;
    type Input = ResourceInput;
    type Output = ResourceOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let resource = find(cx, &api, &input.resource_id).await?;
        Ok(ResourceOutput::new(&resource, embeds_methods(&input.embed)))
    }
}

impl Operation for GetResources {
    const NAME: &'static str = "GetResources";
    const ACCESS: Access = Access::Read;
    type Input = GetResourcesInput;
    type Output = Page<ResourceOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let embed = embeds_methods(&input.embed);
        let resources = rest_api::definition(cx, &api).await?.resources;
        input.page.of(resources.iter().map(|resource| ResourceOutput::new(resource, embed)))
    }
}

impl Operation for UpdateResource {
    const NAME: &'static str = "UpdateResource";
    const ACCESS: Access = Access::Write;
    type Input = UpdateResourceInput;
    type Output = ResourceOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut resource = find(cx, &api, &input.resource_id).await?;
        let (mut part, mut parent) = (None, None);
        apply_all(&input.patch_operations, |patch| {
            patch.only_replace()?;
            match patch.path().as_slice() {
                ["pathPart"] => part = Some(patch.value()?.to_owned()),
                ["parentId"] => parent = Some(patch.value()?.to_owned()),
                _ => return Err(patch.invalid_replace(&["/pathPart", "/parentId"])),
            }
            Ok(())
        })?;
        relocate(cx, &api, &mut resource, part, parent).await?;
        Ok(ResourceOutput::new(&resource, false))
    }
}

impl Operation for DeleteResource {
    const NAME: &'static str = "DeleteResource";
    const ACCESS: Access = Access::Write;
    type Input = ResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let resource = find(cx, &api, &input.resource_id).await?;
        if resource.parent_id.is_none() {
            return Err(Error::bad("Unable to delete root resource"));
        }
        for gone in subtree(cx, &api, &resource).await? {
            cx.tx.delete(&gone.record).await?;
        }
        Ok(())
    }
}

/// The resource `/` of a new API.
pub(super) fn root(api: &RestApi) -> Resource {
    Resource {
        id: api.root_resource_id.clone(),
        rest_api_id: api.id.clone(),
        tenant: api.tenant.clone(),
        parent_id: None,
        path_part: None,
        path: "/".to_owned(),
        methods: BTreeMap::new(),
    }
}

/// The resource with this id.
pub(super) async fn find(cx: &mut Context<'_>, api: &RestApi, id: &str) -> Result<Stored<Resource>, Error> {
    cx.tx.find(cx.tenant, api.id.as_str(), id).await?.ok_or_else(|| Error::invalid_identifier("Resource"))
}

async fn create(cx: &mut Context<'_>, api: &RestApi, parent: &Resource, part: &str) -> Result<Resource, Error> {
    let quota = cx.services.settings.quotas.count_of(Quota::ResourcesOfRestApi);
    if cx.tx.count_of::<Resource>(cx.tenant, api.id.as_str()).await? >= quota as u64 {
        return Err(Error::LimitExceeded { what: "resources", scope: "API", maximum: quota });
    }
    let resource = Resource {
        id: ResourceId::generate(cx.random),
        rest_api_id: api.id.clone(),
        tenant: api.tenant.clone(),
        parent_id: Some(parent.id.clone()),
        path_part: Some(part.to_owned()),
        path: join(&parent.path, part),
        methods: BTreeMap::new(),
    };
    check_place(cx, api, parent, &resource).await?;
    match cx.tx.insert(&resource).await {
        Err(StoreError::NameTaken { .. }) => Err(name_taken(part)),
        other => {
            other?;
            Ok(resource)
        }
    }
}

fn name_taken(part: &str) -> Error {
    Error::Conflict(format!("Another resource with the same parent already has this name: {part}"))
}

fn join(parent: &str, part: &str) -> String {
    format!("{}/{part}", parent.trim_end_matches('/'))
}

fn is_variable(part: &str) -> bool {
    part.starts_with('{')
}

/// Refuses a path part that is malformed or cannot stand under this parent beside its siblings.
async fn check_place(cx: &mut Context<'_>, api: &RestApi, parent: &Resource, resource: &Resource) -> Result<(), Error> {
    let part = resource.path_part.as_deref().unwrap_or_default();
    if !is_path_part(part) {
        return Err(Error::bad(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the \
             beginning and the end.",
        ));
    }
    if let Some(greedy) = parent.path_part.as_deref().filter(|part| part.ends_with("+}")) {
        return Err(Error::bad(format!("Cannot create a child of a resource with a greedy path variable: {greedy}")));
    }
    if is_variable(part) {
        let siblings: Vec<Stored<Resource>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
        let rival = siblings.iter().find(|other| {
            other.parent_id.as_ref() == Some(&parent.id)
                && other.id != resource.id
                && other.path_part.as_deref().is_some_and(|other| is_variable(other) && other != part)
        });
        if let Some(rival) = rival.and_then(|rival| rival.path_part.as_deref()) {
            return Err(Error::bad(format!(
                "A sibling ({rival}) of this resource already has a variable path part -- only one is allowed"
            )));
        }
    }
    Ok(())
}

/// Whether this is one segment of a resource path: plain characters, `{name}` or `{name+}`.
fn is_path_part(part: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:,".contains(&byte))
    };
    match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => plain(name.strip_suffix('+').unwrap_or(name)),
        None => plain(part),
    }
}

fn embeds_methods(embed: &[String]) -> bool {
    embed.iter().any(|what| what == "methods")
}

/// The resource and all below it.
async fn subtree(cx: &mut Context<'_>, api: &RestApi, top: &Resource) -> Result<Vec<Stored<Resource>>, Error> {
    let prefix = join(&top.path, "");
    let mut all: Vec<Stored<Resource>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
    all.retain(|resource| resource.id == top.id || resource.path.starts_with(&prefix));
    Ok(all)
}

/// Gives a resource another name or parent; the paths of all below it follow.
async fn relocate(
    cx: &mut Context<'_>,
    api: &RestApi,
    resource: &mut Stored<Resource>,
    part: Option<String>,
    parent: Option<String>,
) -> Result<(), Error> {
    if part.is_none() && parent.is_none() {
        return Ok(());
    }
    let Some(old_parent) = resource.parent_id.clone() else {
        let what = if part.is_some() { "pathPart" } else { "parentId" };
        return Err(Error::bad(format!("Root resource cannot update its {what}.")));
    };
    let below = subtree(cx, api, resource).await?;
    let parent_id = parent.unwrap_or_else(|| old_parent.as_str().to_owned());
    if below.iter().any(|resource| resource.id.as_str() == parent_id) {
        return Err(Error::bad("Resources cannot be cyclical."));
    }
    let new_parent = find(cx, api, &parent_id).await?;
    let old_path = resource.path.clone();
    let part = part.or_else(|| resource.path_part.clone()).unwrap_or_default();
    resource.path = join(&new_parent.path, &part);
    resource.path_part = Some(part.clone());
    resource.parent_id = Some(new_parent.id.clone());
    check_place(cx, api, &new_parent, resource).await?;
    for mut moved in below {
        if moved.id == resource.id {
            moved.record = resource.record.clone();
        } else {
            moved.path = format!("{}{}", resource.path, moved.path.get(old_path.len()..).unwrap_or_default());
        }
        match cx.tx.replace(&moved).await {
            Err(StoreError::NameTaken { .. }) => return Err(name_taken(&part)),
            other => other?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_a_path_part_may_be() {
        let check = |part: &str, expected: bool| assert_eq!(is_path_part(part), expected, "{part:?}");
        for good in ["user", "{id}", "{proxy+}", "a.b-c_d", "v1:batch"] {
            check(good, true);
        }
        for bad in ["", "a/b", "{", "{}", "{+}", "a{b}", "{a}b", "a b", "{a/b}", "\u{e9}"] {
            check(bad, false);
        }
    }

    #[test]
    fn joins_paths() {
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("/a", "b"), "/a/b");
        assert_eq!(join("/", ""), "/");
    }
}
