//! A process and all that it started: who belongs to it, what memory they have, and how they end.

use std::fs;
use std::io;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// Processes that are looked at: more than a function may have.
const LOOKED_AT_MAX: usize = 8 * super::PROCESSES_MAX;

/// Processes that are few enough to be asked what they share.
const FEW: usize = 8;

/// All processes below this one.
pub(super) fn below(ancestor: Pid) -> Vec<Pid> {
    let mut found = children(ancestor);
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        next += 1;
        if found.len() >= LOOKED_AT_MAX {
            break;
        }
        found.extend(children(process));
    }
    found
}

/// Ends all processes below this one, which adopts whoever loses a parent, and collects the dead. Whether any was there.
///
/// Processes are met in the order of their ids and ended at once, so that one that is started meanwhile, by one that is
/// not ended yet, is met as well.
pub(super) fn end_below(ancestor: Pid) -> io::Result<bool> {
    let mut ours = vec![Pid::as_raw(Some(ancestor))];
    let mut processes: Vec<i32> = numbers("/proc")?.collect();
    processes.sort_unstable();
    let mut found = false;
    for process in processes {
        let Some((parent, is_dead)) = parent(process) else { continue };
        if !ours.contains(&parent) {
            continue;
        }
        ours.push(process);
        let Some(pid) = Pid::from_raw(process) else { continue };
        found = true;
        if !is_dead {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
    Ok(found)
}

/// Bytes of memory that these processes have. What a few of them share is counted once, as far as the kernel tells; of
/// many, only what they share with files is left out.
pub(super) fn memory_bytes(processes: &[Pid], bytes_max: u64) -> u64 {
    let page = rustix::param::page_size() as u64;
    let pages = processes.iter().filter_map(|process| {
        let text = fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
        let mut fields = text.split(' ').skip(1).map(|field| field.parse::<u64>().unwrap_or_default());
        Some((fields.next()?, fields.next()?))
    });
    let (resident, shared) = pages.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let (resident, own) = (resident * page, resident.saturating_sub(shared) * page);
    match processes.len() {
        _ if resident <= bytes_max => resident,
        0..=1 => resident,
        // Only now, because it takes long to tell: so long that a family which grows would have outgrown the answer.
        2..=FEW => {
            let total: Option<u64> = processes.iter().map(|process| share_bytes(*process)).sum();
            total.unwrap_or(own)
        }
        _ => own,
    }
}

/// What a process has of memory, its share of what it shares; nothing when it is gone.
fn share_bytes(process: Pid) -> Option<u64> {
    let text = match fs::read_to_string(format!("/proc/{process}/smaps_rollup")) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return None,
        other => other.unwrap_or_default(),
    };
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or_default();
    Some(kib * 1024)
}

fn children(process: Pid) -> Vec<Pid> {
    let threads = numbers(&format!("/proc/{process}/task")).into_iter().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(format!("/proc/{process}/task/{thread}/children")).ok());
    let pids = |list: String| list.split(' ').filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect::<Vec<_>>();
    lists.flat_map(pids).collect()
}

/// The entries of a folder that are numbers.
fn numbers(folder: &str) -> io::Result<impl Iterator<Item = i32> + use<>> {
    Ok(fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// A process's parent, and whether the process is dead and only waits for somebody to ask.
fn parent(process: i32) -> Option<(i32, bool)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may hold anything, spaces and brackets included.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let is_dead = fields.next()? == "Z";
    Some((fields.next()?.parse().ok()?, is_dead))
}
