//! S3, whose actions are not always called as its operations are (Amazon S3 User Guide, "Required permissions for Amazon S3
//! API operations").

use percent_encoding::percent_decode_str;

use super::{ANYTHING, Demand};

/// What an operation needs on a bucket, or on an object of one.
pub(crate) fn of_s3(operation: &str, bucket: &str, key: &str, copy_source: Option<&str>) -> Vec<Demand> {
    let action = action(operation);
    let resource = match (bucket, key) {
        ("", _) => ANYTHING.to_owned(),
        (bucket, "") => format!("arn:aws:s3:::{bucket}"),
        (bucket, key) => format!("arn:aws:s3:::{bucket}/{key}"),
    };
    let copies = matches!(operation, "CopyObject" | "UploadPartCopy");
    let source = copy_source.filter(|_| copies).map(|source| {
        let path = source.split_once("?versionId=").map_or(source, |(path, _)| path);
        let path = percent_decode_str(path).decode_utf8_lossy();
        Demand::new("s3", "GetObject", format!("arn:aws:s3:::{}", path.trim_start_matches('/')))
    });
    // Each object that is to go is asked about by itself, when its name is known.
    let is_asked_later = operation == "DeleteObjects";
    let own = (!is_asked_later).then(|| Demand::new("s3", action, resource));
    own.into_iter().chain(source).collect()
}

/// An action on one object.
pub(crate) fn s3_object(operation: &str, bucket: &str, key: &str) -> Demand {
    Demand::new("s3", action(operation), format!("arn:aws:s3:::{bucket}/{key}"))
}

/// The action that allows an operation.
fn action(operation: &str) -> &str {
    match operation {
        "ListBuckets" => "ListAllMyBuckets",
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
        "ListMultipartUploads" => "ListBucketMultipartUploads",
        "ListParts" => "ListMultipartUploadParts",
        "HeadObject" => "GetObject",
        "CompleteMultipartUpload" | "CopyObject" | "CreateMultipartUpload" | "UploadPart" | "UploadPartCopy" => {
            "PutObject"
        }
        "DeleteObjects" => "DeleteObject",
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" | "DeleteBucketEncryption" => "PutEncryptionConfiguration",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
        "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "PutBucketPublicAccessBlock",
        "DeleteBucketTagging" => "PutBucketTagging",
        "DeleteBucketOwnershipControls" => "PutBucketOwnershipControls",
        "GetBucketCors" => "GetBucketCORS",
        "PutBucketCors" | "DeleteBucketCors" => "PutBucketCORS",
        "GetBucketNotificationConfiguration" => "GetBucketNotification",
        "PutBucketNotificationConfiguration" => "PutBucketNotification",
        operation => operation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_need_actions_on_buckets_and_objects() {
        let check = |operation: &str, place: (&str, &str), source: Option<&str>, expected: &[&str]| {
            let demands = of_s3(operation, place.0, place.1, source);
            let shown: Vec<String> = demands.iter().map(|it| format!("{} {}", it.action, it.resource)).collect();
            assert_eq!(shown, expected, "{operation}");
        };
        check("ListBuckets", ("", ""), None, &["s3:ListAllMyBuckets *"]);
        check("ListObjectsV2", ("b", ""), None, &["s3:ListBucket arn:aws:s3:::b"]);
        check("HeadObject", ("b", "k/l"), None, &["s3:GetObject arn:aws:s3:::b/k/l"]);
        check("UploadPart", ("b", "k"), None, &["s3:PutObject arn:aws:s3:::b/k"]);
        check(
            "CopyObject",
            ("b", "k"),
            Some("/c/d%2Fe?versionId=null"),
            &["s3:PutObject arn:aws:s3:::b/k", "s3:GetObject arn:aws:s3:::c/d/e"],
        );
        check("PutObject", ("b", "k"), Some("c/d"), &["s3:PutObject arn:aws:s3:::b/k"]);
        check("DeleteObjects", ("b", ""), None, &[]);
        check("DeleteBucketCors", ("b", ""), None, &["s3:PutBucketCORS arn:aws:s3:::b"]);
    }
}
