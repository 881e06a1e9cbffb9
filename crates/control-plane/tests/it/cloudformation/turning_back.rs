//! Operations that are cut short: updates that are cancelled, stacks that are deleted while they are made, or take too long.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use claviger_store::{Changes, Revision, Store, StoreError, Transaction};
use claviger_testkit::memory_store;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::crashes::{Dying, broken, changed, moved_on, settled};
use super::{assert_made, call, create, events, everything_made, invalid, ok, status, weather};
use crate::plane::Plane;

/// A store of which one write waits until it is let through.
struct Gate {
    store: Arc<dyn Store>,
    /// How many writes from now that one is; nothing waits at zero.
    until: AtomicUsize,
    held: Notify,
    open: Notify,
}

impl Gate {
    fn new() -> Arc<Self> {
        let until = AtomicUsize::new(0);
        Arc::new(Self { store: memory_store(), until, held: Notify::new(), open: Notify::new() })
    }
}

#[async_trait]
impl Store for Gate {
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.store.read().await
    }

    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let before = self.until.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |until| until.checked_sub(1));
        if before == Ok(1) {
            self.held.notify_one();
            self.open.notified().await;
        }
        self.store.write().await
    }

    fn revisions(&self) -> watch::Receiver<Revision> {
        self.store.revisions()
    }

    async fn changes(&self, revision: Revision, limit: usize) -> Result<Changes, StoreError> {
        self.store.changes(revision, limit).await
    }
}

/// Begins something and holds its write of this number; whether it came so far.
async fn begun(plane: &Plane, gate: &Gate, write: usize, action: &str, parameters: &[(&str, &str)]) -> bool {
    gate.until.store(write, Ordering::SeqCst);
    let is_held = tokio::select! {
        () = gate.held.notified() => true,
        _ = call(plane, action, parameters) => false,
    };
    gate.until.store(0, Ordering::SeqCst);
    is_held
}

/// Calls something that is answered when the work is done, and lets the work go on as soon as the call is written down.
async fn meanwhile(plane: &Plane, gate: &Gate, action: &str) -> Result<(), (String, String)> {
    let before = status(plane, "weather").await;
    let mut called = pin!(call(plane, action, &[("StackName", "weather")]));
    let moved = async {
        // A stack that is gone has moved on as well.
        while matches!(call(plane, "DescribeStacks", &[("StackName", "weather")]).await,
            Ok(stacks) if stacks.text("DescribeStacksResult/Stacks/member/StackStatus") == before)
        {
            moved_on(plane).await;
        }
    };
    let refused = tokio::select! {
        answer = &mut called => Some(answer),
        () = moved => None,
    };
    gate.open.notify_one();
    match refused {
        Some(answer) => answer.map(drop),
        None => called.await.map(drop),
    }
}

/// The parameters of a call with this template.
fn with<'a>(template: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [("StackName", "weather"), ("TemplateBody", template)].into_iter().chain(more.iter().copied()).collect()
}

async fn arn(plane: &Plane) -> String {
    ok(plane, "DescribeStacks", &[]).await.text("DescribeStacksResult/Stacks/member/StackId")
}

/// The write that says that an operation begins, and the one that takes it up.
const BEGUN: usize = 2;

#[tokio::test]
async fn an_update_is_cancelled_at_any_moment_until_it_is_done() {
    let mut cancelled = 0;
    for write in BEGUN.. {
        let gate = Gate::new();
        let plane = Plane::on(Arc::clone(&gate) as _);
        create(&plane, "weather", &weather()).await;
        let before = everything_made(&plane).await;
        if !begun(&plane, &gate, write, "UpdateStack", &with(&changed().to_string(), &[])).await {
            break;
        }
        let answer = meanwhile(&plane, &gate, "CancelUpdateStack").await;
        let (ended, told) = (settled(&plane).await, events(&plane, "weather").await);
        match answer {
            Ok(()) => {
                cancelled += 1;
                assert_eq!(ended, "UPDATE_ROLLBACK_COMPLETE", "{write}: {told:#?}");
                let back: Vec<_> =
                    told.iter().filter(|it| it.1 == "UPDATE_ROLLBACK_IN_PROGRESS").map(|it| &it.2).collect();
                assert_eq!(back, ["User Initiated"], "{write}: {told:#?}");
                assert_made(&plane, &before, &format!("{write}: {told:#?}")).await;
            }
            Err((code, message)) => {
                assert_eq!(code, "ValidationError");
                assert_eq!(message, "CancelUpdateStack cannot be called from current stack status");
                assert_eq!(ended, "UPDATE_COMPLETE", "{write}: {told:#?}");
            }
        }
        let unfinished = told.iter().filter(|(_, status, _)| status.ends_with("UPDATE_IN_PROGRESS"));
        assert!(unfinished.count() > 0);
        ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
        assert_made(&plane, &[], &write.to_string()).await;
    }
    assert!(cancelled > 3, "cancelled {cancelled} times only");
}

#[tokio::test]
async fn only_an_update_in_progress_is_cancelled() {
    let plane = Plane::new();
    let refused = "CancelUpdateStack cannot be called from current stack status";
    invalid(&plane, "CancelUpdateStack", &[("StackName", "weather")], "Stack with id weather does not exist").await;
    create(&plane, "weather", &weather()).await;
    invalid(&plane, "CancelUpdateStack", &[("StackName", "weather")], refused).await;
}

#[tokio::test]
async fn a_stack_is_deleted_while_it_is_made_or_undone() {
    for template in [weather(), broken()] {
        let template = template.to_string();
        for write in BEGUN.. {
            let gate = Gate::new();
            let plane = Plane::on(Arc::clone(&gate) as _);
            if !begun(&plane, &gate, write, "CreateStack", &with(&template, &[])).await {
                assert!(write > 10, "it never came further than {write} writes");
                break;
            }
            let arn = arn(&plane).await;
            meanwhile(&plane, &gate, "DeleteStack").await.unwrap();
            let ended = loop {
                let status = status(&plane, &arn).await;
                if !status.ends_with("_IN_PROGRESS") {
                    break status;
                }
                moved_on(&plane).await;
            };
            let told = events(&plane, &arn).await;
            assert_eq!(ended, "DELETE_COMPLETE", "{write}: {told:#?}");
            let begins = |(name, status, reason): &&(String, String, String)| {
                name == "weather" && status == "DELETE_IN_PROGRESS" && reason == "User Initiated"
            };
            assert_eq!(told.iter().filter(begins).count(), 1, "{write}: {told:#?}");
            assert_made(&plane, &[], &format!("{write}: {told:#?}")).await;
            // Its name is free again.
            create(&plane, "weather", &weather()).await;
        }
    }
}

#[tokio::test]
async fn a_stack_is_not_deleted_while_it_is_changed() {
    let gate = Gate::new();
    let plane = Plane::on(Arc::clone(&gate) as _);
    create(&plane, "weather", &weather()).await;
    let arn = arn(&plane).await;
    assert!(begun(&plane, &gate, BEGUN + 1, "UpdateStack", &with(&changed().to_string(), &[])).await);
    let message = format!("Stack [{arn}] cannot be deleted while in status UPDATE_IN_PROGRESS");
    invalid(&plane, "DeleteStack", &[("StackName", "weather")], &message).await;
    gate.open.notify_one();
    assert_eq!(settled(&plane).await, "UPDATE_COMPLETE");
}

#[tokio::test]
async fn a_stack_that_takes_too_long_is_undone() {
    let check = async |on_failure: &str, expected: &str, reason: &str| {
        let mut late = 0;
        for write in BEGUN.. {
            let gate = Gate::new();
            let plane = Plane::on(Arc::clone(&gate) as _);
            let template = weather().to_string();
            let parameters = with(&template, &[("TimeoutInMinutes", "2"), ("OnFailure", on_failure)]);
            if !begun(&plane, &gate, write, "CreateStack", &parameters).await {
                break;
            }
            let arn = arn(&plane).await;
            plane.clock.advance_seconds(if write % 2 == 0 { 120 } else { 119 });
            gate.open.notify_one();
            let ended = loop {
                let status = status(&plane, &arn).await;
                if !status.ends_with("_IN_PROGRESS") {
                    break status;
                }
                moved_on(&plane).await;
            };
            let told = events(&plane, &arn).await;
            if ended == "CREATE_COMPLETE" {
                continue;
            }
            late += 1;
            assert!(write % 2 == 0, "one second was left: {told:#?}");
            assert_eq!(ended, expected, "{write}: {told:#?}");
            assert!(told.iter().any(|(name, _, why)| name == "weather" && why == reason), "{write}: {told:#?}");
            if expected != "CREATE_FAILED" {
                assert_made(&plane, &[], &format!("{write}: {told:#?}")).await;
            }
        }
        assert!(late > 3, "{on_failure}: late {late} times only");
    };
    let exceeded = "Stack creation time exceeded the specified timeout. ";
    check("ROLLBACK", "ROLLBACK_COMPLETE", &format!("{exceeded}Rollback requested by user.")).await;
    check("DELETE", "DELETE_COMPLETE", &format!("{exceeded}Delete requested by user.")).await;
    check("DO_NOTHING", "CREATE_FAILED", exceeded).await;
}

/// Has a node die after each number of writes that follow a call in the midst of something, and another go on.
async fn check_crashes(before: Option<Value>, begins: (&str, &Value), write: usize, action: &str, expected: &str) {
    for writes in 1.. {
        let gate = Gate::new();
        let dying = Arc::new(Dying { store: Arc::clone(&gate) as _, left: AtomicUsize::new(usize::MAX) });
        let first = Plane::on(Arc::clone(&dying) as _);
        if let Some(before) = &before {
            create(&first, "weather", before).await;
        }
        let made = everything_made(&first).await;
        assert!(begun(&first, &gate, write, begins.0, &with(&begins.1.to_string(), &[])).await);
        let arn = arn(&first).await;
        // One is the write of the call itself, and one has passed already: it is held.
        dying.left.store(writes, Ordering::SeqCst);
        meanwhile(&first, &gate, action).await.unwrap();
        drop(first);
        let second = Plane::on(Arc::clone(&gate.store));
        let ended = loop {
            let status = status(&second, &arn).await;
            if !status.ends_with("_IN_PROGRESS") {
                break status;
            }
            moved_on(&second).await;
        };
        let told = events(&second, &arn).await;
        assert_eq!(ended, expected, "after {writes} writes: {told:#?}");
        assert_made(&second, &made, &format!("after {writes} writes: {told:#?}")).await;
        if dying.left.load(Ordering::SeqCst) > 0 {
            assert!(writes > 4, "the node never died");
            return;
        }
    }
}

#[tokio::test]
async fn a_cancelled_update_is_gone_on_with() {
    check_crashes(Some(weather()), ("UpdateStack", &changed()), 4, "CancelUpdateStack", "UPDATE_ROLLBACK_COMPLETE")
        .await;
}

#[tokio::test]
async fn a_deletion_in_the_midst_of_a_creation_is_gone_on_with() {
    check_crashes(None, ("CreateStack", &weather()), 8, "DeleteStack", "DELETE_COMPLETE").await;
}
