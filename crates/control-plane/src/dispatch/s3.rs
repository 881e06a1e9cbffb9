//! S3 in and out: bodies come and go in pieces, so its requests are no values as those of the other services are.

use http::Response;

use super::ControlPlane;
use crate::access::VerifiedCaller;
use crate::audited::Trail;
use crate::s3::{S3Answer, S3Body, S3Request, request};

impl ControlPlane {
    /// Answers a request to S3.
    pub async fn s3(&self, request: S3Request, caller: &VerifiedCaller, request_id: &str) -> Response<S3Body> {
        let mut trail = Trail::new(&self.services, "s3", None, caller, request_id);
        let answer = request::answer(&self.services, caller, request, request_id, &mut trail).await;
        let (S3Answer(mut response), failure) = answer;
        if let Some((operation, failure)) = failure {
            trail.refuses(&failure);
            super::refused(failure)
                .about("operation", Some(operation).filter(|operation| !operation.is_empty()))
                .about("account", Some(caller.caller().account.to_string()))
                .about("region", Some(caller.caller().region.as_str()))
                .attach(&mut response);
        }
        trail.attach(&mut response);
        response
    }
}
