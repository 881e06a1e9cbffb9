//! What in which record is sealed, and for what.

use claviger_resources::Sealed;
use claviger_resources::access_key::AccessKey;
use claviger_resources::api_key::ApiKey;
use claviger_resources::app_client::AppClient;
use claviger_resources::client_certificate::ClientCertificate;
use claviger_resources::correspondence::{Correspondence, Message};
use claviger_resources::function::{Function, FunctionVersion};
use claviger_resources::kept_secret::{KeptSecret, SecretValue, SecretVersion};
use claviger_resources::parameter::{OlderVersion, Parameter, ParameterValue, arn};
use claviger_resources::signing_certificate::SigningCertificate;
use claviger_resources::signing_key::SigningKeys;
use claviger_resources::stack::{self, ChangeSet, Definition, Stack, StackExport, StackResource};
use claviger_resources::user::User;
use claviger_runtime::vault::{SealedFor, Vault};
use claviger_store::{Kind, Record, Row, StoreError, Stored, Transaction, TransactionExt as _};

/// How many secrets a record holds, and how many of them cannot be opened, or are not what they are checked against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) secrets: u64,
    pub(super) unopened: u64,
}

/// Opens every secret of a record, and forgets it.
pub(super) async fn open_all(row: &Row, vault: &Vault, tx: &mut dyn Transaction) -> Result<Opened, StoreError> {
    let mut open = Opening { vault, opened: Opened::default() };
    match row.key.kind {
        Kind::AppClient => {
            let client: AppClient = decode(row)?;
            for secret in &client.secrets {
                let is_right = |plain: &[u8]| vault.digest(&client.id, plain).0.as_slice() == secret.digest.as_bytes();
                open.checked(SealedFor::ClientSecret(&client.id), &secret.sealed, is_right);
            }
        }
        Kind::ApiKey => {
            let key: ApiKey = decode(row)?;
            let is_right = |plain: &[u8]| vault.api_key_digest(&key.tenant, plain) == key.digest;
            open.checked(SealedFor::ApiKey(&key.id), &key.sealed, is_right);
        }
        Kind::SigningKeys => {
            let keys: SigningKeys = decode(row)?;
            keys.keys.iter().for_each(|key| open.one(SealedFor::SigningKey(&keys.pool), &key.sealed));
        }
        Kind::SigningCertificate => {
            let certificate: SigningCertificate = decode(row)?;
            open.one(SealedFor::SigningCertificate(&certificate.pool), &certificate.sealed);
        }
        Kind::ClientCertificate => {
            let certificate: ClientCertificate = decode(row)?;
            open.one(SealedFor::ClientCertificate(&certificate.id), &certificate.sealed);
        }
        Kind::User => {
            let user: User = decode(row)?;
            user.password.iter().for_each(|password| open.one(SealedFor::SrpVerifier(&user.sub), &password.srp));
        }
        Kind::Correspondence => {
            let letters: Correspondence = decode(row)?;
            let codes = letters.codes.iter().filter_map(|code| code.value.as_ref());
            codes.for_each(|code| open.one(SealedFor::Message(&letters.sub), code));
        }
        Kind::Message => {
            let message: Message = decode(row)?;
            open.one(SealedFor::Message(&message.sub), &message.content);
        }
        Kind::Function => open.function(&decode(row)?),
        Kind::FunctionVersion => open.function(&decode::<FunctionVersion>(row)?.function),
        Kind::StackResource => {
            let resource: StackResource = decode(row)?;
            for physical in resource.current.iter().chain(&resource.previous) {
                open.one(SealedFor::StackResource(&resource.stack), &physical.state);
            }
        }
        Kind::Stack => {
            let stack: Stack = decode(row)?;
            stack.outputs.iter().for_each(|outputs| open.one(SealedFor::Stack(&stack.id), outputs));
            open.definition(&stack.id, &stack.definition);
        }
        Kind::ChangeSet => {
            let change_set: ChangeSet = decode(row)?;
            change_set.changes.iter().for_each(|changes| open.one(SealedFor::Stack(&change_set.stack), changes));
            open.definition(&change_set.stack, &change_set.definition);
        }
        Kind::StackExport => {
            let export: StackExport = decode(row)?;
            open.one(SealedFor::Stack(&export.stack), &export.value);
        }
        Kind::Parameter => {
            let parameter: Parameter = decode(row)?;
            open.parameter(&parameter.arn(), &parameter.latest.value);
        }
        Kind::ParameterVersion => {
            let older: OlderVersion = decode(row)?;
            open.parameter(&arn(&older.tenant, &older.parameter), &older.version.value);
        }
        Kind::SecretVersion => {
            let version: SecretVersion = decode(row)?;
            let secret = tx.find::<KeptSecret>(&version.tenant, "", &version.secret).await?;
            if let (Some(secret), Some(SecretValue::Text(sealed) | SecretValue::Binary(sealed))) =
                (secret, &version.value)
            {
                open.one(SealedFor::SecretVersion(&secret.place_of(&version.id)), sealed);
            }
        }
        Kind::AccessKey => {
            let key: AccessKey = decode(row)?;
            open.one(SealedFor::AccessKey(&key.id), &key.sealed);
        }
        _ => {}
    }
    Ok(open.opened)
}

struct Opening<'v> {
    vault: &'v Vault,
    opened: Opened,
}

impl Opening<'_> {
    fn one(&mut self, place: SealedFor<'_>, sealed: &Sealed) {
        self.checked(place, sealed, |_| true);
    }

    fn checked(&mut self, place: SealedFor<'_>, sealed: &Sealed, is_right: impl FnOnce(&[u8]) -> bool) {
        self.opened.secrets += 1;
        let plain = self.vault.open_sealed(place, sealed);
        if !plain.is_ok_and(|plain| is_right(plain.expose())) {
            self.opened.unopened += 1;
        }
    }

    fn function(&mut self, function: &Function) {
        if let Some(environment) = &function.environment {
            self.one(SealedFor::FunctionEnvironment(&function.arn()), environment);
        }
    }

    fn definition(&mut self, stack: &str, definition: &Definition) {
        for parameter in &definition.parameters {
            for value in std::iter::once(&parameter.value).chain(&parameter.resolved) {
                if let stack::ParameterValue::Hidden(sealed) = value {
                    self.one(SealedFor::Stack(stack), sealed);
                }
            }
        }
    }

    fn parameter(&mut self, arn: &str, value: &ParameterValue) {
        if let ParameterValue::Sealed(sealed) = value {
            self.one(SealedFor::Parameter(arn), sealed);
        }
    }
}

fn decode<R: Record>(row: &Row) -> Result<R, StoreError> {
    Ok(Stored::<R>::from_row(row)?.record)
}
