"""A REST API imported from OpenAPI behind a Cognito authorizer: who gets in, and what the others read."""

import re
import uuid

import pytest
import requests
from apis import Api
from machine import Machine
from test_token_endpoint import curl

GATE = "REST API behind COGNITO_USER_POOLS"
UNAUTHORIZED = '{"message":"Unauthorized"}'
STORMS = {
    "storms": [
        {"name": "Ada", "from": "2026-01-03", "to": "2026-01-05"},
        {"name": "Bruno", "from": "2026-02-11", "to": "2026-02-12"},
    ]
}


@pytest.fixture(scope="module")
def api(server, machine):
    return Api.imported(server, "storm-events.openapi.yaml", stage="weather", arn=machine.arn)


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "], ids=["bare", "Bearer", "bearer"])
@pytest.mark.parametrize("slash", ["", "/"], ids=["without-slash", "with-slash"])
@pytest.mark.proves("gate", GATE, "requests")
def test_lets_the_right_scope_in(api, machine, prefix, slash):
    token = machine.token("weather-api/get")
    answer = requests.get(api.url + slash, headers={"Authorization": prefix + token})
    assert (answer.status_code, answer.json()) == (200, STORMS)
    assert answer.headers["Content-Type"] == "application/json"
    assert uuid.UUID(answer.headers["x-amzn-RequestId"])
    assert "X-Amzn-Trace-Id" not in answer.headers


@pytest.mark.parametrize("prefix", ["", "Bearer "], ids=["bare", "Bearer"])
@pytest.mark.parametrize("slash", ["", "/"], ids=["without-slash", "with-slash"])
@pytest.mark.proves("gate", GATE, "curl")
def test_lets_curl_in_by_the_host_name(server, api, machine, prefix, slash):
    status, headers, body = curl(
        f"{server.url}/weather{slash}",
        *("--header", f"Host: {api.host}"),
        *("--header", "Accept: application/json", "--header", "Content-Type: application/json"),
        *("--header", f"Authorization: {prefix}{machine.token('weather-api/get')}"),
    )
    assert status == 200, body
    assert '"Bruno"' in body and headers["content-type"] == "application/json"


def test_reaches_the_api_by_the_older_path_form(server, api, machine):
    headers = {"Authorization": machine.token("weather-api/get")}
    for tail in ("", "/"):
        url = f"{server.url}/restapis/{api.id}/{api.stage}/_user_request_{tail}"
        assert requests.get(url, headers=headers).json() == STORMS


@pytest.mark.proves("gate", GATE, "requests")
def test_any_of_the_methods_scopes_is_enough(api, machine):
    answer = requests.get(api.url, headers={"Authorization": machine.token()})
    assert answer.status_code == 200
    answer = requests.post(api.url, headers={"Authorization": machine.token(), "Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Bruno")


REFUSED_TOKENS = [
    ("no header", lambda machine: {}),
    ("an empty header", lambda machine: {"Authorization": ""}),
    ("another scope", lambda machine: {"Authorization": f"Bearer {machine.token('weather-api/post')}"}),
    ("no token", lambda machine: {"Authorization": "Bearer"}),
    ("no JWT", lambda machine: {"Authorization": "Bearer storm"}),
    ("another scheme", lambda machine: {"Authorization": f"Basic {machine.token('weather-api/get')}"}),
    ("another header", lambda machine: {"X-Authorization": machine.token("weather-api/get")}),
]


@pytest.mark.parametrize("headers", [case[1] for case in REFUSED_TOKENS], ids=[case[0] for case in REFUSED_TOKENS])
@pytest.mark.proves("gate", GATE, "requests")
def test_refuses(api, machine, headers):
    assert_unauthorized(requests.get(api.url, headers=headers(machine)))


def assert_unauthorized(answer):
    assert (answer.status_code, answer.text) == (401, UNAUTHORIZED)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == "26"
    assert answer.headers["x-amzn-ErrorType"] == "UnauthorizedException"
    assert uuid.UUID(answer.headers["x-amzn-RequestId"])
    assert re.fullmatch(r"[A-Za-z0-9+/_-]{15}=", answer.headers["x-amz-apigw-id"])
    for absent in ("WWW-Authenticate", "X-Amzn-Trace-Id"):
        assert absent not in answer.headers


def test_writes_headers_in_the_order_of_aws(api):
    raw = requests.get(api.url, stream=True).raw.headers
    names = [name.lower() for name in raw if name.lower() not in ("date", "connection")]
    assert names == ["content-type", "content-length", "x-amzn-requestid", "x-amzn-errortype", "x-amz-apigw-id"]


def test_keeps_a_request_id_that_is_a_uuid(api):
    named = str(uuid.uuid4())
    assert requests.get(api.url, headers={"x-amzn-RequestId": named}).headers["x-amzn-RequestId"] == named
    replaced = requests.get(api.url, headers={"x-amzn-RequestId": "mine"}).headers["x-amzn-RequestId"]
    assert uuid.UUID(replaced)


def test_an_access_token_is_no_id_token(api, machine):
    # A method without scopes takes ID tokens only: the mistake that people make first.
    built = Api.empty(api.server)
    authorizer = built.gateway.create_authorizer(
        restApiId=built.id,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[machine.arn],
        identitySource="method.request.header.Authorization",
    )["id"]
    built.method(built.root, authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    built.deploy()
    assert_unauthorized(requests.get(built.url, headers={"Authorization": machine.token()}))


def test_a_token_of_another_pool_is_refused(api, server):
    other = Machine.create(server)
    assert_unauthorized(requests.get(api.url, headers={"Authorization": other.token("weather-api/get")}))


NOT_FOUND = [
    ("an unknown path", "/nowhere", {}, 403, '{"message":"Missing Authentication Token"}', "MissingAuthenticationToken"),
    ("an unknown stage", None, {}, 403, '{"message":"Forbidden"}', "Forbidden"),
]


@pytest.mark.parametrize("case", NOT_FOUND, ids=[case[0] for case in NOT_FOUND])
@pytest.mark.proves("gate", "REST API routing", "requests")
def test_answers_before_any_authorizer(api, case):
    _, path, headers, status, body, error_type = case
    url = f"{api.url}{path}" if path else api.url.replace("/weather", "/autumn")
    answer = requests.get(url, headers=headers)
    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers["x-amzn-ErrorType"] == f"{error_type}Exception"


def test_a_bearer_token_on_an_unknown_path_reads_as_a_bad_signature(api, machine):
    answer = requests.get(f"{api.url}/nowhere", headers={"Authorization": f"Bearer {machine.token()}"})
    assert answer.status_code == 403
    assert answer.json()["message"].startswith("Invalid key=value pair (missing equal-sign) in Authorization header")
    assert answer.headers["x-amzn-ErrorType"] == "IncompleteSignatureException"


def test_a_method_that_is_not_defined_reads_like_a_path_that_is_not(api):
    answer = requests.delete(api.url)
    assert (answer.status_code, answer.text) == (403, '{"message":"Missing Authentication Token"}')


def test_changes_are_seen_only_when_deployed(api, machine):
    built = Api.empty(api.server)
    built.mock(built.root, '{"statusCode": 200}', "one")
    first = built.deploy()
    built.gateway.update_integration_response(
        restApiId=built.id,
        resourceId=built.root,
        httpMethod="GET",
        statusCode="200",
        patchOperations=[{"op": "replace", "path": "/responseTemplates/application~1json", "value": "two"}],
    )
    assert requests.get(built.url).text == "one"
    built.deploy()
    assert requests.get(built.url).text == "two"
    back = [{"op": "replace", "path": "/deploymentId", "value": first}]
    built.gateway.update_stage(restApiId=built.id, stageName=built.stage, patchOperations=back)
    assert requests.get(built.url).text == "one"


def test_gateway_responses_can_be_rewritten(api):
    built = Api.empty(api.server)
    built.mock(built.root, '{"statusCode": 200}', "one")
    built.gateway.put_gateway_response(
        restApiId=built.id,
        responseType="MISSING_AUTHENTICATION_TOKEN",
        statusCode="404",
        responseParameters={"gatewayresponse.header.X-Path": "method.request.path.proxy"},
        responseTemplates={"application/json": '{"error":$context.error.messageString,"stage":"$context.stage"}'},
    )
    built.deploy()
    answer = requests.get(f"{built.url}/nowhere")
    assert (answer.status_code, answer.text) == (404, '{"error":"Missing Authentication Token","stage":"live"}')


@pytest.mark.dev("a clock that is moved")
def test_an_expired_token_is_told_apart(machine_of_its_own):
    machine, api = machine_of_its_own
    token = machine.token("weather-api/get")
    assert requests.get(api.url, headers={"Authorization": token}).status_code == 200
    machine.server.move_clock(3601)
    answer = requests.get(api.url, headers={"Authorization": token})
    assert (answer.status_code, answer.text) == (401, '{"message":"The incoming token has expired"}')
    assert answer.headers["x-amzn-ErrorType"] == "UnauthorizedException"
    assert requests.get(api.url, headers={"Authorization": machine.token("weather-api/get")}).status_code == 200


@pytest.fixture
def machine_of_its_own(lone_server):
    machine = Machine.create(lone_server)
    return machine, Api.imported(lone_server, "storm-events.openapi.yaml", arn=machine.arn)
