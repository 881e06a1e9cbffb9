//! What this node knows of the store's revisions.

use std::sync::{Mutex, MutexGuard, PoisonError};

use claviger_store::{FEED_REVISIONS, Revision};
use tokio::sync::{Notify, watch};

use crate::feed::{Look, Receipt};

/// The revisions that this node has heard of, seen, and seen no more.
pub(crate) struct Progress {
    /// The newest that is known to be committed.
    pub(crate) revisions: watch::Sender<Revision>,
    state: Mutex<State>,
    /// Rung when there is a page to turn.
    pub(crate) bell: Notify,
}

#[derive(Default)]
struct State {
    /// The newest commit that a transaction of this node has seen. Whatever this node shows is of it or before it, and a
    /// database that holds it holds all before it.
    seen: Receipt,
    /// Of what was seen up to here it is not known what is still so: the database was put back to an older state.
    lost: Revision,
}

impl Progress {
    /// What is known after a first look.
    pub(crate) fn new(newest: Receipt) -> Self {
        let revisions = watch::Sender::new(newest.revision);
        Self { revisions, state: Mutex::new(State { seen: newest, lost: Revision(0) }), bell: Notify::new() }
    }

    /// The commit to ask after in the next look.
    pub(crate) fn seen(&self) -> Receipt {
        self.state().seen.clone()
    }

    /// Takes in a look at the database that asked after `asked`.
    pub(crate) fn take_in(&self, asked: &Receipt, look: &Look) {
        let mut state = self.state();
        let newest = &look.newest;
        // After a long absence the feed has forgotten it, and what is asked of before that is too old anyway.
        let forgotten = asked.revision.0 < newest.revision.0.saturating_sub(FEED_REVISIONS);
        if look.known || forgotten {
            if newest.revision > state.seen.revision {
                state.seen = newest.clone();
            }
            drop(state);
            self.hear(newest.revision);
        } else if state.seen == *asked {
            // What other looks have heard of meanwhile belongs to the one history or to the other.
            let heard = *self.revisions.borrow();
            state.lost = state.lost.max(asked.revision).max(heard);
            state.seen = newest.clone();
            let lost = state.lost;
            drop(state);
            tracing::error!(%lost, newest = %newest.revision, "the database was put back to an older state");
            self.hear(newest.revision);
            self.bell.notify_one();
        }
    }

    /// Hears of a commit.
    pub(crate) fn hear(&self, revision: Revision) {
        self.revisions.send_if_modified(|newest| {
            let is_news = revision > *newest;
            *newest = revision.max(*newest);
            is_news
        });
    }

    /// Whether what was seen at this revision may not be so any more.
    pub(crate) fn is_lost(&self, revision: Revision) -> bool {
        let lost = self.state().lost;
        lost > Revision(0) && revision <= lost
    }

    /// The revision beyond which a new page must be begun, when the database has not come so far.
    pub(crate) fn page_to_turn(&self) -> Option<Revision> {
        let state = self.state();
        (state.seen.revision <= state.lost && state.lost > Revision(0)).then_some(state.lost)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(revision: u64, token: &str) -> Receipt {
        Receipt { revision: Revision(revision), token: Some(token.to_owned()) }
    }

    /// Takes in a look that finds `newest`.
    fn look(progress: &Progress, newest: Receipt, known: bool) {
        progress.take_in(&progress.seen(), &Look { newest, known, token: String::new() });
    }

    fn heard(progress: &Progress) -> u64 {
        progress.revisions.borrow().0
    }

    #[test]
    fn moves_forward_only() {
        let progress = Progress::new(Receipt::default());
        look(&progress, receipt(3, "c"), true);
        progress.hear(Revision(5));
        progress.hear(Revision(4));
        look(&progress, receipt(4, "d"), true);
        assert_eq!((heard(&progress), progress.seen()), (5, receipt(4, "d")));
        assert_eq!(progress.page_to_turn(), None);
        assert!(!progress.is_lost(Revision(0)));
    }

    #[test]
    fn trusts_nothing_it_has_seen_when_the_newest_of_it_is_gone() {
        let progress = Progress::new(receipt(10, "a"));
        progress.hear(Revision(12));
        look(&progress, receipt(8, "b"), false);
        assert_eq!((heard(&progress), progress.page_to_turn()), (12, Some(Revision(12))));
        assert!(progress.is_lost(Revision(7)) && progress.is_lost(Revision(12)) && !progress.is_lost(Revision(13)));
        look(&progress, receipt(13, "c"), true);
        assert_eq!((heard(&progress), progress.page_to_turn()), (13, None));
        assert!(progress.is_lost(Revision(12)));
    }

    #[test]
    fn notices_another_commit_of_the_same_number() {
        let progress = Progress::new(receipt(10, "a"));
        look(&progress, receipt(10, "b"), false);
        assert_eq!(progress.page_to_turn(), Some(Revision(10)));
    }

    #[test]
    fn needs_no_new_page_when_numbers_are_beyond_already() {
        let progress = Progress::new(receipt(10, "a"));
        look(&progress, receipt(40, "b"), false);
        assert_eq!((heard(&progress), progress.page_to_turn()), (40, None));
        assert!(progress.is_lost(Revision(10)) && !progress.is_lost(Revision(11)));
    }

    #[test]
    fn takes_a_long_absence_for_one() {
        let progress = Progress::new(receipt(10, "a"));
        look(&progress, receipt(11 + FEED_REVISIONS, "b"), false);
        assert_eq!((heard(&progress), progress.page_to_turn()), (11 + FEED_REVISIONS, None));
    }
}
