//! Fuzz targets: one for every parser of what comes from outside, and the inputs that are kept for each.
//!
//! A target is a function of bytes that must neither panic nor break what it asserts. `cargo xtask fuzz` builds `main.rs`
//! with the compiler's counters and lets libFuzzer look for such bytes; the tests here only replay what is kept:
//! `corpus/TARGET/`, which reaches what was ever reached, and `cases/TARGET/`, which once failed.

mod gateway;
mod input;
mod targets;

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is its file's and that of its folders.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
}

pub use targets::TARGETS;

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The names in a folder, in order; none where there is no such folder.
    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = folder.read_dir().into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn every_target_has_its_file_and_its_corpus() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
        let files = names(&root.join("src/targets")).into_iter();
        assert_eq!(
            files.filter_map(|file| file.strip_suffix(".rs").map(str::to_owned)).collect::<BTreeSet<_>>(),
            targets
        );
        assert_eq!(names(&root.join("corpus")), targets);
        assert!(names(&root.join("cases")).is_subset(&targets));
    }

    #[test]
    fn every_kept_input_passes() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for target in TARGETS {
            let mut inputs = 0;
            for folder in ["cases", "corpus"].map(|kind| root.join(kind).join(target.name)) {
                for name in names(&folder) {
                    // What is printed last before a panic says which input it is.
                    println!("{}/{name}", folder.display());
                    (target.run)(&std::fs::read(folder.join(name)).unwrap());
                    inputs += 1;
                }
            }
            assert!(inputs > 0, "{} has no input", target.name);
        }
    }
}
