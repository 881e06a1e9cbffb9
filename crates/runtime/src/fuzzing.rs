//! What the fuzz targets reach of this crate beside what is public. It is no part of its interface.

use std::io::Cursor;
use std::path::Path;

use crate::functions::Archive;

/// Unpacks the zip of a function into an empty folder; tells whether it was one.
pub fn unpack(zip: &[u8], root: &Path) -> bool {
    Archive::open(Cursor::new(zip)).and_then(|archive| archive.unpack(root)).is_ok()
}
