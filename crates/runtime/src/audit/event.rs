//! What is recorded, as whoever saw it tells it: cheap to make, and made into a record by the thread that writes.

use std::borrow::Cow;
use std::net::IpAddr;

use claviger_resources::{AccountId, Timestamp};
use serde_json::Value;

use super::TokenRequest;
use crate::access_keys::Principal;
use crate::writer_queue::Entry;

/// What a record takes beside the texts of unknown length, about.
const RECORD_BYTES: usize = 1_024;

/// Something that is recorded.
pub(super) enum Event {
    Call { at: Timestamp, source: Source, call: Box<Call> },
    TokenRequest { at: Timestamp, source: Source, request: Box<TokenRequest> },
}

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The other end of the connection.
    pub ip: IpAddr,
    /// What the client says it is.
    pub user_agent: Option<http::HeaderValue>,
    /// How the connection is encrypted, where that ends here.
    pub encryption: Option<Encryption>,
    /// The host that was asked.
    pub host: String,
}

/// How a connection is encrypted, in the names of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// The version, as `TLSv1_3`.
    pub version: &'static str,
    /// The cipher suite.
    pub cipher_suite: &'static str,
}

/// A call of the control plane, and what came of it. What it holds of the call's input and output has no secrets any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The id that the caller was told.
    pub request_id: String,
    /// Who called; `None` when a signature did not prove it, or nobody signed.
    pub principal: Option<Principal>,
    /// The id of the access key that the call names.
    pub access_key_id: Option<String>,
    /// Whether temporary credentials signed it.
    pub is_session: bool,
    /// The account that was called; `None` where nobody knows.
    pub account: Option<AccountId>,
    /// The region that was called; `None` where nobody knows.
    pub region: Option<String>,
    /// The signing name of the service; for our own, `claviger`.
    pub service: Cow<'static, str>,
    /// The operation, as the service names it.
    pub operation: Cow<'static, str>,
    /// Whether it only looks.
    pub is_read: bool,
    /// Whether it is about the content of something (an object) rather than about what there is.
    pub is_of_data: bool,
    /// The input, secrets hidden.
    pub request: Option<Value>,
    /// The output of what changes something, secrets hidden.
    pub response: Option<Value>,
    /// The bytes that both take.
    pub bytes: usize,
    /// The code and the message of a refusal, as the caller was told them.
    pub refusal: Option<(String, String)>,
    /// The rights to secrets that the answer showed.
    pub disclosed: Vec<&'static str>,
    /// A token that the answer held, without its signature.
    pub token: Option<String>,
}

impl Call {
    /// A call of an operation that nothing else is known of yet.
    pub fn new(
        service: impl Into<Cow<'static, str>>,
        operation: impl Into<Cow<'static, str>>,
        request_id: &str,
    ) -> Self {
        Self {
            request_id: request_id.to_owned(),
            principal: None,
            access_key_id: None,
            is_session: false,
            account: None,
            region: None,
            service: service.into(),
            operation: operation.into(),
            is_read: false,
            is_of_data: false,
            request: None,
            response: None,
            bytes: 0,
            refusal: None,
            disclosed: Vec::new(),
            token: None,
        }
    }

    /// Sends it along with an answer, for whoever knows where the call came from.
    pub fn attach<B>(self, response: &mut http::Response<B>) {
        response.extensions_mut().insert(Box::new(self));
    }

    /// Takes it from an answer.
    pub fn detach<B>(response: &mut http::Response<B>) -> Option<Self> {
        response.extensions_mut().remove::<Box<Self>>().map(|call| *call)
    }
}

impl Event {
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Call { at, .. } | Self::TokenRequest { at, .. } => *at,
        }
    }
}

impl Entry for Event {
    fn bytes(&self) -> usize {
        RECORD_BYTES
            + match self {
                Self::Call { call, .. } => call.bytes,
                Self::TokenRequest { request, .. } => request.bytes(),
            }
    }
}
