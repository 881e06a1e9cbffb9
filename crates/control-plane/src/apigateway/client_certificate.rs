//! Client certificates: `GenerateClientCertificate`, `GetClientCertificate`, `GetClientCertificates`,
//! `UpdateClientCertificate`, `DeleteClientCertificate`. Stages name them, and backends are shown them.

use std::collections::BTreeMap;

use claviger_resources::client_certificate::ClientCertificate;
use claviger_resources::limits::CLIENT_CERTIFICATES_PER_REGION;
use claviger_resources::rest_api::Stage;
use claviger_resources::{ClientCertificateId, Timestamp};
use claviger_runtime::vault::SealedFor;
use claviger_store::{Stored, TransactionExt};
use rcgen::ExtendedKeyUsagePurpose;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::{PatchOperation, apply_all};
use super::tags;
use crate::operation::{Access, Caller, Context, Operation, Step, perform};
use crate::self_signed::{self, Wanted};
use crate::services::Services;

/// Makes a client certificate and its key.
pub struct GenerateClientCertificate;
/// Shows a client certificate.
pub struct GetClientCertificate;
/// Lists the client certificates.
pub struct GetClientCertificates;
/// Changes the description of a client certificate.
pub struct UpdateClientCertificate;
/// Deletes a client certificate.
pub struct DeleteClientCertificate;

/// How long a certificate is valid: 365 days, in milliseconds (API Gateway, "Generate and configure an SSL certificate for
/// backend authentication").
const VALID_MILLISECONDS: i64 = 365 * 24 * 60 * 60 * 1000;

/// The members of `GenerateClientCertificate`.
#[derive(Deserialize)]
pub struct GenerateClientCertificateInput {
    description: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    /// The certificate, which takes too long to make while a transaction is open.
    #[serde(skip)]
    made: Option<ClientCertificate>,
}

/// Which certificate is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificateInput {
    client_certificate_id: String,
}

/// The members of `UpdateClientCertificate`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateClientCertificateInput {
    client_certificate_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A certificate as callers see it; its key is never shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificateOutput {
    client_certificate_id: ClientCertificateId,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    pem_encoded_certificate: String,
    created_date: i64,
    expiration_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
}

impl ClientCertificateOutput {
    fn new(certificate: &ClientCertificate) -> Self {
        Self {
            client_certificate_id: certificate.id.clone(),
            description: certificate.description.clone(),
            pem_encoded_certificate: certificate.pem.clone(),
            created_date: certificate.created.seconds(),
            expiration_date: certificate.expires.seconds(),
            tags: certificate.tags.clone(),
        }
    }
}

impl Operation for GenerateClientCertificate {
    const NAME: &'static str = "GenerateClientCertificate";
    const ACCESS: Access = Access::Write;
    type Input = GenerateClientCertificateInput;
    type Output = ClientCertificateOutput;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        tags::check(input.tags.as_ref().unwrap_or(&BTreeMap::new()))?;
        let tenant = caller.tenant();
        let created = services.clock.now();
        let expires = Timestamp::from_milliseconds(created.milliseconds().saturating_add(VALID_MILLISECONDS));
        let wanted = Wanted {
            common_name: "ApiGateway".to_owned(),
            from: created,
            until: expires,
            purposes: vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        let has_room = async { perform(services, &tenant, &CheckRoom).await.map(|()| true) };
        let Some(made) = self_signed::make(wanted, services.random(), has_room).await? else { return Ok(()) };
        let mut random = services.random();
        let id = ClientCertificateId::generate(&mut *random);
        let sealed = services.vault.seal(SealedFor::ClientCertificate(&id), made.key.serialized_der(), &mut *random)?;
        input.made = Some(ClientCertificate {
            id,
            description: input.description.clone(),
            pem: made.certificate.pem(),
            sealed,
            created,
            expires,
            tags: input.tags.clone().filter(|tags| !tags.is_empty()),
            tenant,
        });
        Ok(())
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        CheckRoom.run(cx).await?;
        let made = input.made.as_ref().ok_or_else(|| Error::Certificate("the certificate was not made".into()))?;
        cx.tx.insert(made).await?;
        Ok(ClientCertificateOutput::new(made))
    }
}

/// Refuses when there are as many certificates as there may be.
struct CheckRoom;

impl Step for CheckRoom {
    const ACCESS: Access = Access::Read;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let maximum = CLIENT_CERTIFICATES_PER_REGION;
        if cx.tx.count_of::<ClientCertificate>(cx.tenant, "").await? >= maximum as u64 {
            return Err(Error::LimitExceeded { what: "client certificates", scope: "account", maximum });
        }
        Ok(())
    }
}

impl Operation for GetClientCertificate {
    const NAME: &'static str = "GetClientCertificate";
    const ACCESS: Access = Access::Read;
    type Input = ClientCertificateInput;
    type Output = ClientCertificateOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ClientCertificateOutput::new(&*find(cx, &input.client_certificate_id).await?))
    }
}

impl Operation for GetClientCertificates {
    const NAME: &'static str = "GetClientCertificates";
    const ACCESS: Access = Access::Read;
    type Input = PageInput;
    type Output = Page<ClientCertificateOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        input.read(cx.tx, cx.tenant, "", ClientCertificateOutput::new).await
    }
}

impl Operation for UpdateClientCertificate {
    const NAME: &'static str = "UpdateClientCertificate";
    const ACCESS: Access = Access::Write;
    type Input = UpdateClientCertificateInput;
    type Output = ClientCertificateOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut certificate = find(cx, &input.client_certificate_id).await?;
        apply_all(&input.patch_operations, |patch| match patch.path().as_slice() {
            ["description"] => {
                patch.only_replace()?;
                certificate.description = patch.text()?;
                Ok(())
            }
            _ => Err(patch.invalid_replace(&["/description"])),
        })?;
        cx.tx.replace(&certificate).await?;
        Ok(ClientCertificateOutput::new(&certificate))
    }
}

impl Operation for DeleteClientCertificate {
    const NAME: &'static str = "DeleteClientCertificate";
    const ACCESS: Access = Access::Write;
    type Input = ClientCertificateInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let certificate = find(cx, &input.client_certificate_id).await?;
        cx.tx.delete(&certificate.record).await?;
        Ok(())
    }
}

/// The certificate with this id.
pub(super) async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<ClientCertificate>, Error> {
    cx.tx.find(cx.tenant, "", id).await?.ok_or_else(|| Error::invalid_identifier("Client Certificate"))
}

/// Refuses a stage whose certificate does not exist.
pub(super) async fn check(cx: &mut Context<'_>, stage: &Stage) -> Result<(), Error> {
    if let Some(id) = stage.configuration.get("clientCertificateId").and_then(serde_json::Value::as_str) {
        find(cx, id).await?;
    }
    Ok(())
}
