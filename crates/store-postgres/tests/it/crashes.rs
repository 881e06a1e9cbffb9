//! Servers that are killed, come back, or are succeeded by their standby: nothing acknowledged is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use claviger_store::{Changes, Revision, Store, StoreError};
use claviger_store_postgres::{PostgresStore, Settings};
use tokio::task::JoinSet;

use super::cluster::Cluster;
use super::{connect, has, insert_once, key, key_under, said};

/// Writers that go on whatever happens, and what they were told.
struct Load {
    store: Arc<PostgresStore>,
    stopped: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    tasks: JoinSet<Vec<(String, Revision)>>,
}

impl Load {
    fn start(store: Arc<PostgresStore>) -> Self {
        let (stopped, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let mut tasks = JoinSet::new();
        for task in 0..4 {
            let (store, stopped, acknowledged) = (Arc::clone(&store), Arc::clone(&stopped), Arc::clone(&acknowledged));
            tasks.spawn(async move {
                let mut told = Vec::new();
                let mut number = 0_u64;
                while !stopped.load(Ordering::Relaxed) {
                    number += 1;
                    let id = format!("{task}/{number}");
                    let started = Instant::now();
                    match insert_once(&*store, &key_under(&task.to_string(), &id)).await {
                        Ok(revision) => {
                            told.push((id, revision));
                            acknowledged.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(StoreError::Contention) => {}
                        Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
                        Err(error) => panic!("{error:?}"),
                    }
                    assert!(started.elapsed() < Duration::from_mins(1), "a call took {:?}", started.elapsed());
                }
                told
            });
        }
        Self { store, stopped, acknowledged, tasks }
    }

    /// Waits until so many more commits are acknowledged.
    async fn progress(&self, count: u64) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + count;
        let done = async {
            while self.acknowledged.load(Ordering::Relaxed) < goal {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(2), done).await.expect("writers get on");
    }

    /// Stops, and asserts that all that was acknowledged is there, under the revision that was told.
    async fn check(mut self) -> usize {
        self.stopped.store(true, Ordering::Relaxed);
        let mut told = Vec::new();
        while let Some(task) = self.tasks.join_next().await {
            told.extend(task.unwrap());
        }
        let Changes::Since(changes) = self.store.changes(Revision(0), usize::MAX).await.unwrap() else {
            panic!("the feed is complete")
        };
        assert!(changes.iter().map(|change| change.revision).is_sorted());
        for (id, revision) in &told {
            let key = key_under(id.split('/').next().unwrap(), id);
            let change = changes.iter().find(|change| change.key == key);
            assert_eq!(change.map(|change| change.revision), Some(*revision), "{id}");
            assert!(has(&*self.store, &key).await, "{id}");
        }
        told.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lose_nothing_when_the_server_is_killed_and_comes_back() {
    let mut server = Cluster::start(&[]).unwrap();
    let store = Arc::new(connect(&Settings::parse(&server.url()).unwrap()).await);
    let load = Load::start(Arc::clone(&store));
    for _ in 0..3 {
        load.progress(50).await;
        server.kill().unwrap();
        let started = Instant::now();
        let error = store.read().await.map(|_| ()).unwrap_err();
        let (reason, took) = (said(&error), started.elapsed());
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        server.start_again().unwrap();
        let recovered = Instant::now();
        load.progress(10).await;
        println!(
            "without a server: {reason:?} after {took:?}; ten commits {:?} after it was back",
            recovered.elapsed()
        );
    }
    println!("{} commits acknowledged, all there", load.check().await);
}

/// A synchronous standby has all that was acknowledged, and the store finds it among its hosts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lose_nothing_when_a_standby_succeeds() {
    let mut primary = Cluster::start(&[]).unwrap();
    let standby = primary.start_standby().unwrap();
    let hosts = format!("localhost:{},localhost:{}", primary.port(), standby.port());
    let url = primary.url().replace(&format!("localhost:{}", primary.port()), &hosts);
    let store = Arc::new(connect(&Settings::parse(&url).unwrap()).await);
    let load = Load::start(Arc::clone(&store));
    load.progress(100).await;
    primary.kill().unwrap();
    standby.promote().unwrap();
    let promoted = Instant::now();
    load.progress(10).await;
    println!("ten commits {:?} after the standby was promoted", promoted.elapsed());
    load.progress(50).await;
    println!("{} commits acknowledged, all there", load.check().await);
    insert_once(&*store, &key("after")).await.unwrap();
}
