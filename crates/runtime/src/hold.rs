//! Keeping files while they are copied: what a server would remove stays as long as somebody holds the folder.
//!
//! Whoever copies opens its transaction after it holds the folder, so that all files which that transaction sees are there
//! to the end. What stays behind is removed when the server next looks for leftovers.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Holds a folder until it is dropped; several may, in several processes.
#[derive(Debug)]
pub struct Hold(File);

impl Hold {
    /// Holds this folder, when nobody is removing anything.
    pub fn take(folder: &Path) -> io::Result<Self> {
        let folder = File::open(folder)?;
        folder.lock_shared()?;
        Ok(Self(folder))
    }
}

impl Drop for Hold {
    /// Closing it is not enough: a child process that is being started has a copy.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Removers of one process take turns, so that none takes another for a holder.
static TURN: Mutex<()> = Mutex::new(());

/// Removes something, unless the folder is held; tells whether it did.
pub(crate) fn unless_held(folder: &Path, remove: impl FnOnce() -> io::Result<()>) -> io::Result<bool> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(folder) = File::open(folder) else { return remove().map(|()| true) };
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(false),
        // On a file system without locks nobody can hold anything.
        locked => {
            let removed = remove();
            if locked.is_ok() {
                folder.unlock()?;
            }
            removed.map(|()| true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_removed_while_somebody_holds_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let removes = || unless_held(folder.path(), || Ok(())).unwrap();
        assert!(removes());
        let (first, second) = (Hold::take(folder.path()).unwrap(), Hold::take(folder.path()).unwrap());
        drop(first);
        assert!(!removes());
        drop(second);
        assert!(removes());
        assert!(unless_held(&folder.path().join("nothing"), || Ok(())).unwrap());
    }
}
