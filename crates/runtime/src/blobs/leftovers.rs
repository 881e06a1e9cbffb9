//! Blobs that a crash left behind: those of earlier runs that no object names.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;

use claviger_resources::object::{Object, Part};
use claviger_store::{Key, Kind, Store, StoreError, Stored};

use super::records::CODE_PREFIX;
use super::{BlobStore, Home, blocking};

/// Rows read at a time.
const PAGE: usize = 1_000;

/// Why they were not removed.
#[derive(Debug, thiserror::Error)]
pub enum LeftoversError {
    /// The folder cannot be read, or a file in it not be removed.
    #[error("cannot clear the folder of S3's objects")]
    Folder(#[from] io::Error),
    /// The store cannot say which are in use.
    #[error("cannot tell which files are in use")]
    Store(#[from] StoreError),
}

impl BlobStore {
    /// Removes what earlier runs left behind, while this one goes on; of contents in the store, what nothing has named for a
    /// day.
    pub async fn remove_leftovers(&self, store: &dyn Store) -> Result<(), LeftoversError> {
        match &self.0 {
            Home::Folder(folder) => {
                // Listed before the store is asked: no name is given to a file of an earlier run any more.
                let inner = folder.0.clone();
                let mut found = blocking(move || earlier(&inner.folder, &inner.run)).await?;
                if !found.is_empty() {
                    keep_named(store, |id| {
                        found.remove(id);
                    })
                    .await?;
                    folder.remove(found.into_iter()).await?;
                }
            }
            Home::Records(records) => {
                let mut found = records.old().await?;
                found.retain(|head| !head.id.starts_with(CODE_PREFIX));
                let mut found: HashMap<String, _> = found.into_iter().map(|head| (head.id.clone(), head)).collect();
                if !found.is_empty() {
                    keep_named(store, |id| {
                        found.remove(id);
                    })
                    .await?;
                    for head in found.into_values() {
                        records.remove_old(&head).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Tells of every blob that an object or a part of one names.
async fn keep_named(store: &dyn Store, mut named: impl FnMut(&str)) -> Result<(), StoreError> {
    let mut tx = store.read().await?;
    for kind in [Kind::Object, Kind::Part] {
        let mut after: Option<Key> = None;
        loop {
            let rows = tx.rows_of_kind(kind, after.as_ref(), PAGE).await?;
            for row in &rows {
                if kind == Kind::Object {
                    Stored::<Object>::from_row(row)?.record.blobs.iter().for_each(|blob| named(&blob.id));
                } else {
                    named(&Stored::<Part>::from_row(row)?.record.blob.id);
                }
            }
            if rows.len() < PAGE {
                break;
            }
            after = rows.into_iter().next_back().map(|row| row.key);
        }
    }
    Ok(())
}

/// The files in a folder that this run did not write.
fn earlier(folder: &Path, run: &str) -> io::Result<HashSet<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
        other => other?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
    names.filter_map(Result::transpose).filter(|name| !matches!(name, Ok(name) if name.starts_with(run))).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use claviger_resources::object::Blob;
    use claviger_resources::{AccountId, Region, Tenant, Timestamp};
    use claviger_store::TransactionExt;
    use claviger_testkit::memory_store;
    use serde_json::json;

    use super::*;

    async fn blob(blobs: &BlobStore) -> Blob {
        let mut writer = blobs.writer().await.unwrap();
        writer.write(Bytes::from_static(b"a")).await.unwrap();
        writer.finish().await.unwrap()
    }

    #[tokio::test]
    async fn only_files_of_earlier_runs_go_that_nothing_names() {
        let folder = tempfile::tempdir().unwrap();
        let (store, earlier) = (memory_store(), BlobStore::at(folder.path()));
        let (named, unnamed) = (blob(&earlier).await, blob(&earlier).await);
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let part = json!({
            "tenant": tenant, "upload": "upload", "id": "00001", "blob": named, "etag": "", "lastModified": Timestamp::default(),
        });
        let part: Part = serde_json::from_value(part).unwrap();
        let mut tx = store.write().await.unwrap();
        tx.insert(&part).await.unwrap();
        tx.commit().await.unwrap();
        let blobs = BlobStore::at(folder.path());
        let own = blob(&blobs).await;
        blobs.remove_leftovers(&*store).await.unwrap();
        for (blob, stays) in [(named, true), (unnamed, false), (own, true)] {
            assert_eq!(blobs.read(&[blob], 0, 1).await.is_ok(), stays);
        }
        let nothing = BlobStore::at(&folder.path().join("nothing"));
        nothing.remove_leftovers(&*store).await.unwrap();
    }
}
