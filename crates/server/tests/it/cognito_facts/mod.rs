//! What Cognito answers, fact by fact: one case for each fact that is known, named after it.
//!
//! [`rows`] lists every fact, section by section: the token endpoint (1), tokens (2), keys and discovery (3), formats
//! (4), scopes and quotas (5), the JSON API (6). A fact has a case in its section's file, or a reason in [`exceptions`];
//! a test here holds the three lists against each other, so that no fact is lost in silence.

mod exceptions;
mod rows;
mod s1_hook;
mod s1_token_endpoint;
mod s2_tokens;
mod s3_keys_and_discovery;
mod s4_formats;
mod s5_scopes_and_quotas;
mod s6_app_clients;
mod s6_client_token;
mod s6_others;
mod s6_protocol;
mod s6_user_pools;
mod world;

use std::collections::BTreeSet;

use exceptions::{LEFT_OUT, WAITING};
use rows::ROWS;

/// `cases! { |w| name => what is asked and must be answered; … }`: the cases of one file, over one node. A case that
/// fails is named, and the others still run.
macro_rules! cases {
    (|$world:ident| $($name:ident => $body:expr;)*) => {
        /// The facts that have a case here.
        pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];

        #[tokio::test]
        async fn answers_as_cognito_does() {
            let world = crate::cognito_facts::world::World::start().await;
            let mut failed = Vec::new();
            $({
                let $world = std::sync::Arc::clone(&world);
                let case = async move {
                    let _: () = $body;
                };
                if tokio::spawn(case).await.is_err() {
                    failed.push(stringify!($name));
                }
            })*
            assert!(failed.is_empty(), "failed: {failed:#?}");
        }
    };
}
use cases;

/// Every case there is.
const CASES: [&[&str]; 11] = [
    s1_hook::NAMES,
    s1_token_endpoint::NAMES,
    s2_tokens::NAMES,
    s3_keys_and_discovery::NAMES,
    s4_formats::NAMES,
    s5_scopes_and_quotas::NAMES,
    s6_app_clients::NAMES,
    s6_client_token::NAMES,
    s6_others::NAMES,
    s6_protocol::NAMES,
    s6_user_pools::NAMES,
];

#[test]
fn every_fact_has_a_case_or_a_reason() {
    let known: BTreeSet<&str> = ROWS.iter().map(|(id, _)| *id).collect();
    assert_eq!(known.len(), ROWS.len(), "a fact is listed twice");
    let cases = CASES.into_iter().flatten().copied();
    let without = LEFT_OUT.iter().chain(WAITING).map(|(id, reason)| {
        assert!(!reason.is_empty(), "{id}");
        *id
    });
    let mut shown = BTreeSet::new();
    for id in cases.chain(without) {
        assert!(known.contains(id), "{id} is not among the facts");
        assert!(shown.insert(id), "{id} has two cases, or a case and a reason");
    }
    let lost: Vec<_> = known.difference(&shown).collect();
    assert!(lost.is_empty(), "without a case or a reason: {lost:#?}");
    for (id, what) in WAITING {
        println!("{id} waits for {what}");
    }
    println!("{} facts: {} left out, {} waiting", ROWS.len(), LEFT_OUT.len(), WAITING.len());
}
