//! Sub-resources of buckets: kept as they come, shown as they came, and enforced nowhere.

use claviger_aws_protocol::s3::Document;
use claviger_resources::bucket::Bucket;
use claviger_store::TransactionExt;
use http::Method;

use super::bucket;
use super::errors::Error;
use super::output::owner_id;
use super::request::{Call, S3Answer};
use super::work::write;
use crate::operation::Context;

/// A sub-resource.
pub(super) struct Setting {
    /// The parameter of the query that names it.
    pub(super) parameter: &'static str,
    /// The names of the operations that look at it, put it and delete it.
    operations: [&'static str; 3],
    /// The root of its document; empty for JSON.
    root: &'static str,
    /// What there is before it is put, and after it was deleted.
    before: Absent,
    after: Absent,
    /// The status of what put it.
    status: u16,
}

/// What is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Put,
    Delete,
}

/// What is answered for a sub-resource that is not there.
#[derive(Clone, Copy)]
enum Absent {
    /// A document.
    Document(&'static str),
    /// A refusal.
    Refused(&'static str, &'static str),
}

use Absent::{Document as Is, Refused as No};

const NO_LIFECYCLE: Absent = No("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist");
const NO_POLICY: Absent = No("NoSuchBucketPolicy", "The bucket policy does not exist");
const NO_TAGS: Absent = No("NoSuchTagSet", "The TagSet does not exist");
const NO_CORS: Absent = No("NoSuchCORSConfiguration", "The CORS configuration does not exist");
const NO_CONTROLS: Absent = No("OwnershipControlsNotFoundError", "The bucket ownership controls were not found");
const NO_BLOCK: Absent =
    No("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found");
const ENCRYPTION: Absent = Is(
    "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>\
     <BucketKeyEnabled>false</BucketKeyEnabled></Rule>",
);
const BLOCK: Absent = Is("<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>\
     <BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>");
const CONTROLS: Absent = Is("<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>");

/// Every sub-resource. What AWS gives a new bucket is in `before`.
pub(super) static SETTINGS: &[Setting] = &[
    Setting {
        parameter: "encryption",
        operations: ["GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption"],
        root: "ServerSideEncryptionConfiguration",
        before: ENCRYPTION,
        after: ENCRYPTION,
        status: 200,
    },
    Setting {
        parameter: "policy",
        operations: ["GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"],
        root: "",
        before: NO_POLICY,
        after: NO_POLICY,
        status: 204,
    },
    Setting {
        parameter: "versioning",
        operations: ["GetBucketVersioning", "PutBucketVersioning", ""],
        root: "VersioningConfiguration",
        before: Is(""),
        after: Is(""),
        status: 200,
    },
    Setting {
        parameter: "lifecycle",
        operations: ["GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"],
        root: "LifecycleConfiguration",
        before: NO_LIFECYCLE,
        after: NO_LIFECYCLE,
        status: 200,
    },
    Setting {
        parameter: "publicAccessBlock",
        operations: ["GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock"],
        root: "PublicAccessBlockConfiguration",
        before: BLOCK,
        after: NO_BLOCK,
        status: 200,
    },
    Setting {
        parameter: "tagging",
        operations: ["GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging"],
        root: "Tagging",
        before: NO_TAGS,
        after: NO_TAGS,
        status: 204,
    },
    Setting {
        parameter: "acl",
        operations: ["GetBucketAcl", "PutBucketAcl", ""],
        root: "AccessControlPolicy",
        before: Is(""),
        after: Is(""),
        status: 200,
    },
    Setting {
        parameter: "ownershipControls",
        operations: ["GetBucketOwnershipControls", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls"],
        root: "OwnershipControls",
        before: CONTROLS,
        after: NO_CONTROLS,
        status: 200,
    },
    Setting {
        parameter: "cors",
        operations: ["GetBucketCors", "PutBucketCors", "DeleteBucketCors"],
        root: "CORSConfiguration",
        before: NO_CORS,
        after: NO_CORS,
        status: 200,
    },
    Setting {
        parameter: "notification",
        operations: ["GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration", ""],
        root: "NotificationConfiguration",
        before: Is(""),
        after: Is(""),
        status: 200,
    },
];

/// Bytes of the largest document that is kept (Amazon S3 User Guide, "Bucket policies": 20 KiB; CORS: 64 KiB).
const BYTES_MAX: usize = 64 * 1024;

impl Setting {
    /// What a method does with it, when it has that.
    pub(super) fn verb(&self, method: &Method) -> Option<Verb> {
        let verb = match *method {
            Method::GET => Verb::Get,
            Method::PUT => Verb::Put,
            Method::DELETE => Verb::Delete,
            _ => return None,
        };
        Some(verb).filter(|verb| !self.operation(*verb).is_empty())
    }

    /// The name of an operation.
    pub(super) fn operation(&self, verb: Verb) -> &'static str {
        let [get, put, delete] = self.operations;
        match verb {
            Verb::Get => get,
            Verb::Put => put,
            Verb::Delete => delete,
        }
    }

    /// The sub-resource as a document of its own, or as AWS says that there is none.
    fn shown(&self, bucket: &Bucket) -> Result<String, Error> {
        let absent = match bucket.settings.get(self.parameter) {
            Some(text) if !text.is_empty() => return Ok(text.clone()),
            Some(_) => self.after,
            None => self.before,
        };
        let content = match absent {
            No(code, message) => return Err(Error::NotConfigured { code, message }),
            Is(_) if self.parameter == "acl" => {
                let owner = owner_id(bucket.tenant.account);
                format!(
                    "<Owner><ID>{owner}</ID></Owner><AccessControlList><Grant><Grantee \
                     xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>{owner}</ID>\
                     </Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>"
                )
            }
            Is(content) => content.to_owned(),
        };
        let root = self.root;
        Ok(format!("<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{content}</{root}>"))
    }

    /// Whether this can be it.
    fn check(&self, text: &[u8]) -> Result<(), Error> {
        if text.len() > BYTES_MAX {
            return Err(Error::EntityTooLarge);
        }
        if self.root.is_empty() {
            let is_object = text.first() == Some(&b'{') && serde_json::from_slice::<serde_json::Value>(text).is_ok();
            return if is_object { Ok(()) } else { Err(Error::MalformedPolicy) };
        }
        Ok(Document::read(text, self.root, |_| Some(()))?)
    }
}

/// Keeps a sub-resource of a bucket, or deletes it, for callers that have it as a text.
pub async fn put(cx: &mut Context<'_>, name: &str, parameter: &str, text: Option<String>) -> Result<(), Error> {
    let bucket = bucket::find(cx, name).await?;
    let setting = (parameter.to_owned(), text.unwrap_or_default());
    if let Some(mut stored) = bucket::stored(cx, name).await? {
        stored.settings.extend([setting]);
        cx.tx.replace(&stored).await?;
    } else {
        let mut bucket = bucket;
        bucket.settings.extend([setting]);
        cx.tx.insert(&bucket).await?;
    }
    Ok(())
}

/// Runs one of the operations.
pub(super) async fn run(call: &mut Call<'_>, setting: &'static Setting, verb: Verb) -> Result<S3Answer, Error> {
    let text = match verb {
        Verb::Get => {
            let text = setting.shown(&call.found_bucket().await?)?;
            let is_json = setting.root.is_empty();
            let answer = call.whole(200, text);
            return Ok(if is_json { answer.header("content-type", "application/json") } else { answer });
        }
        Verb::Put => {
            let body = call.small_body().await?;
            // An ACL may come as headers alone, which say nothing that is kept.
            if setting.parameter == "acl" && body.is_empty() {
                call.found_bucket().await?;
                return Ok(call.empty(200));
            }
            setting.check(&body)?;
            Some(String::from_utf8_lossy(&body).into_owned())
        }
        Verb::Delete => None,
    };
    let change = (call.bucket.clone(), setting.parameter, text);
    write(call.services, call.caller, &change, |cx, (name, parameter, text)| {
        Box::pin(put(cx, name, parameter, text.clone()))
    })
    .await?;
    Ok(call.empty(if verb == Verb::Delete { 204 } else { setting.status }))
}
