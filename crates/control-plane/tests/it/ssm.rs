//! Parameters of Systems Manager.

use claviger_store::{Key, Kind};
use serde_json::{Value, json};

use crate::plane::{NOW, Plane, with};

const ARN: &str = "arn:aws:ssm:us-east-1:000000000000:parameter/weather/unit";

async fn ok(plane: &Plane, operation: &str, input: Value) -> Value {
    let (status, body) = plane.call(&format!("AmazonSSM.{operation}"), input.clone()).await;
    assert_eq!(status, 200, "{operation} {input}: {body}");
    body
}

async fn refused(plane: &Plane, operation: &str, input: Value, exception: &str, message: &str) {
    let answer = plane.call(&format!("AmazonSSM.{operation}"), input.clone()).await;
    assert_eq!(answer, (400, json!({"__type": exception, "message": message})), "{operation} {input}");
}

fn unit(value: &str) -> Value {
    json!({"Name": "/weather/unit", "Type": "String", "Value": value})
}

/// The names of a list's parameters.
fn names(list: &Value) -> Vec<&str> {
    list["Parameters"].as_array().unwrap().iter().map(|one| one["Name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_parameter_has_versions_and_the_newest_is_shown() {
    let plane = Plane::new();
    let put = ok(&plane, "PutParameter", unit("knots")).await;
    assert_eq!(put, json!({"Version": 1, "Tier": "Standard"}));
    let exists =
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
    refused(&plane, "PutParameter", unit("mph"), "ParameterAlreadyExists", exists).await;
    let again = json!({"Name": "/weather/unit", "Value": "mph", "Overwrite": true, "Description": "of wind"});
    assert_eq!(ok(&plane, "PutParameter", again).await["Version"], 2);
    let expected = json!({
        "Name": "/weather/unit", "Type": "String", "Value": "mph", "Version": 2, "LastModifiedDate": NOW, "ARN": ARN,
        "DataType": "text",
    });
    for name in ["/weather/unit", ARN] {
        let shown = ok(&plane, "GetParameter", json!({"Name": name, "WithDecryption": true})).await;
        assert_eq!(shown["Parameter"], expected, "{name}");
    }
    let first = ok(&plane, "GetParameter", json!({"Name": "/weather/unit:1"})).await;
    assert_eq!((&first["Parameter"]["Value"], &first["Parameter"]["Selector"]), (&json!("knots"), &json!(":1")));
    for selector in ["3", "live"] {
        let message = format!(
            "Systems Manager could not find version {selector} of /weather/unit. Verify the version and try again."
        );
        let input = json!({"Name": format!("/weather/unit:{selector}")});
        refused(&plane, "GetParameter", input, "ParameterVersionNotFound", &message).await;
    }
    let history = ok(&plane, "GetParameterHistory", json!({"Name": "/weather/unit"})).await;
    let values: Vec<&Value> = history["Parameters"].as_array().unwrap().iter().map(|one| &one["Value"]).collect();
    assert_eq!(values, ["knots", "mph"]);
    let page = ok(&plane, "GetParameterHistory", json!({"Name": "/weather/unit", "MaxResults": 1})).await;
    let next = json!({"Name": "/weather/unit", "MaxResults": 1, "NextToken": page["NextToken"]});
    let page = ok(&plane, "GetParameterHistory", next).await;
    assert_eq!((&page["Parameters"][0]["Version"], page.get("NextToken")), (&json!(2), None));
    ok(&plane, "DeleteParameter", json!({"Name": "/weather/unit"})).await;
    let missing = "Parameter /weather/unit not found.";
    for operation in ["GetParameter", "GetParameterHistory", "DeleteParameter"] {
        refused(&plane, operation, json!({"Name": "/weather/unit"}), "ParameterNotFound", missing).await;
    }
    assert_eq!(ok(&plane, "PutParameter", unit("knots")).await["Version"], 1, "nothing of the old one is left");
}

#[tokio::test]
async fn no_more_than_a_hundred_versions_are_kept() {
    let plane = Plane::new();
    for number in 0..102 {
        ok(&plane, "PutParameter", with(unit(&number.to_string()), json!({"Overwrite": true}))).await;
    }
    let oldest = ok(&plane, "GetParameterHistory", json!({"Name": "/weather/unit", "MaxResults": 1})).await;
    assert_eq!(oldest["Parameters"][0]["Version"], 3);
    let message = "Systems Manager could not find version 2 of /weather/unit. Verify the version and try again.";
    refused(&plane, "GetParameter", json!({"Name": "/weather/unit:2"}), "ParameterVersionNotFound", message).await;
}

#[tokio::test]
async fn a_secure_string_is_sealed_and_shown_in_clear_when_that_is_asked() {
    let plane = Plane::new();
    let input =
        json!({"Name": "key", "Type": "SecureString", "Value": "thunder", "Tags": [{"Key": "team", "Value": "sky"}]});
    ok(&plane, "PutParameter", input).await;
    let shown = ok(&plane, "GetParameter", json!({"Name": "key", "WithDecryption": true})).await;
    assert_eq!(shown["Parameter"]["Value"], "thunder");
    let sealed = ok(&plane, "GetParameter", json!({"Name": "key"})).await;
    assert_ne!(sealed["Parameter"]["Value"], "thunder");
    let described = ok(&plane, "DescribeParameters", json!({})).await;
    assert_eq!(described["Parameters"][1]["KeyId"], "alias/aws/ssm");
    let tenant = plane.caller.tenant();
    let row = Key { kind: Kind::Parameter, tenant, parent: String::new(), id: "key".to_owned() };
    let body = plane.stored().await.row(&row).await.unwrap().unwrap().body;
    assert!(!body.contains("thunder") && body.contains("sealed"), "{body}");
    let message = "The parameter key has the type SecureString, which cannot be changed to String. Create a new, unique \
                   parameter.";
    let change = json!({"Name": "key", "Type": "String", "Value": "x", "Overwrite": true});
    refused(&plane, "PutParameter", change, "HierarchyTypeMismatchException", message).await;
}

#[tokio::test]
async fn parameters_are_listed_by_path_and_by_filter() {
    let plane = Plane::new();
    for name in ["/a/1", "/a/b/2", "/a/b/c/3", "/ab", "z"] {
        ok(&plane, "PutParameter", json!({"Name": name, "Type": "String", "Value": name})).await;
    }
    let by_path = async |input: Value| ok(&plane, "GetParametersByPath", input).await;
    assert_eq!(names(&by_path(json!({"Path": "/a"})).await), ["/a/1"]);
    assert_eq!(names(&by_path(json!({"Path": "/a/", "Recursive": true})).await), ["/a/1", "/a/b/2", "/a/b/c/3"]);
    assert_eq!(names(&by_path(json!({"Path": "/"})).await), ["/ab"]);
    let page = by_path(json!({"Path": "/a", "Recursive": true, "MaxResults": 2})).await;
    assert_eq!((names(&page), &page["NextToken"]), (vec!["/a/1", "/a/b/2"], &json!("/a/b/2")));
    let page = by_path(json!({"Path": "/a", "Recursive": true, "MaxResults": 2, "NextToken": "/a/b/2"})).await;
    assert_eq!((names(&page), page.get("NextToken")), (vec!["/a/b/c/3"], None));
    let described = async |filter: Value| ok(&plane, "DescribeParameters", json!({"ParameterFilters": [filter]})).await;
    let filter = json!({"Key": "Name", "Option": "BeginsWith", "Values": ["/a/b"]});
    assert_eq!(names(&described(filter).await), ["/a/b/2", "/a/b/c/3"]);
    let filter = json!({"Key": "Path", "Option": "Recursive", "Values": ["/a/b"]});
    assert_eq!(names(&described(filter).await), ["/a/b/2", "/a/b/c/3"]);
    assert_eq!(names(&described(json!({"Key": "Type", "Values": ["SecureString"]})).await), [""; 0]);
    let all = ok(&plane, "DescribeParameters", json!({})).await;
    assert_eq!(names(&all), ["/a/1", "/a/b/2", "/a/b/c/3", "/ab", "/cdk-bootstrap/hnb659fds/version", "z"]);
    let several = json!({"Names": ["/ab", "none", "z:1", "z:2"]});
    let found = ok(&plane, "GetParameters", several).await;
    assert_eq!((names(&found), &found["InvalidParameters"]), (vec!["/ab", "z"], &json!(["none", "z:2"])));
    let deleted = ok(&plane, "DeleteParameters", json!({"Names": ["/ab", "none"]})).await;
    assert_eq!(deleted, json!({"DeletedParameters": ["/ab"], "InvalidParameters": ["none"]}));
    let message = "The following filter key is not valid: Label. Valid filter keys include: [Type, KeyId].";
    let input = json!({"Path": "/", "ParameterFilters": [{"Key": "Label", "Values": ["x"]}]});
    refused(&plane, "GetParametersByPath", input, "InvalidFilterKey", message).await;
}

#[tokio::test]
async fn the_version_of_the_bootstrap_is_there_until_a_bootstrap_puts_its_own() {
    let plane = Plane::new();
    let name = json!({"Name": "/cdk-bootstrap/hnb659fds/version"});
    assert_eq!(ok(&plane, "GetParameter", name.clone()).await["Parameter"]["Value"], "33");
    refused(
        &plane,
        "DeleteParameter",
        name.clone(),
        "ParameterNotFound",
        "Parameter /cdk-bootstrap/hnb659fds/version not found.",
    )
    .await;
    let put = ok(&plane, "PutParameter", with(name.clone(), json!({"Type": "String", "Value": "34"}))).await;
    assert_eq!(put["Version"], 1);
    assert_eq!(ok(&plane, "GetParameter", name.clone()).await["Parameter"]["Value"], "34");
    ok(&plane, "DeleteParameter", name.clone()).await;
    assert_eq!(ok(&plane, "GetParameter", name).await["Parameter"]["Value"], "33");
}

#[tokio::test]
async fn tags_are_added_shown_and_removed() {
    let plane = Plane::new();
    ok(&plane, "PutParameter", unit("knots")).await;
    let resource = json!({"ResourceType": "Parameter", "ResourceId": "/weather/unit"});
    let tags = json!({"Tags": [{"Key": "team", "Value": "sky"}, {"Key": "cost", "Value": "0"}]});
    assert_eq!(ok(&plane, "AddTagsToResource", with(resource.clone(), tags.clone())).await, json!({}));
    ok(&plane, "RemoveTagsFromResource", with(resource.clone(), json!({"TagKeys": ["cost"]}))).await;
    let listed = ok(&plane, "ListTagsForResource", resource.clone()).await;
    assert_eq!(listed, json!({"TagList": [{"Key": "team", "Value": "sky"}]}));
    let message = "The resource ID \"none\" is not valid. Verify the ID and try again.";
    let none = json!({"ResourceType": "Parameter", "ResourceId": "none"});
    refused(&plane, "ListTagsForResource", none, "InvalidResourceId", message).await;
    let message = "Document is not a valid resource type. Valid resource types are: Parameter.";
    let document = json!({"ResourceType": "Document", "ResourceId": "/weather/unit"});
    refused(&plane, "AddTagsToResource", with(document, tags), "InvalidResourceType", message).await;
}

#[tokio::test]
async fn a_parameter_that_cannot_be_is_refused_in_words_of_systems_manager() {
    let plane = Plane::new();
    let check = async |members: Value, exception: &str, message: &str| {
        refused(&plane, "PutParameter", with(unit("x"), members), exception, message).await;
    };
    let validation = "ValidationException";
    check(json!({"Type": null}), validation, "A parameter type is required when you create a parameter.").await;
    check(json!({"Name": "a/b"}), validation, "Parameter name must be a fully qualified name.").await;
    check(json!({"Value": ""}), validation, "Parameter value can't be empty.").await;
    check(json!({"KeyId": "alias/x"}), validation, "KeyId is required for SecureString type parameter only.").await;
    let message = "Parameter value, cannot be validated against allowedPattern: [0-9]+";
    check(json!({"AllowedPattern": "[0-9]+"}), "ParameterPatternMismatchException", message).await;
    let message = "The request does not meet the regular expression requirement: [";
    check(json!({"AllowedPattern": "["}), "InvalidAllowedPatternException", message).await;
    let message = "Policies of parameters are not served here; leave them out.";
    check(json!({"Policies": "[{}]"}), "InvalidPolicyTypeException", message).await;
    check(json!({"Name": "/aws/x"}), "AccessDeniedException", "No access to reserved parameter name: /aws/x.").await;
    let message = "1 validation error detected: Value 'Text' at 'type' failed to satisfy constraint: Member must satisfy enum \
                   value set: [String, StringList, SecureString]";
    check(json!({"Type": "Text"}), validation, message).await;
    let message = "LabelParameterVersion is an operation of AWS Systems Manager that is not served here.";
    let input = json!({"Name": "x", "Labels": ["y"]});
    refused(&plane, "LabelParameterVersion", input, "UnknownOperationException", message).await;
}
