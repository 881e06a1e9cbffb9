//! Request validation: the parameters first, then, when it is there, the body.

use claviger_gateway::compile::Found;
use claviger_gateway::refusal::Refusal;
use claviger_gateway::request::Request;

use super::Denied;

/// Refuses a request without a parameter that its method requires.
pub(super) fn parameters(found: &Found<'_, '_>, request: &Request<'_>) -> Result<(), Denied> {
    let Some(validation) = &found.method.validation else { return Ok(()) };
    validation.check_parameters(request).map_err(|refusal| {
        let names = match &refusal {
            Refusal::MissingParameters(names) => names.join(", "),
            _ => String::new(),
        };
        let setting =
            format!("requestParameters of the method require [{names}] (request validator {})", validation.validator);
        Denied::by(refusal, setting)
    })
}

/// Refuses a body that does not satisfy the model of its content type.
pub(super) fn body(found: &Found<'_, '_>, request: &Request<'_>) -> Result<(), Denied> {
    let Some(validation) = &found.method.validation else { return Ok(()) };
    validation.check_body(request).map_err(|refusal| {
        let content_type = request.content_type();
        let model = validation.model(content_type).map(|schema| schema.model.to_string()).unwrap_or_default();
        let setting = format!(
            "the model {model} of the method for bodies of the type {content_type} (request validator {})",
            validation.validator
        );
        Denied::by(refusal, setting)
    })
}
