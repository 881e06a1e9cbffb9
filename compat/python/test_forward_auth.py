"""Proxies in front of a service of their own: who is let through, and as whom the service sees them."""

import http.client
import http.server
import json
import threading
import urllib.parse

import pytest
import requests
from claviger import PROJECT
from machine import Machine
from proxies import CONFIGURATIONS, PROXIES, free_port, running
from stories import signed
from test_explain import explained
from test_http_proxy import Echo

WHAT = "/_claviger/authorize/{policy}"
IDENTITY = ["subject", "client-id", "username", "scope", "roles", "token-use", "issuer", "user-pool"]
FORGED = {f"X-Claviger-{name}": "mallory" for name in IDENTITY}
ROLES = {
    "Scopes": {"weather-api/get": ["reader"], "weather-api/post": ["writer"]},
    "Roles": {"reader": ["GET /storms", "GET /storms/{id}"], "writer": ["POST /storms"]},
}


def put_policy(server, machine, source, name="weather"):
    policy = {
        "PolicyName": name,
        "UserPoolIds": [machine.pool],
        "Scopes": ["weather-api/get", "weather-api/post"],
        "RequestSource": source,
        "RoleMapping": ROLES,
    }
    headers = {"X-Amz-Target": "Claviger.PutAuthorizationPolicy"}
    answer = signed(server, "POST", "/", json.dumps(policy), **headers)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def service():
    """A service that knows nothing of tokens and answers with what it was asked."""
    echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    # A proxy that ends breaks its connections off.
    echo.handle_error = lambda *_: None
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    yield echo.server_port
    echo.shutdown()


class Front:
    """A running proxy, and the machine whose tokens its policy takes."""

    def __init__(self, name, port, server, machine):
        self.name, self.port, self.server, self.machine = name, port, server, machine

    def ask(self, method="GET", path="/storms", token=None, headers=(), body=None):
        """Sends a request whose path is sent as it stands."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host="Host" in dict(headers))
        for name, value in dict(headers).items():
            connection.putheader(name, value)
        if token is not None:
            connection.putheader("Authorization", f"Bearer {token}")
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


@pytest.fixture(scope="module", params=sorted(PROXIES))
def front(request, service, server, tmp_path_factory):
    name, machine = request.param, Machine.create(server)
    put_policy(server, machine, PROXIES[name][2])
    with running(name, tmp_path_factory.mktemp(name), urllib.parse.urlsplit(server.url).port, service) as port:
        yield Front(name, port, server, machine)


def test_lets_the_right_token_through_and_tells_the_service_whose_it_is(front, prove):
    prove([{"subject": "forward-auth", "what": WHAT, "client": front.name, "refusal": False}])
    machine, token = front.machine, front.machine.token()
    for forged in ({}, FORGED):
        status, _, body = front.ask(token=token, headers=forged)
        assert status == 200, body
        seen = json.loads(body)
        assert (seen["method"], seen["path"]) == ("GET", "/storms")
        told = {name: seen["headers"].get(f"x-claviger-{name}", "") for name in IDENTITY}
        assert told == {
            "subject": machine.client,
            "client-id": machine.client,
            "username": "",
            "scope": "weather-api/get weather-api/post",
            "roles": "reader,writer",
            "token-use": "access",
            "issuer": machine.issuer,
            "user-pool": machine.pool,
        }
        assert "mallory" not in body.decode()


def test_passes_bodies_and_queries_on_as_they_are(front):
    status, _, body = front.ask("POST", "/storms?since=2026&policy=other", front.machine.token(), body=b'{"name": "Ada"}')
    seen = json.loads(body)
    assert (status, seen["method"], seen["path"]) == (200, "POST", "/storms?since=2026&policy=other")
    assert seen["body"] == '{"name": "Ada"}'


@pytest.mark.dev("refusals, which each node remembers for itself")
def test_refuses_a_missing_token_and_a_wrong_one_with_a_challenge(front):
    signed, _, _ = front.machine.token().rpartition(".")
    _, _, signature = front.machine.token().rpartition(".")
    stranger = Machine.create(front.server)
    for token, challenge in [
        (None, 'Bearer realm="weather"'),
        (f"{signed}.{signature}", 'Bearer realm="weather", error="invalid_token"'),
        (stranger.token(), 'Bearer realm="weather", error="invalid_token"'),
        ("nonsense", 'Bearer realm="weather", error="invalid_token"'),
    ]:
        status, headers, _ = front.ask(token=token, headers=FORGED)
        assert (status, headers["www-authenticate"][: len(challenge)]) == (401, challenge)
    status, headers, _ = front.ask(token=f"{signed}.{signature}")
    refusal = explained(front.server, headers["x-amzn-requestid"])
    assert (refusal["surface"], refusal["reason"]) == ("authorization policy", "the token's signature is wrong")
    assert refusal["about"]["policy"] == "weather"


@pytest.mark.dev("refusals, which each node remembers for itself")
def test_refuses_a_token_without_the_scope(front):
    machine = Machine.create(front.server, scopes=("delete",))
    # Of the same pool, so that only the scope is missing.
    put_policy(front.server, machine, PROXIES[front.name][2])
    try:
        status, headers, _ = front.ask(token=machine.token())
        assert status == 403
        assert explained(front.server, headers["x-amzn-requestid"])["answer"]["code"] == "insufficient_scope"
    finally:
        put_policy(front.server, front.machine, PROXIES[front.name][2])
    assert front.ask(token=front.machine.token())[0] == 200


def test_roles_judge_the_request_that_reaches_the_service(front):
    get = front.machine.token("weather-api/get")
    assert front.ask("GET", "/storms/7?x=1", get)[0] == 200
    for method, path in [("POST", "/storms"), ("DELETE", "/storms/7"), ("GET", "/admin"), ("GET", "/")]:
        assert front.ask(method, path, get)[0] == 403, (method, path)
    pretended = {
        "X-Original-Method": "GET",
        "X-Original-URI": "/storms",
        "X-Forwarded-Method": "GET",
        "X-Forwarded-Uri": "/storms",
    }
    assert front.ask("GET", "/admin", get, pretended)[0] == 403
    assert front.ask("DELETE", "/storms", get, pretended)[0] == 403
    for path in ["/storms/../admin", "/storms/%2e%2e/admin", "//admin", "/storms/..%2fadmin", "/storms/7;/../../admin"]:
        status, _, body = front.ask("GET", path, get)
        # What a proxy makes another path of is judged as that path; it never reaches the service unjudged.
        assert status in (400, 403), (path, status, body)


def test_a_callers_host_leads_to_no_other_answer(front):
    for host in ["abc.execute-api.us-east-1.amazonaws.com", "cognito-idp.us-east-1.amazonaws.com", "b.s3.amazonaws.com"]:
        assert front.ask(headers={"Host": host})[0] == 401, host
        assert front.ask(headers={"Host": host}, token=front.machine.token())[0] == 200, host


@pytest.mark.parametrize("name", sorted(PROXIES))
def test_without_an_answer_nobody_is_let_through(name, service, machine, tmp_path):
    with running(name, tmp_path, free_port(), service) as port:
        status, _, body = Front(name, port, None, machine).ask(token=machine.token())
        assert status >= 400 and b"headers" not in body, (status, body)


@pytest.mark.proves("forward-auth", WHAT, "Traefik's requests")
def test_answers_what_traefik_sends(server, machine):
    put_policy(server, machine, "FORWARDED", "traefik")
    token = machine.token("weather-api/get")

    def ask(method, uri, authorization):
        # What ForwardAuth sends: the request's own headers, and where it was going.
        headers = {
            "Host": "service.example",
            "Accept-Encoding": "gzip",
            "User-Agent": "curl/8.0",
            "X-Forwarded-For": "192.0.2.10",
            "X-Forwarded-Host": "service.example",
            "X-Forwarded-Method": method,
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Server": "traefik",
            "X-Forwarded-Uri": uri,
            **({"Authorization": authorization} if authorization else {}),
            **FORGED,
        }
        return requests.get(f"{server.url}/_claviger/authorize/traefik", headers=headers)

    answer = ask("GET", "/storms?x=1", f"Bearer {token}")
    assert (answer.status_code, answer.headers["X-Claviger-Roles"], answer.content) == (200, "reader", b"")
    assert all(f"X-Claviger-{name}" in answer.headers for name in IDENTITY)
    assert ask("POST", "/storms", f"Bearer {token}").status_code == 403
    refused = ask("GET", "/storms", None)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="traefik"')


def test_the_documentation_shows_what_is_tested():
    page = (PROJECT / "docs" / "forward-auth.md").read_text()
    for file in sorted(CONFIGURATIONS.iterdir()):
        assert file.read_text() in page, f"docs/forward-auth.md does not show {file.name} as it is"
