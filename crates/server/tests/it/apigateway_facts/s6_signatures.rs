//! Section 6: gateway responses about the signatures of `AWS_IAM` methods.

use super::cases;
use crate::aws_iam::{PLAN, Plan, SESSION_TOKEN, Signed, refused};

cases! { Signed, |w|
    s6_expired_token => {
        let dead = Plan { key: "ASIADEAD", session_token: Some(SESSION_TOKEN), ..PLAN };
        let message = "The security token included in the request is expired";
        refused(&w.ask(&dead).await, "ExpiredTokenException", message);
    };
    s6_invalid_signature => {
        let message = "The request signature we calculated does not match the signature you provided.";
        refused(&w.ask(&Plan { secret: "wrong", ..PLAN }).await, "InvalidSignatureException", message);
    };
}
