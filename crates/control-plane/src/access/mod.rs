//! Who may call the control plane, and what they may do there.
//!
//! A call that is signed becomes a [`VerifiedCaller`] by a [`Verifier`], which proves the signature; what it then may do is
//! asked of the rights of its key, once the operation and its input are known: [`demands`] says what an operation needs,
//! [`withheld`] what of its answer needs more. Services take a `VerifiedCaller`, and nobody else makes one: code that forgot
//! to verify does not compile. `claviger dev` takes everybody's word ([`VerifiedCaller::trusted_by_dev`]).

mod attempts;
mod caller;
mod demand;
pub(crate) mod demands;
#[cfg(test)]
mod role_tests;
mod verifier;
pub(crate) mod withheld;

pub use self::caller::{OperatorRight, Source, VerifiedCaller};
pub(crate) use self::demand::Demand;
pub use self::verifier::{BodyProof, Claim, Proven, Reached, Verifier};
