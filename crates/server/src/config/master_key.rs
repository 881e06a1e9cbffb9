//! Where the master key comes from.

use std::path::{Path, PathBuf};

use super::Checks;
use crate::master_key::MasterKeySource;

impl Checks<'_> {
    /// Where the master key comes from: exactly one place, and not beside what it protects.
    pub(super) fn master_key(
        &mut self,
        data_dir: Option<&Path>,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> MasterKeySource {
        let nowhere = || MasterKeySource::File(PathBuf::new());
        let file = self.given.text("master_key.file");
        let name = self.given.text("master_key.variable");
        let command = self.given.value("master_key.command").cloned();
        match (file, name, command) {
            (Some(file), None, None) => {
                let path = PathBuf::from(&file.value);
                if data_dir.is_some_and(|directory| is_inside(&path, directory)) {
                    self.refuse(
                        &file,
                        "the master key lies in the data directory: whoever has a copy of that has every secret; keep it \
                         elsewhere",
                    );
                }
                MasterKeySource::File(path)
            }
            (None, Some(name), None) => {
                if variable(&name.value).is_none() {
                    self.refuse(&name, format!("the environment variable {} is not set", name.value));
                }
                MasterKeySource::Variable(name.value)
            }
            (None, None, Some(command)) => {
                let words: Vec<String> =
                    self.given.list("master_key.command").iter().map(|word| word.value.clone()).collect();
                if words.is_empty() {
                    self.refuse(&command, "master_key.command is empty: name a program and its arguments");
                }
                MasterKeySource::Command(words)
            }
            (None, None, None) => {
                self.missing(
                    "there is no master key: name the file that holds it in master_key.file (openssl rand -hex 32 makes \
                     one), or see master_key.variable and master_key.command",
                );
                nowhere()
            }
            (file, name, command) => {
                let given = [file.map(|it| it.with(())), name.map(|it| it.with(())), command.map(|it| it.with(()))];
                if let Some(last) = given.into_iter().flatten().next_back() {
                    self.refuse(&last, "there is one master key: give one of master_key.file, variable and command");
                }
                nowhere()
            }
        }
    }
}

/// Whether a file is in a directory, wherever links lead.
fn is_inside(file: &Path, directory: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_default();
    let parent = file.parent().map(real).unwrap_or_default();
    parent.starts_with(real(directory))
}
