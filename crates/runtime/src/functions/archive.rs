//! Zips of functions: what may be in one, and how it is unpacked.
//!
//! A zip is a stranger's. Every entry must stay inside the folder it is unpacked into, links included, and neither what
//! entries claim about their size nor what they unpack to may exceed Lambda's bound.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use claviger_resources::limits::{FUNCTION_FILES_MAX, FUNCTION_UNZIPPED_BYTES_MAX};
use zip::ZipArchive;
use zip::result::ZipError;

/// How deep folders may nest.
const DEPTH_MAX: usize = 64;
/// Bytes of what a link points to.
const LINK_BYTES_MAX: u64 = 4096;

/// Why a zip cannot be a function's code.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no zip, or a damaged one.
    #[error("it is not a zip that can be read")]
    Unreadable(#[source] ZipError),
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// There are too many files in it.
    #[error("it holds more than {FUNCTION_FILES_MAX} files and folders")]
    TooMany,
    /// Its files are too large.
    #[error("its files are larger than {FUNCTION_UNZIPPED_BYTES_MAX} bytes")]
    TooLarge,
    /// An entry would be unpacked somewhere else, or is no file, folder or link.
    #[error("its entry {0:?} cannot be unpacked")]
    Entry(String),
    /// Files cannot be written.
    #[error("its files cannot be written")]
    Write(#[source] io::Error),
}

/// A zip that was looked through.
#[derive(Debug)]
pub(crate) struct Archive<R> {
    zip: ZipArchive<R>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File { executable: bool },
    Link,
}

impl<R: Read + Seek> Archive<R> {
    /// Reads a zip's directory, and refuses what must not be unpacked.
    pub(crate) fn open(reader: R) -> Result<Self, ArchiveError> {
        let mut zip = ZipArchive::new(reader).map_err(ArchiveError::Unreadable)?;
        if zip.len() > FUNCTION_FILES_MAX {
            return Err(ArchiveError::TooMany);
        }
        let (mut entries, mut bytes) = (Vec::with_capacity(zip.len()), 0_u64);
        for index in 0..zip.len() {
            // Opening the entry itself also refuses compressions and encryptions that cannot be read.
            let file = zip.by_index(index).map_err(ArchiveError::Unreadable)?;
            bytes = bytes.saturating_add(file.size());
            entries.push(Entry::of(file.name(), file.is_dir(), file.unix_mode())?);
        }
        if bytes > FUNCTION_UNZIPPED_BYTES_MAX {
            return Err(ArchiveError::TooLarge);
        }
        if !entries.iter().any(|entry| entry.kind != Kind::Folder) {
            return Err(ArchiveError::Empty);
        }
        Ok(Self { zip, entries })
    }

    /// Writes everything below `root`, an empty folder. Links come last, so that nothing is written through one.
    pub(crate) fn unpack(mut self, root: &Path) -> Result<(), ArchiveError> {
        let (mut left, mut links, mut made) = (FUNCTION_UNZIPPED_BYTES_MAX, Vec::new(), HashSet::new());
        for (index, entry) in self.entries.iter().enumerate() {
            let place = root.join(&entry.path);
            let folder = if entry.kind == Kind::Folder { Some(&*entry.path) } else { entry.path.parent() };
            make_folders(root, folder.unwrap_or(Path::new("")), &mut made)?;
            let file = match entry.kind {
                Kind::Folder => continue,
                Kind::File { .. } | Kind::Link => self.zip.by_index(index).map_err(ArchiveError::Unreadable)?,
            };
            match entry.kind {
                Kind::File { executable } => {
                    // What an entry claims of its size need not be so.
                    let mut content = file.take(left.saturating_add(1));
                    let written = write(&place, executable, &mut content)?;
                    left = left.checked_sub(written).ok_or(ArchiveError::TooLarge)?;
                }
                Kind::Folder | Kind::Link => {
                    let mut target = String::new();
                    file.take(LINK_BYTES_MAX).read_to_string(&mut target).map_err(|_| entry.refused())?;
                    links.push((place, entry.target(&target)?));
                }
            }
        }
        for (place, target) in links {
            std::os::unix::fs::symlink(target, place).map_err(ArchiveError::Write)?;
        }
        Ok(())
    }
}

impl Entry {
    fn of(name: &str, is_folder: bool, mode: Option<u32>) -> Result<Self, ArchiveError> {
        let refused = || ArchiveError::Entry(name.chars().take(200).collect());
        let path = inside(Path::new(name)).ok_or_else(refused)?;
        let kind = match mode.map(|mode| mode & 0o170_000) {
            Some(0o120_000) => Kind::Link,
            Some(0o100_000 | 0o040_000 | 0) | None if is_folder => Kind::Folder,
            Some(0o100_000 | 0) | None => Kind::File { executable: mode.is_some_and(|mode| mode & 0o111 != 0) },
            _ => return Err(refused()),
        };
        // A name like `.` is the root, which can be nothing but a folder.
        if path.as_os_str().is_empty() && kind != Kind::Folder {
            return Err(refused());
        }
        Ok(Self { path, kind })
    }

    /// Where a link points to. It may climb out of its own folder, but not out of the root: since no entry lies below a
    /// link, climbing first and then going down ends inside, whatever other links are on the way.
    fn target(&self, text: &str) -> Result<PathBuf, ArchiveError> {
        let target = Path::new(text);
        let climbs = target.components().take_while(|part| matches!(part, Component::ParentDir)).count();
        let depth = self.path.components().count().saturating_sub(1);
        let rest: PathBuf = target.components().skip(climbs).collect();
        if climbs > depth || text.contains('\0') || inside(&rest).is_none() {
            return Err(self.refused());
        }
        Ok(target.to_owned())
    }

    fn refused(&self) -> ArchiveError {
        ArchiveError::Entry(self.path.display().to_string())
    }
}

/// The path without its dots, when it stays where it starts.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) if !name.as_encoded_bytes().contains(&0) => parts.push(name),
            Component::CurDir => {}
            Component::Normal(_) | Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (parts.components().count() <= DEPTH_MAX).then_some(parts)
}

/// Makes a folder and those it is in. Whoever may enter the root may read all that is in it, whatever the umask says.
fn make_folders<'a>(root: &Path, folder: &'a Path, made: &mut HashSet<&'a Path>) -> Result<(), ArchiveError> {
    let mut missing: Vec<&Path> =
        folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !made.contains(folder)).collect();
    while let Some(folder) = missing.pop() {
        let place = root.join(folder);
        fs::create_dir_all(&place).map_err(ArchiveError::Write)?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).map_err(ArchiveError::Write)?;
        made.insert(folder);
    }
    Ok(())
}

fn write(place: &Path, executable: bool, content: &mut impl Read) -> Result<u64, ArchiveError> {
    let mode = if executable { 0o755 } else { 0o644 };
    // An entry that comes twice would be written over; a link cannot be there yet.
    let mut file: File = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(place)
        .map_err(ArchiveError::Write)?;
    file.set_permissions(fs::Permissions::from_mode(mode)).map_err(ArchiveError::Write)?;
    io::copy(content, &mut file).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            ArchiveError::Unreadable(ZipError::Io(error))
        }
        _ => ArchiveError::Write(error),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::*;
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;

    /// A zip of these entries: a name that ends with a slash is a folder, content that starts with `->` a link.
    fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, content) in entries {
            if let Some(target) = content.strip_prefix("->") {
                zip.add_symlink(*name, target, options).unwrap();
            } else if name.ends_with('/') {
                zip.add_directory(*name, options).unwrap();
            } else {
                let mode = if content.starts_with("#!") { 0o755 } else { 0o644 };
                zip.start_file(*name, options.unix_permissions(mode)).unwrap();
                zip.write_all(content.as_bytes()).unwrap();
            }
        }
        zip.finish().unwrap().into_inner()
    }

    fn unpacked(zip: &[u8]) -> Result<tempfile::TempDir, ArchiveError> {
        let root = tempfile::tempdir().unwrap();
        Archive::open(Cursor::new(zip))?.unpack(root.path())?;
        Ok(root)
    }

    #[test]
    fn files_folders_modes_and_links_are_unpacked() {
        let root = unpacked(&zipped(&[
            ("bootstrap", "#!/bin/sh"),
            ("./lib/", ""),
            ("lib/deep/storms.py", "storms = 3"),
            ("lib/run", "->../bootstrap"),
            ("here", "->lib/deep"),
        ]))
        .unwrap();
        let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bootstrap"), mode("lib/deep/storms.py")), (0o755, 0o644));
        assert_eq!((mode("lib"), mode("lib/deep")), (0o755, 0o755));
        let read = |name: &str| fs::read_to_string(root.path().join(name)).unwrap();
        assert_eq!((&*read("lib/run"), &*read("here/storms.py")), ("#!/bin/sh", "storms = 3"));
    }

    #[test]
    fn nothing_gets_out_of_its_folder() {
        for entries in [
            &[("../x", "x")][..],
            &[("a/../../x", "x")],
            &[("a/../x", "x")],
            &[("/etc/x", "x")],
            &[("a\0b", "x")],
            &[("link", "->/etc/passwd")],
            &[("link", "->..")],
            &[("a/link", "->../../x")],
            &[("link", "->a/../../x")],
            &[("d/up", "->.."), ("link", "->d/up/../x")],
        ] {
            let outcome = unpacked(&zipped(entries)).err();
            assert!(matches!(outcome, Some(ArchiveError::Entry(_))), "{entries:?}: {outcome:?}");
        }
        // What lies below a link cannot be written.
        let below = unpacked(&zipped(&[("link", "->a"), ("a/", ""), ("link/x", "x")])).err();
        assert!(matches!(below, Some(ArchiveError::Write(_))), "{below:?}");
    }

    #[test]
    fn what_is_no_zip_or_an_empty_one_is_refused() {
        assert!(matches!(unpacked(b"no zip"), Err(ArchiveError::Unreadable(_))));
        assert!(matches!(unpacked(&[]), Err(ArchiveError::Unreadable(_))));
        assert!(matches!(unpacked(&zipped(&[])), Err(ArchiveError::Empty)));
        assert!(matches!(unpacked(&zipped(&[("a/", "")])), Err(ArchiveError::Empty)));
        let whole = zipped(&[("storms.py", "storms = 3")]);
        assert!(matches!(unpacked(&whole[..whole.len() - 10]), Err(ArchiveError::Unreadable(_))));
    }

    #[test]
    fn a_bomb_is_refused_whether_or_not_it_tells_its_size() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("bomb", SimpleFileOptions::default()).unwrap();
        let zeros = vec![0; 1024 * 1024];
        for _ in 0..=FUNCTION_UNZIPPED_BYTES_MAX / (1024 * 1024) {
            zip.write_all(&zeros).unwrap();
        }
        let mut bomb = zip.finish().unwrap().into_inner();
        assert!(bomb.len() < 1024 * 1024);
        assert!(matches!(unpacked(&bomb), Err(ArchiveError::TooLarge)));
        // Its size in the directory, made small.
        let directory = bomb.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        bomb[directory + 24..directory + 28].copy_from_slice(&10_u32.to_le_bytes());
        assert!(unpacked(&bomb).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(start in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..400, byte: u8) {
            let _ = unpacked(&start);
            let mut zip = zipped(&[("a/b", "content"), ("link", "->a")]);
            if let Some(place) = zip.get_mut(at) {
                *place = byte;
            }
            let _ = unpacked(&zip);
        }
    }
}
