//! The audit log: who asked what of the control plane and for tokens, and what came of it, in the shape of CloudTrail's
//! records. `docs/audit.md` tells what a record says.
//!
//! There are two series of files, each with a queue and a thread of its own: what needs an access key, and what anybody may
//! send, of which only so many bytes are kept. Whoever floods the token endpoint pushes no operator's call out. Nobody waits for either; what a full queue or a full disk loses is counted, and a record in the
//! files tells how many were lost, and when. Requests at the gate are for access logs.

mod event;
mod files;
mod lost;
mod record;
mod token_request;
mod writer;

pub use self::event::{Call, Encryption, Source};
pub use self::token_request::{Endpoint, TokenRequest, unsigned};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_resources::{Clock, Timestamp};

use self::event::Event;
use self::files::{Files, Keeping};
use self::lost::Lost;
use self::writer::Writer;
use crate::writer_queue::{Bounds, WriterQueue};

/// The folder in a data directory that holds the files.
const FOLDER: &str = "audit";
/// Records of a series that wait at most.
const QUEUED_RECORDS_MAX: usize = 16_384;
/// Bytes of a series that wait at most.
const QUEUED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What stands in a record instead of what may be a secret (as in CloudTrail).
pub const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// What is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Records {
    /// Nothing.
    #[default]
    Off,
    /// Calls that name an access key.
    Calls,
    /// Those, and what anybody may send: requests for tokens, and calls that nobody signed.
    All,
}

/// What an operator has chosen for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is recorded.
    pub records: Records,
    /// Days that files are kept.
    pub retention_days: u16,
    /// Bytes of all files about requests for tokens, of which the oldest go first.
    pub token_bytes_max: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { records: Records::Off, retention_days: 90, token_bytes_max: 10 * 1024 * 1024 * 1024 }
    }
}

/// The audit log of a node.
pub struct AuditLog {
    calls: Option<Series>,
    tokens: Option<Series>,
    clock: Arc<dyn Clock>,
}

/// How a series of records is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Which.
    pub log: &'static str,
    /// Records that wait to be written.
    pub queued: usize,
    /// Records that were lost.
    pub dropped: u64,
}

/// Records that go to files of their own.
struct Series {
    name: &'static str,
    queue: WriterQueue<Event>,
    lost: Arc<Lost>,
    folder: PathBuf,
    keeping: Keeping,
}

impl AuditLog {
    /// An audit log in a data directory.
    pub fn at(data_directory: &Path, settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let series = |name, bytes_max| {
            let keeping = Keeping { days: settings.retention_days, bytes_max, ..Keeping::default() };
            Series::new(name, data_directory.join(FOLDER), keeping)
        };
        Self {
            calls: (settings.records != Records::Off).then(|| series("audit-calls", u64::MAX)),
            tokens: (settings.records == Records::All).then(|| series("audit-tokens", settings.token_bytes_max)),
            clock,
        }
    }

    /// An audit log that records nothing.
    pub fn off(clock: Arc<dyn Clock>) -> Self {
        Self { calls: None, tokens: None, clock }
    }

    /// Whether calls of the control plane are recorded.
    pub fn records_calls(&self) -> bool {
        self.calls.is_some()
    }

    /// Whether requests for tokens are recorded.
    pub fn records_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Records a call of the control plane.
    pub fn call(&self, call: Call, source: Source) {
        let is_signed = call.principal.is_some() || call.access_key_id.is_some();
        if let Some(series) = if is_signed { &self.calls } else { &self.tokens } {
            series.record(Event::Call { at: self.clock.now(), source, call: Box::new(call) });
        }
    }

    /// Records a request for a token, or about one.
    pub fn token_request(&self, request: TokenRequest, source: Source) {
        if let Some(series) = &self.tokens {
            series.record(Event::TokenRequest { at: self.clock.now(), source, request: Box::new(request) });
        }
    }

    /// How each series is doing.
    pub fn states(&self) -> impl Iterator<Item = State> {
        self.series().map(|series| {
            let counters = series.queue.counters();
            State { log: series.name, queued: counters.queued(), dropped: counters.dropped() }
        })
    }

    /// Writes what waits, as long as that does not take too long.
    pub async fn close(&self) {
        for series in self.series() {
            series.queue.close().await;
        }
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.calls.iter().chain(&self.tokens)
    }
}

impl Series {
    fn new(name: &'static str, folder: PathBuf, keeping: Keeping) -> Self {
        let bounds = Bounds { entries_max: QUEUED_RECORDS_MAX, bytes_max: QUEUED_BYTES_MAX };
        let queue = WriterQueue::new(name, bounds);
        Self { name, queue, lost: Arc::default(), folder, keeping }
    }

    fn record(&self, event: Event) {
        let at: Timestamp = event.at();
        if !self.queue.send(event, || self.writer()) {
            self.lost.add(1, at);
        }
    }

    fn writer(&self) -> Writer {
        let series = self.name.strip_prefix("audit-").unwrap_or(self.name);
        let files = Files::new(self.folder.clone(), series, self.keeping);
        Writer::new(files, Arc::clone(&self.lost), Arc::clone(self.queue.counters()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use claviger_testkit::FakeClock;
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);
    const FILE: &str = "audit/calls-2026-01-01-0000.jsonl";

    fn log(folder: &Path, records: Records) -> AuditLog {
        let clock = FakeClock::at(NOW);
        AuditLog::at(folder, Settings { records, ..Settings::default() }, Arc::new(clock))
    }

    fn source() -> Source {
        Source { ip: [10, 0, 0, 1].into(), user_agent: None, encryption: None, host: String::new() }
    }

    fn signed(service: &'static str, operation: &'static str, request_id: &str) -> Call {
        Call { access_key_id: Some("AKIA".to_owned()), ..Call::new(service, operation, request_id) }
    }

    #[tokio::test]
    async fn what_nobody_signed_is_kept_apart_from_what_operators_do() {
        let folder = tempfile::tempdir().unwrap();
        for records in [Records::Calls, Records::All] {
            let log = log(folder.path(), records);
            log.call(Call::new("cognito-idp", "InitiateAuth", "r"), source());
            log.call(signed("cognito-idp", "ListUserPools", "r"), source());
            log.close().await;
        }
        let names = |file: &str| -> Vec<Value> {
            lines_of(&folder.path().join(file)).iter().map(|line| line["eventName"].clone()).collect()
        };
        assert_eq!(names(FILE), ["ListUserPools", "ListUserPools"]);
        let of_nobody = "audit/tokens-2026-01-01-0000.jsonl";
        assert_eq!(names(of_nobody), ["InitiateAuth"]);
        let found = &lines_of(&folder.path().join(of_nobody))[0]["userIdentity"];
        assert_eq!(*found, json!({ "type": "Unknown", "principalId": "Anonymous" }));
    }

    fn lines(folder: &Path) -> Vec<Value> {
        lines_of(&folder.join(FILE))
    }

    fn lines_of(file: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_call_is_a_line_in_the_shape_of_cloudtrail() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), Records::Calls);
        assert!(log.records_calls() && !log.records_tokens());
        let encryption = Some(Encryption { version: "TLSv1_3", cipher_suite: "TLS13_AES_128_GCM_SHA256" });
        let source = Source {
            ip: "::ffff:10.0.0.1".parse().unwrap(),
            user_agent: Some(http::HeaderValue::from_static("aws-cli/2")),
            encryption,
            host: "cognito-idp.us-east-1.amazonaws.com".to_owned(),
        };
        let mut call = signed("cognito-idp", "CreateUserPool", "r1");
        call.request = Some(json!({ "poolName": "weather" }));
        call.refusal = Some(("LimitExceededException".to_owned(), "x".repeat(2_000)));
        log.call(call, source);
        log.close().await;
        let [found] = &lines(folder.path())[..] else { panic!("there is one line") };
        let mut found = found.clone();
        let id = found["eventID"].take();
        assert_eq!(id.as_str().unwrap().len(), 36);
        assert_eq!(
            found,
            json!({
                "eventVersion": "1.11", "userIdentity": { "type": "Unknown", "accessKeyId": "AKIA" },
                "eventTime": "2026-01-01T00:00:00Z", "eventSource": "cognito-idp.amazonaws.com",
                "eventName": "CreateUserPool", "sourceIPAddress": "10.0.0.1", "userAgent": "aws-cli/2",
                "errorCode": "LimitExceededException", "errorMessage": "x".repeat(1_024),
                "requestParameters": { "poolName": "weather" }, "responseElements": null, "requestID": "r1",
                "eventID": null, "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true,
                "eventCategory": "Management",
                "tlsDetails": {
                    "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                    "clientProvidedHostHeader": "cognito-idp.us-east-1.amazonaws.com",
                },
            })
        );
    }

    #[tokio::test]
    async fn a_full_disk_loses_records_and_a_later_record_says_how_many() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("audit")).unwrap();
        // What is written there finds no room on the device.
        symlink("/dev/full", folder.path().join(FILE)).unwrap();
        let log = log(folder.path(), Records::Calls);
        let states = || log.states().map(|state| (state.log, state.queued, state.dropped)).collect::<Vec<_>>();
        for number in 0..5 {
            log.call(signed("sts", "GetCallerIdentity", &number.to_string()), source());
            log.close().await;
        }
        assert_eq!(states(), [("audit-calls", 0, 5)]);
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        log.call(signed("sts", "GetCallerIdentity", "6"), source());
        log.close().await;
        let found = lines(folder.path());
        let names: Vec<_> = found.iter().map(|line| &line["eventName"]).collect();
        assert_eq!(names, ["GetCallerIdentity", "RecordsLost"]);
        let lost = json!({ "count": 5, "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z" });
        assert_eq!((&found[0]["requestID"], &found[1]["additionalEventData"]), (&json!("6"), &lost));
        assert_eq!(states(), [("audit-calls", 0, 5)]);
    }

    #[tokio::test]
    async fn callers_are_told_by_what_they_are() {
        let check = async |arn: &str, is_session: bool, mut expected: Value| {
            let folder = tempfile::tempdir().unwrap();
            let mut call = Call::new("sts", "GetCallerIdentity", "r");
            let account = claviger_resources::AccountId::parse("111122223333").unwrap();
            let principal = crate::access_keys::Principal { account, arn: arn.to_owned(), id: "ID:live".to_owned() };
            (call.principal, call.is_session) = (Some(principal), is_session);
            call.access_key_id = Some("ASIA".to_owned());
            let log = log(folder.path(), Records::All);
            log.call(call, source());
            log.close().await;
            for (name, value) in [("accountId", "111122223333"), ("arn", arn), ("accessKeyId", "ASIA")] {
                expected[name] = value.into();
            }
            expected["principalId"] = "ID:live".into();
            assert_eq!(lines(folder.path())[0]["userIdentity"], expected, "{arn}");
        };
        check("arn:aws:iam::111122223333:root", false, json!({ "type": "Root" })).await;
        check("arn:aws:iam::111122223333:user/ci", false, json!({ "type": "IAMUser", "userName": "ci" })).await;
        let attributes = json!({ "mfaAuthenticated": "false" });
        let session = json!({ "type": "IAMUser", "userName": "ci", "sessionContext": { "attributes": attributes } });
        check("arn:aws:iam::111122223333:user/ci", true, session).await;
        let issuer = json!({
            "type": "Role", "principalId": "ID", "arn": "arn:aws:iam::111122223333:role/deploy",
            "accountId": "111122223333", "userName": "deploy",
        });
        let context = json!({ "sessionIssuer": issuer, "attributes": attributes });
        let role = json!({ "type": "AssumedRole", "sessionContext": context });
        check("arn:aws:sts::111122223333:assumed-role/deploy/live", true, role).await;
    }
}
