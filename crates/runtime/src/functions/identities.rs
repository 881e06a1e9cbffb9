//! Users and groups that own nothing: one user for each process of a function, one group for each function's code.
//!
//! They come from a range of ids that no system gives out. A server claims a part of the range for itself, so that those
//! of two servers on a machine never meet; the claim is a socket that the kernel takes back when the server ends.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use claviger_resources::function::CodeSha256;
use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, capabilities};

/// Ids of one server: half of them users, half of them groups.
const PART: u32 = 4_096;
/// Ranges that may be used, and the id after each: above those of containers and below the sign bit, which some programs
/// stumble over; in a container that has only the first 65,536 ids, what systemd has for services, which is not there.
const RANGES: [(u32, u32); 2] = [(0x7000_0000, 0x7800_0000), (61_184, 65_280)];
/// What a server needs to be able to do with them.
const NEEDED: CapabilitySet = CapabilitySet::SETUID
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::CHOWN)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::DAC_OVERRIDE);

/// The ids of one server.
pub(super) struct Identities {
    first: u32,
    taken: Mutex<Taken>,
    _claim: UnixListener,
}

#[derive(Default)]
struct Taken {
    users: BTreeSet<u32>,
    /// The user that was given out last: a number is used again as late as can be.
    last: u32,
    groups: HashMap<CodeSha256, u32>,
}

/// A user, until this is dropped.
pub(super) struct TakenUser {
    pub(super) id: u32,
    identities: Arc<Identities>,
}

impl Identities {
    /// Claims ids; `None` where the server may not use users other than its own.
    pub(super) fn claim() -> Option<Arc<Self>> {
        let may = geteuid().is_root() && capabilities(None).is_ok_and(|sets| sets.effective.contains(NEEDED));
        let known = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let (start, end) = RANGES.into_iter().find(|(start, end)| may && covers(&known, *start, *end))?;
        let parts = (end - start) / PART;
        let offset = std::process::id() % parts;
        (0..parts).find_map(|part| {
            let first = start + (offset + part) % parts * PART;
            let name = SocketAddr::from_abstract_name(format!("claviger-functions-{first}")).ok()?;
            let claim = UnixListener::bind_addr(&name).ok()?;
            Some(Arc::new(Self { first, taken: Mutex::default(), _claim: claim }))
        })
    }

    /// A user for a process; `None` when all are in use.
    pub(super) fn user(self: &Arc<Self>) -> Option<TakenUser> {
        let mut taken = self.lock();
        let last = taken.last;
        let free = (1..=PART / 2).map(|step| (last + step) % (PART / 2)).find(|user| !taken.users.contains(user))?;
        taken.last = free;
        taken.users.insert(free);
        Some(TakenUser { id: self.first + free, identities: Arc::clone(self) })
    }

    /// The group that code is opened to; `None` when all are in use.
    pub(super) fn group(&self, code: CodeSha256) -> Option<u32> {
        let mut taken = self.lock();
        if let Some(group) = taken.groups.get(&code) {
            return Some(*group);
        }
        let used: BTreeSet<u32> = taken.groups.values().copied().collect();
        let free = (self.first + PART / 2..self.first + PART).find(|group| !used.contains(group))?;
        taken.groups.insert(code, free);
        Some(free)
    }

    /// Takes groups back from code that is not there any more.
    pub(super) fn retain_groups(&self, is_there: impl Fn(&CodeSha256) -> bool) {
        self.lock().groups.retain(|code, _| is_there(code));
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TakenUser {
    fn drop(&mut self) {
        self.identities.lock().users.remove(&(self.id - self.identities.first));
    }
}

/// Whether a user namespace has all of these ids (`user_namespaces(7)`, "`uid_map`").
fn covers(map: &str, start: u32, end: u32) -> bool {
    map.lines().any(|line| {
        let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().unwrap_or_default());
        let (first, count) = (fields.next().unwrap_or_default(), fields.nth(1).unwrap_or_default());
        first <= u64::from(start) && u64::from(end) <= first.saturating_add(count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_the_ids_that_its_map_names() {
        let check = |map: &str, expected: [bool; 2]| {
            assert_eq!(RANGES.map(|(start, end)| covers(map, start, end)), expected, "{map}");
        };
        check("         0          0 4294967295\n", [true, true]);
        check("         0       1000          1\n         1     100000      65536\n", [false, true]);
        check("         0       1000          1\n", [false, false]);
        check("", [false, false]);
    }

    #[test]
    fn ids_are_nobody_elses_until_they_are_given_back() {
        let Some(identities) = Identities::claim() else { return };
        let other = Identities::claim().unwrap();
        assert_ne!(identities.first, other.first);
        let users: Vec<TakenUser> = std::iter::from_fn(|| identities.user()).collect();
        let ids: BTreeSet<u32> = users.iter().map(|user| user.id).collect();
        assert_eq!((users.len(), ids.len()), (2_048, 2_048));
        drop(users);
        assert!(identities.user().is_some());
        let code = |byte: u16| CodeSha256::new(std::array::from_fn(|place| byte.to_le_bytes()[place % 2]));
        let groups: BTreeSet<u32> = (0..2_048).map(|byte| identities.group(code(byte)).unwrap()).collect();
        assert_eq!((groups.len(), identities.group(code(2_048))), (2_048, None));
        assert!(groups.is_disjoint(&ids) && groups.contains(&identities.group(code(7)).unwrap()));
        identities.retain_groups(|known| *known != code(7));
        assert!(identities.group(code(2_048)).is_some());
    }
}
