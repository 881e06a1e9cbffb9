//! Calls of CloudFormation's API, and of the few others that a deployment needs, as AWS's tools make them.

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::Value;

use super::super::credentials::signed;
use super::super::endpoint::Endpoint;

/// The API of a server, in one region.
pub(super) struct Api {
    endpoint: Endpoint,
    region: String,
}

/// A refusal in CloudFormation's words.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refused {
    /// Its code, such as `ValidationError`.
    pub(super) code: String,
    /// Why.
    pub(super) message: String,
}

/// An element of an answer, with what is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

/// The version of CloudFormation's API.
const VERSION: &str = "2010-05-15";

impl Api {
    pub(super) fn new(endpoint: Endpoint, region: String) -> Self {
        Self { endpoint, region }
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// Calls an operation of CloudFormation; what is within its result.
    pub(super) async fn call(&self, action: &str, parameters: &[(String, String)]) -> anyhow::Result<Element> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", VERSION).extend_pairs(parameters);
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, self.scope("cloudformation"))
            .body(Bytes::from(form.finish()))?;
        let answer = self.send(request, "cloudformation").await?;
        let text = std::str::from_utf8(answer.body()).unwrap_or_default();
        let root = Element::parse(text)
            .with_context(|| format!("{} answered {} to {action}, and no XML", self.endpoint.url(), answer.status()))?;
        if answer.status() == StatusCode::OK {
            return Ok(root.children.into_iter().find(|it| it.name.ends_with("Result")).unwrap_or_default());
        }
        Err(Refused { code: root.text("Error/Code"), message: root.text("Error/Message") }.into())
    }

    /// Calls an operation of a service that speaks awsJson.
    pub(super) async fn call_json(&self, target: &str, service: &str, input: &Value) -> anyhow::Result<Value> {
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header(header::AUTHORIZATION, self.scope(service))
            .header("x-amz-target", target)
            .body(Bytes::from(input.to_string()))?;
        let answer = self.send(request, service).await?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status() != StatusCode::OK {
            let message = body.get("message").and_then(Value::as_str).unwrap_or("no reason was given");
            bail!("{target} was refused: {message}");
        }
        Ok(body)
    }

    /// Puts something into S3.
    pub(super) async fn put(&self, path: &str, content: Bytes) -> anyhow::Result<StatusCode> {
        let request = Request::put(path)
            .header(header::AUTHORIZATION, self.scope("s3"))
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
            .body(content)?;
        Ok(self.send(request, "s3").await?.status())
    }

    /// Sends a request, signed when there is something to sign with.
    async fn send(&self, request: Request<Bytes>, service: &str) -> anyhow::Result<Response<Bytes>> {
        self.endpoint.send(signed(&self.endpoint, request, service, Some(&self.region))?).await
    }

    /// The part of a signature that tells service and region. `claviger dev` takes any credentials.
    fn scope(&self, service: &str) -> String {
        let key =
            std::env::var("AWS_ACCESS_KEY_ID").ok().filter(|key| key.bytes().all(|it| it.is_ascii_alphanumeric()));
        let key = key.filter(|key| !key.is_empty()).unwrap_or_else(|| "claviger".to_owned());
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20000101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.region
        )
    }
}

impl Element {
    fn parse(text: &str) -> Option<Self> {
        let document = roxmltree::Document::parse(text).ok()?;
        Some(Self::of(document.root_element()))
    }

    fn of(node: roxmltree::Node<'_, '_>) -> Self {
        Self {
            name: node.tag_name().name().to_owned(),
            text: node.text().unwrap_or_default().to_owned(),
            children: node.children().filter(roxmltree::Node::is_element).map(Self::of).collect(),
        }
    }

    /// Every element at a path, names separated by slashes.
    pub(super) fn all(&self, path: &str) -> Vec<&Self> {
        let mut found = vec![self];
        for name in path.split('/') {
            found = found.into_iter().flat_map(|it| &it.children).filter(|child| child.name == name).collect();
        }
        found
    }

    /// Takes the first child of this name out.
    pub(super) fn take(&mut self, name: &str) -> Option<Self> {
        let place = self.children.iter().position(|child| child.name == name)?;
        Some(self.children.swap_remove(place))
    }

    /// The text of the first element at a path; empty when there is none.
    pub(super) fn text(&self, path: &str) -> String {
        self.all(path).first().map(|element| element.text.clone()).unwrap_or_default()
    }
}

/// Whether a call was refused because there is no such stack.
pub(super) fn is_missing(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(|it| it.code == "ValidationError" && it.message.contains("does not exist"))
}

/// A call's parameters.
pub(super) fn parameters<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_path() {
        let text = "<a xmlns=\"x\"><b><c>1 &amp; 2</c></b><b><c>3</c></b><d/></a>";
        let root = Element::parse(text).unwrap();
        assert_eq!(root.text("b/c"), "1 & 2");
        assert_eq!(root.all("b/c").len(), 2);
        assert_eq!((root.text("d").as_str(), root.text("e").as_str()), ("", ""));
        assert!(Element::parse("{}").is_none());
    }
}
