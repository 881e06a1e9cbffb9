//! Tokens that nobody may accept: one of each class, the class named, with what is wrong with it.
//!
//! Some are an attacker's, made from a real token and the public keys. Others are signed by the pool's own key but hold what
//! a careless reader would take another way. Everything is made by hand on the cryptographic library, so that the code under
//! test forges nothing for itself.

mod algorithm;
mod claims;
mod encoding;
mod forger;
mod header;
mod key;
mod scope;

pub use forger::{Forger, TestKey};

/// A token that must be refused.
#[derive(Clone, Debug)]
pub struct Forgery {
    /// What kind of forgery it is; no two have the same.
    pub class: &'static str,
    /// The token, as it would stand in a header.
    pub token: String,
    /// The first thing that is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a forged token, in the order in which a gate looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no token.
    Missing,
    /// Its form.
    Malformed,
    /// A claim that must be there is not, or is not what it must be.
    Claim,
    /// Its issuer is none of the accepted ones.
    Issuer,
    /// Its header names another algorithm than the key's.
    Algorithm,
    /// Its header names a key that the issuer does not have.
    Key,
    /// Its signature.
    Signature,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is another kind of token.
    TokenUse,
    /// It has none of the scopes asked for.
    Scope,
}

impl Forger {
    /// One forgery of each class, against a method that asks for the forger's scope.
    pub fn forgeries(&self) -> Vec<Forgery> {
        let groups = [
            algorithm::forgeries(self),
            key::forgeries(self),
            header::forgeries(self),
            encoding::forgeries(self),
            claims::forgeries(self),
            scope::forgeries(self),
        ];
        groups.into_iter().flatten().map(|(class, fault, token)| Forgery { class, token, fault }).collect()
    }
}

/// A row of a table of forgeries.
type Row = (&'static str, Fault, String);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_forgeries_are_alike() {
        let forgeries = Forger::example().forgeries();
        let classes: HashSet<_> = forgeries.iter().map(|forgery| forgery.class).collect();
        let tokens: HashSet<_> = forgeries.iter().map(|forgery| &forgery.token).collect();
        assert_eq!((classes.len(), tokens.len()), (forgeries.len(), forgeries.len()));
        assert!(forgeries.len() >= 100, "{}", forgeries.len());
    }
}
