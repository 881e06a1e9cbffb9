//! S3: buckets, objects, uploads in parts.

use std::collections::BTreeSet;

use claviger_resources::{AccountId, Region};
use http::HeaderMap;
use serde_json::json;

use crate::plane::Plane;

/// What stands between the tags of each element of this name.
fn texts<'a>(xml: &'a [u8], name: &str) -> Vec<&'a str> {
    let xml = std::str::from_utf8(xml).unwrap();
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
}

async fn ok(plane: &Plane, request: &str, headers: &[&str], body: &[u8]) -> (HeaderMap, Vec<u8>) {
    let (status, found, answer) = plane.s3(request, headers, body).await;
    assert!((200..300).contains(&status), "{request}: {status} {}", String::from_utf8_lossy(&answer));
    (found, answer.to_vec())
}

async fn refused(plane: &Plane, request: &str, headers: &[&str], body: &[u8], status: u16, code: &str, message: &str) {
    let (found, _, answer) = plane.s3(request, headers, body).await;
    let words = (texts(&answer, "Code"), texts(&answer, "Message"));
    assert_eq!((found, words), (status, (vec![code], vec![message])), "{request}");
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

async fn with_bucket() -> Plane {
    let plane = Plane::new();
    ok(&plane, "PUT /weather", &[], b"").await;
    plane
}

#[tokio::test]
async fn a_bucket_is_made_found_and_deleted() {
    let plane = with_bucket().await;
    ok(&plane, "PUT /weather", &[], b"").await;
    let (headers, _) = ok(&plane, "HEAD /weather", &[], b"").await;
    assert_eq!(header(&headers, "x-amz-bucket-region"), "us-east-1");
    let (_, location) = ok(&plane, "GET /weather?location", &[], b"").await;
    assert!(String::from_utf8(location).unwrap().ends_with("/\"></LocationConstraint>"));
    let (_, buckets) = ok(&plane, "GET /", &[], b"").await;
    assert_eq!(texts(&buckets, "Name"), ["cdk-hnb659fds-assets-000000000000-us-east-1", "weather"]);
    ok(&plane, "PUT /weather/a", &[], b"rain").await;
    let message = "The bucket you tried to delete is not empty";
    refused(&plane, "DELETE /weather", &[], b"", 409, "BucketNotEmpty", message).await;
    ok(&plane, "DELETE /weather/a", &[], b"").await;
    ok(&plane, "DELETE /weather", &[], b"").await;
    let message = "The specified bucket does not exist";
    for request in ["DELETE /weather", "GET /weather", "GET /weather/a", "PUT /weather/a", "GET /weather?policy"] {
        refused(&plane, request, &[], b"x", 404, "NoSuchBucket", message).await;
    }
    let (status, _, body) = plane.s3("HEAD /weather", &[], b"").await;
    assert_eq!((status, body.len()), (404, 0));
    refused(&plane, "PUT /No", &[], b"", 400, "InvalidBucketName", "The specified bucket is not valid.").await;
}

#[tokio::test]
async fn a_bucket_belongs_to_one_account_in_one_region() {
    let mut plane = with_bucket().await;
    plane.caller.region = Region::parse("eu-west-1").unwrap();
    let (headers, _) = ok(&plane, "HEAD /weather", &[], b"").await;
    assert_eq!(header(&headers, "x-amz-bucket-region"), "us-east-1");
    let message = "Your previous request to create the named bucket succeeded and you already own it.";
    refused(&plane, "PUT /weather", &[], b"", 409, "BucketAlreadyOwnedByYou", message).await;
    let body =
        b"<CreateBucketConfiguration><LocationConstraint>eu-north-1</LocationConstraint></CreateBucketConfiguration>";
    let message =
        "The eu-north-1 location constraint is incompatible for the region specific endpoint this request was sent to.";
    refused(&plane, "PUT /elsewhere", &[], body, 400, "IllegalLocationConstraintException", message).await;
    let body =
        b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    ok(&plane, "PUT /elsewhere", &[], body).await;
    assert_eq!(texts(&ok(&plane, "GET /", &[], b"").await.1, "Name").len(), 3);
    plane.caller.account = AccountId::parse("111122223333").unwrap();
    refused(&plane, "GET /weather", &[], b"", 403, "AccessDenied", "Access Denied").await;
    let (status, _, body) = plane.s3("PUT /weather", &[], b"").await;
    assert_eq!((status, texts(&body, "Code")), (409, vec!["BucketAlreadyExists"]));
}

#[tokio::test]
async fn the_bucket_of_the_bootstrap_is_there_and_can_be_made_with_what_is_in_it() {
    let plane = Plane::new();
    let bucket = "cdk-hnb659fds-assets-000000000000-us-east-1";
    ok(&plane, &format!("PUT /{bucket}/a.json"), &[], b"{}").await;
    let policy = format!("PUT /{bucket}?versioning");
    ok(&plane, &policy, &[], b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>").await;
    ok(&plane, &format!("PUT /{bucket}"), &[], b"").await;
    assert_eq!(ok(&plane, &format!("GET /{bucket}/a.json"), &[], b"").await.1, b"{}");
    let (_, versioning) = ok(&plane, &format!("GET /{bucket}?versioning"), &[], b"").await;
    assert_eq!(texts(&versioning, "Status"), ["Enabled"]);
    refused(
        &plane,
        "GET /cdk-hnb659fds-assets-111122223333-us-east-1",
        &[],
        b"",
        404,
        "NoSuchBucket",
        "The specified bucket does not exist",
    )
    .await;
}

#[tokio::test]
async fn an_object_is_read_as_it_was_written() {
    let plane = with_bucket().await;
    let written = [
        "content-type: text/plain",
        "x-amz-meta-filesha256: abc",
        "cache-control: no-cache",
        "content-length: 5",
        "content-md5: XUFAKrxLKna5cZ2REBfFkg==",
        "x-amz-checksum-crc32: NhCmhg==",
        "x-amz-content-sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    ];
    let (headers, _) = ok(&plane, "PUT /weather/a/b%20c%3A.txt?x-id=PutObject", &written, b"hello").await;
    let etag = "\"5d41402abc4b2a76b9719d911017c592\"";
    assert_eq!((header(&headers, "etag"), header(&headers, "x-amz-server-side-encryption")), (etag, "AES256"));
    assert_eq!(header(&headers, "x-amz-checksum-crc32"), "NhCmhg==");
    let get = "GET /weather/a/b%20c%3A.txt";
    let (headers, body) = ok(&plane, get, &["x-amz-checksum-mode: ENABLED"], b"").await;
    assert_eq!(body, b"hello");
    for (name, expected) in [
        ("content-length", "5"),
        ("content-type", "text/plain"),
        ("etag", etag),
        ("x-amz-meta-filesha256", "abc"),
        ("cache-control", "no-cache"),
        ("last-modified", "Tue, 01 Jan 2030 00:00:00 GMT"),
        ("accept-ranges", "bytes"),
        ("x-amz-checksum-crc32", "NhCmhg=="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ] {
        assert_eq!(header(&headers, name), expected, "{name}");
    }
    let (headers, body) = ok(&plane, "HEAD /weather/a/b%20c%3A.txt", &[], b"").await;
    assert_eq!(
        (header(&headers, "content-length"), header(&headers, "x-amz-meta-filesha256"), body.len()),
        ("5", "abc", 0)
    );
    let (status, headers, body) = plane.s3(get, &["range: bytes=1-3"], b"").await;
    assert_eq!((status, &*body, header(&headers, "content-range")), (206, &b"ell"[..], "bytes 1-3/5"));
    let message = "The requested range is not satisfiable";
    refused(&plane, get, &["range: bytes=5-"], b"", 416, "InvalidRange", message).await;
    let (status, _, body) = plane.s3(get, &[&format!("if-none-match: {etag}")], b"").await;
    assert_eq!((status, body.len()), (304, 0));
    let message = "At least one of the pre-conditions you specified did not hold";
    refused(&plane, get, &["if-match: other"], b"", 412, "PreconditionFailed", message).await;
    refused(&plane, "PUT /weather/a/b%20c%3A.txt", &["if-none-match: *"], b"x", 412, "PreconditionFailed", message)
        .await;
    let (headers, _) = ok(&plane, &format!("{get}?response-content-type=text%2Fcsv"), &[], b"").await;
    assert_eq!(header(&headers, "content-type"), "text/csv");
    refused(&plane, "GET /weather/none", &[], b"", 404, "NoSuchKey", "The specified key does not exist.").await;
}

#[tokio::test]
async fn a_body_in_chunks_is_stored_without_them() {
    let plane = with_bucket().await;
    let written = [
        "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer: x-amz-checksum-crc32",
        "x-amz-decoded-content-length: 5",
        "content-encoding: aws-chunked",
    ];
    let body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    ok(&plane, "PUT /weather/a", &written, body).await;
    let (headers, body) = ok(&plane, "GET /weather/a", &[], b"").await;
    assert_eq!((&*body, header(&headers, "content-encoding")), (&b"hello"[..], ""));
    let wrong = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    let message = "The CRC32 you specified did not match the calculated checksum.";
    refused(&plane, "PUT /weather/b", &written, wrong, 400, "BadDigest", message).await;
    let message = "a body in chunks is not framed as one";
    refused(&plane, "PUT /weather/b", &written, b"5\r\nhel", 400, "InvalidRequest", message).await;
    refused(&plane, "GET /weather/b", &[], b"", 404, "NoSuchKey", "The specified key does not exist.").await;
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_not_stored() {
    let plane = with_bucket().await;
    let check = async |line: &str, code: &str, message: &str| {
        refused(&plane, "PUT /weather/a", &[line], b"hello", 400, code, message).await;
    };
    let message = "The Content-MD5 you specified did not match the calculated checksum.";
    check("content-md5: AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest", message).await;
    check("content-md5: x", "InvalidDigest", "The Content-MD5 you specified was invalid.").await;
    let message = "The SHA256 you specified did not match the calculated checksum.";
    check("x-amz-checksum-sha256: AAAA", "BadDigest", message).await;
    let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    check(&format!("x-amz-content-sha256: {}", "0".repeat(64)), "XAmzContentSHA256Mismatch", message).await;
    let message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
    check("content-length: 6", "IncompleteBody", message).await;
    refused(&plane, "GET /weather/a", &[], b"", 404, "NoSuchKey", "The specified key does not exist.").await;
}

#[tokio::test]
async fn objects_are_listed_page_by_page_with_what_they_have_in_common() {
    let plane = with_bucket().await;
    for key in ["a", "b/1", "b/2", "b/c/3", "d%20e", "f/"] {
        ok(&plane, &format!("PUT /weather/{key}"), &[], b"x").await;
    }
    let (_, all) = ok(&plane, "GET /weather/?list-type=2", &[], b"").await;
    assert_eq!(texts(&all, "Key"), ["a", "b/1", "b/2", "b/c/3", "d e", "f/"]);
    assert_eq!((texts(&all, "KeyCount"), texts(&all, "IsTruncated")), (vec!["6"], vec!["false"]));
    let (_, encoded) = ok(&plane, "GET /weather?list-type=2&prefix=d&encoding-type=url", &[], b"").await;
    assert_eq!(texts(&encoded, "Key"), ["d%20e"]);
    for version in ["list-type=2&", ""] {
        let (_, page) = ok(&plane, &format!("GET /weather?{version}prefix=b%2F&delimiter=%2F"), &[], b"").await;
        assert_eq!(texts(&page, "Key"), ["b/1", "b/2"], "{version}");
        assert_eq!(texts(&page, "CommonPrefixes"), ["<Prefix>b/c/</Prefix>"], "{version}");
    }
    for size in 1..8 {
        let (mut seen, mut token, mut pages) = (BTreeSet::new(), String::new(), 0);
        loop {
            let next = if token.is_empty() { String::new() } else { format!("&continuation-token={token}") };
            let request = format!("GET /weather?list-type=2&delimiter=%2F&max-keys={size}{next}");
            let (_, page) = ok(&plane, &request, &[], b"").await;
            let common = texts(&page, "CommonPrefixes");
            let found = texts(&page, "Key").into_iter().map(str::to_owned).chain(common.into_iter().map(str::to_owned));
            for one in found {
                assert!(seen.insert(one.clone()), "{one} twice in pages of {size}");
            }
            pages += 1;
            match texts(&page, "NextContinuationToken").first() {
                Some(next) => token = (*next).to_owned(),
                None => break,
            }
        }
        let expected = ["<Prefix>b/</Prefix>", "<Prefix>f/</Prefix>", "a", "d e"].map(str::to_owned);
        assert_eq!((seen, pages), (expected.into(), 4_usize.div_ceil(size)), "pages of {size}");
    }
    let (_, after) = ok(&plane, "GET /weather?marker=b%2F2&max-keys=1", &[], b"").await;
    assert_eq!((texts(&after, "Key"), texts(&after, "IsTruncated")), (vec!["b/c/3"], vec!["true"]));
    let (_, none) = ok(&plane, "GET /weather?list-type=2&max-keys=0", &[], b"").await;
    assert_eq!(texts(&none, "KeyCount"), ["0"]);
    let message = "The continuation token provided is incorrect";
    refused(&plane, "GET /weather?list-type=2&continuation-token=%2A", &[], b"", 400, "InvalidArgument", message).await;
}

#[tokio::test]
async fn several_objects_are_deleted_at_once() {
    let plane = with_bucket().await;
    for key in ["a", "b"] {
        ok(&plane, &format!("PUT /weather/{key}"), &[], b"x").await;
    }
    let body = b"<Delete><Object><Key>a</Key></Object><Object><Key>none</Key></Object></Delete>";
    let (_, deleted) = ok(&plane, "POST /weather?delete", &[], body).await;
    assert_eq!(texts(&deleted, "Key"), ["a", "none"]);
    let (_, left) = ok(&plane, "GET /weather?list-type=2", &[], b"").await;
    assert_eq!(texts(&left, "Key"), ["b"]);
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    refused(&plane, "POST /weather/?delete=", &[], b"<Delete>", 400, "MalformedXML", message).await;
    refused(&plane, "POST /weather/?delete=", &[], b"<Delete/>", 400, "MalformedXML", message).await;
}

#[tokio::test]
async fn a_copy_is_an_object_of_its_own() {
    let plane = with_bucket().await;
    ok(&plane, "PUT /weather/a", &["x-amz-meta-unit: knots", "content-type: text/plain"], b"rain").await;
    let (_, copied) = ok(&plane, "PUT /weather/b", &["x-amz-copy-source: /weather/a"], b"").await;
    assert_eq!(texts(&copied, "LastModified"), ["2030-01-01T00:00:00.250Z"]);
    ok(&plane, "DELETE /weather/a", &[], b"").await;
    let (headers, body) = ok(&plane, "GET /weather/b", &[], b"").await;
    assert_eq!((&*body, header(&headers, "x-amz-meta-unit")), (&b"rain"[..], "knots"));
    let replaced = ["x-amz-copy-source: weather/b", "x-amz-metadata-directive: REPLACE", "x-amz-meta-unit: mph"];
    ok(&plane, "PUT /weather/b", &replaced, b"").await;
    let (headers, body) = ok(&plane, "GET /weather/b", &[], b"").await;
    assert_eq!((&*body, header(&headers, "x-amz-meta-unit")), (&b"rain"[..], "mph"));
    let missing = ["x-amz-copy-source: weather/a"];
    refused(&plane, "PUT /weather/c", &missing, b"", 404, "NoSuchKey", "The specified key does not exist.").await;
    let (status, _, body) = plane.s3("PUT /weather/b", &["x-amz-copy-source: weather/b"], b"").await;
    assert_eq!((status, texts(&body, "Code")), (400, vec!["InvalidRequest"]));
}

#[tokio::test]
async fn an_object_is_uploaded_in_parts() {
    let plane = with_bucket().await;
    let (_, begun) = ok(&plane, "POST /weather/big?uploads=", &["x-amz-meta-unit: knots"], b"").await;
    let id = texts(&begun, "UploadId")[0].to_owned();
    let large = vec![b'x'; 5 * 1024 * 1024];
    let mut etags = Vec::new();
    for (number, content) in [(1, &large[..]), (2, b"other"), (2, b"rain"), (3, b"unneeded")] {
        let request = format!("PUT /weather/big?partNumber={number}&uploadId={id}");
        // Pieces of 5 MiB would wait for their taker.
        let (headers, _) = if content.len() > 1_000_000 {
            ok(&plane, "PUT /weather/source", &[], &content[..1_000_000]).await;
            let copy = ["x-amz-copy-source: weather/source", "x-amz-copy-source-range: bytes=0-9"];
            let (_, copied) = ok(&plane, &request, &copy, b"").await;
            assert_eq!(texts(&copied, "ETag").len(), 1);
            etags.push(texts(&copied, "ETag")[0].replace("&quot;", "\""));
            continue;
        } else {
            ok(&plane, &request, &[], content).await
        };
        etags.push(header(&headers, "etag").to_owned());
    }
    let (_, listed) = ok(&plane, &format!("GET /weather/big?uploadId={id}"), &[], b"").await;
    assert_eq!((texts(&listed, "PartNumber"), texts(&listed, "Size")), (vec!["1", "2", "3"], vec!["10", "4", "8"]));
    assert_eq!(texts(&ok(&plane, "GET /weather?uploads", &[], b"").await.1, "UploadId"), [&*id]);
    let part = |number: u32, etag: &str| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let document = |parts: &[String]| format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", parts.concat());
    let complete = format!("POST /weather/big?uploadId={id}");
    let (one, two) = (part(1, &etags[0]), part(2, &etags[2]));
    for (parts, code) in [
        (vec![one.clone(), two.clone()], "EntityTooSmall"),
        (vec![two.clone(), one], "InvalidPartOrder"),
        (vec![part(2, &etags[1])], "InvalidPart"),
        (vec![part(9, "x")], "InvalidPart"),
        (vec![], "MalformedXML"),
    ] {
        let (status, _, body) = plane.s3(&complete, &[], document(&parts).as_bytes()).await;
        assert_eq!((status, texts(&body, "Code")), (400, vec![code]));
    }
    let (_, completed) = ok(&plane, &complete, &[], document(&[two]).as_bytes()).await;
    assert!(texts(&completed, "ETag")[0].ends_with("-1&quot;"), "{}", String::from_utf8_lossy(&completed));
    let (headers, body) = ok(&plane, "GET /weather/big", &[], b"").await;
    assert_eq!((&*body, header(&headers, "x-amz-meta-unit")), (&b"rain"[..], "knots"));
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
                   completed.";
    refused(&plane, &complete, &[], document(&[part(1, "x")]).as_bytes(), 404, "NoSuchUpload", message).await;
    let (_, begun) = ok(&plane, "POST /weather/big?uploads", &[], b"").await;
    let upload = format!("/weather/big?uploadId={}", texts(&begun, "UploadId")[0]);
    ok(&plane, &format!("DELETE {upload}"), &[], b"").await;
    refused(&plane, &format!("PUT {upload}&partNumber=1"), &[], b"x", 404, "NoSuchUpload", message).await;
}

#[tokio::test]
async fn settings_of_a_bucket_are_kept_and_shown() {
    let plane = with_bucket().await;
    let (_, encryption) = ok(&plane, "GET /weather?encryption=", &[], b"").await;
    assert_eq!(texts(&encryption, "SSEAlgorithm"), ["AES256"]);
    let message = "The bucket policy does not exist";
    refused(&plane, "GET /weather?policy", &[], b"", 404, "NoSuchBucketPolicy", message).await;
    let policy = br#"{"Version":"2012-10-17","Statement":[]}"#;
    ok(&plane, "PUT /weather?policy", &[], policy).await;
    let (headers, found) = ok(&plane, "GET /weather?policy", &[], b"").await;
    assert_eq!((&*found, header(&headers, "content-type")), (&policy[..], "application/json"));
    let message = "Policies must be valid JSON and the first byte must be '{'";
    refused(&plane, "PUT /weather?policy", &[], b"x", 400, "MalformedPolicy", message).await;
    ok(&plane, "DELETE /weather?policy", &[], b"").await;
    for (parameter, code) in [
        ("policy", "NoSuchBucketPolicy"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("tagging", "NoSuchTagSet"),
        ("cors", "NoSuchCORSConfiguration"),
    ] {
        let (status, _, body) = plane.s3(&format!("GET /weather?{parameter}"), &[], b"").await;
        assert_eq!((status, texts(&body, "Code")), (404, vec![code]));
    }
    for parameter in ["acl", "versioning", "publicAccessBlock", "ownershipControls", "notification"] {
        ok(&plane, &format!("GET /weather?{parameter}"), &[], b"").await;
    }
    ok(&plane, "DELETE /weather?publicAccessBlock", &[], b"").await;
    let message = "The public access block configuration was not found";
    let code = "NoSuchPublicAccessBlockConfiguration";
    refused(&plane, "GET /weather?publicAccessBlock", &[], b"", 404, code, message).await;
    let tagging = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    ok(&plane, "PUT /weather?tagging", &[], tagging).await;
    assert_eq!(texts(&ok(&plane, "GET /weather?tagging", &[], b"").await.1, "Key"), ["a"]);
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    refused(&plane, "PUT /weather?versioning", &[], tagging, 400, "MalformedXML", message).await;
    let message = "GET with ?versions is not served here.";
    refused(&plane, "GET /weather?versions", &[], b"", 501, "NotImplemented", message).await;
    ok(&plane, "PUT /weather/a", &["x-amz-tagging: c=d%20e"], b"x").await;
    assert_eq!(texts(&ok(&plane, "GET /weather/a?tagging", &[], b"").await.1, "Value"), ["d e"]);
    ok(&plane, "PUT /weather/a?tagging", &[], tagging).await;
    assert_eq!(texts(&ok(&plane, "GET /weather/a?tagging", &[], b"").await.1, "Value"), ["b"]);
    ok(&plane, "DELETE /weather/a?tagging", &[], b"").await;
    assert_eq!(texts(&ok(&plane, "GET /weather/a?tagging", &[], b"").await.1, "Value"), [""; 0]);
}

#[tokio::test]
async fn a_presigned_url_ends() {
    let plane = with_bucket().await;
    ok(&plane, "PUT /weather/a", &[], b"rain").await;
    let url = |date: &str| format!("GET /weather/a?X-Amz-Date={date}&X-Amz-Expires=60&X-Amz-Signature=00");
    ok(&plane, &url("20300101T000000Z"), &[], b"").await;
    refused(&plane, &url("20291231T235800Z"), &[], b"", 403, "AccessDenied", "Request has expired").await;
    ok(&plane, "GET /weather/a?Signature=x&Expires=1893456001", &[], b"").await;
    let older = "GET /weather/a?Signature=x&Expires=1893455999";
    refused(&plane, older, &[], b"", 403, "AccessDenied", "Request has expired").await;
}

#[tokio::test]
async fn a_function_s_code_may_be_an_object() {
    let plane = with_bucket().await;
    let function = |key: &str| {
        json!({
            "FunctionName": "storms", "Runtime": "python3.12", "Handler": "storms.handler",
            "Role": "arn:aws:iam::000000000000:role/storms", "Code": {"S3Bucket": "weather", "S3Key": key},
        })
    };
    ok(&plane, "PUT /weather/code.zip", &[], &crate::lambda::zip()).await;
    let (status, _, created) = plane.lambda("POST /2015-03-31/functions", function("code.zip")).await;
    assert_eq!((status, &created["CodeSize"]), (201, &json!(158)), "{created}");
    let (status, exception, refused) = plane.lambda("POST /2015-03-31/functions", function("none.zip")).await;
    assert_eq!((status, &*exception), (400, "InvalidParameterValueException"));
    let message =
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.";
    assert_eq!(refused["message"], message);
}
