//! Zips of functions: nothing of one gets out of its folder.

use std::fs;
use std::path::Path;

use claviger_runtime::fuzzing::unpack;

/// A zip.
pub(super) fn run(data: &[u8]) {
    let Ok(outer) = tempfile::tempdir() else { return };
    let Ok(outer) = outer.path().canonicalize().map(|path| (outer, path)) else { return };
    let inner = outer.1.join("inner");
    if fs::create_dir(&inner).is_ok() && unpack(data, &inner) {
        assert_eq!(fs::read_dir(&outer.1).map_or(0, Iterator::count), 1, "nothing is beside the folder");
        check(&inner, &inner);
    }
}

/// No link below a folder leads out of it.
fn check(folder: &Path, root: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            let target = entry.path().canonicalize();
            assert!(
                target.is_ok_and(|target| target.starts_with(root)) || !entry.path().exists(),
                "{entry:?} leads out"
            );
        } else if kind.is_dir() {
            check(&entry.path(), root);
        }
    }
}
