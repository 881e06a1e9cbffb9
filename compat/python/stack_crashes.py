"""What tests of servers killed during a deployment share: the template, and how to wait for the end of what was begun."""

import pathlib

import botocore.exceptions
from stories import aws_client

TEMPLATE = pathlib.Path(__file__).parents[1] / "tutorials/projects/serverless-weather-events/synth/cloudformation-template-update-stack.json"
# What a caller sees of a server that is gone.
GONE = (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError)


def settled(server):
    """The stack's status when nothing is being done to it any more; None when there is none."""
    stacks = aws_client(server, "cloudformation")
    while True:
        found = stacks.describe_stacks()["Stacks"]
        if not found:
            return None
        if not found[0]["StackStatus"].endswith("_IN_PROGRESS"):
            return found[0]["StackStatus"]


def own_buckets(server):
    """The names of buckets beside the CDK's, which is there from the first moment."""
    buckets = aws_client(server, "s3").list_buckets()["Buckets"]
    return [it["Name"] for it in buckets if not it["Name"].startswith("cdk-")]
