//! What Lambda authorizers answer.

use claviger_gateway::lambda_authorizer::{Answer, AnswerForm};
use claviger_gateway::policy::{Asker, Circumstances, INVOKE, Question};

use crate::gateway::with_exchange;

const RESOURCE: &str = "arn:aws:execute-api:us-east-1:000000000000:a1b2c3d4e5/prod/GET/user/7";

/// An answer.
pub(super) fn run(data: &[u8]) {
    for form in [AnswerForm::Policy, AnswerForm::PolicyWithAnyContext, AnswerForm::Simple] {
        let Ok(answer) = Answer::read(data, form) else { continue };
        assert!(answer.weight() >= data.len(), "what is kept is counted");
        with_exchange(b"", |exchange| {
            let circumstances = Circumstances::of(exchange);
            let question =
                Question { asker: Asker::Bearer, action: INVOKE, resource: RESOURCE, circumstances: &circumstances };
            assert_eq!(answer.decide(&question), answer.decide(&question), "an answer says the same each time");
        });
    }
}
