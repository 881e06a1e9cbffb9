//! Resource policies, and what they say.

use claviger_gateway::policy::{Asker, Circumstances, Decision, INVOKE, Policy, Question};

use crate::gateway::with_exchange;
use crate::input::texts;

/// A policy, and the resource that is asked for.
pub(super) fn run(data: &[u8]) {
    let Some([policy, resource]) = texts(data) else { return };
    let Ok(parsed) = Policy::parse(policy) else { return };
    with_exchange(b"", |exchange| {
        let circumstances = Circumstances::of(exchange);
        for asker in [Asker::Bearer, Asker::Anonymous, Asker::Arn("arn:aws:iam::000000000000:role/r")] {
            let question = Question { asker, action: INVOKE, resource, circumstances: &circumstances };
            if parsed.decide(&question) == Decision::Allowed {
                assert!(policy.contains("Allow"), "only what says so allows");
            }
        }
    });
}
