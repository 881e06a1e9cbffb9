//! Records in the shape of CloudTrail's (AWS CloudTrail User Guide, "CloudTrail record contents"), one to a line.

use std::net::IpAddr;

use claviger_resources::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::event::{Call, Encryption, Event, Source};
use super::lost::Loss;
use super::token_request::{TokenRequest, facts};
use crate::access_keys::Principal;
use crate::ids::random_uuid;

/// The version of the form.
const VERSION: &str = "1.11";
/// What our own service is called among AWS's.
const OWN: &str = "claviger";
/// Bytes of a text that is shown; CloudTrail cuts messages and user agents off there, too.
const TEXT_BYTES_MAX: usize = 1_024;
/// `2026-01-31T12:00:00Z`.
const MOMENT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// A record.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: Value,
    event_time: String,
    event_source: String,
    event_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_region: Option<&'a str>,
    #[serde(rename = "sourceIPAddress", skip_serializing_if = "Option::is_none")]
    source_ip_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<&'a Value>,
    response_elements: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<Value>,
    #[serde(rename = "requestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    event_type: &'static str,
    management_event: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_account_id: Option<String>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<Value>,
}

impl Record<'_> {
    /// A record that says nothing yet.
    fn new(at: Timestamp, source: Option<&Source>) -> Record<'_> {
        let agent = source.and_then(|source| source.user_agent.as_ref()).and_then(|value| value.to_str().ok());
        Record {
            event_version: VERSION,
            user_identity: Value::Null,
            event_time: moment(at),
            event_source: OWN.to_owned(),
            event_name: "",
            aws_region: None,
            source_ip_address: source.map(|source| source.ip.to_canonical()),
            user_agent: agent.map(shortened),
            error_code: None,
            error_message: None,
            request_parameters: None,
            response_elements: None,
            additional_event_data: None,
            request_id: None,
            event_id: random_uuid().to_string(),
            read_only: false,
            event_type: "AwsServiceEvent",
            management_event: true,
            recipient_account_id: None,
            event_category: "Management",
            tls_details: source.and_then(|source| Some(tls(source.encryption?, &source.host))),
        }
    }

    fn write(&self, lines: &mut Vec<u8>) {
        let before = lines.len();
        match serde_json::to_writer(&mut *lines, self) {
            Ok(()) => lines.push(b'\n'),
            // Texts, numbers and JSON can always be written.
            Err(_) => lines.truncate(before),
        }
    }
}

/// Writes the records of an event.
pub(super) fn write(event: Event, lines: &mut Vec<u8>) {
    match event {
        Event::Call { at, source, call } => write_call(at, &source, &call, lines),
        Event::TokenRequest { at, source, request } => write_token_request(at, &source, &request, lines),
    }
}

fn write_call(at: Timestamp, source: &Source, call: &Call, lines: &mut Vec<u8>) {
    let refusal = call.refusal.as_ref();
    let record = |call| Record {
        user_identity: identity(call),
        aws_region: call.region.as_deref(),
        request_id: Some(&call.request_id),
        recipient_account_id: call.account.map(|account| account.to_string()),
        ..Record::new(at, Some(source))
    };
    Record {
        event_source: event_source(&call.service),
        event_name: shortened(&call.operation),
        error_code: refusal.map(|(code, _)| shortened(code)),
        error_message: refusal.map(|(_, message)| shortened(message)),
        request_parameters: call.request.as_ref(),
        response_elements: call.response.as_ref(),
        additional_event_data: call.token.as_ref().map(|token| json!({ "token": facts(token) })),
        read_only: call.is_read,
        event_type: "AwsApiCall",
        management_event: !call.is_of_data,
        event_category: if call.is_of_data { "Data" } else { "Management" },
        ..record(call)
    }
    .write(lines);
    for right in &call.disclosed {
        Record {
            event_name: right.strip_prefix("claviger:").unwrap_or(right),
            request_parameters: call.request.as_ref(),
            additional_event_data: Some(
                json!({ "eventSource": event_source(&call.service), "eventName": call.operation }),
            ),
            read_only: true,
            ..record(call)
        }
        .write(lines);
    }
}

fn write_token_request(at: Timestamp, source: &Source, request: &TokenRequest, lines: &mut Vec<u8>) {
    let tenant = request.pool.as_ref().map(|pool| &pool.tenant);
    let account = tenant.map(|tenant| tenant.account.to_string());
    let refusal = request.refusal.as_ref();
    Record {
        user_identity: account.as_ref().map_or_else(|| json!({ "type": "Unknown" }), |id| json!({ "accountId": id })),
        event_source: event_source(if request.endpoint.is_of_aws() { "cognito-idp" } else { OWN }),
        event_name: &request.endpoint.event_name(&request.method),
        aws_region: tenant.map(|tenant| tenant.region.as_str()),
        error_code: refusal.map(|(code, _)| shortened(code)),
        error_message: refusal.map(|(_, reason)| shortened(reason)),
        additional_event_data: Some(request.details()),
        request_id: Some(&request.request_id),
        recipient_account_id: account,
        ..Record::new(at, Some(source))
    }
    .write(lines);
}

/// Writes that records were lost.
pub(super) fn write_loss(loss: &Loss, lines: &mut Vec<u8>) {
    let data = json!({ "count": loss.count, "from": moment(loss.from), "to": moment(loss.to) });
    Record {
        user_identity: json!({ "type": "AWSService", "invokedBy": OWN }),
        event_name: "RecordsLost",
        additional_event_data: Some(data),
        ..Record::new(loss.to, None)
    }
    .write(lines);
}

fn moment(at: Timestamp) -> String {
    at.utc().format(MOMENT).unwrap_or_default()
}

/// The name of a service in records: its host's without a region, as AWS has it.
fn event_source(service: &str) -> String {
    if service == OWN { OWN.to_owned() } else { format!("{service}.amazonaws.com") }
}

/// Who called (AWS CloudTrail User Guide, "CloudTrail userIdentity element").
fn identity(call: &Call) -> Value {
    let Some(Principal { account, arn, id }) = &call.principal else {
        let anonymous = json!({ "type": "Unknown", "principalId": "Anonymous" });
        return match &call.access_key_id {
            Some(key) => json!({ "type": "Unknown", "accessKeyId": shortened(key) }),
            None => anonymous,
        };
    };
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let mut identity = json!({
        "type": match kind {
            "root" => "Root",
            "assumed-role" => "AssumedRole",
            "federated-user" => "FederatedUser",
            _ => "IAMUser",
        },
        "principalId": id,
        "arn": arn,
        "accountId": account.to_string(),
    });
    let Some(members) = identity.as_object_mut() else { return identity };
    if let Some(key) = &call.access_key_id {
        members.insert("accessKeyId".to_owned(), shortened(key).into());
    }
    if kind == "user" {
        members.insert("userName".to_owned(), name.rsplit('/').next().unwrap_or_default().into());
    }
    if call.is_session {
        let mut session = json!({ "attributes": { "mfaAuthenticated": "false" } });
        if let (Some(members), "assumed-role") = (session.as_object_mut(), kind) {
            let role = name.split('/').next().unwrap_or_default();
            let issuer = json!({
                "type": "Role",
                "principalId": id.split(':').next(),
                "arn": format!("arn:aws:iam::{account}:role/{role}"),
                "accountId": account.to_string(),
                "userName": role,
            });
            members.insert("sessionIssuer".to_owned(), issuer);
        }
        members.insert("sessionContext".to_owned(), session);
    }
    identity
}

fn tls(Encryption { version, cipher_suite }: Encryption, host: &str) -> Value {
    // IANA's names of suites say no version; those of TLS 1.3 have one here.
    json!({
        "tlsVersion": version.replace('_', "."),
        "cipherSuite": cipher_suite.replace("TLS13_", "TLS_"),
        "clientProvidedHostHeader": shortened(host),
    })
}

/// The start of a text, as much as a record shows of it.
pub(super) fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or(text)
}
