//! Mapping templates over bodies: whatever they say, they end within their bounds, and always in the same way.

use claviger_gateway::vtl::{Limits, Scope, Template};

use crate::gateway::with_exchange;
use crate::input::parts;

/// A template, and a body.
pub(super) fn run(data: &[u8]) {
    let [template, body] = parts(data);
    let Ok(template) = std::str::from_utf8(template) else { return };
    let Ok(template) = Template::parse(template) else { return };
    let limits = Limits { steps: 20_000, output_bytes: 100_000, memory_bytes: 1024 * 1024, ..Limits::default() };
    with_exchange(body, |exchange| {
        let render = || {
            let mut scope = Scope::new(exchange, body);
            let rendered = template.render(&mut scope, &limits);
            let _ = scope.overrides();
            rendered
        };
        let rendered = render();
        if let Ok(text) = &rendered {
            assert!(text.len() <= limits.output_bytes, "{} bytes", text.len());
        }
        assert_eq!(rendered.is_ok(), render().is_ok(), "a template ends in the same way each time");
    });
}
