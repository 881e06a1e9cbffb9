//! What one call brings to its templates and takes from them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::heap::{Entries, Heap, Outcome};
use super::json;
use super::text::to_text;
use super::value::{MapId, MapKind, OverrideKind, Value};

/// Names and values in the order they came; a name may come more than once.
pub type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The call that templates are rendered for. Each part is asked for when a template first uses it, and never when none
/// does.
pub trait Call: Sync {
    /// Path parameters, decoded.
    fn path_parameters(&self) -> Pairs<'_>;
    /// Query parameters, decoded.
    fn query_parameters(&self) -> Pairs<'_>;
    /// Headers.
    fn headers(&self) -> Pairs<'_>;
    /// `$context` without its overrides: nested maps under API Gateway's names.
    fn context(&self) -> serde_json::Map<String, serde_json::Value>;
    /// `$stageVariables`.
    fn stage_variables(&self) -> Option<&BTreeMap<String, String>>;
}

/// The world of one call's templates. Made once per call; the request template leaves in it what the response template
/// finds. There is no `Debug`: headers and bodies hold secrets.
pub struct Scope<'a> {
    pub(super) call: &'a dyn Call,
    pub(super) body: &'a [u8],
    pub(super) heap: Heap,
    context: Option<MapId>,
    stage_variables: Option<MapId>,
    pub(super) parameters: Option<MapId>,
    pub(super) body_text: Option<Value>,
    pub(super) parsed_body: Option<Value>,
}

/// What templates put into `$context.requestOverride` and `$context.responseOverride`. There is no `Debug`: headers hold
/// secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Changes to the request towards the integration.
    pub request: RequestOverrides,
    /// Changes to the response towards the client.
    pub response: ResponseOverrides,
}

/// `$context.requestOverride`. A list assigned to a name gives several values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RequestOverrides {
    /// Headers by name.
    pub header: Vec<(String, Vec<String>)>,
    /// Query parameters by name.
    pub querystring: Vec<(String, Vec<String>)>,
    /// Path parameters by name.
    pub path: Vec<(String, String)>,
}

/// `$context.responseOverride`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ResponseOverrides {
    /// Headers by name.
    pub header: Vec<(String, Vec<String>)>,
    /// The status, when it was set to an integer from 100 to 599; anything else is ignored, as API Gateway does.
    pub status: Option<u16>,
}

impl<'a> Scope<'a> {
    /// A scope in which nothing is computed yet. Bytes of the body that are not UTF-8 show as U+FFFD.
    pub fn new(call: &'a dyn Call, body: &'a [u8]) -> Self {
        Self {
            call,
            body,
            heap: Heap::new(),
            context: None,
            stage_variables: None,
            parameters: None,
            body_text: None,
            parsed_body: None,
        }
    }

    /// Gives `$input` another body: that of the integration's response, for the next template of the call.
    pub fn set_body(&mut self, body: &'a [u8]) {
        self.body = body;
        self.body_text = None;
        self.parsed_body = None;
    }

    /// What the templates rendered so far override. It fails only for values that are too large or nest too deeply.
    pub fn overrides(&mut self) -> Result<Overrides, super::RenderErrorKind> {
        let Some(context) = self.context else { return Ok(Overrides::default()) };
        let heap = &mut self.heap;
        let request = self::map(heap, context, "requestOverride");
        let response = self::map(heap, context, "responseOverride");
        let part = |heap: &mut Heap, side: Option<MapId>, name| -> Outcome<Vec<(String, Vec<String>)>> {
            side.and_then(|side| map(heap, side, name)).map_or(Ok(Vec::new()), |part| values(heap, part))
        };
        let path = part(heap, request, "path")?;
        Ok(Overrides {
            request: RequestOverrides {
                header: part(heap, request, "header")?,
                querystring: part(heap, request, "querystring")?,
                path: path.into_iter().map(|(name, values)| (name, values.join(","))).collect(),
            },
            response: ResponseOverrides {
                header: part(heap, response, "header")?,
                status: response.and_then(|response| status(heap, response)),
            },
        })
    }

    /// `$context`.
    pub(super) fn context(&mut self) -> Outcome<MapId> {
        if let Some(context) = self.context {
            return Ok(context);
        }
        let heap = &mut self.heap;
        let context = heap.new_map(MapKind::Plain)?;
        for (name, member) in self.call.context() {
            let value = json::adopt(heap, member)?;
            heap.put_quietly(context, &name, value)?;
        }
        if let Some(claims) = self::map(heap, context, "authorizer").and_then(|of| self::map(heap, of, "claims")) {
            heap.become_kind(claims, MapKind::Claims);
        }
        let request = heap.new_map(MapKind::Plain)?;
        let response = heap.new_map(MapKind::Overrides(OverrideKind::Response))?;
        for (side, name, kind) in [
            (request, "header", OverrideKind::RequestHeader),
            (request, "querystring", OverrideKind::RequestQuerystring),
            (request, "path", OverrideKind::RequestPath),
            (response, "header", OverrideKind::ResponseHeader),
        ] {
            let part = heap.new_map(MapKind::Overrides(kind))?;
            heap.put_quietly(side, name, Value::Map(part))?;
        }
        heap.put_quietly(context, "requestOverride", Value::Map(request))?;
        heap.put_quietly(context, "responseOverride", Value::Map(response))?;
        self.context = Some(context);
        Ok(context)
    }

    /// `$stageVariables`.
    pub(super) fn stage_variables(&mut self) -> Outcome<MapId> {
        if let Some(stage_variables) = self.stage_variables {
            return Ok(stage_variables);
        }
        let stage_variables = self.heap.new_map(MapKind::Plain)?;
        for (name, value) in self.call.stage_variables().into_iter().flatten() {
            let value = self.heap.text(value)?;
            self.heap.put_quietly(stage_variables, name, value)?;
        }
        self.stage_variables = Some(stage_variables);
        Ok(stage_variables)
    }
}

fn map(heap: &Heap, map: MapId, key: &str) -> Option<MapId> {
    match heap.get(map, key) {
        Some(Value::Map(inner)) => Some(*inner),
        _ => None,
    }
}

fn values(heap: &mut Heap, map: MapId) -> Outcome<Vec<(String, Vec<String>)>> {
    let entries: Entries = heap.entries(map).cloned().unwrap_or_default();
    let mut named = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let values = match value {
            Value::Null => continue,
            Value::List(id) => heap.items(id).to_vec(),
            single => vec![single],
        };
        let texts = values.iter().map(|value| to_text(heap, value)).collect::<Outcome<_>>()?;
        named.push((name.to_string(), texts));
    }
    Ok(named)
}

fn status(heap: &Heap, response: MapId) -> Option<u16> {
    match heap.get(response, "status")? {
        Value::Integer(status @ 100..=599) => u16::try_from(*status).ok(),
        _ => None,
    }
}
