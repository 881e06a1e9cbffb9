//! Lambda functions behind methods: `AWS_PROXY`, where the function sees the whole request and says the whole answer, and
//! `AWS`, where templates stand between (API Gateway, "Lambda integrations for REST APIs"). Calling the function is the data
//! plane's.

pub(crate) mod answer;
pub(crate) mod event;
mod function;
mod mapped;
mod proxy;

use http::header::{AUTHORIZATION, CONNECTION, EXPECT, PROXY_AUTHENTICATE, TE};
use http::{HeaderName, Method};

use claviger_resources::rest_api::Integration;

pub(crate) use self::event::{Absent, RequestEvent, grouped};
pub use self::function::FunctionUri;
pub use self::mapped::{Lambda, LambdaRequest, Outcome};
pub use self::proxy::LambdaProxy;
use crate::exchange::Exchange;
use crate::header_rules::RESERVED;
use crate::refusal::Refusal;
use crate::request_mapping::RequestMappings;

/// Headers that no mapping may set on the call of a function, beside those that none may set at all.
const RESERVED_FOR_FUNCTIONS: [HeaderName; 5] = [AUTHORIZATION, CONNECTION, EXPECT, PROXY_AUTHENTICATE, TE];

/// What a method's call of a function has in common, whatever stands between.
#[derive(Clone, Debug)]
pub struct FunctionCall {
    uri: FunctionUri,
    /// The integration's verb; `None` for the client's.
    method: Option<Method>,
    /// A reserved header that a mapping sets: every request fails.
    reserved: Option<HeaderName>,
    timeout_milliseconds: u32,
}

impl FunctionCall {
    fn compile(integration: &Integration, mappings: &RequestMappings) -> Result<Self, String> {
        let uri = FunctionUri::compile(integration.uri.as_deref().unwrap_or_default())?;
        let method = match integration.http_method.as_deref() {
            None | Some("ANY") => None,
            Some(verb) => Some(verb.parse().map_err(|_| format!("{verb:?} is no HTTP method"))?),
        };
        let reserved = |name: &&HeaderName| RESERVED.contains(name) || RESERVED_FOR_FUNCTIONS.contains(name);
        Ok(Self {
            uri,
            method,
            reserved: mappings.header_names().find(reserved).cloned(),
            timeout_milliseconds: integration.timeout_in_millis,
        })
    }

    /// The function to call for a request. It is called with POST, whatever the method's own verb.
    pub fn function(&self, exchange: &Exchange<'_>) -> Result<String, Refusal> {
        if let Some(name) = &self.reserved {
            return Err(Refusal::configuration(format!("{name} header already present")));
        }
        let verb = self.method.as_ref().map_or(exchange.request.method, Method::as_str);
        if verb != Method::POST.as_str() {
            return Err(Refusal::configuration(format!(
                "functions are called with POST, but the httpMethod of the integration is {verb}"
            )));
        }
        self.uri.function(exchange.stage_variables).ok_or_else(|| {
            Refusal::configuration("the URI of the integration names no function with the variables of this stage")
        })
    }

    /// How long the function may take.
    pub fn timeout_milliseconds(&self) -> u32 {
        self.timeout_milliseconds
    }
}

#[cfg(test)]
mod tests;
