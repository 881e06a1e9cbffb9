"""AWS SAM's `AutoPublishAlias`: API Gateway calls the alias, which moves to a new version when the code changes."""

import json

import pytest
import requests
from stories import aws_client

CODE = """
def handler(event, context):
    return {"statusCode": 200, "body": "%s by " + context.function_version}
"""


def template(says):
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": "storms",
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Timeout": 30,
            "InlineCode": CODE % says,
            "AutoPublishAlias": "live",
            "Events": {"Get": {"Type": "Api", "Properties": {"Path": "/events", "Method": "get"}}},
        },
    }
    return json.dumps(
        {
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"Storms": function},
            "Outputs": {"Api": {"Value": {"Ref": "ServerlessRestApi"}}},
        }
    )


@pytest.mark.proves("cloudformation", "AutoPublishAlias of AWS SAM, called through API Gateway", "boto3")
def test_an_alias_follows_the_code(lone_server):
    stacks, functions = aws_client(lone_server, "cloudformation"), aws_client(lone_server, "lambda")
    allowed = {"StackName": "storms", "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]}

    def live():
        return functions.get_alias(FunctionName="storms", Name="live")["FunctionVersion"]

    stacks.create_stack(TemplateBody=template("calm"), **allowed)
    stacks.get_waiter("stack_create_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    stack = stacks.describe_stacks(StackName="storms")["Stacks"][0]
    url = f"{lone_server.url}/_aws/execute-api/{stack['Outputs'][0]['OutputValue']}/Prod/events"
    assert live() == "1"
    assert requests.get(url, timeout=60).text == "calm by 1"

    stacks.update_stack(TemplateBody=template("storm"), **allowed)
    stacks.get_waiter("stack_update_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    assert live() == "2"
    assert requests.get(url, timeout=60).text == "storm by 2"
    before = functions.invoke(FunctionName="storms", Qualifier="1")
    assert json.load(before["Payload"])["body"] == "calm by 1", "the version before stays"

    stacks.delete_stack(StackName="storms")
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"], WaiterConfig={"Delay": 1})
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName="storms")
