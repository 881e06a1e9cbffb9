"""`claviger explain`, after refusals that real clients met."""

import json
import subprocess

import boto3
import botocore.exceptions
import pytest
import requests
from apis import Api
from claviger import BINARY, REGION
from stories import aws_client
from test_token_endpoint import curl

pytestmark = pytest.mark.dev("refusals, which each node remembers for itself")


def explain(server, *arguments):
    """Exit status, stdout and stderr of the command."""
    command = [BINARY, "--endpoint", server.url, "explain", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def explained(server, *arguments):
    """The one refusal that the command finds."""
    status, printed, complaint = explain(server, "--output", "json", *arguments)
    assert (status, complaint) == (0, "")
    (refusal,) = json.loads(printed)["refusals"]
    return refusal


@pytest.mark.proves("explain", "refusals of the token endpoint", "curl")
def test_explains_what_curl_was_refused_a_token_for(server, machine):
    form = ["grant_type=client_credentials", f"client_id={machine.client}", "scope=weather-api/delete"]
    data = [argument for part in [*form, f"client_secret={machine.secret}"] for argument in ("--data-urlencode", part)]
    status, headers, body = curl(*data, f"{server.url}/oauth2/token?state=hidden")
    assert (status, json.loads(body)) == (400, {"error": "invalid_grant"})
    name = "x-amz-cognito-request-id"
    refusal = explained(server, f"{name}: {headers[name]}")
    assert refusal["id"] == headers[name]
    assert refusal["surface"] == "token endpoint"
    assert refusal["request"] == {"host": "127.0.0.1", "method": "POST", "path": "/oauth2/token"}
    assert refusal["answer"] == {"status": 400, "code": "invalid_grant"}
    assert '"weather-api/delete" is not among AllowedOAuthScopes' in refusal["reason"]
    assert refusal["setting"].endswith("has [weather-api/get, weather-api/post]")
    assert (refusal["about"]["userPool"], refusal["about"]["appClient"]) == (machine.pool, machine.client)
    status, printed, _ = explain(server, headers[name])
    assert status == 0
    assert "answered        400 invalid_grant\n" in printed and f"user pool       {machine.pool}\n" in printed
    for text in (printed, json.dumps(refusal)):
        assert machine.secret not in text and "hidden" not in text


@pytest.mark.proves("explain", "refusals of the AWS APIs", "boto3")
def test_explains_what_boto3_was_refused_by_cognito(server, machine):
    idp = aws_client(server, "cognito-idp")
    named = {"UserPoolId": machine.pool, "ClientId": machine.client}
    added = idp.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    with pytest.raises(idp.exceptions.LimitExceededException) as refused:
        idp.add_user_pool_client_secret(**named)
    idp.delete_user_pool_client_secret(**named, ClientSecretId=added["ClientSecretId"])
    refusal = explained(server, refused.value.response["ResponseMetadata"]["RequestId"])
    assert refusal["surface"] == "control plane"
    assert refusal["answer"] == {"status": 400, "code": "LimitExceededException"}
    assert refusal["setting"] == "the quota of active secrets per user pool client is 2"
    about = refusal["about"]
    assert (about["operation"], about["userPool"]) == ("AddUserPoolClientSecret", machine.pool)


@pytest.mark.proves("explain", "refusals of the AWS APIs", "boto3")
def test_explains_what_boto3_was_refused_by_api_gateway(server):
    gateway = aws_client(server, "apigateway")
    with pytest.raises(gateway.exceptions.NotFoundException) as refused:
        gateway.get_rest_api(restApiId="unknown999")
    refusal = explained(server, refused.value.response["ResponseMetadata"]["RequestId"])
    assert refusal["answer"] == {"status": 404, "code": "NotFoundException"}
    assert refusal["about"]["operation"] == "GetRestApi"
    assert refusal["request"]["path"] == "/restapis/unknown999"


@pytest.mark.proves("explain", "refusals of the AWS APIs", "boto3")
def test_explains_what_boto3_was_refused_by_a_service_that_speaks_xml(server):
    s3 = boto3.client(
        "s3", endpoint_url=server.url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        s3.get_object(Bucket="bucket", Key="key")
    refusal = explained(server, refused.value.response["ResponseMetadata"]["RequestId"])
    assert refusal["reason"] == "The specified bucket does not exist"


@pytest.mark.proves("explain", "refusals of the gate", "requests")
def test_explains_what_the_gate_refused(server, machine):
    api = Api.imported(server, "storm-events.openapi.yaml", arn=machine.arn)
    answer = requests.get(api.url, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code in (401, 403), answer.text
    refusal = explained(server, f"x-amzn-RequestId: {answer.headers['x-amzn-RequestId']}")
    assert refusal["surface"] == "gate"
    assert refusal["answer"]["status"] == answer.status_code
    assert (refusal["about"]["restApi"], refusal["about"]["stage"]) == (api.id, api.stage)
    assert "nonsense" not in json.dumps(refusal)


def test_says_when_there_is_nothing_to_explain(server, machine):
    granted = machine.ask()
    status, printed, complaint = explain(server, granted.headers["x-amz-cognito-request-id"])
    assert (status, printed) == (1, "")
    assert "knows no refusal" in complaint
    status, printed, complaint = explain(server, "yesterday")
    assert (status, printed) == (2, "")
