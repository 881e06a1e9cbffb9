//! Steps in the order of what they wait for, those that wait for nothing side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use tokio::task::JoinSet;

/// Steps done at the same time.
const SIDE_BY_SIDE: usize = 16;

/// What became of the steps.
pub(super) struct Done {
    /// Those that failed, with the reason.
    pub(super) failed: BTreeMap<String, String>,
}

/// Does every step once all that it waits for are done. After a failure, steps that wait for the failed one are left out;
/// with `stops`, every step that has not begun is.
pub(super) async fn in_order<F, W>(mut waits: BTreeMap<String, BTreeSet<String>>, stops: bool, step: F) -> Done
where
    F: Fn(String) -> W,
    W: Future<Output = (String, Result<(), String>)> + Send + 'static,
{
    let mut failed = BTreeMap::new();
    let mut running = JoinSet::new();
    loop {
        let may_begin = failed.is_empty() || !stops;
        let ready: Vec<String> = waits
            .iter()
            .filter(|(_, waits)| may_begin && waits.is_empty())
            .map(|(name, _)| name.clone())
            .take(SIDE_BY_SIDE.saturating_sub(running.len()))
            .collect();
        for name in ready {
            waits.remove(&name);
            running.spawn(step(name));
        }
        let Some(joined) = running.join_next().await else { return Done { failed } };
        match joined {
            Ok((name, Ok(()))) => {
                for waits in waits.values_mut() {
                    waits.remove(&name);
                }
            }
            Ok((name, Err(reason))) => {
                failed.insert(name, reason);
            }
            Err(error) => {
                failed.insert(String::new(), error.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    async fn check(edges: &[(&str, &[&str])], fails: &[&str], stops: bool, expected: &[&str]) {
        let waits = edges.iter().map(|(name, waits)| {
            ((*name).to_owned(), waits.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>())
        });
        let order = Arc::new(Mutex::new(Vec::new()));
        let fails: Vec<String> = fails.iter().map(|it| (*it).to_owned()).collect();
        let done = in_order(waits.collect(), stops, |name| {
            order.lock().unwrap().push(name.clone());
            let outcome = if fails.contains(&name) { Err("no".to_owned()) } else { Ok(()) };
            async move { (name, outcome) }
        })
        .await;
        assert_eq!(*order.lock().unwrap(), expected);
        assert_eq!(done.failed.keys().cloned().collect::<Vec<_>>(), fails);
    }

    #[tokio::test]
    async fn steps_wait_for_what_they_need() {
        check(&[("a", &[]), ("b", &["a"]), ("c", &["b"])], &[], true, &["a", "b", "c"]).await;
        check(&[("c", &[]), ("b", &["c"]), ("a", &["b", "c"])], &[], true, &["c", "b", "a"]).await;
        check(&[], &[], true, &[]).await;
    }

    #[tokio::test]
    async fn what_waits_for_a_failure_is_left_out() {
        check(&[("a", &[]), ("b", &["a"]), ("c", &[])], &["a"], false, &["a", "c"]).await;
    }

    #[tokio::test]
    async fn a_circle_ends() {
        check(&[("a", &["b"]), ("b", &["a"])], &[], true, &[]).await;
    }
}
