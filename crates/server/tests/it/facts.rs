//! What AWS answers, fact by fact: one case for each fact that is known, named after it.
//!
//! A list of facts names every one of them, section by section ([`List::rows`]). A fact has a case in one of the list's
//! files, or a reason for having none; [`List::check`] holds the three against each other, so that no fact is lost in
//! silence.

use std::collections::BTreeSet;

use serde_json::Value;

/// `cases! { |w| name => what is asked and must be answered; … }`: the cases of one file, over one `World` of the list's
/// own. A case that fails is named, and the others still run. A node of another kind is named before the bar.
macro_rules! cases {
    (|$world:ident| $($cases:tt)*) => {
        cases! { super::world::World, |$world| $($cases)* }
    };
    ($node:ty, |$world:ident| $($name:ident => $body:expr;)*) => {
        /// The facts that have a case here.
        pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];

        #[tokio::test]
        async fn answers_as_aws_does() {
            let world = <$node>::start().await;
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
pub(crate) use cases;

/// Ids, each with a title or a reason.
type Named = &'static [(&'static str, &'static str)];

/// The facts of one service.
pub(crate) struct List {
    /// Every fact with its title, in the order of the sections.
    pub(crate) rows: Named,
    /// The facts that each file has cases for.
    pub(crate) cases: &'static [&'static [&'static str]],
    /// Facts that no answer of this server can show, and why.
    pub(crate) left_out: Named,
    /// Facts whose case waits for work that is under way, and for which.
    pub(crate) waiting: Named,
}

impl List {
    /// Checks that every fact has one case or one reason, and that there is nothing else.
    #[expect(clippy::print_stdout, reason = "what waits is part of the report")]
    pub(crate) fn check(&self) {
        let known: BTreeSet<&str> = self.rows.iter().map(|(id, _)| *id).collect();
        assert_eq!(known.len(), self.rows.len(), "a fact is listed twice");
        let cases = self.cases.iter().copied().flatten().copied();
        let without = self.left_out.iter().chain(self.waiting).map(|(id, reason)| {
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
        for (id, what) in self.waiting {
            println!("{id} waits for {what}");
        }
        println!("{} facts: {} left out, {} waiting", self.rows.len(), self.left_out.len(), self.waiting.len());
    }
}

/// The object with these members in place of its own; a member of `null` goes.
pub(crate) fn with(mut object: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("no object: {members}") };
    for (name, value) in members {
        object[name] = value;
    }
    object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    object
}
