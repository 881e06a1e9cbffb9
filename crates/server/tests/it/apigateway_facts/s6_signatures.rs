//! Section 6: gateway responses about the signatures of `AWS_IAM` methods.

use super::cases;
use crate::aws_iam::{Signed, plan, refused};

cases! { Signed, |w|
    s6_expired_token => {
        let message = "The security token included in the request is expired";
        refused(&w.ask(&plan(&w.keys.dead)).await, "ExpiredTokenException", message);
    };
    s6_invalid_signature => {
        let message = "The request signature we calculated does not match the signature you provided.";
        refused(&w.ask(&plan(&w.keys.ada).with_secret("wrong")).await, "InvalidSignatureException", message);
    };
}
