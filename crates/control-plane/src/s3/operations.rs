//! Every operation of S3 that is served, and how a request names it: method, whether it has a bucket and a key, and a
//! parameter of its query or a header.

use http::Method;

use super::bucket::{create_bucket, delete_bucket, get_bucket_location, head_bucket, list_buckets};
use super::bucket_settings::{self, SETTINGS};
use super::multipart::{
    abort_multipart_upload, complete_multipart_upload, create_multipart_upload, list_multipart_uploads, list_parts,
    upload_part,
};
use super::object::{delete_object, delete_objects, get_object, head_object, put_object};
use super::object_copy::copy_object;
use super::object_list::{list_objects, list_objects_v2};
use super::object_tags::{delete_object_tagging, get_object_tagging, put_object_tagging};
use super::part_copy::upload_part_copy;
use super::request::{Call, Running};

/// An operation as a row of the table.
pub struct S3Row {
    /// Its name, as AWS has it.
    pub name: &'static str,
    method: Method,
    place: Place,
    /// What else must be there: a parameter of the query, or of the headers one that starts with `x-amz-`.
    marks: &'static [&'static str],
    pub(super) run: for<'a, 'c> fn(&'a mut Call<'c>) -> Running<'a>,
}

/// What a request's path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Service,
    Bucket,
    Object,
}

macro_rules! row {
    ($name:literal, $method:ident, $place:ident, [$($mark:literal),*], $run:ident) => {
        S3Row {
            name: $name,
            method: Method::$method,
            place: Place::$place,
            marks: &[$($mark),*],
            run: |call| Box::pin($run(call)),
        }
    };
}

/// The rows: of those that fit a request, the first.
pub static OPERATIONS: &[S3Row] = &[
    row!("ListBuckets", GET, Service, [], list_buckets),
    row!("CreateBucket", PUT, Bucket, [], create_bucket),
    row!("DeleteBucket", DELETE, Bucket, [], delete_bucket),
    row!("HeadBucket", HEAD, Bucket, [], head_bucket),
    row!("GetBucketLocation", GET, Bucket, ["location"], get_bucket_location),
    row!("ListMultipartUploads", GET, Bucket, ["uploads"], list_multipart_uploads),
    row!("ListObjectsV2", GET, Bucket, ["list-type"], list_objects_v2),
    row!("ListObjects", GET, Bucket, [], list_objects),
    row!("DeleteObjects", POST, Bucket, ["delete"], delete_objects),
    row!("GetObjectTagging", GET, Object, ["tagging"], get_object_tagging),
    row!("PutObjectTagging", PUT, Object, ["tagging"], put_object_tagging),
    row!("DeleteObjectTagging", DELETE, Object, ["tagging"], delete_object_tagging),
    row!("CreateMultipartUpload", POST, Object, ["uploads"], create_multipart_upload),
    row!("UploadPartCopy", PUT, Object, ["uploadId", "partNumber", "x-amz-copy-source"], upload_part_copy),
    row!("UploadPart", PUT, Object, ["uploadId", "partNumber"], upload_part),
    row!("CompleteMultipartUpload", POST, Object, ["uploadId"], complete_multipart_upload),
    row!("AbortMultipartUpload", DELETE, Object, ["uploadId"], abort_multipart_upload),
    row!("ListParts", GET, Object, ["uploadId"], list_parts),
    row!("CopyObject", PUT, Object, ["x-amz-copy-source"], copy_object),
    row!("PutObject", PUT, Object, [], put_object),
    row!("GetObject", GET, Object, [], get_object),
    row!("HeadObject", HEAD, Object, [], head_object),
    row!("DeleteObject", DELETE, Object, [], delete_object),
];

/// What a request is for.
pub(super) enum Found {
    /// An operation of the table.
    Row(&'static S3Row),
    /// A setting of a bucket that is looked at, put or deleted.
    Setting(&'static bucket_settings::Setting, bucket_settings::Verb),
    /// An operation of S3 that is not served, as far as its name is known.
    NotServed(String),
    /// Nothing that S3 has.
    Nothing,
}

/// Parameters that name operations of S3 that are not served.
const NOT_SERVED: &[&str] = &[
    "accelerate",
    "analytics",
    "attributes",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "logging",
    "metrics",
    "object-lock",
    "policyStatus",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "torrent",
    "versions",
    "website",
    "versionId",
    "metadataTable",
    "metadataConfiguration",
    "session",
];

/// The names of all operations, those of settings of buckets among them.
#[cfg(test)]
pub(crate) fn names() -> Vec<&'static str> {
    use bucket_settings::Verb::{Delete, Get, Put};
    let settings = SETTINGS.iter().flat_map(|setting| [Get, Put, Delete].map(|verb| setting.operation(verb)));
    OPERATIONS.iter().map(|row| row.name).chain(settings.filter(|name| !name.is_empty())).collect()
}

/// What a request is for.
pub(super) fn find(method: &Method, place: Place, has: impl Fn(&str) -> bool) -> Found {
    if let Some(name) = NOT_SERVED.iter().find(|name| has(name)) {
        return Found::NotServed(format!("{method} with ?{name}"));
    }
    let setting = SETTINGS.iter().find(|setting| place == Place::Bucket && has(setting.parameter));
    if let Some(setting) = setting {
        return setting.verb(method).map_or(Found::Nothing, |verb| Found::Setting(setting, verb));
    }
    if place == Place::Object && has("acl") {
        return Found::NotServed(format!("{method} with ?acl of an object"));
    }
    let fits = |row: &&S3Row| row.method == *method && row.place == place && row.marks.iter().all(|mark| has(mark));
    OPERATIONS.iter().find(fits).map_or(Found::Nothing, Found::Row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_path_query_and_headers_name_an_operation() {
        let check = |method: Method, place: Place, marks: &[&str], expected: &str| {
            let found = match find(&method, place, |mark| marks.contains(&mark)) {
                Found::Row(row) => row.name.to_owned(),
                Found::Setting(setting, verb) => format!("{verb:?} {}", setting.parameter),
                Found::NotServed(name) => name,
                Found::Nothing => "nothing".to_owned(),
            };
            assert_eq!(found, expected, "{method} {place:?} {marks:?}");
        };
        check(Method::GET, Place::Service, &[], "ListBuckets");
        check(Method::POST, Place::Service, &[], "nothing");
        check(Method::GET, Place::Bucket, &[], "ListObjects");
        check(Method::GET, Place::Bucket, &["list-type", "prefix"], "ListObjectsV2");
        check(Method::GET, Place::Bucket, &["location"], "GetBucketLocation");
        check(Method::GET, Place::Bucket, &["encryption"], "Get encryption");
        check(Method::PUT, Place::Bucket, &["policy"], "Put policy");
        check(Method::DELETE, Place::Bucket, &["versioning"], "nothing");
        check(Method::GET, Place::Bucket, &["versions"], "GET with ?versions");
        check(Method::POST, Place::Bucket, &["delete"], "DeleteObjects");
        check(Method::PUT, Place::Object, &["x-id"], "PutObject");
        check(Method::PUT, Place::Object, &["x-amz-copy-source"], "CopyObject");
        check(Method::PUT, Place::Object, &["partNumber", "uploadId"], "UploadPart");
        check(Method::PUT, Place::Object, &["partNumber", "uploadId", "x-amz-copy-source"], "UploadPartCopy");
        check(Method::POST, Place::Object, &["uploads"], "CreateMultipartUpload");
        check(Method::POST, Place::Object, &["uploadId"], "CompleteMultipartUpload");
        check(Method::DELETE, Place::Object, &["uploadId"], "AbortMultipartUpload");
        check(Method::GET, Place::Object, &["tagging"], "GetObjectTagging");
        check(Method::GET, Place::Object, &["acl"], "GET with ?acl of an object");
        check(Method::POST, Place::Object, &[], "nothing");
    }
}
