//! Reading events: a page of those of some streams, in the order of their times.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use claviger_resources::Timestamp;

use super::EVENT_OVERHEAD_BYTES;
use super::stream::{self, StoredEvent};

/// Bytes of a page (CloudWatch Logs API, `GetLogEvents`).
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Which events are asked for.
#[derive(Clone, Debug)]
pub struct Window {
    /// None before this.
    pub begin: Option<Timestamp>,
    /// None at or after this.
    pub end: Option<Timestamp>,
    /// None at or before this place: when it happened, and its number.
    pub after: Option<(Timestamp, u64)>,
    /// None at or after this place.
    pub before: Option<(Timestamp, u64)>,
    /// Whether the first events are asked for, not the last ones.
    pub from_begin: bool,
    /// How many.
    pub limit: usize,
}

/// Events, each with the name of its stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The events.
    pub events: Vec<(String, StoredEvent)>,
    /// Whether there are more in the direction that was asked for.
    pub is_cut: bool,
}

impl Window {
    fn holds(&self, event: &StoredEvent) -> bool {
        let place = (event.0, event.2);
        self.begin.is_none_or(|begin| event.0 >= begin)
            && self.end.is_none_or(|end| event.0 < end)
            && self.after.is_none_or(|after| place > after)
            && self.before.is_none_or(|before| place < before)
    }
}

/// A page of events: no more than are asked for, and no more bytes than a page has.
pub(super) fn page(
    group_folder: &Path,
    streams: &[String],
    window: &Window,
    passes: impl Fn(&str) -> bool,
) -> io::Result<Page> {
    let (mut kept, mut bytes) = (BTreeMap::new(), 0);
    let mut is_cut = false;
    for name in streams {
        let file = stream::file(group_folder, name);
        for path in [stream::aside(&file), file] {
            stream::each(&path, |event| {
                if !window.holds(&event) || !passes(&event.3) {
                    return;
                }
                bytes += size(&event);
                kept.insert((event.0, event.2), (name.clone(), event));
                // One is always kept, so that the next page begins after it.
                while kept.len() > window.limit || (bytes > PAGE_BYTES_MAX && kept.len() > 1) {
                    let beyond = if window.from_begin { kept.pop_last() } else { kept.pop_first() };
                    bytes -= beyond.map_or(0, |(_, (_, event))| size(&event));
                    is_cut = true;
                }
            })?;
        }
    }
    Ok(Page { events: kept.into_values().collect(), is_cut })
}

fn size(event: &StoredEvent) -> usize {
    event.3.len() + EVENT_OVERHEAD_BYTES
}
