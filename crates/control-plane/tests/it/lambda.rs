//! Lambda's functions, their policies and tags over the wire's requests and answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::function::Function;
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const FUNCTIONS: &str = "/2015-03-31/functions";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:storms";
/// A zip of one file, `storms.py`.
const ZIP: &str = "UEsDBBQAAAAAAAAAIQCmsLDDKgAAACoAAAAJAAAAc3Rvcm1zLnB5ZGVmIGhhbmRsZXIoZXZlbnQsIGNvbnRleHQpOgogICAgcmV0\
    dXJuIDMKUEsBAhQDFAAAAAAAAAAhAKawsMMqAAAAKgAAAAkAAAAAAAAAAAAAAKSBAAAAAHN0b3Jtcy5weVBLBQYAAAAAAQABADcA\
    AABRAAAAAAA=";

/// The bytes of that zip.
pub(crate) fn zip() -> Vec<u8> {
    STANDARD.decode(ZIP).unwrap()
}

/// What makes the function of these tests.
fn storms() -> Value {
    json!({
        "FunctionName": "storms", "Runtime": "python3.12", "Handler": "storms.handler",
        "Role": "arn:aws:iam::000000000000:role/storms", "Code": {"ZipFile": ZIP},
    })
}

/// The body of an answer that has this status.
async fn answered(plane: &Plane, status: u16, request: &str, input: Value) -> Value {
    let (found, exception, body) = plane.lambda(request, input).await;
    assert_eq!(found, status, "{request}: {exception} {body}");
    body
}

/// Asserts how a request is refused: status, exception and message, whatever its member is called.
async fn refused(plane: &Plane, request: &str, input: Value, status: u16, exception: &str, message: &str) {
    let (found, by, body) = plane.lambda(request, input).await;
    let said = ["message", "Message"].iter().find_map(|member| body.get(member)).cloned().unwrap_or_default();
    assert_eq!((found, &*by, &said), (status, exception, &json!(message)), "{request}");
}

async fn create(plane: &Plane) -> Value {
    answered(plane, 201, &format!("POST {FUNCTIONS}"), storms()).await
}

#[tokio::test]
async fn a_new_function_has_lambdas_defaults() {
    let plane = Plane::new();
    let created = create(&plane).await;
    let expected = json!({
        "FunctionName": "storms", "FunctionArn": ARN, "Runtime": "python3.12", "Handler": "storms.handler",
        "Role": "arn:aws:iam::000000000000:role/storms", "CodeSize": 158, "Description": "", "Timeout": 3,
        "MemorySize": 128, "LastModified": "2030-01-01T00:00:00.250+0000", "CodeSha256": created["CodeSha256"],
        "Version": "$LATEST", "TracingConfig": {"Mode": "PassThrough"}, "RevisionId": created["RevisionId"],
        "State": "Active", "LastUpdateStatus": "Successful", "PackageType": "Zip", "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/storms"},
    });
    assert_eq!(created, expected);
    assert_eq!(STANDARD.decode(created["CodeSha256"].as_str().unwrap()).unwrap().len(), 32);
    let shown = answered(&plane, 200, &format!("GET {FUNCTIONS}/storms"), Value::Null).await;
    assert_eq!(shown, json!({"Configuration": created, "Code": {"RepositoryType": "S3"}}));
    for name in ["storms", "function:storms", "000000000000:function:storms", ARN] {
        let name = name.replace(':', "%3A");
        let shown = answered(&plane, 200, &format!("GET {FUNCTIONS}/{name}/configuration"), Value::Null).await;
        assert_eq!(shown, created, "{name}");
    }
    let qualified = format!("GET {FUNCTIONS}/storms/configuration?Qualifier=%24LATEST");
    let shown = answered(&plane, 200, &qualified, Value::Null).await;
    assert_eq!(shown["FunctionArn"], format!("{ARN}:$LATEST"));
    let function: Function =
        plane.stored().await.find(&plane.caller.tenant(), "", "storms").await.unwrap().unwrap().record;
    assert_eq!(function.code.bytes, 158);
}

#[tokio::test]
async fn what_is_set_is_kept_and_the_environment_is_sealed() {
    let plane = Plane::new();
    let kept = json!({
        "Environment": {"Variables": {"PASSWORD": "thunder"}}, "Timeout": 900, "MemorySize": 256, "Description": "Storms",
        "Tags": {"team": "sky"}, "TracingConfig": {"Mode": "Active"}, "Layers": [
            "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPython:52"],
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"}, "EphemeralStorage": {"Size": 1024},
        "LoggingConfig": {"LogFormat": "JSON"}, "Architectures": ["arm64"],
    });
    let created = answered(&plane, 201, &format!("POST {FUNCTIONS}"), with(storms(), kept.clone())).await;
    for member in ["Environment", "Timeout", "MemorySize", "Description", "TracingConfig", "DeadLetterConfig"] {
        assert_eq!(created[member], kept[member], "{member}");
    }
    assert_eq!(created["Layers"][0]["Arn"], kept["Layers"][0]);
    assert_eq!(created["LoggingConfig"], json!({"LogFormat": "JSON", "LogGroup": "/aws/lambda/storms"}));
    let row = claviger_store::Key {
        kind: claviger_store::Kind::Function,
        tenant: plane.caller.tenant(),
        parent: String::new(),
        id: "storms".to_owned(),
    };
    let body = plane.stored().await.row(&row).await.unwrap().unwrap().body;
    assert!(!body.contains("thunder") && !body.contains("PASSWORD"), "{body}");
    let changed = json!({"Handler": "storms.other", "Environment": {}, "RevisionId": created["RevisionId"]});
    let configuration = format!("PUT {FUNCTIONS}/storms/configuration");
    let changed = answered(&plane, 200, &configuration, changed).await;
    assert_eq!((&changed["Handler"], &changed["Timeout"]), (&json!("storms.other"), &json!(900)));
    assert_eq!(changed["Environment"], json!({"Variables": {}}));
    assert_ne!(changed["RevisionId"], created["RevisionId"]);
    let stale = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
                 retrieve the latest Revision Id";
    let input = json!({"Timeout": 5, "RevisionId": created["RevisionId"]});
    refused(&plane, &configuration, input, 412, "PreconditionFailedException", stale).await;
}

#[tokio::test]
async fn a_function_is_refused_in_lambdas_words() {
    let plane = Plane::new();
    create(&plane).await;
    let post = format!("POST {FUNCTIONS}");
    let exists = "Function already exist: storms";
    refused(&plane, &post, storms(), 409, "ResourceConflictException", exists).await;
    let invalid = "InvalidParameterValueException";
    let other = |members: Value| with(with(storms(), json!({"FunctionName": "other"})), members);
    for (members, message) in [
        (json!({"Code": {}}), "Please provide a source for function code."),
        (json!({"Code": {"ZipFile": ""}}), "Uploaded file must be a non-empty zip"),
        (
            json!({"Code": {"ZipFile": "bm8gemlw"}}),
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            json!({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}),
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist",
        ),
        (
            json!({"Handler": null}),
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ),
        (json!({"Publish": true}), "Publish is not served here; leave it out."),
        (json!({"PackageType": "Image"}), "PackageType Image is not served here; leave it out."),
        (
            json!({"Environment": {"Variables": {"AWS_REGION": "x"}}}),
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             contains reserved keys that are currently not supported for modification. Reserved keys used in this request: \
             AWS_REGION",
        ),
        (
            json!({"Environment": {"Variables": {"LONG": "x".repeat(4097)}}}),
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             exceeded the 4KB limit.",
        ),
    ] {
        refused(&plane, &post, other(members), 400, invalid, message).await;
    }
    let timeout = "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value \
                   less than or equal to 900";
    refused(&plane, &post, other(json!({"Timeout": 901})), 400, "ValidationException", timeout).await;
    let missing = "ResourceNotFoundException";
    for (request, message) in [
        (format!("GET {FUNCTIONS}/none"), "Function not found: arn:aws:lambda:us-east-1:000000000000:function:none"),
        (
            format!("GET {FUNCTIONS}/storms?Qualifier=7"),
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:storms:7",
        ),
        (
            format!("GET {FUNCTIONS}/arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Astorms"),
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
        ),
    ] {
        let (status, exception, body) = plane.lambda(&request, Value::Null).await;
        assert_eq!(
            (status, &*exception, body),
            (404, missing, json!({"Type": "User", "Message": message})),
            "{request}"
        );
    }
    let latest = "$LATEST version cannot be deleted without deleting the function.";
    refused(&plane, &format!("DELETE {FUNCTIONS}/storms:$LATEST"), Value::Null, 400, invalid, latest).await;
    answered(&plane, 204, &format!("DELETE {FUNCTIONS}/storms"), Value::Null).await;
    refused(
        &plane,
        &format!("DELETE {FUNCTIONS}/storms"),
        Value::Null,
        404,
        missing,
        &format!("Function not found: {ARN}"),
    )
    .await;
}

#[tokio::test]
async fn code_is_replaced_unless_it_only_seems_so() {
    let plane = Plane::new();
    let created = create(&plane).await;
    let code = format!("PUT {FUNCTIONS}/storms/code");
    let dry = json!({"ZipFile": ZIP, "DryRun": true});
    assert_eq!(answered(&plane, 200, &code, dry).await["RevisionId"], created["RevisionId"]);
    let updated = answered(&plane, 200, &code, json!({"ZipFile": ZIP})).await;
    assert_eq!(updated["CodeSha256"], created["CodeSha256"]);
    assert_ne!(updated["RevisionId"], created["RevisionId"]);
    let missing = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:none";
    let input = json!({"ZipFile": ZIP});
    refused(&plane, &format!("PUT {FUNCTIONS}/none/code"), input, 404, "ResourceNotFoundException", missing).await;
}

#[tokio::test]
async fn functions_are_listed_in_pages() {
    let plane = Plane::new();
    for name in ["a", "b", "c"] {
        answered(&plane, 201, &format!("POST {FUNCTIONS}"), with(storms(), json!({"FunctionName": name}))).await;
    }
    let first = answered(&plane, 200, &format!("GET {FUNCTIONS}?MaxItems=2"), Value::Null).await;
    let names = |page: &Value| -> Vec<String> {
        let functions = page["Functions"].as_array().unwrap().iter();
        functions.map(|function| function["FunctionName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&first), ["a", "b"]);
    let next = format!("GET {FUNCTIONS}?FunctionVersion=ALL&Marker={}", first["NextMarker"].as_str().unwrap());
    let last = answered(&plane, 200, &next, Value::Null).await;
    assert_eq!((names(&last), last.get("NextMarker")), (vec!["c".to_owned()], None));
    assert!(last["Functions"][0]["FunctionArn"].as_str().unwrap().ends_with(":c:$LATEST"));
}

#[tokio::test]
async fn permissions_make_up_a_policy() {
    let plane = Plane::new();
    create(&plane).await;
    let policy = format!("{FUNCTIONS}/storms/policy");
    let missing = "ResourceNotFoundException";
    let none = "The resource you requested does not exist.";
    refused(&plane, &format!("GET {policy}"), Value::Null, 404, missing, none).await;
    let none = "No policy is associated with the given resource.";
    refused(&plane, &format!("DELETE {policy}/gateway"), Value::Null, 404, missing, none).await;
    let source = "arn:aws:execute-api:us-east-1:000000000000:api/*/GET/user";
    let input = json!({
        "StatementId": "gateway", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
        "SourceArn": source,
    });
    let added = answered(&plane, 201, &format!("POST {policy}"), input.clone()).await;
    let statement: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
    let expected = json!({
        "Sid": "gateway", "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Resource": ARN, "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    });
    assert_eq!(statement, expected);
    let taken = "The statement id (gateway) provided already exists. Please provide a new statement id, or remove the existing \
                 statement.";
    refused(&plane, &format!("POST {policy}"), input.clone(), 409, "ResourceConflictException", taken).await;
    let account =
        with(input.clone(), json!({"StatementId": "account", "Principal": "123456789012", "SourceArn": null}));
    let added = answered(&plane, 201, &format!("POST {policy}"), account).await;
    assert!(added["Statement"].as_str().unwrap().contains(r#""AWS":"arn:aws:iam::123456789012:root""#), "{added}");
    let bad = with(input.clone(), json!({"StatementId": "bad", "Principal": "nobody"}));
    let message = "The provided principal was invalid. Please check the principal and try again.";
    refused(&plane, &format!("POST {policy}"), bad, 400, "InvalidParameterValueException", message).await;
    let shown = answered(&plane, 200, &format!("GET {policy}"), Value::Null).await;
    let document: Value = serde_json::from_str(shown["Policy"].as_str().unwrap()).unwrap();
    assert_eq!((&document["Id"], document["Statement"].as_array().unwrap().len()), (&json!("default"), 2));
    let long = with(input, json!({"StatementId": "long", "SourceArn": format!("{source}{}", "x".repeat(9_900))}));
    answered(&plane, 201, &format!("POST {policy}"), long.clone()).await;
    let longer = with(long, json!({"StatementId": "longer"}));
    let (status, exception, body) = plane.lambda(&format!("POST {policy}"), longer).await;
    assert_eq!((status, &*exception), (400, "PolicyLengthExceededException"));
    assert!(body["message"].as_str().unwrap().ends_with(" is bigger than the limit (20480)."), "{body}");
    let stale = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
                 retrieve the latest Revision Id";
    let delete = format!("DELETE {policy}/account");
    refused(&plane, &format!("{delete}?RevisionId=stale"), Value::Null, 412, "PreconditionFailedException", stale)
        .await;
    answered(&plane, 204, &delete, Value::Null).await;
    let gone = "Statement account is not found in resource policy.";
    refused(&plane, &delete, Value::Null, 404, missing, gone).await;
}

#[tokio::test]
async fn tags_are_those_of_a_function() {
    let plane = Plane::new();
    create(&plane).await;
    let tags = format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A"));
    answered(&plane, 204, &format!("POST {tags}"), json!({"Tags": {"team": "sky", "stage": "dev"}})).await;
    answered(&plane, 204, &format!("DELETE {tags}?tagKeys=stage"), Value::Null).await;
    assert_eq!(answered(&plane, 200, &format!("GET {tags}"), Value::Null).await, json!({"Tags": {"team": "sky"}}));
    let shown = answered(&plane, 200, &format!("GET {FUNCTIONS}/storms"), Value::Null).await;
    assert_eq!(shown["Tags"], json!({"team": "sky"}));
    let qualified = format!("GET {tags}%3A%24LATEST");
    let message = "Tags on function aliases and versions are not supported. Please specify a function ARN.";
    refused(&plane, &qualified, Value::Null, 400, "InvalidParameterValueException", message).await;
}

#[tokio::test]
async fn a_call_names_a_function_and_json() {
    let plane = Plane::new();
    create(&plane).await;
    let missing = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:none";
    let none = format!("POST {FUNCTIONS}/none/invocations");
    refused(&plane, &none, json!({}), 404, "ResourceNotFoundException", missing).await;
    // Without a path there is no interpreter.
    let (status, exception, body) = plane.lambda(&format!("POST {FUNCTIONS}/storms/invocations"), json!({})).await;
    assert_eq!((status, &*exception), (502, "InvalidRuntimeException"));
    assert!(body["Message"].as_str().unwrap().contains("install Python 3"), "{body}");
    let large = Value::from("x".repeat(6 * 1024 * 1024 + 101));
    let message = "Request must be smaller than 6291556 bytes for the InvokeFunction operation";
    let call = format!("POST {FUNCTIONS}/storms/invocations");
    refused(&plane, &call, large, 413, "RequestTooLargeException", message).await;
}
