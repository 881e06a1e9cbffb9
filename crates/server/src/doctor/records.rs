//! Everything that is stored, row by row: whether it can be read, is where it says, holds its names, and has what it needs.

use std::collections::BTreeSet;

use claviger_resources::function::{Code, CodeSha256, Function, FunctionVersion};
use claviger_resources::layer::Layer;
use claviger_resources::object::{Blob, Object, Part};
use claviger_runtime::vault::Vault;
use claviger_store::{Backend, Described, Key, Kind, NamedRow, Row, StoreError, Stored, Transaction};

use super::{Check, Wrongs, secrets, with_sources};
use crate::backup::{Contents, Pages};

/// What is looked at, and with what.
pub(super) struct Look<'l> {
    pub(super) store: &'l dyn Backend,
    /// What opens secrets; `None` when they cannot be opened.
    pub(super) vault: Option<&'l Vault>,
    /// Where contents stand.
    pub(super) contents: Contents,
}

/// What was found wrong.
#[derive(Default)]
struct Found {
    records: u64,
    secrets: u64,
    files: u64,
    unreadable: Wrongs,
    unnamed: Wrongs,
    orphaned: Wrongs,
    unopened: Wrongs,
    missing: Wrongs,
    /// The parent that was last seen to be there.
    parent: Option<Key>,
    /// Code that was looked at.
    code: BTreeSet<CodeSha256>,
}

impl Look<'_> {
    /// Looks at every record, all of them in one state.
    pub(super) async fn at_everything(&self, progress: impl Fn(u64)) -> Vec<Check> {
        const RESTORE: &str = "restore the last good backup into an empty store, and keep this one to look at";
        let mut found = Found::default();
        if let Err(error) = self.look(&mut found, progress).await {
            return vec![Check::failed("records", with_sources(&error), RESTORE)];
        }
        let Found { records, secrets, files, unreadable, unnamed, orphaned, unopened, missing, .. } = found;
        let mut checks = vec![
            unreadable.check("records", format!("all {records} can be read"), RESTORE),
            unnamed.check("names", "every record holds its own, and no other".to_owned(), RESTORE),
            orphaned.check("parents", "every record's is there".to_owned(), "delete what belongs to nothing"),
        ];
        if self.vault.is_some() {
            let next = "set these secrets anew, or restore the last good backup";
            checks.push(unopened.check("secrets", format!("all {secrets} can be opened"), next));
        }
        let next = "put these objects and functions there again, or restore the last good backup";
        checks.push(missing.check("files", format!("all {files} of objects and functions are there"), next));
        checks
    }

    async fn look(&self, found: &mut Found, progress: impl Fn(u64)) -> Result<(), StoreError> {
        let mut tx = self.store.read().await?;
        for kind in Kind::ALL {
            let mut pages = Pages::of(*kind);
            while let Some(rows) = pages.next(&mut *tx).await? {
                for named in &rows {
                    found.records += 1;
                    self.judge(named, found, &mut *tx).await?;
                }
                progress(found.records);
            }
        }
        Ok(())
    }

    async fn judge(&self, named: &NamedRow, found: &mut Found, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        let row = &named.row;
        let described = match Described::of(row) {
            Ok(described) => described,
            Err(error) => {
                found.unreadable.add(|| format!("{}: {}", shown(&row.key), with_sources(&error)));
                return Ok(());
            }
        };
        if described.key != row.key {
            found.unreadable.add(|| format!("{} says it is {}", shown(&row.key), shown(&described.key)));
        }
        let (mut should, mut does) = (described.names, named.names.clone());
        should.sort_unstable();
        does.sort_unstable();
        if should != does {
            let missing = should.iter().filter(|name| !does.contains(name)).count();
            let more = does.len() + missing - should.len();
            found.unnamed.add(|| format!("{} lacks {missing} of its names and holds {more} others", shown(&row.key)));
        }
        if let Some(parent) = parent(&row.key)
            && found.parent.as_ref() != Some(&parent)
        {
            if tx.row(&parent).await?.is_some() {
                found.parent = Some(parent);
            } else {
                found.orphaned.add(|| format!("{} belongs to the missing {}", shown(&row.key), shown(&parent)));
            }
        }
        if let Some(vault) = self.vault {
            let opened = secrets::open_all(row, vault, tx).await?;
            found.secrets += opened.secrets;
            if opened.unopened > 0 {
                found.unopened.add(|| format!("{} of {}", opened.unopened, shown(&row.key)));
            }
        }
        self.files(row, found, tx).await
    }

    /// Whether the files that a record names are there.
    async fn files(&self, row: &Row, found: &mut Found, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        match row.key.kind {
            Kind::Object => {
                for blob in Stored::<Object>::from_row(row)?.record.blobs {
                    self.blob(&blob, row, found, tx).await;
                }
            }
            Kind::Part => self.blob(&Stored::<Part>::from_row(row)?.record.blob, row, found, tx).await,
            Kind::Function => self.function(&Stored::<Function>::from_row(row)?.record.code, row, found, tx).await,
            Kind::FunctionVersion => {
                let version = Stored::<FunctionVersion>::from_row(row)?.record;
                self.function(&version.function.code, row, found, tx).await;
            }
            Kind::Layer => {
                for version in Stored::<Layer>::from_row(row)?.record.versions.into_values() {
                    self.function(&version.code, row, found, tx).await;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn blob(&self, blob: &Blob, row: &Row, found: &mut Found, tx: &mut dyn Transaction) {
        found.files += 1;
        if !self.contents.is_whole(blob, tx).await.unwrap_or(false) {
            found.missing.add(|| format!("what {} holds", shown(&row.key)));
        }
    }

    async fn function(&self, code: &Code, row: &Row, found: &mut Found, tx: &mut dyn Transaction) {
        if !found.code.insert(code.sha256) {
            return;
        }
        found.files += 1;
        if !self.contents.zip(code.sha256, tx).await.is_ok_and(|zip| zip.is_some()) {
            found.missing.add(|| format!("the code of {}", shown(&row.key)));
        }
    }
}

/// The record without which this one is of no use.
fn parent(key: &Key) -> Option<Key> {
    let kind = match key.kind {
        Kind::ResourceServer | Kind::AppClient | Kind::UserPoolDomain | Kind::User | Kind::Group => Kind::UserPool,
        Kind::Resource
        | Kind::Authorizer
        | Kind::Model
        | Kind::RequestValidator
        | Kind::GatewayResponse
        | Kind::Deployment
        | Kind::DocumentationPart
        | Kind::DocumentationVersion
        | Kind::Stage => Kind::RestApi,
        Kind::HttpRoute | Kind::HttpIntegration | Kind::HttpAuthorizer | Kind::HttpDeployment | Kind::HttpStage => {
            Kind::HttpApi
        }
        Kind::ApiMapping => Kind::DomainName,
        Kind::UsagePlanKey => Kind::UsagePlan,
        Kind::FunctionVersion => Kind::Function,
        Kind::StackResource | Kind::StackTemplate | Kind::ChangeSet => Kind::Stack,
        Kind::ParameterVersion => Kind::Parameter,
        Kind::SecretVersion => Kind::KeptSecret,
        Kind::Object | Kind::Upload => Kind::Bucket,
        Kind::BlobPiece => Kind::StoredBlob,
        _ => return None,
    };
    Some(Key { kind, tenant: key.tenant.clone(), parent: String::new(), id: key.parent.clone() })
}

/// A key in words; ids are no secrets, but may be long.
fn shown(key: &Key) -> String {
    let id: String = key.id.chars().take(80).filter(|character| !character.is_control()).collect();
    format!("{} {id}", key.kind)
}
