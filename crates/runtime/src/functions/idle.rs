//! Processes that wait for events, few enough to be looked through.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::process::Process;

/// Processes that are kept without an event; beyond that, the one that waited longest ends.
const PROCESSES_MAX: usize = 32;

/// The processes that wait, the one that worked last at the end.
#[derive(Default)]
pub(super) struct IdleProcesses(Mutex<Vec<Idle>>);

struct Idle {
    arn: String,
    revision: String,
    process: Process,
}

impl IdleProcesses {
    /// A process of this state of a function. Those of its other states end.
    pub(super) fn take(&self, arn: &str, revision: &str) -> Option<Process> {
        let mut processes = self.lock();
        processes.retain(|idle| idle.process.is_alive() && (idle.arn != arn || idle.revision == revision));
        let place = processes.iter().rposition(|idle| idle.arn == arn)?;
        Some(processes.remove(place).process)
    }

    /// Keeps a process of this state of a function.
    pub(super) fn keep(&self, arn: String, revision: String, process: Process) {
        let mut processes = self.lock();
        processes.push(Idle { arn, revision, process });
        if processes.len() > PROCESSES_MAX {
            processes.remove(0);
        }
    }

    /// Ends those that are not of such a function and state.
    pub(super) fn retain(&self, is_current: impl Fn(&str, &str) -> bool) {
        self.lock().retain(|idle| is_current(&idle.arn, &idle.revision));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
