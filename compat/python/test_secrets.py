"""Secrets: rotated by a function as Secrets Manager does it."""

import json

import pytest
from stories import aws_client
from test_functions import make, zipped

# The four steps as AWS's own templates have them, by plain calls: the SDK is not part of a bare Python.
ROTATE = """
import json, os, urllib.request

def call(operation, **members):
    headers = {"X-Amz-Target": f"secretsmanager.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    body = json.dumps(members).encode()
    with urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)) as answer:
        return json.loads(answer.read() or "{}")

def handler(event, context):
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    known = call("DescribeSecret", SecretId=secret)
    assert known["RotationEnabled"] and "AWSPENDING" in known["VersionIdsToStages"][token], known
    if step == "createSecret":
        value = call("GetSecretValue", SecretId=secret)["SecretString"]
        call("PutSecretValue", SecretId=secret, ClientRequestToken=token, SecretString=value + "!", VersionStages=["AWSPENDING"])
    if step == "testSecret":
        value = call("GetSecretValue", SecretId=secret, VersionId=token, VersionStage="AWSPENDING")["SecretString"]
        if value.endswith(os.environ.get("FAILS_AT", "never")):
            raise ValueError(value)
    if step == "finishSecret":
        current = next(id for id, stages in known["VersionIdsToStages"].items() if "AWSCURRENT" in stages)
        call("UpdateSecretVersionStage", SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
"""


@pytest.mark.proves("functions", "A secret rotated", "boto3")
@pytest.mark.dev("calls without a signature")
def test_a_function_rotates_a_secret(lone_server):
    functions, secrets = aws_client(lone_server, "lambda"), aws_client(lone_server, "secretsmanager")
    environment = {"Variables": {"FAILS_AT": "!!"}}
    function = make(functions, "rotate", "python3.12", zipped(index_py=ROTATE), Environment=environment, Timeout=30)
    arn = secrets.create_secret(Name="storms", SecretString="thunder")["ARN"]
    functions.add_permission(
        FunctionName="rotate",
        StatementId="secret",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceArn=arn,
    )
    first = secrets.rotate_secret(SecretId="storms", RotationLambdaARN=function)["VersionId"]
    value = secrets.get_secret_value(SecretId="storms")
    assert (value["SecretString"], value["VersionId"], value["VersionStages"]) == ("thunder!", first, ["AWSCURRENT"])
    assert secrets.get_secret_value(SecretId="storms", VersionStage="AWSPREVIOUS")["SecretString"] == "thunder"
    assert "LastRotatedDate" in secrets.describe_secret(SecretId="storms")

    # One that fails leaves the value in use as it is, and is gone on with.
    second = secrets.rotate_secret(SecretId="storms")["VersionId"]
    assert secrets.get_secret_value(SecretId="storms")["VersionId"] == first
    assert secrets.describe_secret(SecretId="storms")["VersionIdsToStages"][second] == ["AWSPENDING"]
    assert secrets.get_secret_value(SecretId="storms", VersionStage="AWSPENDING")["SecretString"] == "thunder!!"
    assert json.dumps(secrets.describe_secret(SecretId="storms"), default=str).count("thunder") == 0
