//! A locked server, and calls of it signed as AWS's own signer does.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use claviger_control_plane::claviger::access_key::Wanted;
use claviger_resources::{AccountId, Clock, RoleName};
use claviger_runtime::audit;
use claviger_runtime::roles::Roles;
use claviger_server::clock::MovableClock;
use claviger_server::node::{Options, Place, first_key};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stack::Reply;
use crate::support::Server;

/// An access key, with its session token where it is a session's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

/// How a call is signed.
#[derive(Clone)]
pub(crate) struct Signing {
    pub(crate) key: Key,
    pub(crate) service: &'static str,
    pub(crate) region: &'static str,
    pub(crate) is_presigned: bool,
    pub(crate) seconds_ago: i64,
    /// What is signed of the body, when that is not its hash.
    pub(crate) payload: Option<&'static str>,
}

/// A locked server with a first key of the role `admin`.
pub(crate) struct Locked {
    pub(crate) server: Server,
    pub(crate) admin: Key,
    pub(crate) directory: TempDir,
}

impl Key {
    /// Makes the first key of a store.
    pub(crate) async fn first(directory: &TempDir, role: &str, user: &str) -> Self {
        let wanted = Wanted {
            account: AccountId::DEFAULT,
            role: RoleName::parse(role).unwrap(),
            user_name: Some(user.to_owned()),
            description: None,
            expires: None,
            rotated_from: None,
        };
        let (key, secret) = first_key::make(&Place::Directory(directory.path().to_owned()), wanted).await.unwrap();
        Self { id: key.id.to_string(), secret: secret.expose().clone(), token: None }
    }

    pub(crate) fn signing(&self, service: &'static str) -> Signing {
        Signing { key: self.clone(), service, region: "us-east-1", is_presigned: false, seconds_ago: 0, payload: None }
    }
}

/// The time of the system, in seconds since 1970.
pub(crate) fn now() -> i64 {
    MovableClock::default().now().seconds()
}

impl Signing {
    /// A signed request to a server, all of its headers signed.
    pub(crate) fn request(
        &self,
        host: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Request<Full<Bytes>> {
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.is_presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_mins(1));
        }
        let identity: Identity =
            Credentials::new(&self.key.id, &self.key.secret, self.key.token.clone(), None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs((now() - self.seconds_ago).unsigned_abs()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!("http://{host}{target}");
        let mut request = Request::builder().method(method).uri(&uri).header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Full::from(Bytes::copy_from_slice(body))).unwrap();
        let signed: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let body = match self.payload {
            Some("UNSIGNED-PAYLOAD") => SignableBody::UnsignedPayload,
            Some(said) => SignableBody::Precomputed(said.to_owned()),
            None => SignableBody::Bytes(body),
        };
        let headers = signed.iter().map(|(name, value)| (&**name, &**value));
        let signable = SignableRequest::new(method, &uri, headers, body).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let path = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
        *request.uri_mut() = path;
        request
    }
}

impl Locked {
    pub(crate) async fn start() -> Self {
        Self::start_with(Roles::default()).await
    }

    /// The same, with these roles.
    pub(crate) async fn start_with(roles: Roles) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let admin = Key::first(&directory, "admin", "ada").await;
        let server = Self::on(&directory, roles, 0);
        Self { server, admin, directory }
    }

    /// A locked server on a directory, its clock so many seconds off.
    pub(crate) fn on(directory: &TempDir, roles: Roles, seconds_off: i64) -> Server {
        let place = Place::Directory(directory.path().to_owned());
        let audit = audit::Settings { records: audit::Records::All, ..audit::Settings::default() };
        Server::locked(&place, Options { roles, audit, ..Options::default() }, seconds_off)
    }

    /// Sends a signed call.
    pub(crate) async fn send(
        &self,
        signing: &Signing,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let host = self.server.address.to_string();
        self.server.ask(signing.request(&host, method, target, headers, body.as_bytes())).await
    }

    /// Calls an operation of a service that speaks awsJson.
    pub(crate) async fn json(&self, key: &Key, service: &'static str, target: &str, input: Value) -> Reply {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        self.send(&key.signing(service), "POST", "/", &headers, &input.to_string()).await
    }

    /// Calls an operation of a service that takes forms.
    pub(crate) async fn form(&self, key: &Key, service: &'static str, form: &str) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(&key.signing(service), "POST", "/", &headers, form).await
    }

    /// What an operation of ours answers.
    pub(crate) async fn own(&self, key: &Key, operation: &str, input: Value) -> Value {
        let reply = self.json(key, "claviger", &format!("Claviger.{operation}"), input).await;
        assert_eq!(reply.status, 200, "{operation}: {reply:?}");
        reply.json()
    }

    /// A new key of a role.
    pub(crate) async fn key(&self, role: &str) -> Key {
        Key::of(&self.own(&self.admin, "CreateAccessKey", json!({ "RoleName": role })).await)
    }

    /// The credentials of a session that a key makes.
    pub(crate) async fn assume(&self, key: &Key, role_arn: &str, rest: &str) -> Key {
        let form = assume(role_arn, rest);
        let reply = self.form(key, "sts", &form).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        Key::of_session(&reply)
    }
}

/// The form that assumes a role.
pub(crate) fn assume(role_arn: &str, rest: &str) -> String {
    let role_arn = role_arn.replace(':', "%3A").replace('/', "%2F");
    format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role_arn}&RoleSessionName=live{rest}")
}

impl Key {
    /// The key that an operation of ours shows.
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer["AccessKey"][name].as_str().unwrap().to_owned();
        Self { id: text("AccessKeyId"), secret: text("SecretAccessKey"), token: None }
    }

    /// The credentials that STS gives.
    pub(crate) fn of_session(reply: &Reply) -> Self {
        let text = |name| element(&reply.body, name).replace("&amp;", "&");
        Self { id: text("AccessKeyId"), secret: text("SecretAccessKey"), token: Some(text("SessionToken")) }
    }
}

/// What stands between the tags of an element.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split_once(&open).and_then(|(_, rest)| rest.split_once(&close)).map_or("", |(text, _)| text)
}
