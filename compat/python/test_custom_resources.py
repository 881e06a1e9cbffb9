"""Custom resources: functions that CloudFormation calls, each answering in one of the ways that code written for AWS does."""

import json

import botocore.exceptions
import pytest
from stories import aws_client

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}

# With the module that CloudFormation lays beside code that stands in a template.
BY_MODULE = """
const response = require("cfn-response");
exports.handler = (event, context) => {
  console.log(JSON.stringify(event));
  if (event.ResourceProperties.Fail === event.RequestType) return response.send(event, context, "FAILED", {}, "half-made");
  const data = { Seen: JSON.stringify(event.ResourceProperties), Type: event.RequestType };
  return response.send(event, context, "SUCCESS", data, `storms-${event.ResourceProperties.Name}`);
};
"""

BY_PYTHON_MODULE = """
import cfnresponse
def handler(event, context):
    data = {"Old": str(event.get("OldResourceProperties", {}).get("Name"))}
    cfnresponse.send(event, context, cfnresponse.SUCCESS, data, "storms")
"""

# As constructs of the CDK do: https, and no port.
BY_HOST_NAME = """
const https = require("https");
exports.handler = (event) => new Promise((resolve, reject) => {
  const { hostname, pathname, search } = new URL(event.ResponseURL);
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = JSON.stringify({ Status: "SUCCESS", StackId, RequestId, LogicalResourceId, PhysicalResourceId: "dialled", Data: { How: "https" } });
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  const request = https.request({ hostname, path: pathname + search, method: "PUT", headers }, (response) => {
    response.resume();
    response.statusCode < 400 ? resolve() : reject(new Error(`answered ${response.statusCode}`));
  });
  request.on("error", reject);
  request.end(body);
});
"""


def template(code, properties, runtime="nodejs22.x", outputs=(), type_name="Custom::Storms", **more):
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": runtime,
            "Handler": "index.handler",
            "Timeout": 30,
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": code},
        },
    }
    token = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}
    storms = {"Type": type_name, "Properties": {**token, **properties}, **more}
    got = {name: {"Value": {"Fn::GetAtt": ["Storms", name]}} for name in outputs}
    outputs = {"Id": {"Value": {"Ref": "Storms"}}, **got}
    return json.dumps({"Resources": {"Role": ROLE, "Function": function, "Storms": storms}, "Outputs": outputs})


def outputs_of(stacks):
    stack = stacks.describe_stacks(StackName="storms")["Stacks"][0]
    return stack["StackStatus"], {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}


def deploy(stacks, body):
    stacks.create_stack(StackName="storms", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    stacks.get_waiter("stack_create_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    return outputs_of(stacks)[1]


def change(stacks, body):
    stacks.update_stack(StackName="storms", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    stacks.get_waiter("stack_update_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    return outputs_of(stacks)[1]


def remove(stacks):
    stack = stacks.describe_stacks(StackName="storms")["Stacks"][0]["StackId"]
    stacks.delete_stack(StackName="storms")
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


@pytest.mark.proves("cloudformation", "A custom resource answered with cfn-response", "boto3")
def test_a_function_that_uses_the_module(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    made = deploy(stacks, template(BY_MODULE, {"Name": "north", "Count": 3, "On": True}, outputs=["Seen", "Type"]))
    assert made["Id"] == "storms-north" and made["Type"] == "Create"
    seen = json.loads(made["Seen"])
    # Whatever they are in the template, the function gets texts.
    assert (seen["Name"], seen["Count"], seen["On"]) == ("north", "3", "true")
    changed = change(stacks, template(BY_MODULE, {"Name": "south"}, outputs=["Seen", "Type"]))
    assert changed["Id"] == "storms-south" and changed["Type"] == "Update"
    events = stacks.describe_stack_events(StackName="storms")["StackEvents"]
    gone = [it["PhysicalResourceId"] for it in events if it["ResourceStatus"] == "DELETE_COMPLETE"]
    assert gone == ["storms-north"], "what was replaced is deleted afterwards"
    remove(stacks)


@pytest.mark.proves("cloudformation", "A custom resource answered with cfnresponse of Python", "boto3")
def test_a_function_that_uses_the_module_of_python(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    made = deploy(stacks, template(BY_PYTHON_MODULE, {"Name": "north"}, "python3.12", ["Old"]))
    assert made == {"Id": "storms", "Old": "None"}
    changed = change(stacks, template(BY_PYTHON_MODULE, {"Name": "south"}, "python3.12", ["Old"]))
    assert changed == {"Id": "storms", "Old": "north"}
    remove(stacks)


@pytest.mark.proves("cloudformation", "A custom resource answered over https without a port", "boto3")
def test_a_function_that_dials_https_without_a_port(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    type_name = "AWS::CloudFormation::CustomResource"
    made = deploy(stacks, template(BY_HOST_NAME, {}, outputs=["How"], type_name=type_name))
    assert made == {"Id": "dialled", "How": "https"}
    remove(stacks)


def test_a_function_that_says_it_failed(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    body = template(BY_MODULE, {"Name": "north", "Fail": "Create"})
    stacks.create_stack(StackName="storms", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    with pytest.raises(botocore.exceptions.WaiterError):
        stacks.get_waiter("stack_create_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    assert outputs_of(stacks)[0] == "ROLLBACK_COMPLETE"
    events = stacks.describe_stack_events(StackName="storms")["StackEvents"]
    of = [(it["ResourceStatus"], it["PhysicalResourceId"]) for it in reversed(events) if it["LogicalResourceId"] == "Storms"]
    assert ("CREATE_FAILED", "half-made") in of, events
    assert of[-1] == ("DELETE_COMPLETE", "half-made"), "what was half made is deleted"
    reason = next(it["ResourceStatusReason"] for it in events if it["ResourceStatus"] == "CREATE_FAILED")
    assert reason.startswith("Received response status [FAILED] from custom resource. Message returned: See the details")


def test_a_function_that_cannot_answer(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    body = template("exports.handler = async () => { throw new Error('no storms'); };", {})
    stacks.create_stack(StackName="storms", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    with pytest.raises(botocore.exceptions.WaiterError):
        stacks.get_waiter("stack_create_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    events = stacks.describe_stack_events(StackName="storms")["StackEvents"]
    reason = next(it["ResourceStatusReason"] for it in events if it["ResourceStatus"] == "CREATE_FAILED")
    assert "did not answer" in reason and "no storms" in reason


@pytest.mark.proves("cloudformation", "A client's secret by CDK's describeUserPoolClient", "boto3")
def test_the_cdks_calls_of_the_sdk(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    call = {
        "service": "CognitoIdentityServiceProvider",
        "action": "describeUserPoolClient",
        "parameters": {"UserPoolId": "${Pool}", "ClientId": "${Client}"},
        "physicalResourceId": {"id": "${Client}"},
    }
    call = {"Fn::Sub": json.dumps(call)}
    resources = {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
        "Client": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "GenerateSecret": True},
        },
        "Described": {
            "Type": "Custom::DescribeCognitoUserPoolClient",
            "Properties": {
                "ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:never-called",
                "Create": call,
                "Update": call,
                "InstallLatestAwsSdk": False,
            },
        },
    }
    secret = {"Value": {"Fn::GetAtt": ["Described", "UserPoolClient.ClientSecret"]}}
    outputs = {"Secret": secret, "Client": {"Value": {"Ref": "Client"}}, "Pool": {"Value": {"Ref": "Pool"}}}
    made = deploy(stacks, json.dumps({"Resources": resources, "Outputs": outputs}))
    pools = aws_client(lone_server, "cognito-idp")
    client = pools.describe_user_pool_client(UserPoolId=made["Pool"], ClientId=made["Client"])["UserPoolClient"]
    assert made["Secret"] == client["ClientSecret"]
    remove(stacks)


# As the CDK's own function, which no runtime here can run: it wants AWS's SDK.
FRAMEWORK = """
const { Lambda } = require("@aws-sdk/client-lambda-that-nobody-brought");
exports.onEvent = () => new Lambda();
"""

ON_EVENT = """
exports.handler = async (event) => {
  const { Name, Fail } = event.ResourceProperties;
  if (Fail === event.RequestType) throw new Error("the wind has dropped");
  if (event.RequestType === "Delete") return {};
  return { PhysicalResourceId: `storms-${Name}`, Data: { Type: event.RequestType, Asked: "0" } };
};
"""

IS_COMPLETE = """
let asked = 0;
exports.handler = async (event) => {
  asked += 1;
  if (event.ResourceProperties.Never && event.RequestType !== "Delete") return { IsComplete: false };
  return asked % 3 === 0 || event.ResourceProperties.Never ? { IsComplete: true, Data: { Asked: String(asked) } } : { IsComplete: false };
};
"""


def provider(properties, waits=True):
    def function(code, **more):
        of = {"Runtime": "nodejs22.x", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]}}
        return {"Type": "AWS::Lambda::Function", "Properties": {**of, "Code": {"ZipFile": code}, **more}}

    variables = {"USER_ON_EVENT_FUNCTION_ARN": {"Fn::GetAtt": ["OnEvent", "Arn"]}}
    resources = {"Role": ROLE, "OnEvent": function(ON_EVENT)}
    if waits:
        retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1}
        asking = {"End": True, "Type": "Task", "Retry": [retry], "Resource": "arn:aws:lambda:us-east-1:000000000000:function:x"}
        definition = json.dumps({"StartAt": "ask", "States": {"ask": asking}})
        resources["IsComplete"] = function(IS_COMPLETE)
        resources["Waiter"] = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"DefinitionString": definition, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
        }
        variables["USER_IS_COMPLETE_FUNCTION_ARN"] = {"Fn::GetAtt": ["IsComplete", "Arn"]}
        variables["WAITER_STATE_MACHINE_ARN"] = {"Ref": "Waiter"}
    resources["Framework"] = function(FRAMEWORK, Handler="framework.onEvent", Environment={"Variables": variables})
    token = {"ServiceToken": {"Fn::GetAtt": ["Framework", "Arn"]}}
    resources["Storms"] = {"Type": "Custom::Storms", "Properties": {**token, **properties}}
    got = {name: {"Value": {"Fn::GetAtt": ["Storms", name]}} for name in ("Type", "Asked")}
    return json.dumps({"Resources": resources, "Outputs": {"Id": {"Value": {"Ref": "Storms"}}, **got}})


@pytest.mark.proves("cloudformation", "A custom resource of the CDK's Provider", "boto3")
def test_the_cdks_provider(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    made = deploy(stacks, provider({"Name": "north"}))
    assert made == {"Id": "storms-north", "Type": "Create", "Asked": "3"}
    changed = change(stacks, provider({"Name": "south"}))
    assert changed == {"Id": "storms-south", "Type": "Update", "Asked": "6"}
    remove(stacks)


def test_the_cdks_provider_with_nothing_to_wait_for(lone_server):
    stacks = aws_client(lone_server, "cloudformation")
    made = deploy(stacks, provider({"Name": "north"}, waits=False))
    assert made == {"Id": "storms-north", "Type": "Create", "Asked": "0"}
    remove(stacks)


@pytest.mark.parametrize(
    "properties, reason",
    [
        ({"Name": "north", "Fail": "Create"}, "the wind has dropped\n\nLogs: /aws/lambda/"),
        ({"Name": "north", "Never": "true"}, "Message returned: Operation timed out"),
    ],
)
def test_the_cdks_provider_when_it_fails(lone_server, properties, reason):
    stacks = aws_client(lone_server, "cloudformation")
    with pytest.raises(botocore.exceptions.WaiterError):
        deploy(stacks, provider(properties))
    assert outputs_of(stacks)[0] == "ROLLBACK_COMPLETE"
    events = stacks.describe_stack_events(StackName="storms")["StackEvents"]
    reasons = [it["ResourceStatusReason"] for it in events if it["ResourceStatus"] == "CREATE_FAILED"]
    assert any(reason in it for it in reasons), reasons
    remove(stacks)
