//! Signing users in, and what they do once they are: flows, challenges, tokens, sessions.
//!
//! A sign-in is two transactions with the slow part between them: [`attempt::Look`] finds client and user and refuses what
//! needs no proof, the password is proved (by itself or by SRP) outside of any transaction, and [`attempt::Settle`] counts a
//! wrong one or begins a session. Between two requests nothing is stored: what the server must remember it gives out sealed
//! ([`state`]).

pub mod access_token;
pub mod account;
mod attempt;
pub mod challenge;
pub mod change_password;
mod choice;
mod error;
pub mod flow;
mod lockout;
mod new_password;
mod nobody;
pub mod outcome;
mod parameters;
mod password;
pub mod refresh;
mod secret;
pub mod sign_out;
mod srp;
mod state;

pub use error::SignInError;
