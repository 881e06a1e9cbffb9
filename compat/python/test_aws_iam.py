"""AWS_IAM methods, called with the signatures that botocore makes."""

import json

import pytest
import requests
from apis import Api
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from claviger import REGION
from test_http_proxy import backend  # noqa: F401 (a fixture)

IAM = "REST API behind AWS_IAM"
CALLER = """{"account": "$context.identity.accountId", "caller": "$context.identity.caller", "user": "$context.identity.user",
"arn": "$context.identity.userArn", "key": "$context.identity.accessKey"}"""


@pytest.fixture(scope="module")
def api(server, backend):  # noqa: F811
    built = Api.empty(server)
    whoami = built.resource("whoami")
    built.mock(whoami, '{"statusCode": 200}', CALLER)
    built.gateway.update_method(
        restApiId=built.id,
        resourceId=whoami,
        httpMethod="GET",
        patchOperations=[{"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}],
    )
    proxy = {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": backend + "/echo"}
    built.method(built.resource("echo"), "ANY", proxy, authorizationType="AWS_IAM")
    built.deploy()
    return built


def call(api, path, method="GET", data=None, service="execute-api", signer=SigV4Auth, **signer_options):
    """Signs a request as AWS's tools do and sends it."""
    request = AWSRequest(method, f"{api.url}{path}", data=data)
    signer(Credentials(*api.server.credentials), service, REGION, **signer_options).add_auth(request)
    prepared = request.prepare()
    return requests.request(method, prepared.url, data=data, headers=dict(prepared.headers))


@pytest.mark.dev("callers who are root")
@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
@pytest.mark.proves("gate", IAM, "botocore")
def test_a_signed_request_passes_as_the_root_of_its_account(api, signer):
    answer, account = call(api, "/whoami", signer=signer), "000000000000"
    assert answer.status_code == 200, answer.text
    root = f"arn:aws:iam::{account}:root"
    assert answer.json() == {"account": account, "caller": account, "user": account, "arn": root, "key": "test"}


def test_the_body_is_signed_and_the_signature_is_not_passed_on(api):
    answer = call(api, "/echo", "POST", data=b'{"name": "Ada"}')
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["body"] == '{"name": "Ada"}'
    assert "authorization" not in told["headers"]


@pytest.mark.proves("gate", IAM, "requests")
def test_refuses_what_is_no_signature_for_this_api(api):
    def check(answer, error_type, message):
        assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, error_type), answer.text
        assert message in answer.json()["message"], answer.text

    check(requests.get(f"{api.url}/whoami"), "MissingAuthenticationTokenException", "Missing Authentication Token")
    bearer = {"Authorization": "Bearer eyJ.eyJ.c2ln"}
    complaint = "Invalid key=value pair (missing equal-sign) in Authorization header"
    check(requests.get(f"{api.url}/whoami", headers=bearer), "IncompleteSignatureException", complaint)
    other = call(api, "/whoami", service="s3")
    check(other, "InvalidSignatureException", "Credential should be scoped to correct service: 'execute-api'.")
    assert json.loads(other.text).keys() == {"message"}
