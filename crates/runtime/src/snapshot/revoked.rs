//! The tokens of a pool that are refused before their time is over.

use claviger_oauth::verified_token::VerifiedToken;
use claviger_resources::revocation::{Revocation, Revoked as What};

/// What was revoked of a pool.
#[derive(Clone, Default)]
pub struct Revoked {
    everything: Option<i64>,
    clients: imbl::HashMap<Box<str>, i64>,
    tokens: imbl::HashSet<Box<str>>,
}

impl Revoked {
    /// Why a token is refused; `None` when it is not.
    pub fn reason(&self, token: &VerifiedToken) -> Option<&'static str> {
        let until_covers = |until: i64| token.issued_at().is_none_or(|issued| issued <= until);
        if self.everything.is_some_and(until_covers) {
            return Some("all tokens of its user pool were revoked");
        }
        // Most pools have nothing revoked, and are not asked for more.
        let of_client = (!self.clients.is_empty()).then(|| self.clients.get(token.client()?).copied()).flatten();
        if of_client.is_some_and(until_covers) {
            return Some("the tokens of its app client were revoked, or the client was deleted");
        }
        let is_one = !self.tokens.is_empty() && token.id().is_some_and(|id| self.tokens.contains(id));
        is_one.then_some("the token was revoked")
    }

    pub(super) fn put(&mut self, revocation: Revocation) {
        match revocation.what {
            What::Pool { until } => self.everything = Some(until),
            What::Client { client, until } => drop(self.clients.insert(client.as_str().into(), until)),
            What::Token { id } => drop(self.tokens.insert(id.into())),
        }
    }

    /// Takes out the revocation with this id.
    pub(super) fn remove(&mut self, id: &str) {
        match id.split_once('/') {
            Some(("client", client)) => drop(self.clients.remove(client)),
            Some(("token", token)) => drop(self.tokens.remove(token)),
            _ => self.everything = None,
        }
    }
}
