//! Mapping templates by content type: which one a request or a response takes.

use std::collections::BTreeMap;

use bytes::Bytes;
use claviger_resources::rest_api::PassthroughBehavior;

use crate::refusal::Refusal;
use crate::request::media_type;

/// The mapping templates of one side of an integration, or what was made of them, by content type.
#[derive(Clone, Debug)]
pub struct Templates<T = Template>(Vec<(Box<str>, T)>);

/// A mapping template.
#[derive(Clone, Debug)]
pub enum Template {
    /// Text in which nothing is to be replaced.
    Constant(Bytes),
}

/// A template that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template for {content_type}: {reason}")]
pub struct InvalidTemplate {
    /// The content type it is for.
    pub content_type: String,
    /// What is wrong with it, and where.
    pub reason: String,
}

impl Templates {
    /// Parses templates. White space around a template does not count.
    pub fn compile(templates: Option<&BTreeMap<String, String>>) -> Result<Self, InvalidTemplate> {
        let mut compiled = Vec::new();
        for (content_type, text) in templates.into_iter().flatten() {
            let invalid = |reason: String| InvalidTemplate { content_type: content_type.clone(), reason };
            compiled.push((content_type.as_str().into(), Template::compile(text.trim()).map_err(invalid)?));
        }
        Ok(Self(compiled))
    }
}

impl<T> Templates<T> {
    /// What `make` makes of each template.
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> Templates<U> {
        Templates(self.0.into_iter().map(|(content_type, template)| (content_type, make(template))).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, template)| template)
    }

    /// The template for a request body of this media type, else that for `$default`.
    pub fn for_request(&self, content_type: &str) -> Option<&T> {
        self.of(content_type).or_else(|| self.of("$default"))
    }

    /// Whether a request for whose media type there is no template goes on unmapped (API Gateway, "Integration passthrough
    /// behaviors").
    pub fn pass_through(&self, behavior: PassthroughBehavior) -> Result<(), Refusal> {
        match behavior {
            PassthroughBehavior::WhenNoMatch => Ok(()),
            PassthroughBehavior::WhenNoTemplates if self.is_empty() => Ok(()),
            PassthroughBehavior::WhenNoTemplates | PassthroughBehavior::Never => Err(Refusal::UnsupportedMediaType),
        }
    }

    /// The template for what a client accepts, else that for JSON, else the first.
    pub fn for_response(&self, accept: Option<&str>) -> Option<&T> {
        let chosen = accept.and_then(|accept| self.of(accept)).or_else(|| self.of("application/json"));
        chosen.or_else(|| self.0.first().map(|(_, template)| template))
    }

    fn of(&self, wanted: &str) -> Option<&T> {
        let same = |content_type: &str| media_type(content_type).eq_ignore_ascii_case(wanted);
        self.0.iter().find(|(content_type, _)| same(content_type)).map(|(_, template)| template)
    }
}

impl Template {
    fn compile(text: &str) -> Result<Self, String> {
        if text.contains(['$', '#']) {
            return Err("references and directives are not understood".to_owned());
        }
        Ok(Self::Constant(Bytes::copy_from_slice(text.as_bytes())))
    }

    /// The text of a template in which nothing is to be replaced.
    pub fn constant(&self) -> Option<&Bytes> {
        match self {
            Self::Constant(text) => Some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_by_media_type() {
        let texts = ["application/json", "application/xml", "text/plain; charset=utf-8"]
            .map(|content_type| (content_type.to_owned(), content_type.to_owned()));
        let mut texts = BTreeMap::from(texts);
        let chosen = |template: Option<&Template>| {
            template.and_then(Template::constant).map(|text| String::from_utf8_lossy(text).into_owned())
        };
        let templates = Templates::compile(Some(&texts)).unwrap();
        let check = |wanted: &str, request: Option<&str>, response: Option<&str>| {
            assert_eq!(chosen(templates.for_request(wanted)).as_deref(), request, "{wanted}");
            assert_eq!(chosen(templates.for_response(Some(wanted))).as_deref(), response, "{wanted}");
        };
        check("application/json", Some("application/json"), Some("application/json"));
        check("Application/XML", Some("application/xml"), Some("application/xml"));
        check("text/plain", Some("text/plain; charset=utf-8"), Some("text/plain; charset=utf-8"));
        check("image/png", None, Some("application/json"));
        assert_eq!(chosen(templates.for_response(None)).as_deref(), Some("application/json"));

        texts.remove("application/json");
        let templates = Templates::compile(Some(&texts)).unwrap();
        assert_eq!(chosen(templates.for_response(Some("*/*"))).as_deref(), Some("application/xml"));
        texts.insert("$default".to_owned(), " any \n".to_owned());
        let templates = Templates::compile(Some(&texts)).unwrap();
        assert_eq!(chosen(templates.for_request("image/png")).as_deref(), Some("any"));
        assert!(Templates::compile(None).unwrap().is_empty());
    }
}
