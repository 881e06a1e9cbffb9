//! Verification held against the test suite that travels inside the `aws-sigv4` crate: every case, signed in the header and
//! in the query.

use std::path::{Path, PathBuf};
use std::process::Command;

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use super::canonical::{PathForm, hex_sha256, request_hash};
use super::*;

/// When the cases are signed: 2015-08-30T12:36:00Z.
const SIGNED_AT: i64 = 1_440_938_160;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Where the suite's cases are.
fn suite() -> PathBuf {
    let cargo = || Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let version = String::from_utf8(cargo().arg("-vV").output().unwrap().stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // What other platforms need need not be there.
    let told = cargo()
        .args(["metadata", "--offline", "--filter-platform", host, "--format-version", "1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let package = told["packages"].as_array().unwrap().iter().find(|package| package["name"] == "aws-sigv4").unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().join("aws-signing-test-suite/v4")
}

/// A case's file, as text.
fn read(case: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(case.join(file)).ok()
}

/// A request as the suite writes it, spaces and letters beyond ASCII encoded as they are on the wire.
fn request(text: &str) -> Request<Vec<u8>> {
    const BARE: &AsciiSet = &CONTROLS.add(b' ');
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let target = target.trim_end().trim_end_matches(" HTTP/1.1");
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        match line.split_once(':') {
            // A value that goes on in the next line has a space there (RFC 9112, section 5.2).
            _ if line.starts_with(' ') => {
                let value = &mut headers.last_mut().unwrap().1;
                *value = format!("{value} {}", line.trim());
            }
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => panic!("{line} is no header"),
        }
    }
    let mut request = Request::new(body.trim_end_matches('\n').as_bytes().to_vec());
    *request.method_mut() = method.parse::<Method>().unwrap();
    *request.uri_mut() = utf8_percent_encode(target, BARE).to_string().parse::<Uri>().unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_str(&value).unwrap());
    }
    request
}

/// A case, and the form in which its path is signed.
struct Case {
    name: String,
    form: PathForm,
}

impl Case {
    fn new(path: &Path) -> Self {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let context: Value = read(path, "context.json").map_or(Value::Null, |it| serde_json::from_str(&it).unwrap());
        if !context.is_null() {
            assert_eq!(
                (&context["timestamp"], &context["service"]),
                (&"2015-08-30T12:36:00Z".into(), &"service".into())
            );
            assert_eq!(context["credentials"]["secret_access_key"], SECRET);
        }
        // The suite's signer encodes once what it was given bare; where nothing needs that, both forms are the same.
        let request = read(path, "request.txt").unwrap();
        let line = request.trim_start().lines().next().unwrap();
        let is_bare = line.contains("space/") || !line.is_ascii();
        let once = is_bare || context["normalize"] == false;
        Self { name, form: if once { PathForm::EncodedOnce } else { PathForm::NormalizedTwice } }
    }

    fn verify(&self, signed: &Request<Vec<u8>>) -> Result<Verified, SignatureError> {
        let reached = SignedRequest {
            method: signed.method(),
            uri: signed.uri(),
            headers: signed.headers(),
            payload: Payload::Read(signed.body()),
            service: "service",
            region: Some("us-east-1"),
        };
        let claim = Authentication::read(signed.headers(), signed.uri())?;
        claim.verify_forms(&reached, &[self.form], SECRET, SIGNED_AT)
    }

    /// Whether the canonical request is the suite's to the letter.
    fn has_canonical(&self, request: &Request<Vec<u8>>, canonical: &str) -> bool {
        let mut lines = canonical.trim_end().rsplit('\n');
        let (payload_hash, names) = (lines.next().unwrap(), lines.next().unwrap());
        let names: Vec<String> = names.split(';').map(str::to_owned).collect();
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let hash = request_hash(method.as_str(), uri, headers, &names, self.form, payload_hash);
        hash == hex_sha256(canonical.trim_end().as_bytes())
    }
}

#[test]
fn every_case_of_the_suite_is_verified_and_refused_when_its_signature_is_another() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(suite()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut verified = 0;
    for path in &cases {
        let case = Case::new(path);
        for kind in ["header", "query"] {
            let Some(canonical) = read(path, &format!("{kind}-canonical-request.txt")) else { continue };
            if read(path, "context.json").is_none() {
                // Two older cases do not say what they are signed with, and one leaves the date to the signer.
                let mut request = request(read(path, "request.txt").unwrap().trim_start());
                let date = canonical.lines().find_map(|line| line.strip_prefix("x-amz-date:")).unwrap();
                request.headers_mut().insert("x-amz-date", HeaderValue::from_str(date).unwrap());
                assert!(case.has_canonical(&request, &canonical), "{} in the {kind}", case.name);
                continue;
            }
            let text = read(path, &format!("{kind}-signed-request.txt")).unwrap();
            let signed = request(&text);
            // A token that is put into the query behind the signature is one that nobody signed.
            if (&*case.name, kind) == ("post-sts-header-after", "query") {
                assert_eq!(case.verify(&signed).unwrap_err(), SignatureError::Mismatch);
                continue;
            }
            assert!(case.verify(&signed).is_ok(), "{} in the {kind}: {:?}", case.name, case.verify(&signed));
            assert!(case.has_canonical(&signed, &canonical), "{} in the {kind}", case.name);
            verified += 1;
            let last = text.rfind("Signature=").unwrap() + "Signature=".len();
            let other = if text[last..].starts_with('0') { '1' } else { '0' };
            let altered = request(&format!("{}{other}{}", &text[..last], &text[last + 1..]));
            assert_eq!(case.verify(&altered).unwrap_err(), SignatureError::Mismatch, "{}", case.name);
        }
    }
    assert!(cases.len() >= 38 && verified >= 71, "{} cases, {verified} signatures", cases.len());
}
