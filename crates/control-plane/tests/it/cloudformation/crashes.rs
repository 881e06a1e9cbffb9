//! A node that ends at any step: whoever comes after it goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use claviger_store::{Changes, Revision, Store, StoreError, Transaction};
use claviger_testkit::memory_store;
use serde_json::Value;
use tokio::sync::watch;

use super::{assert_made, call, events, ok, status, weather};
use crate::plane::Plane;

/// A store that can be written to so many times; then its node is as good as dead.
pub(super) struct Dying {
    pub(super) store: Arc<dyn Store>,
    pub(super) left: AtomicUsize,
}

#[async_trait]
impl Store for Dying {
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.store.read().await
    }

    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let alive = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if alive.is_err() {
            return Err(StoreError::Unavailable("the node is gone".into()));
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

/// Waits until nothing is being done to the stack.
pub(super) async fn settled(plane: &Plane) -> String {
    loop {
        let status = status(plane, "weather").await;
        if !status.ends_with("_IN_PROGRESS") {
            return status;
        }
        moved_on(plane).await;
    }
}

/// Waits until something is written.
pub(super) async fn moved_on(plane: &Plane) {
    let mut revisions = plane.store.revisions();
    // What was written since the caller looked is seen by looking again, soon.
    let _ = tokio::time::timeout(Duration::from_millis(5), revisions.changed()).await;
}

pub(super) fn changed() -> Value {
    let mut template = weather();
    template["Resources"]["Server"]["Properties"]["Name"] = "Weather".into();
    template["Resources"]["Client"]["Properties"]["GenerateSecret"] = false.into();
    template["Resources"]["Client"]["Properties"]["AllowedOAuthFlows"] = serde_json::json!(["implicit"]);
    template["Resources"]["Client"]["Properties"]["CallbackURLs"] = serde_json::json!(["https://example.com"]);
    template["Resources"]["Stage"]["Properties"]["StageName"] = "live".into();
    template
}

pub(super) fn broken() -> Value {
    let mut template = changed();
    template["Resources"]["Stage"]["Properties"]["Nonsense"] = true.into();
    template
}

/// Has a node die after each number of writes, and another go on: every time the stack ends where it would have.
async fn check(before: Option<Value>, action: &str, template: Option<Value>, expected: &str) {
    let template = template.map(|template| template.to_string());
    let parameters: Vec<(&str, &str)> =
        [("StackName", "weather")].into_iter().chain(template.as_deref().map(|text| ("TemplateBody", text))).collect();
    for writes in 1.. {
        let store = memory_store();
        let first = Plane::on(Arc::clone(&store));
        if let Some(before) = &before {
            ok(&first, "CreateStack", &[("StackName", "weather"), ("TemplateBody", &before.to_string())]).await;
        }
        let arn = call(&first, "DescribeStacks", &[]).await.unwrap().text("DescribeStacksResult/Stacks/member/StackId");
        drop(first);
        let dying = Arc::new(Dying { store: Arc::clone(&store), left: AtomicUsize::new(writes) });
        let second = Plane::on(Arc::clone(&dying) as _);
        // The answer waits for the work, which ends when the node dies.
        let _ = call(&second, action, &parameters).await;
        drop(second);
        let third = Plane::on(store);
        let ended = match expected {
            "DELETE_COMPLETE" => loop {
                let status = status(&third, &arn).await;
                if status == "DELETE_COMPLETE" {
                    break status;
                }
                moved_on(&third).await;
            },
            _ => settled(&third).await,
        };
        let told = events(&third, &if arn.is_empty() { "weather".to_owned() } else { arn.clone() }).await;
        assert_eq!(ended, expected, "after {writes} writes: {told:#?}");
        if expected == "DELETE_COMPLETE" {
            assert_made(&third, &[], &format!("after {writes} writes: {told:#?}")).await;
        } else {
            ok(&third, "DeleteStack", &[("StackName", "weather")]).await;
            assert_made(&third, &[], &format!("after {writes} writes: {told:#?}")).await;
        }
        if dying.left.load(Ordering::Relaxed) > 0 {
            assert!(writes > 5, "the node never died");
            return;
        }
    }
}

#[tokio::test]
async fn a_creation_is_gone_on_with() {
    check(None, "CreateStack", Some(weather()), "CREATE_COMPLETE").await;
}

#[tokio::test]
async fn a_creation_that_fails_is_gone_on_with() {
    check(None, "CreateStack", Some(broken()), "ROLLBACK_COMPLETE").await;
}

#[tokio::test]
async fn an_update_is_gone_on_with() {
    check(Some(weather()), "UpdateStack", Some(changed()), "UPDATE_COMPLETE").await;
}

#[tokio::test]
async fn an_update_that_fails_is_gone_on_with() {
    check(Some(weather()), "UpdateStack", Some(broken()), "UPDATE_ROLLBACK_COMPLETE").await;
}

#[tokio::test]
async fn a_deletion_is_gone_on_with() {
    check(Some(weather()), "DeleteStack", None, "DELETE_COMPLETE").await;
}
