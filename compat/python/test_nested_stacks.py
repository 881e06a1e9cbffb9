"""Stacks within stacks: made, changed, undone and deleted with the stack whose resource they are."""

import json

import botocore.exceptions
import pytest
from stories import aws_client

POOL = {
    "Parameters": {"Name": {"Type": "String"}},
    "Resources": {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": {"Ref": "Name"}}}},
    "Outputs": {"PoolId": {"Value": {"Ref": "Pool"}}},
}


class Nest:
    """A server with templates in a bucket."""

    def __init__(self, server):
        self.stacks = aws_client(server, "cloudformation")
        self.objects = aws_client(server, "s3")
        self.pools = aws_client(server, "cognito-idp")
        self.objects.create_bucket(Bucket="templates")

    def put(self, name, template):
        self.objects.put_object(Bucket="templates", Key=name, Body=json.dumps(template))
        return f"https://templates.s3.amazonaws.com/{name}"

    def create(self, template):
        self.stacks.create_stack(StackName="storms", TemplateBody=json.dumps(template))
        self.stacks.get_waiter("stack_create_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})

    def status(self, name="storms"):
        return self.stacks.describe_stacks(StackName=name)["Stacks"][0]

    def nested(self, logical_id="Nested"):
        resource = self.stacks.describe_stack_resource(StackName="storms", LogicalResourceId=logical_id)
        return resource["StackResourceDetail"]["PhysicalResourceId"]

    def pool_names(self):
        return sorted(it["Name"] for it in self.pools.list_user_pools(MaxResults=10)["UserPools"])


def outer(url, name, **more):
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "Parameters": {"Name": name}}}
    output = {"Pool": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.PoolId"]}}}
    return {"Resources": {"Nested": nested, **more}, "Outputs": output}


@pytest.mark.proves("cloudformation", "A stack within a stack", "boto3")
def test_a_stack_within_a_stack(lone_server):
    nest = Nest(lone_server)
    url = nest.put("pool.json", POOL)
    nest.create(outer(url, "north"))
    nested = nest.status(nest.nested())
    assert nested["StackName"].startswith("storms-Nested-") and nested["StackStatus"] == "CREATE_COMPLETE"
    assert nested["ParentId"] == nested["RootId"] == nest.status()["StackId"]
    assert nest.status()["Outputs"][0]["OutputValue"] == nested["Outputs"][0]["OutputValue"]
    nest.stacks.update_stack(StackName="storms", TemplateBody=json.dumps(outer(url, "south")))
    nest.stacks.get_waiter("stack_update_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    assert nest.status(nest.nested())["StackStatus"] == "UPDATE_COMPLETE"
    assert nest.pool_names() == ["south"]
    nest.stacks.delete_stack(StackName="storms")
    nest.stacks.get_waiter("stack_delete_complete").wait(StackName=nested["ParentId"], WaiterConfig={"Delay": 1})
    assert nest.status(nested["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert nest.pool_names() == []


def test_what_fails_beside_a_nested_stack_takes_it_back(lone_server):
    nest = Nest(lone_server)
    url = nest.put("pool.json", POOL)
    nest.create(outer(url, "north"))
    wrong = {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {"Domain": "aws-no", "UserPoolId": {"Fn::GetAtt": ["Nested", "Outputs.PoolId"]}}}
    nest.stacks.update_stack(StackName="storms", TemplateBody=json.dumps(outer(url, "south", Wrong=wrong)))
    with pytest.raises(botocore.exceptions.WaiterError):
        nest.stacks.get_waiter("stack_update_complete").wait(StackName="storms", WaiterConfig={"Delay": 1})
    assert nest.status()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert nest.pool_names() == ["north"]


def test_a_nested_stack_that_fails_fails_its_parent(lone_server):
    nest = Nest(lone_server)
    broken = {"Resources": {"Domain": {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {"Domain": "aws-no", "UserPoolId": "us-east-1_000000000"}}}}
    template = {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": nest.put("broken.json", broken)}}}}
    with pytest.raises(botocore.exceptions.WaiterError):
        nest.create(template)
    assert nest.status()["StackStatus"] == "ROLLBACK_COMPLETE"
    events = nest.stacks.describe_stack_events(StackName="storms")["StackEvents"]
    failed = next(it for it in events if it["ResourceStatus"] == "CREATE_FAILED")
    assert "was not successfully created: The following resource(s) failed to create: [Domain]." in failed["ResourceStatusReason"]
    assert nest.status(failed["PhysicalResourceId"])["StackStatus"] == "DELETE_COMPLETE"
    missing = {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://templates.s3.amazonaws.com/none.json"}}}}
    nest.stacks.create_stack(StackName="missing", TemplateBody=json.dumps(missing))
    with pytest.raises(botocore.exceptions.WaiterError):
        nest.stacks.get_waiter("stack_create_complete").wait(StackName="missing", WaiterConfig={"Delay": 1})
