//! What stands in a backup. The first member says what it is, the last what all before it were.
//!
//! | member | holds |
//! |---|---|
//! | `backup.json` | the format's number, the release that wrote it, when, and the store's revision |
//! | `records/000001.ndjson` … | records, one on a line; the first of all is the keyring |
//! | `objects/{blob}` | what objects of S3 hold |
//! | `functions/{sha256}.zip` | the code of functions and layers |
//! | `manifest.json` | how much there is of each, and a digest over all members before |

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use claviger_resources::{AccountId, Region, Tenant};
use claviger_store::{Key, Kind, Name, NamedRow, Namespace, Row};
use serde::{Deserialize, Serialize};

/// The number of this format. Members may be added to its lines without a new one.
pub(super) const FORMAT: u32 = 1;

pub(super) const HEAD: &str = "backup.json";
pub(super) const RECORDS: &str = "records/";
pub(super) const OBJECTS: &str = "objects/";
pub(super) const FUNCTIONS: &str = "functions/";
pub(super) const MANIFEST: &str = "manifest.json";

/// What a backup says of itself first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    /// The release that wrote it.
    pub(super) program: String,
    /// When, in RFC 3339's form.
    pub(super) created: String,
    /// The revision of the store.
    pub(super) revision: u64,
}

/// What a backup holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The revision of the store that was saved.
    pub revision: u64,
    /// Records by their kind.
    pub records: BTreeMap<String, u64>,
    /// What objects hold.
    pub objects: Amount,
    /// The code of functions.
    pub functions: Amount,
    /// The digest of all members before this one.
    pub sha256: String,
}

/// How much there is of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Manifest {
    /// All records.
    pub fn records(&self) -> u64 {
        self.records.values().sum()
    }

    /// Counts a member with the contents of an object, or the code of a function.
    pub(super) fn count(&mut self, member: &str, bytes: u64) {
        let amount = if member.starts_with(OBJECTS) { &mut self.objects } else { &mut self.functions };
        amount.files += 1;
        amount.bytes += bytes;
    }
}

/// A record on a line.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    kind: String,
    account: String,
    region: String,
    parent: String,
    id: String,
    version: u64,
    /// Namespace and name.
    names: Vec<(String, String)>,
    /// A text in a text: it comes back byte for byte.
    body: String,
}

impl Line {
    pub(super) fn of(NamedRow { row, names }: NamedRow) -> Self {
        let Row { key: Key { kind, tenant, parent, id }, version, body } = row;
        let (account, region) = (tenant.account.to_string(), tenant.region.to_string());
        let names = names.into_iter().map(|name| (name.namespace.as_str().to_owned(), name.name)).collect();
        Self { kind: kind.as_str().to_owned(), account, region, parent, id, version, names, body }
    }

    /// The record; or what of it this program does not know.
    pub(super) fn into_row(self) -> Result<NamedRow, Unknown> {
        let kind = known(&self.kind).ok_or_else(|| Unknown::Word(format!("records of kind {:?}", self.kind)))?;
        let tenant = Tenant {
            account: AccountId::parse(&self.account).map_err(|error| Unknown::Malformed(error.to_string()))?,
            region: Region::parse(&self.region).map_err(|error| Unknown::Malformed(error.to_string()))?,
        };
        let name = |(namespace, name): (String, String)| match Namespace::parse(&namespace) {
            Some(namespace) => Ok(Name::new(namespace, name)),
            None => Err(Unknown::Word(format!("names in {namespace:?}"))),
        };
        let names = self.names.into_iter().map(name).collect::<Result<_, _>>()?;
        let key = Key { kind, tenant, parent: self.parent, id: self.id };
        Ok(NamedRow { row: Row { key, version: self.version, body: self.body }, names })
    }
}

/// The kind with this name, if this program knows it.
fn known(kind: &str) -> Option<Kind> {
    Kind::parse(kind).filter(|kind| *kind != Kind::Unknown)
}

/// Whether this program knows a kind.
pub(crate) fn is_known(kind: &str) -> bool {
    known(kind).is_some()
}

/// Why a line is no record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A word that a later release has added.
    Word(String),
    /// Something that was never right.
    Malformed(String),
}

/// The digest over members: of each its name, its length and its bytes.
pub(super) struct MembersDigest(Context);

impl MembersDigest {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(super) fn begin(&mut self, name: &str, bytes: u64) {
        for part in [name.as_bytes(), &[0], &bytes.to_le_bytes()] {
            self.0.update(part);
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> String {
        use std::fmt::Write as _;
        let digest = self.0.finish();
        digest.as_ref().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> Result<NamedRow, Unknown> {
        serde_json::from_str::<Line>(json).unwrap().into_row()
    }

    #[test]
    fn a_record_is_the_same_after_its_line() {
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let key = Key { kind: Kind::Stage, tenant, parent: "a\nb".to_owned(), id: "\u{1f600}\"".to_owned() };
        let names = vec![Name::new(Namespace::ClientId, "x"), Name::new(Namespace::ApiId, "\\")];
        let row = NamedRow { row: Row { key, version: 7, body: "{\"a\": \"\u{0}\"}\n ".to_owned() }, names };
        let text = serde_json::to_string(&Line::of(row.clone())).unwrap();
        assert!(!text.contains('\n'));
        assert_eq!(line(&text), Ok(row));
    }

    #[test]
    fn what_a_later_release_has_added_is_told_from_what_was_never_right() {
        let with = |kind: &str, account: &str, namespace: &str| {
            line(&format!(
                r#"{{"kind": "{kind}", "account": "{account}", "region": "a", "parent": "", "id": "", "version": 1,
                    "names": [["{namespace}", "a"]], "body": "", "later": 1}}"#
            ))
        };
        assert!(with("stage", "000000000000", "api_id").is_ok());
        assert_eq!(with("cat", "000000000000", "api_id"), Err(Unknown::Word("records of kind \"cat\"".to_owned())));
        assert_eq!(with("stage", "000000000000", "paw"), Err(Unknown::Word("names in \"paw\"".to_owned())));
        assert!(matches!(with("stage", "1", "api_id"), Err(Unknown::Malformed(_))));
    }
}
