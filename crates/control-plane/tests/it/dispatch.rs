//! When an answer leaves: after the node serves what was written, or after it has waited long enough.

use claviger_store::Revision;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use crate::plane::Plane;

fn behind() -> (Plane, watch::Sender<Revision>) {
    let (applied, receiver) = watch::channel(Revision::default());
    (Plane::with_applied(receiver), applied)
}

#[tokio::test(start_paused = true)]
async fn a_write_is_answered_once_the_snapshot_has_reached_it() {
    let (plane, applied) = behind();
    let mut newest = plane.store.revisions();
    let asked = Instant::now();
    let call = plane.ok("CreateUserPool", json!({"PoolName": "weather"}));
    tokio::pin!(call);
    let committed = tokio::select! {
        biased;
        answer = &mut call => panic!("answered before the snapshot was there: {answer}"),
        committed = newest.wait_for(|revision| *revision > Revision::default()) => *committed.unwrap(),
    };
    applied.send_replace(committed);
    call.await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_answered_in_time_when_the_snapshot_is_late() {
    let (plane, _applied) = behind();
    let asked = Instant::now();
    plane.ok("CreateUserPool", json!({"PoolName": "weather"})).await;
    assert!(asked.elapsed() >= Duration::from_secs(2) && asked.elapsed() < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn what_only_reads_or_is_refused_does_not_wait() {
    let (plane, _applied) = behind();
    let asked = Instant::now();
    plane.ok("ListUserPools", json!({"MaxResults": 1})).await;
    plane
        .refused(
            "TagResource",
            json!({"ResourceArn": "arn:aws:s3:us-east-1:000000000000:bucket", "Tags": {}}),
            "InvalidParameterException",
            "Invalid resource ARN arn:aws:s3:us-east-1:000000000000:bucket: it must be the ARN of a user pool.",
        )
        .await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
}
