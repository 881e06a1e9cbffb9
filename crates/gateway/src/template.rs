//! Mapping templates by content type: which one a request or a response takes.

use std::collections::BTreeMap;

use bytes::Bytes;
use claviger_resources::rest_api::PassthroughBehavior;

use crate::refusal::Refusal;
use crate::request::media_type;
use crate::vtl;

/// The mapping templates of one side of an integration, or what was made of them, by content type.
#[derive(Clone, Debug)]
pub struct Templates<T = Template>(Vec<(Box<str>, T)>);

/// A mapping template.
#[derive(Clone, Debug)]
pub enum Template {
    /// Text in which nothing is to be replaced.
    Constant(Bytes),
    /// Text with references or directives.
    Program(vtl::Template),
}

/// A template that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template for {content_type}: {error}")]
pub struct InvalidTemplate {
    /// The content type it is for.
    pub content_type: String,
    /// What is wrong with it, and where.
    pub error: vtl::ParseError,
}

impl Templates {
    /// Parses templates.
    pub fn compile(templates: Option<&BTreeMap<String, String>>) -> Result<Self, InvalidTemplate> {
        let mut compiled = Vec::new();
        for (content_type, text) in templates.into_iter().flatten() {
            let template = Template::compile(text)
                .map_err(|error| InvalidTemplate { content_type: content_type.clone(), error })?;
            compiled.push((content_type.as_str().into(), template));
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
    /// Parses a template. White space around it does not count, except for where an error is.
    pub fn compile(text: &str) -> Result<Self, vtl::ParseError> {
        let trimmed = text.trim_start();
        let skipped = text.get(..text.len() - trimmed.len()).unwrap_or_default();
        let template = vtl::Template::parse(trimmed.trim_end()).map_err(|mut error| {
            if error.line == 1 {
                let columns = skipped.rsplit('\n').next().unwrap_or_default().chars().count();
                error.column = error.column.saturating_add(u32::try_from(columns).unwrap_or(u32::MAX));
            }
            let lines = u32::try_from(skipped.matches('\n').count()).unwrap_or(u32::MAX);
            error.line = error.line.saturating_add(lines);
            error
        })?;
        Ok(match template.constant() {
            Some(text) => Self::Constant(Bytes::copy_from_slice(text.as_bytes())),
            None => Self::Program(template),
        })
    }

    /// The text of a template in which nothing is to be replaced.
    pub fn constant(&self) -> Option<&Bytes> {
        match self {
            Self::Constant(text) => Some(text),
            Self::Program(_) => None,
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

    #[test]
    fn errors_stand_where_the_author_sees_them() {
        let check = |text: &str, expected: (u32, u32)| {
            let error = Template::compile(text).unwrap_err();
            assert_eq!((error.line, error.column), expected, "{text:?} {error}");
        };
        let (_, column) = {
            let error = Template::compile("#if(").unwrap_err();
            (error.line, error.column)
        };
        check("#if(", (1, column));
        check("  #if(", (1, column + 2));
        check("\n\n #if(", (3, column + 1));
        check("\na\n#if(", (3, column));
    }
}
