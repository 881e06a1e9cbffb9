//! What a process may reach where it shares the server's user: Landlock, the kernel's sandbox for processes without
//! privileges.
//!
//! Beside the file system it keeps a process from looking into others (their memory and variables) and, on newer kernels,
//! from sending them signals.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
    path_beneath_rules,
};
use serde::{Deserialize, Serialize};

/// The version of Landlock that is asked for: what it is about of files, Linux 6.2 knows.
const FILES: ABI = ABI::V3;
/// What programs need of a system, and what of it is nobody's secret.
const SYSTEM: &[&str] = &[
    "/bin",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/opt",
    "/proc",
    "/run/resolvconf",
    "/run/systemd/resolve",
    "/sbin",
    "/snap",
    "/sys",
    "/usr",
];
/// Devices that may be written to.
const DEVICES: &[&str] = &["/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"];

/// What a process may reach beside what every program needs.
#[derive(Serialize, Deserialize)]
pub(in crate::functions) struct Reach {
    /// What it may read and run.
    pub(in crate::functions) read: Vec<PathBuf>,
    /// Where it may do anything.
    pub(in crate::functions) write: Vec<PathBuf>,
}

/// What the kernel of this machine can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::functions) enum Strength {
    /// Files, other processes, and signals to them (Linux 6.12).
    Whole,
    /// Files and other processes, but not signals (Linux 6.2).
    WithoutSignals,
    /// Nothing.
    None,
}

impl Reach {
    /// Gives up everything else, for this process and all that it starts.
    pub(super) fn enforce(&self) -> io::Result<()> {
        self.restrict().map_err(io::Error::other)
    }

    fn restrict(&self) -> Result<(), RulesetError> {
        let read = AccessFs::from_read(FILES);
        let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let ruleset = ruleset.handle_access(AccessFs::from_all(FILES))?;
        let ruleset = ruleset.set_compatibility(CompatLevel::BestEffort).scope(Scope::Signal)?;
        ruleset
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, read))?
            .add_rules(path_beneath_rules(&self.read, read))?
            .add_rules(path_beneath_rules(DEVICES, AccessFs::from_file(FILES)))?
            .add_rules(path_beneath_rules(&self.write, AccessFs::from_all(FILES)))?
            .restrict_self()?;
        Ok(())
    }
}

/// What this machine's kernel can do.
pub(in crate::functions) fn strength() -> Strength {
    let hard = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let files = || hard().handle_access(AccessFs::from_all(FILES));
    if files().and_then(|ruleset| ruleset.scope(Scope::Signal)).and_then(Ruleset::create).is_ok() {
        Strength::Whole
    } else if files().and_then(Ruleset::create).is_ok() {
        Strength::WithoutSignals
    } else {
        Strength::None
    }
}

/// The folders around an interpreter that it cannot do without: where its own library stands beside it. A folder that
/// also holds what the server keeps is left out.
pub(in crate::functions) fn around(program: &Path, kept: &[&Path]) -> Option<PathBuf> {
    let bin = program.parent()?;
    let prefix = bin.parent().filter(|prefix| prefix.parent().is_some());
    let holds_nothing_kept = |folder: &&Path| kept.iter().all(|kept| !kept.starts_with(folder));
    [prefix, Some(bin)].into_iter().flatten().find(holds_nothing_kept).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_brings_its_prefix_but_nothing_that_is_kept() {
        let check = |program: &str, expected: Option<&str>| {
            let kept = [Path::new("/users/ada/storms/.claviger")];
            assert_eq!(around(Path::new(program), &kept).as_deref(), expected.map(Path::new), "{program}");
        };
        check("/usr/bin/node", Some("/usr"));
        check("/users/ada/.nvm/versions/node/v22/bin/node", Some("/users/ada/.nvm/versions/node/v22"));
        check("/users/ada/bin/node", Some("/users/ada/bin"));
        check("/users/ada/node", None);
        check("/bin/node", Some("/bin"));
    }
}
