//! The files of a series: one for a day in UTC, or several where that has much to say; nothing is ever changed in them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use claviger_resources::Timestamp;
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// How days stand in names of files.
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// Bytes of a file before the next one is begun.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long and how much of a series is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeping {
    /// Days that a file is kept.
    pub(super) days: u16,
    /// Bytes of all files together.
    pub(super) bytes_max: u64,
    /// Bytes of one file.
    pub(super) file_bytes_max: u64,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { days: 90, bytes_max: u64::MAX, file_bytes_max: FILE_BYTES_MAX }
    }
}

/// The files of a series.
pub(super) struct Files {
    folder: PathBuf,
    series: &'static str,
    keeping: Keeping,
    open: Option<Open>,
}

/// The file that is written.
struct Open {
    name: Name,
    file: File,
    bytes: u64,
}

/// What a file's name says. Names sort as the files came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    day: Date,
    number: u32,
}

impl Files {
    pub(super) fn new(folder: PathBuf, series: &'static str, keeping: Keeping) -> Self {
        Self { folder, series, keeping, open: None }
    }

    /// Appends lines of a day, all of them or none.
    pub(super) fn append(&mut self, day: Date, lines: &[u8]) -> io::Result<()> {
        let file_bytes_max = self.keeping.file_bytes_max;
        let has_room = |open: &Open| open.name.day == day && open.bytes + lines.len() as u64 <= file_bytes_max;
        let mut open = match self.open.take().filter(has_room) {
            Some(open) => open,
            None => self.open_next(day, lines.len() as u64)?,
        };
        if let Err(error) = open.file.write_all(lines) {
            // What came of it is half a line, which nobody could read. If that cannot be helped, opening it anew does.
            let _ = open.file.set_len(open.bytes);
            return Err(error);
        }
        open.bytes += lines.len() as u64;
        self.open = Some(open);
        Ok(())
    }

    fn open_next(&self, day: Date, bytes: u64) -> io::Result<Open> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let files = self.files()?;
        let last = files.iter().rfind(|(name, _)| name.day == day);
        let number = match last {
            Some((name, size)) if *size > 0 && size + bytes > self.keeping.file_bytes_max => name.number + 1,
            Some((name, _)) => name.number,
            None => 0,
        };
        let name = Name { day, number };
        let mut file = OpenOptions::new().append(true).read(true).create(true).mode(0o600).open(self.path(name))?;
        let mut size = file.metadata()?.len();
        // A process that was killed may have left half a line.
        if size > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(size - 1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
                size += 1;
            }
        }
        self.sweep(name, &files);
        Ok(Open { name, file, bytes: size })
    }

    /// Deletes what is older than it may be, and the oldest of what is too much. What cannot be deleted is tried with the
    /// next file again.
    fn sweep(&self, current: Name, files: &[(Name, u64)]) {
        let oldest = current.day.checked_sub(time::Duration::days(self.keeping.days.into())).unwrap_or(Date::MIN);
        let mut bytes: u64 = files.iter().map(|(_, size)| size).sum();
        for (name, size) in files.iter().filter(|(name, _)| *name != current) {
            let (is_old, is_too_much) = (name.day < oldest, bytes > self.keeping.bytes_max);
            if !is_old && !is_too_much {
                continue;
            }
            let path = self.path(*name);
            if !is_old {
                tracing::warn!(path = %path.display(), "a file of the audit log goes before its time: there are too many bytes");
            }
            match std::fs::remove_file(&path) {
                Ok(()) => bytes = bytes.saturating_sub(*size),
                Err(error) => {
                    tracing::warn!(path = %path.display(), error = &error as &dyn std::error::Error, "a file of the audit log stays");
                }
            }
        }
    }

    /// The files of the series in their order, with their sizes.
    fn files(&self) -> io::Result<Vec<(Name, u64)>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if let Some(name) = entry.file_name().to_str().and_then(|text| self.name(text)) {
                files.push((name, entry.metadata()?.len()));
            }
        }
        files.sort_unstable_by_key(|(name, _)| *name);
        Ok(files)
    }

    fn path(&self, Name { day, number }: Name) -> PathBuf {
        let day = day.format(DAY).unwrap_or_default();
        self.folder.join(format!("{}-{day}-{number:04}.jsonl", self.series))
    }

    fn name(&self, text: &str) -> Option<Name> {
        let text = text.strip_prefix(self.series)?.strip_prefix('-')?.strip_suffix(".jsonl")?;
        let (day, number) = text.rsplit_once('-')?;
        Some(Name { day: Date::parse(day, DAY).ok()?, number: number.parse().ok()? })
    }
}

/// The day of a moment, in UTC.
pub(super) fn day(at: Timestamp) -> Date {
    at.utc().date()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use time::macros::date;

    use super::*;

    fn files(folder: &Path, keeping: Keeping) -> Files {
        Files::new(folder.join("audit"), "calls", keeping)
    }

    fn read(folder: &Path) -> Vec<(String, String)> {
        let entries = std::fs::read_dir(folder.join("audit")).unwrap().map(Result::unwrap);
        let mut found: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
            .collect();
        found.sort();
        found
    }

    fn named(found: &[(String, String)]) -> Vec<(&str, &str)> {
        found.iter().map(|(name, text)| (&**name, &**text)).collect()
    }

    #[test]
    fn each_day_has_its_file_and_a_full_one_is_followed_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let keeping = Keeping { file_bytes_max: 4, ..Keeping::default() };
        for day in [date!(2026 - 01 - 31), date!(2026 - 02 - 01), date!(2026 - 01 - 31)] {
            // As after a start: what there is already is gone on with.
            let mut files = files(folder.path(), keeping);
            files.append(day, b"a\n").unwrap();
            files.append(day, b"b\n").unwrap();
        }
        assert_eq!(
            named(&read(folder.path())),
            [
                ("calls-2026-01-31-0000.jsonl", "a\nb\n"),
                ("calls-2026-01-31-0001.jsonl", "a\nb\n"),
                ("calls-2026-02-01-0000.jsonl", "a\nb\n")
            ]
        );
        let mode = |path: &str| std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("audit"), mode("audit/calls-2026-01-31-0000.jsonl")), (0o700, 0o600));
    }

    #[test]
    fn files_go_when_their_time_is_over_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(folder.path(), Keeping { days: 2, ..Keeping::default() });
        files.append(date!(2026 - 02 - 01), b"a\n").unwrap();
        for name in ["tokens-2026-02-01-0000.jsonl", "calls-2026-02-01-x.jsonl", "notes"] {
            std::fs::write(folder.path().join("audit").join(name), "").unwrap();
        }
        files.append(date!(2026 - 02 - 03), b"b\n").unwrap();
        assert_eq!(read(folder.path()).len(), 5);
        files.append(date!(2026 - 02 - 04), b"c\n").unwrap();
        let found = read(folder.path());
        let names: Vec<_> = found.iter().map(|(name, _)| &**name).collect();
        assert_eq!(
            names,
            [
                "calls-2026-02-01-x.jsonl",
                "calls-2026-02-03-0000.jsonl",
                "calls-2026-02-04-0000.jsonl",
                "notes",
                "tokens-2026-02-01-0000.jsonl"
            ]
        );
    }

    #[test]
    fn the_oldest_files_go_when_there_are_too_many_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(folder.path(), Keeping { bytes_max: 5, ..Keeping::default() });
        for day in [date!(2026 - 02 - 01), date!(2026 - 02 - 02), date!(2026 - 02 - 03), date!(2026 - 02 - 04)] {
            files.append(day, b"abc\n").unwrap();
        }
        let expected = [("calls-2026-02-03-0000.jsonl", "abc\n"), ("calls-2026-02-04-0000.jsonl", "abc\n")];
        assert_eq!(named(&read(folder.path())), expected);
    }

    #[test]
    fn half_a_line_that_a_killed_process_left_is_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("audit")).unwrap();
        std::fs::write(folder.path().join("audit/calls-2026-02-01-0000.jsonl"), "a\n{\"half").unwrap();
        files(folder.path(), Keeping::default()).append(date!(2026 - 02 - 01), b"b\n").unwrap();
        assert_eq!(named(&read(folder.path())), [("calls-2026-02-01-0000.jsonl", "a\n{\"half\nb\n")]);
    }
}
