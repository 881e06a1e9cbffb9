"""What machines get from the token endpoint, by requests and curl."""

import base64
import json
import subprocess
import uuid

import pytest
import requests
from claviger import REGION
from stories import aws_client

TOKEN = "POST /oauth2/token"
FORM = "application/x-www-form-urlencoded"


def basic(client, secret):
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


def payload(token):
    """The claims of a token, unverified."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def curl(*arguments):
    """What curl prints, as status, headers by lower-case name, and body."""
    command = ["curl", "--silent", "--show-error", "--include", "--max-time", "30", *arguments]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    head, _, body = printed.replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.split("\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(status.split()[1]), {name.lower(): value for name, value in headers.items()}, body


@pytest.mark.proves("oauth2", TOKEN, "requests")
def test_grants_a_token_to_credentials_in_the_body(machine):
    answer = machine.ask("weather-api/get")
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["access_token", "expires_in", "token_type"]
    assert (body["expires_in"], body["token_type"]) == (3600, "Bearer")
    claims = payload(body["access_token"])
    assert list(claims) == [
        *("sub", "token_use", "scope", "auth_time", "iss", "exp", "iat", "version", "jti", "client_id"),
    ]
    assert claims["sub"] == claims["client_id"] == machine.client
    assert (claims["token_use"], claims["version"], claims["scope"]) == ("access", 2, "weather-api/get")
    assert claims["iss"] == machine.issuer
    assert claims["exp"] - claims["iat"] == 3600 and claims["auth_time"] == claims["iat"]
    assert str(uuid.UUID(claims["jti"], version=4)) == claims["jti"]
    header = json.loads(base64.urlsafe_b64decode(body["access_token"].split(".")[0] + "=="))
    assert list(header) == ["kid", "alg"] and header["alg"] == "RS256"
    assert len(base64.b64decode(header["kid"], validate=True)) == 32


@pytest.mark.proves("oauth2", TOKEN, "requests")
def test_grants_a_token_to_basic_credentials(server, machine):
    answer = requests.post(
        f"{server.url}/oauth2/token",
        auth=(machine.client, machine.secret),
        data={"grant_type": "client_credentials", "client_id": machine.client, "scope": "weather-api/post"},
    )
    assert answer.status_code == 200, answer.text
    assert payload(answer.json()["access_token"])["scope"] == "weather-api/post"


@pytest.mark.proves("oauth2", TOKEN, "curl")
def test_grants_curl_a_token_with_every_allowed_scope_when_none_is_named(server, machine):
    status, headers, body = curl(
        *("--location", "--request", "POST", f"{server.url}/oauth2/token"),
        *("--header", f"Content-Type: {FORM}"),
        *("--data-urlencode", "grant_type=client_credentials"),
        *("--data-urlencode", f"client_id={machine.client}"),
        *("--data-urlencode", f"client_secret={machine.secret}"),
    )
    assert status == 200, body
    assert payload(json.loads(body)["access_token"])["scope"] == "weather-api/get weather-api/post"
    assert headers["content-type"] == "application/json;charset=UTF-8"
    assert headers["cache-control"] == "no-cache, no-store, max-age=0, must-revalidate"
    assert headers["pragma"] == "no-cache" and headers["expires"] == "0"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-content-type-options"] == "nosniff"
    assert uuid.UUID(headers["x-amz-cognito-request-id"])


@pytest.mark.proves("oauth2", TOKEN, "curl")
def test_finds_the_pool_by_its_domain(server, machine):
    status, _, body = curl(
        *("--request", "POST", f"{server.url}/oauth2/token"),
        *("--header", f"Host: {machine.domain}.auth.{REGION}.amazoncognito.com"),
        *("--header", f"Authorization: {basic(machine.client, machine.secret)}"),
        *("--data", "grant_type=client_credentials"),
    )
    assert status == 200, body


REFUSED_FORMS = [
    ({"grant_type": ""}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"client_secret": "wrong"}, "invalid_client"),
    ({"client_secret": ""}, "invalid_client"),
    ({"client_id": "0123456789abcdefghijklmnop"}, "invalid_client"),
    ({"client_id": ""}, "invalid_request"),
    ({"scope": "weather-api/delete"}, "invalid_grant"),
    ({"scope": "weather-api/get weather-api/delete"}, "invalid_grant"),
    ({"scope": "weather-api/never"}, "invalid_scope"),
    ({"scope": "openid"}, "invalid_scope"),
    ({"scope": 'weather-api/"get"'}, "invalid_scope"),
]


@pytest.mark.parametrize(("overrides", "error"), REFUSED_FORMS, ids=str)
@pytest.mark.proves("oauth2", TOKEN, "requests")
def test_refuses(machine, overrides, error):
    answer = machine.ask(**overrides)
    assert (answer.status_code, answer.text) == (400, json.dumps({"error": error}, separators=(",", ":")))
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "WWW-Authenticate" not in answer.headers


REFUSED_REQUESTS = [
    ("another method", "GET", {}, "", 405, ""),
    ("another content type", "POST", {"Content-Type": "application/json"}, "{}", 405, ""),
    ("a quoted content type", "POST", {"Content-Type": f"'{FORM}'"}, "grant_type=client_credentials", 405, ""),
    ("JSON in a form", "POST", {"Content-Type": FORM}, '{"grant_type":"x"}', 400, '{"error":"invalid_request"}'),
]


@pytest.mark.parametrize(
    ("method", "headers", "body", "status", "text"),
    [case[1:] for case in REFUSED_REQUESTS],
    ids=[case[0] for case in REFUSED_REQUESTS],
)
def test_refuses_requests_that_are_no_token_request(server, machine, method, headers, body, status, text):
    # The pool is named by its domain, because these requests name no client.
    headers = headers | {"Host": f"{machine.domain}.auth.{REGION}.amazoncognito.com"}
    answer = requests.request(method, f"{server.url}/oauth2/token", headers=headers, data=body)
    assert (answer.status_code, answer.text) == (status, text)


def test_refuses_a_client_for_which_oauth_is_switched_off(machine):
    # The client shows flows and scopes, but they have no effect: a common trap, with the same answer as in AWS.
    idp = aws_client(machine.server, "cognito-idp")
    made = idp.create_user_pool_client(
        UserPoolId=machine.pool,
        ClientName="off",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["weather-api/get"],
    )["UserPoolClient"]
    answer = machine.ask(client_id=made["ClientId"], client_secret=made["ClientSecret"])
    assert (answer.status_code, answer.text) == (400, '{"error":"invalid_grant"}')


def test_takes_either_secret_while_two_are_active(machine):
    idp = aws_client(machine.server, "cognito-idp")
    named = {"UserPoolId": machine.pool, "ClientId": machine.client}
    added = idp.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    assert machine.ask().status_code == 200
    assert machine.ask(client_secret=added["ClientSecretValue"]).status_code == 200
    idp.delete_user_pool_client_secret(**named, ClientSecretId=added["ClientSecretId"])
    assert machine.ask(client_secret=added["ClientSecretValue"]).json() == {"error": "invalid_client"}
    assert machine.ask().status_code == 200


@pytest.mark.proves("oauth2", "POST /oauth2/revoke", "requests")
def test_revokes_no_access_tokens(server, machine):
    url, auth = f"{server.url}/oauth2/revoke", (machine.client, machine.secret)
    answer = requests.post(url, auth=auth, data={"token": machine.token()})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_token_type")
    assert requests.post(url, auth=auth, data={"client_id": machine.client}).json()["error"] == "invalid_request"
    answer = requests.post(url, auth=(machine.client, "wrong"), data={"token": machine.token()})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert requests.post(url, auth=auth, data={"token": "not-a-token"}).status_code == 200


@pytest.mark.proves("oauth2", "GET /oauth2/userInfo", "requests")
def test_tells_machines_nothing_of_users(server, machine):
    headers = {"Authorization": f"Bearer {machine.token()}"}
    answer = requests.get(f"{server.url}/oauth2/userInfo", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_token",
        "error_description": "Access token does not contain openid scope",
    }
