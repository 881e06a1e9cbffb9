//! Versions, aliases, layers and reserved concurrency of functions in stacks.

use serde_json::{Value, json};

use super::{assert_made, events, everything_made, ok, output, status};
use crate::lambda::zip;
use crate::plane::Plane;

const FUNCTION: &str = "/2015-03-31/functions/storms";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:storms";

async fn deploy(plane: &Plane, action: &str, template: &Value, expected: &str) {
    let body = template.to_string();
    let parameters = [
        ("StackName", "weather"),
        ("TemplateBody", &*body),
        ("Capabilities.member.1", "CAPABILITY_IAM"),
        ("Capabilities.member.2", "CAPABILITY_AUTO_EXPAND"),
    ];
    ok(plane, action, &parameters).await;
    let told = events(plane, "weather").await;
    assert_eq!(status(plane, "weather").await, expected, "{told:#?}");
}

/// What Lambda answers to a request that it answers.
async fn lambda(plane: &Plane, request: &str) -> Value {
    let (status, _, body) = plane.lambda(request, Value::Null).await;
    assert_eq!(status, 200, "{request}: {body}");
    body
}

/// The version that an alias leads to.
async fn live(plane: &Plane) -> Value {
    lambda(plane, &format!("GET {FUNCTION}/aliases/live")).await["FunctionVersion"].take()
}

/// The versions that there are.
async fn versions(plane: &Plane) -> Vec<String> {
    let listed = lambda(plane, &format!("GET {FUNCTION}/versions")).await;
    let listed = listed["Versions"].as_array().unwrap();
    listed.iter().map(|version| version["Version"].as_str().unwrap().to_owned()).collect()
}

fn function(code: &str) -> Value {
    json!({"Type": "AWS::Lambda::Function", "Properties": {
        "FunctionName": "storms", "Runtime": "python3.12", "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/storms", "Code": {"ZipFile": code},
    }})
}

/// A function, a version of it that stays, and an alias that has a policy and a configuration of its own.
fn storms(code: &str, version: &str) -> Value {
    let mut template = json!({
        "Resources": {
            "Function": function(code),
            "Live": {"Type": "AWS::Lambda::Alias", "Properties": {
                "FunctionName": {"Ref": "Function"}, "Name": "live", "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
            }},
            "Invoke": {"Type": "AWS::Lambda::Permission", "Properties": {
                "FunctionName": {"Ref": "Live"}, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
            }},
            "Events": {"Type": "AWS::Lambda::EventInvokeConfig", "DependsOn": "Live", "Properties": {
                "FunctionName": {"Ref": "Function"}, "Qualifier": "live", "MaximumRetryAttempts": 1,
            }},
        },
        "Outputs": {
            "Version": {"Value": {"Ref": version}},
            "Arn": {"Value": {"Fn::GetAtt": [version, "FunctionArn"]}},
            "Live": {"Value": {"Ref": "Live"}},
            "AliasArn": {"Value": {"Fn::GetAtt": "Live.AliasArn"}},
            "Events": {"Value": {"Ref": "Events"}},
        },
    });
    template["Resources"][version] = json!({
        "Type": "AWS::Lambda::Version", "DeletionPolicy": "Retain", "Properties": {"FunctionName": {"Ref": "Function"}},
    });
    template
}

#[tokio::test]
async fn an_alias_moves_to_a_new_version_and_keeps_what_it_has() {
    let plane = Plane::new();
    let nothing = everything_made(&plane).await;
    let mut first = storms("one", "First");
    first["Resources"]["Function"]["Properties"]["ReservedConcurrentExecutions"] = json!(5);
    deploy(&plane, "CreateStack", &first, "CREATE_COMPLETE").await;
    for (name, expected) in [
        ("Version", format!("{ARN}:1")),
        ("Arn", format!("{ARN}:1")),
        ("Live", format!("{ARN}:live")),
        ("AliasArn", format!("{ARN}:live")),
        ("Events", "storms|live".to_owned()),
    ] {
        assert_eq!(output(&plane, "weather", name).await, expected, "{name}");
    }
    let config = lambda(&plane, "GET /2019-09-25/functions/storms/event-invoke-config?Qualifier=live").await;
    assert_eq!(config["MaximumRetryAttempts"], 1);
    assert_eq!(lambda(&plane, &format!("GET {FUNCTION}")).await["Concurrency"]["ReservedConcurrentExecutions"], 5);

    let mut second = storms("two", "Second");
    second["Resources"]["Events"]["Properties"]["MaximumRetryAttempts"] = json!(0);
    second["Resources"]["Live"]["Properties"]["RoutingConfig"] =
        json!({"AdditionalVersionWeights": [{"FunctionVersion": "1", "FunctionWeight": 0.25}]});
    let mut wrong = second.clone();
    wrong["Resources"]["Wrong"] = json!({"Type": "AWS::Lambda::Alias", "DependsOn": ["Events", "Invoke"], "Properties": {
        "FunctionName": {"Ref": "Function"}, "Name": "wrong", "FunctionVersion": "7",
    }});
    wrong["Resources"]["Second"]["DeletionPolicy"] = json!("Delete");
    deploy(&plane, "UpdateStack", &wrong, "UPDATE_ROLLBACK_COMPLETE").await;
    assert_eq!((live(&plane).await, versions(&plane).await), (json!("1"), vec!["$LATEST".to_owned(), "1".to_owned()]));
    assert_eq!(lambda(&plane, &format!("GET {FUNCTION}")).await["Concurrency"]["ReservedConcurrentExecutions"], 5);

    deploy(&plane, "UpdateStack", &second, "UPDATE_COMPLETE").await;
    // The number of what was undone is not given out again.
    assert_eq!(
        (live(&plane).await, versions(&plane).await),
        (json!("3"), ["$LATEST", "1", "3"].map(String::from).into())
    );
    let alias = lambda(&plane, &format!("GET {FUNCTION}/aliases/live")).await;
    assert_eq!(alias["RoutingConfig"], json!({"AdditionalVersionWeights": {"1": 0.25}}));
    let policy = lambda(&plane, &format!("GET {FUNCTION}/policy?Qualifier=live")).await;
    assert!(policy["Policy"].as_str().unwrap().contains("apigateway.amazonaws.com"), "{policy}");
    let config = lambda(&plane, "GET /2019-09-25/functions/storms/event-invoke-config?Qualifier=live").await;
    assert_eq!(config["MaximumRetryAttempts"], 0);
    assert_eq!(lambda(&plane, &format!("GET {FUNCTION}")).await["Concurrency"], Value::Null);
    let mut plain = second.clone();
    plain["Resources"]["Live"]["Properties"].as_object_mut().unwrap().remove("RoutingConfig");
    deploy(&plane, "UpdateStack", &plain, "UPDATE_COMPLETE").await;
    assert_eq!(lambda(&plane, &format!("GET {FUNCTION}/aliases/live")).await["RoutingConfig"], Value::Null);

    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    assert_made(&plane, &nothing, "deleted").await;
}

#[tokio::test]
async fn what_lambda_refuses_fails_the_stack() {
    async fn check(resources: Value, failed: &str, reason: &str) {
        let plane = Plane::new();
        let mut template = json!({"Resources": {"Function": function("one")}});
        template["Resources"].as_object_mut().unwrap().extend(resources.as_object().unwrap().clone());
        deploy(&plane, "CreateStack", &template, "ROLLBACK_COMPLETE").await;
        let told = events(&plane, "weather").await;
        let found = told.iter().find(|(id, status, _)| id == failed && status == "CREATE_FAILED");
        assert_eq!(found.map(|(_, _, reason)| reason.as_str()), Some(reason), "{told:#?}");
    }
    let version = |properties: Value| {
        let mut all = json!({"FunctionName": {"Ref": "Function"}});
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        json!({"Type": "AWS::Lambda::Version", "Properties": all})
    };
    let mut again = version(json!({"Description": "again"}));
    again["DependsOn"] = json!("Version");
    check(
        json!({"Version": version(json!({})), "Again": again}),
        "Again",
        "Resource handler returned message: \"A version for this Lambda function exists ( 1 ). Modify the function to create \
         a new version.\" (HandlerErrorCode: AlreadyExists)",
    )
    .await;
    check(
        json!({"Alias": {"Type": "AWS::Lambda::Alias", "Properties": {
            "FunctionName": {"Ref": "Function"}, "Name": "live", "FunctionVersion": "7",
        }}}),
        "Alias",
        "Resource handler returned message: \"Function not found: \
         arn:aws:lambda:us-east-1:000000000000:function:storms:7 (Service: Lambda, Status Code: 404)\" (HandlerErrorCode: \
         NotFound)",
    )
    .await;
    check(
        json!({"Events": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {
            "FunctionName": {"Ref": "Function"}, "Qualifier": "$LATEST",
        }}}),
        "Events",
        "Resource handler returned message: \"You must specify at least one of error handling or destination setting. \
         (Service: Lambda, Status Code: 400)\" (HandlerErrorCode: InvalidRequest)",
    )
    .await;
}

#[tokio::test]
async fn a_function_uses_a_layer_of_its_stack() {
    let plane = Plane::new();
    let nothing = everything_made(&plane).await;
    plane.s3("PUT /layers", &[], b"").await;
    for key in ["one", "two"] {
        let (status, ..) = plane.s3(&format!("PUT /layers/{key}.zip"), &[], &zip()).await;
        assert_eq!(status, 200);
    }
    let template = |key: &str| {
        let mut function = function("one");
        function["Properties"]["Layers"] = json!([{"Ref": "Layer"}]);
        json!({
            "Resources": {
                "Function": function,
                "Layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": {
                    "LayerName": "tools", "CompatibleRuntimes": ["python3.12"],
                    "Content": {"S3Bucket": "layers", "S3Key": format!("{key}.zip")},
                }},
                "Shared": {"Type": "AWS::Lambda::LayerVersionPermission", "Properties": {
                    "LayerVersionArn": {"Ref": "Layer"}, "Action": "lambda:GetLayerVersion", "Principal": "*",
                }},
            },
            "Outputs": {"Layer": {"Value": {"Ref": "Layer"}}, "Arn": {"Value": {"Fn::GetAtt": "Layer.LayerVersionArn"}}},
        })
    };
    let layer = "arn:aws:lambda:us-east-1:000000000000:layer:tools";
    deploy(&plane, "CreateStack", &template("one"), "CREATE_COMPLETE").await;
    assert_eq!(output(&plane, "weather", "Layer").await, format!("{layer}:1"));
    deploy(&plane, "UpdateStack", &template("two"), "UPDATE_COMPLETE").await;
    assert_eq!(output(&plane, "weather", "Arn").await, format!("{layer}:2"));
    let used = lambda(&plane, &format!("GET {FUNCTION}/configuration")).await;
    assert_eq!(used["Layers"][0]["Arn"], format!("{layer}:2"));
    let listed = lambda(&plane, "GET /2018-10-31/layers/tools/versions").await;
    assert_eq!(listed["LayerVersions"].as_array().map(Vec::len), Some(1), "{listed}");

    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    let listed = lambda(&plane, "GET /2018-10-31/layers/tools/versions").await;
    assert_eq!(listed["LayerVersions"], json!([]));
    // The layer's numbers go on where they were, and the objects are not the stack's.
    let beside = |made: Vec<(String, String)>| -> Vec<(String, String)> {
        let is_ours = |it: &(String, String)| !["layer", "bucket", "object"].iter().any(|kind| it.0.starts_with(kind));
        made.into_iter().filter(is_ours).collect()
    };
    assert_eq!(beside(everything_made(&plane).await), beside(nothing));
}

#[tokio::test]
async fn sams_alias_follows_the_code() {
    let plane = Plane::new();
    let nothing = everything_made(&plane).await;
    let template = |code: &str| {
        json!({
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"Storms": {"Type": "AWS::Serverless::Function", "Properties": {
                "FunctionName": "storms", "Runtime": "python3.12", "Handler": "index.handler", "InlineCode": code,
                "AutoPublishAlias": "live", "EventInvokeConfig": {"MaximumRetryAttempts": 0},
                "Events": {"Get": {"Type": "Api", "Properties": {"Path": "/events", "Method": "get"}}},
            }}},
        })
    };
    deploy(&plane, "CreateStack", &template("one"), "CREATE_COMPLETE").await;
    assert_eq!((live(&plane).await, versions(&plane).await), (json!("1"), ["$LATEST", "1"].map(String::from).into()));
    deploy(&plane, "UpdateStack", &template("two"), "UPDATE_COMPLETE").await;
    assert_eq!(
        (live(&plane).await, versions(&plane).await),
        (json!("2"), ["$LATEST", "1", "2"].map(String::from).into())
    );
    let policy = lambda(&plane, &format!("GET {FUNCTION}/policy?Qualifier=live")).await;
    assert!(policy["Policy"].as_str().unwrap().contains("execute-api"), "{policy}");
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    assert_made(&plane, &nothing, "deleted").await;
}
