//! What surrounds a store: files and who may read them, certificates, room on the disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use claviger_resources::Timestamp;
use indicatif::HumanBytes;

use super::{Check, Wrongs, private_files};
use crate::certificates;
use crate::config::Config;
use crate::node::Place;

/// How long before their end certificates are complained about.
const DAYS_LEFT_MIN: i64 = 30;
/// Below this much room on a disk something must be done.
const BYTES_MIN: u64 = 256 * 1024 * 1024;
/// Below this part of it, soon.
const PERCENT_MIN: u64 = 10;

/// All checks of the surroundings.
pub(super) fn checks(place: &Place, config: Option<&Config>, now: Timestamp) -> Vec<Check> {
    let mut checks = vec![permissions(place, config)];
    let files = config.map(|config| &*config.certificates).unwrap_or_default();
    checks.extend(files.iter().map(|files| {
        const NEXT: &str = "put a new certificate and its key in the same files; the server reads them by itself";
        let loaded = match certificates::load(files) {
            Ok(loaded) => loaded,
            Err(error) => return Check::failed("certificate", error.to_string(), NEXT),
        };
        let (path, days) = (files.certificate.display(), loaded.seconds_left(now).div_euclid(24 * 60 * 60));
        match loaded.check_dates(now) {
            Err(error) => Check::failed("certificate", error.to_string(), NEXT),
            Ok(()) if days < DAYS_LEFT_MIN => {
                Check::warning("certificate", format!("{path} expires in {days} days"), NEXT)
            }
            Ok(()) => Check::ok("certificate", format!("{path} is good for {days} days")),
        }
    }));
    checks.extend(place.directory().map(room));
    checks
}

fn permissions(place: &Place, config: Option<&Config>) -> Check {
    let mut wrongs = Wrongs::default();
    let mode = |path: &Path| Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777);
    if let Some((directory, mode)) = place.directory().and_then(|directory| Some((directory, mode(directory)?)))
        && mode & 0o022 != 0
    {
        wrongs.add(|| format!("others may write in {} (mode {mode:o})", directory.display()));
    }
    for file in private_files(place, config) {
        if let Some(mode) = mode(&file).filter(|mode| mode & 0o077 != 0) {
            wrongs.add(|| format!("others may read {} (mode {mode:o})", file.display()));
        }
    }
    let next = "run chmod 700 on the directory and chmod 600 on the files";
    wrongs.check("permissions", "nobody else can read what is stored".to_owned(), next)
}

fn room(directory: &Path) -> Check {
    const NAME: &str = "disk";
    const NEXT: &str = "make room: without it nothing more can be written, while tokens are still issued";
    let found = match rustix::fs::statvfs(directory) {
        Ok(found) => found,
        Err(error) => {
            let found = format!("{}: {error}", directory.display());
            return Check::failed(NAME, found, "see that data_dir names a directory that is there");
        }
    };
    let (free, all) = (found.f_bavail * found.f_frsize, (found.f_blocks * found.f_frsize).max(1));
    let said = format!("{} free at {}", HumanBytes(free), directory.display());
    match free {
        free if free < BYTES_MIN => Check::failed(NAME, said, NEXT),
        free if free * 100 / all < PERCENT_MIN => Check::warning(NAME, said, NEXT),
        _ => Check::ok(NAME, said),
    }
}
