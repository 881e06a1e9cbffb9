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
        (
            json!({"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:none:1"]}),
            "Layer version arn:aws:lambda:us-east-1:000000000000:layer:none:1 does not exist.",
        ),
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

#[tokio::test]
async fn a_version_is_what_was_published() {
    let plane = Plane::new();
    create(&plane).await;
    let versions = format!("{FUNCTIONS}/storms/versions");
    let first = answered(&plane, 201, &format!("POST {versions}"), json!({"Description": "first"})).await;
    assert_eq!(
        (&first["Version"], &first["FunctionArn"], &first["Description"]),
        (&json!("1"), &json!(format!("{ARN}:1")), &json!("first"))
    );
    // Nothing has changed since.
    assert_eq!(answered(&plane, 201, &format!("POST {versions}"), json!({})).await, first);
    let configuration = format!("PUT {FUNCTIONS}/storms/configuration");
    answered(&plane, 200, &configuration, json!({"Timeout": 9})).await;
    let second = answered(&plane, 201, &format!("POST {versions}"), json!({})).await;
    assert_eq!((&second["Version"], &second["Timeout"]), (&json!("2"), &json!(9)));
    let shown = answered(&plane, 200, &format!("GET {FUNCTIONS}/storms/configuration?Qualifier=1"), Value::Null).await;
    assert_eq!(shown, first);
    let code = json!({"ZipFile": ZIP, "Publish": true});
    let updated = answered(&plane, 200, &format!("PUT {FUNCTIONS}/storms/code"), code).await;
    assert_eq!(updated["Version"], "2");
    let numbers = |page: &Value| -> Vec<String> {
        let versions = page["Versions"].as_array().unwrap().iter();
        versions.map(|version| version["Version"].as_str().unwrap().to_owned()).collect()
    };
    let mut pages = Vec::new();
    let mut marker = String::new();
    loop {
        let page = answered(&plane, 200, &format!("GET {versions}?MaxItems=1{marker}"), Value::Null).await;
        pages.push(numbers(&page));
        let Some(next) = page.get("NextMarker") else { break };
        marker = format!("&Marker={}", next.as_str().unwrap().replace('$', "%24"));
    }
    assert_eq!(pages, [["$LATEST"], ["1"], ["2"]]);
    let all = answered(&plane, 200, &format!("GET {FUNCTIONS}?FunctionVersion=ALL&MaxItems=2"), Value::Null).await;
    let arns = |page: &Value| -> Vec<String> {
        let functions = page["Functions"].as_array().unwrap().iter();
        functions.map(|function| function["FunctionArn"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(arns(&all), [format!("{ARN}:$LATEST"), format!("{ARN}:1")]);
    let next = all["NextMarker"].as_str().unwrap().replace('/', "%2F");
    let all = answered(&plane, 200, &format!("GET {FUNCTIONS}?FunctionVersion=ALL&Marker={next}"), Value::Null).await;
    assert_eq!((arns(&all), all.get("NextMarker")), (vec![format!("{ARN}:2")], None));
    answered(&plane, 204, &format!("DELETE {FUNCTIONS}/storms?Qualifier=2"), Value::Null).await;
    for gone in
        [format!("GET {FUNCTIONS}/storms/configuration?Qualifier=2"), format!("DELETE {FUNCTIONS}/storms?Qualifier=2")]
    {
        let message = format!("Function not found: {ARN}:2");
        refused(&plane, &gone, Value::Null, 404, "ResourceNotFoundException", &message).await;
    }
    // A number is not given out twice.
    assert_eq!(answered(&plane, 201, &format!("POST {versions}"), json!({})).await["Version"], "3");
    let stale = json!({"CodeSha256": "other"});
    let (status, exception, _) = plane.lambda(&format!("POST {versions}"), stale).await;
    assert_eq!((status, &*exception), (400, "InvalidParameterValueException"));
    answered(&plane, 204, &format!("DELETE {FUNCTIONS}/storms"), Value::Null).await;
    create(&plane).await;
    assert_eq!(answered(&plane, 201, &format!("POST {versions}"), json!({})).await["Version"], "1");
}

#[tokio::test]
async fn an_alias_leads_to_versions() {
    let plane = Plane::new();
    let published = with(storms(), json!({"Publish": true}));
    assert_eq!(answered(&plane, 201, &format!("POST {FUNCTIONS}"), published).await["Version"], "1");
    answered(&plane, 200, &format!("PUT {FUNCTIONS}/storms/configuration"), json!({"Timeout": 9})).await;
    answered(&plane, 201, &format!("POST {FUNCTIONS}/storms/versions"), json!({})).await;
    let aliases = format!("{FUNCTIONS}/storms/aliases");
    let live = json!({"Name": "live", "FunctionVersion": "1"});
    let made = answered(&plane, 201, &format!("POST {aliases}"), live.clone()).await;
    let expected = json!({
        "AliasArn": format!("{ARN}:live"), "Name": "live", "FunctionVersion": "1", "Description": "",
        "RevisionId": made["RevisionId"],
    });
    assert_eq!(made, expected);
    let conflict = "ResourceConflictException";
    let exists = format!("Alias already exists: {ARN}:live");
    refused(&plane, &format!("POST {aliases}"), live, 409, conflict, &exists).await;
    let shown =
        answered(&plane, 200, &format!("GET {FUNCTIONS}/storms/configuration?Qualifier=live"), Value::Null).await;
    assert_eq!((&shown["Version"], &shown["FunctionArn"]), (&json!("1"), &json!(format!("{ARN}:live"))));
    let invalid = "InvalidParameterValueException";
    for (input, status, exception, message) in [
        (
            json!({"Name": "none", "FunctionVersion": "7"}),
            404,
            "ResourceNotFoundException",
            format!("Function not found: {ARN}:7"),
        ),
        (
            json!({"Name": "latest", "FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}}),
            400,
            invalid,
            "$LATEST is not supported for an alias pointing to more than 1 version".to_owned(),
        ),
        (
            json!({"Name": "same", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}}),
            400,
            invalid,
            "Invalid function version 1. Function version 1 is already included in routing configuration.".to_owned(),
        ),
    ] {
        refused(&plane, &format!("POST {aliases}"), input, status, exception, &message).await;
    }
    let routing = json!({"AdditionalVersionWeights": {"2": 0.25}});
    let changed = answered(&plane, 200, &format!("PUT {aliases}/live"), json!({"RoutingConfig": routing})).await;
    assert_eq!((&changed["RoutingConfig"], &changed["FunctionVersion"]), (&routing, &json!("1")));
    assert_ne!(changed["RevisionId"], made["RevisionId"]);
    let in_use = "Unable to delete version because the following aliases reference it: [live]";
    refused(&plane, &format!("DELETE {FUNCTIONS}/storms?Qualifier=2"), Value::Null, 409, conflict, in_use).await;
    let listed = answered(&plane, 200, &format!("GET {aliases}?FunctionVersion=2"), Value::Null).await;
    assert_eq!(listed, json!({"Aliases": [changed]}));
    // Its policy is its own.
    let policy = format!("{FUNCTIONS}/storms/policy?Qualifier=live");
    let input =
        json!({"StatementId": "gateway", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"});
    let added = answered(&plane, 201, &format!("POST {policy}"), input.clone()).await;
    assert!(added["Statement"].as_str().unwrap().contains(&format!("{ARN}:live")), "{added}");
    let none = "The resource you requested does not exist.";
    refused(&plane, &format!("GET {FUNCTIONS}/storms/policy"), Value::Null, 404, "ResourceNotFoundException", none)
        .await;
    let latest = "We currently do not support adding policies for $LATEST.";
    refused(&plane, &format!("POST {FUNCTIONS}/storms/policy?Qualifier=%24LATEST"), input, 400, invalid, latest).await;
    let deleted = "Deletion of aliases is not currently supported.";
    refused(&plane, &format!("DELETE {FUNCTIONS}/storms?Qualifier=live"), Value::Null, 400, invalid, deleted).await;
    answered(&plane, 204, &format!("DELETE {aliases}/live"), Value::Null).await;
    let gone = format!("Cannot find alias arn: {ARN}:live");
    refused(&plane, &format!("GET {aliases}/live"), Value::Null, 404, "ResourceNotFoundException", &gone).await;
}

#[tokio::test]
async fn a_layer_has_versions_that_functions_use() {
    let plane = Plane::new();
    let layers = "/2018-10-31/layers";
    let content = json!({
        "Content": {"ZipFile": ZIP}, "CompatibleRuntimes": ["python3.12"], "LicenseInfo": "MIT", "Description": "Wind",
    });
    let first = answered(&plane, 201, &format!("POST {layers}/weather/versions"), content.clone()).await;
    let layer = "arn:aws:lambda:us-east-1:000000000000:layer:weather";
    assert_eq!(
        (&first["LayerArn"], &first["LayerVersionArn"], &first["Version"], &first["Content"]["CodeSize"]),
        (&json!(layer), &json!(format!("{layer}:1")), &json!(1), &json!(158))
    );
    let second = answered(&plane, 201, &format!("POST {layers}/weather/versions"), content).await;
    assert_eq!(second["Version"], 2);
    assert_eq!(answered(&plane, 200, &format!("GET {layers}/weather/versions/1"), Value::Null).await, first);
    let by_arn = format!("GET {layers}?find=LayerVersion&Arn={}", format!("{layer}:1").replace(':', "%3A"));
    assert_eq!(answered(&plane, 200, &by_arn, Value::Null).await, first);
    let listed = answered(&plane, 200, &format!("GET {layers}?CompatibleRuntime=python3.12"), Value::Null).await;
    assert_eq!(listed["Layers"][0]["LatestMatchingVersion"]["Version"], 2);
    let listed = answered(&plane, 200, &format!("GET {layers}?CompatibleRuntime=nodejs22.x"), Value::Null).await;
    assert_eq!(listed, json!({"Layers": []}));
    let page = answered(&plane, 200, &format!("GET {layers}/weather/versions?MaxItems=1"), Value::Null).await;
    assert_eq!((&page["LayerVersions"][0]["Version"], &page["NextMarker"]), (&json!(2), &json!("2")));
    let page = answered(&plane, 200, &format!("GET {layers}/weather/versions?Marker=2"), Value::Null).await;
    assert_eq!((&page["LayerVersions"][0]["Version"], page.get("NextMarker")), (&json!(1), None));
    let others = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPython:52";
    let using = with(storms(), json!({"Layers": [format!("{layer}:1"), others]}));
    let function = answered(&plane, 201, &format!("POST {FUNCTIONS}"), using).await;
    let expected = json!([{"Arn": format!("{layer}:1"), "CodeSize": 158}, {"Arn": others, "CodeSize": 0}]);
    assert_eq!(function["Layers"], expected);
    // It stays with the function when it is deleted, and its number is not given out again.
    for version in [1, 2] {
        answered(&plane, 204, &format!("DELETE {layers}/weather/versions/{version}"), Value::Null).await;
    }
    let none = "The resource you requested does not exist.";
    let gone = format!("GET {layers}/weather/versions/1");
    refused(&plane, &gone, Value::Null, 404, "ResourceNotFoundException", none).await;
    let shown = answered(&plane, 200, &format!("GET {FUNCTIONS}/storms/configuration"), Value::Null).await;
    assert_eq!(shown["Layers"], expected);
    let content = json!({"Content": {"ZipFile": ZIP}});
    let third = answered(&plane, 201, &format!("POST {layers}/weather/versions"), content).await;
    assert_eq!(third["Version"], 3);
}

#[tokio::test]
async fn concurrency_is_reserved_out_of_the_accounts() {
    let plane = Plane::new();
    create(&plane).await;
    answered(&plane, 201, &format!("POST {FUNCTIONS}"), with(storms(), json!({"FunctionName": "other"}))).await;
    let put = |name: &str| format!("PUT /2017-10-31/functions/{name}/concurrency");
    let input = |most: u32| json!({"ReservedConcurrentExecutions": most});
    assert_eq!(answered(&plane, 200, &put("storms"), input(10)).await, input(10));
    let get = "GET /2019-09-30/functions/storms/concurrency";
    assert_eq!(answered(&plane, 200, get, Value::Null).await, input(10));
    let shown = answered(&plane, 200, &format!("GET {FUNCTIONS}/storms"), Value::Null).await;
    assert_eq!(shown["Concurrency"], input(10));
    let message = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].";
    refused(&plane, &put("other"), input(891), 400, "InvalidParameterValueException", message).await;
    answered(&plane, 200, &put("other"), input(890)).await;
    answered(&plane, 204, "DELETE /2017-10-31/functions/storms/concurrency", Value::Null).await;
    assert_eq!(answered(&plane, 200, get, Value::Null).await, json!({}));
    answered(&plane, 200, &put("other"), input(0)).await;
    let call = format!("POST {FUNCTIONS}/other/invocations");
    let (status, exception, body) = plane.lambda(&call, json!({})).await;
    assert_eq!((status, &*exception), (429, "TooManyRequestsException"));
    assert_eq!(body["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
}

#[tokio::test]
async fn what_becomes_of_events_is_set_for_each_qualifier() {
    let plane = Plane::new();
    create(&plane).await;
    let config = "/2019-09-25/functions/storms/event-invoke-config";
    let missing = format!("The function {ARN}:$LATEST doesn't have an EventInvokeConfig");
    for method in ["GET", "DELETE"] {
        let request = format!("{method} {config}");
        refused(&plane, &request, Value::Null, 404, "ResourceNotFoundException", &missing).await;
    }
    let nothing = "You must specify at least one of error handling or destination setting.";
    refused(&plane, &format!("PUT {config}"), json!({}), 400, "InvalidParameterValueException", nothing).await;
    let put = answered(&plane, 200, &format!("PUT {config}"), json!({"MaximumRetryAttempts": 1})).await;
    let expected = json!({
        "LastModified": put["LastModified"], "FunctionArn": format!("{ARN}:$LATEST"), "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    });
    assert_eq!(put, expected);
    let updated = answered(&plane, 200, &format!("POST {config}"), json!({"MaximumEventAgeInSeconds": 60})).await;
    assert_eq!((&updated["MaximumRetryAttempts"], &updated["MaximumEventAgeInSeconds"]), (&json!(1), &json!(60)));
    let listed = answered(&plane, 200, &format!("GET {config}/list"), Value::Null).await;
    assert_eq!(listed, json!({"FunctionEventInvokeConfigs": [updated]}));
    let put =
        answered(&plane, 200, &format!("PUT {config}?Qualifier=%24LATEST"), json!({"MaximumRetryAttempts": 0})).await;
    assert_eq!(put.get("MaximumEventAgeInSeconds"), None);
    answered(&plane, 204, &format!("DELETE {config}"), Value::Null).await;
    refused(&plane, &format!("GET {config}"), Value::Null, 404, "ResourceNotFoundException", &missing).await;
}
