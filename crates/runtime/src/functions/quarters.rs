//! Where functions live on this machine: as whom their processes run, what they may reach, and the folder that each has
//! to write to.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_resources::function::CodeSha256;
use tempfile::TempDir;

use super::guard::{Strength, strength};
use super::identities::{Identities, TakenUser};

/// Where folders of processes are made: not in `/tmp`, whose content functions may clear.
const SCRATCH_ROOT: &str = "/var/tmp";
/// What a folder may be to those who do not own it: a way to what they know to be in it.
const WAY: u32 = 0o711;

/// How functions are kept apart from the server and from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apartness {
    /// Each process has a user of its own.
    OwnUsers,
    /// The kernel's sandbox, Landlock.
    Sandbox,
    /// The same, but a function can send signals to the server: the kernel is older than Linux 6.12.
    SandboxWithoutSignals,
    /// Not at all.
    None,
}

/// The quarters of all functions of a server.
pub(super) struct Quarters {
    identities: Option<Arc<Identities>>,
    strength: Strength,
    scratch: TempDir,
}

/// The quarters of one process. They are cleared when this is dropped.
pub(super) struct Room {
    pub(super) user: Option<TakenUser>,
    /// Where the process may write.
    pub(super) folder: TempDir,
}

/// How functions would be kept apart on this machine.
pub fn apartness() -> Apartness {
    match strength() {
        _ if Identities::claim().is_some() => Apartness::OwnUsers,
        Strength::Whole => Apartness::Sandbox,
        Strength::WithoutSignals => Apartness::SandboxWithoutSignals,
        Strength::None => Apartness::None,
    }
}

impl Quarters {
    pub(super) fn find() -> io::Result<Self> {
        let (identities, strength) = (Identities::claim(), strength());
        let root =
            Some(Path::new(SCRATCH_ROOT)).filter(|root| root.is_dir()).map_or_else(std::env::temp_dir, Path::to_owned);
        let scratch = tempfile::Builder::new().prefix("claviger-functions-").tempdir_in(root)?;
        let quarters = Self { identities, strength, scratch };
        if quarters.identities.is_some() {
            open(quarters.scratch.path(), WAY)?;
            for folder in [quarters.unpacked(), quarters.rooms()] {
                fs::create_dir(&folder)?;
                open(&folder, WAY)?;
            }
        } else {
            fs::create_dir(quarters.rooms())?;
        }
        Ok(quarters)
    }

    pub(super) fn has_own_users(&self) -> bool {
        self.identities.is_some()
    }

    /// Whether what a process reaches is up to the kernel's sandbox.
    pub(super) fn is_sandbox(&self) -> bool {
        !self.has_own_users() && self.strength != Strength::None
    }

    /// Where code is unpacked when processes have users of their own: those have no way into the server's folder.
    pub(super) fn unpacked_for_all(&self) -> Option<PathBuf> {
        self.has_own_users().then(|| self.unpacked())
    }

    /// Opens a folder of code to the processes that run it: the group that does. `None` where they are the server's user.
    pub(super) fn open_code(&self, folder: &Path, code: CodeSha256) -> io::Result<Option<u32>> {
        let Some(identities) = &self.identities else { return Ok(None) };
        let group = identities.group(code).ok_or_else(|| io::Error::other("too many functions run here"))?;
        chown(folder, None, Some(group))?;
        open(folder, 0o750)?;
        Ok(Some(group))
    }

    /// Takes back what was given for code that is not there any more.
    pub(super) fn sweep(&self) {
        if let Some(identities) = &self.identities {
            identities.retain_groups(|code| self.unpacked().join(code.to_string()).is_dir());
        }
    }

    /// A room for a process.
    pub(super) fn room(&self) -> io::Result<Room> {
        let user = match &self.identities {
            Some(identities) => Some(identities.user().ok_or_else(|| io::Error::other("too many processes run here"))?),
            None => None,
        };
        let folder = tempfile::Builder::new().prefix("").tempdir_in(self.rooms())?;
        if let Some(user) = &user {
            chown(folder.path(), Some(user.id), Some(user.id))?;
        }
        Ok(Room { user, folder })
    }

    /// The folder of everything here.
    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    fn unpacked(&self) -> PathBuf {
        self.scratch.path().join("code")
    }

    fn rooms(&self) -> PathBuf {
        self.scratch.path().join("rooms")
    }
}

fn open(folder: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}

/// Whether users that own nothing may run this program.
pub(super) fn is_open_to_all(program: &Path) -> bool {
    let Ok(program) = program.canonicalize() else { return false };
    let opens =
        |place: &Path, bits: u32| fs::metadata(place).is_ok_and(|found| found.permissions().mode() & bits == bits);
    opens(&program, 0o005) && program.ancestors().skip(1).all(|folder| opens(folder, 0o001))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_open_to_all_when_the_way_to_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "").unwrap();
        let check = |folder_mode: u32, program_mode: u32, expected: bool| {
            open(folder.path(), folder_mode).unwrap();
            open(&program, program_mode).unwrap();
            assert_eq!(is_open_to_all(&program), expected, "{folder_mode:o} {program_mode:o}");
        };
        check(0o711, 0o755, true);
        check(0o755, 0o555, true);
        check(0o711, 0o750, false);
        check(0o711, 0o744, false);
        check(0o700, 0o755, false);
        assert!(!is_open_to_all(&folder.path().join("none")));
    }
}
