"""The claims hook: a pool's function, played by an HTTP server, changes the tokens that PyJWT then verifies."""

import copy
import http.server
import json
import threading

import botocore.exceptions
import jwt
import pytest
from claviger import REGION, Server
from machine import Machine
from stories import aws_client

pytestmark = pytest.mark.dev("functions named on the command line")

ARN = f"arn:aws:lambda:{REGION}:000000000000:function:claims"
HOOK = "Pre token generation (V3_0)"


class Function:
    """Stands for the function: hands the event back with what `handler` makes of it."""

    def __init__(self):
        self.events, self.handler, self.released = [], None, threading.Event()
        function = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                function.events.append(copy.deepcopy(event))
                status, headers, body = 200, {}, function.handler(event)
                if isinstance(body, tuple):
                    status, headers, body = body
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(name, str(value))
                try:
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:
                    pass  # The server has given the answer up, as some tests want it to.

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/2015-03-31/functions/function/invocations"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def changes(self, **generation):
        def handler(event):
            event["response"]["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": generation}
            return event

        self.handler = handler

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def function():
    running = Function()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def hooked(function):
    """A machine whose pool has the function as its hook."""
    with Server(options=["--function", f"{ARN}={function.url}"]) as server:
        machine = Machine.create(server)
        config = {"PreTokenGenerationConfig": {"LambdaVersion": "V3_0", "LambdaArn": ARN}}
        aws_client(server, "cognito-idp").update_user_pool(UserPoolId=machine.pool, LambdaConfig=config)
        yield machine


def verified(machine, token, **options):
    """The claims of a token, after PyJWT has verified it against the pool's key set."""
    keys = jwt.PyJWKClient(f"{machine.server.url}/{machine.pool}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], issuer=machine.issuer, **options)


@pytest.mark.proves("oauth2", HOOK, "PyJWT")
def test_the_function_sees_the_event_and_changes_claims_and_scopes(hooked, function):
    function.events.clear()
    function.changes(
        claimsToAddOrOverride={"tenant": "north", "plan": {"level": 3, "regions": ["a", "b"]}, "sub": "forged"},
        claimsToSuppress=["jti"],
        scopesToAdd=["weather-api/delete"],
        scopesToSuppress=["weather-api/post"],
    )
    answer = hooked.ask(aws_client_metadata=json.dumps({"user": "ada"}))
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["access_token", "expires_in", "token_type"]
    claims = verified(hooked, answer.json()["access_token"])
    assert (claims["tenant"], claims["plan"]) == ("north", {"level": 3, "regions": ["a", "b"]})
    assert claims["scope"] == "weather-api/get weather-api/delete"
    assert claims["sub"] == claims["client_id"] == hooked.client and "jti" in claims
    assert function.events == [
        {
            "version": "3",
            "triggerSource": "TokenGeneration_ClientCredentials",
            "region": REGION,
            "userPoolId": hooked.pool,
            "userName": "ClientCredentials",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": hooked.client},
            "request": {
                "userAttributes": {},
                "groupConfiguration": None,
                "scopes": ["weather-api/get", "weather-api/post"],
                "clientMetadata": {"user": "ada"},
            },
            "response": {"claimsAndScopeOverrideDetails": None},
        }
    ]


@pytest.mark.proves("oauth2", HOOK, "PyJWT")
def test_an_audience_is_the_client_itself(hooked, function):
    function.changes(claimsToAddOrOverride={"aud": hooked.client})
    assert verified(hooked, hooked.token(), audience=hooked.client)["aud"] == hooked.client
    function.changes(claimsToAddOrOverride={"aud": "someone-else"})
    assert "aud" not in verified(hooked, hooked.token())


def refused(hooked):
    answer = hooked.ask()
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error", "error_description"] and answer.json()["error"] == "invalid_request"
    return answer.json()["error_description"]


CALL = "PreTokenGeneration invocation failed due to error: "


@pytest.mark.parametrize(
    ("answer", "description"),
    [
        ({"errorMessage": "no tenant", "errorType": "Error"}, "PreTokenGeneration failed with error no tenant."),
        ((200, {"X-Amz-Function-Error": "Unhandled"}, {}), "PreTokenGeneration failed with error Unhandled."),
        ((503, {}, b"busy"), CALL + "the function's URL answered with status 503."),
        (b" " * (6 * 1024 * 1024 + 1), CALL + "the function's result is larger than 6291456 bytes."),
        (b"no JSON", "Unrecognizable lambda output: the answer is not JSON"),
        ({"version": "3", "response": []}, "Unrecognizable lambda output: response must be an object"),
    ],
    ids=["error", "header", "status", "oversized", "not JSON", "malformed"],
)
@pytest.mark.proves("oauth2", HOOK, "requests")
def test_a_function_that_fails_fails_the_request(hooked, function, answer, description):
    function.handler = lambda _: answer
    assert refused(hooked) == description
    function.changes()
    assert hooked.ask().status_code == 200


@pytest.mark.proves("oauth2", HOOK, "requests")
def test_a_function_has_five_seconds(hooked, function):
    def handler(event):
        function.released.wait(60)
        return event

    function.handler = handler
    assert refused(hooked) == CALL + "the function did not answer within 5 seconds."
    function.released.set()


@pytest.mark.proves("oauth2", HOOK, "boto3")
def test_the_hook_stands_before_get_client_token_too(hooked, function):
    idp = aws_client(hooked.server, "cognito-idp")
    client = idp.create_user_pool_client(
        UserPoolId=hooked.pool,
        ClientName="buoy",
        GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
        AllowedOAuthScopes=["weather-api/get"],
    )["UserPoolClient"]
    call = {"ClientId": client["ClientId"], "Secret": client["ClientSecret"], "ClientMetadata": {"user": "ada"}}
    function.events.clear()
    function.changes(claimsToAddOrOverride={"tenant": "north"})
    token = idp.get_client_token(**call)["ClientAuthenticationResult"]["AccessToken"]
    claims = verified(hooked, token)
    assert (claims["client_id"], claims["scope"], claims["tenant"]) == (client["ClientId"], "weather-api/get", "north")
    assert function.events[0]["request"]["clientMetadata"] == {"user": "ada"}
    for answer, exception, message in [
        ({"errorMessage": "no tenant"}, "UserLambdaValidationException", "PreTokenGeneration failed with error no tenant."),
        ((502, {}, b""), "UnexpectedLambdaException", CALL + "the function's URL answered with status 502."),
        (b"no JSON", "InvalidLambdaResponseException", "Unrecognizable lambda output"),
    ]:
        function.handler = lambda _, answer=answer: answer
        with pytest.raises(botocore.exceptions.ClientError) as refusal:
            idp.get_client_token(**call)
        assert isinstance(refusal.value, getattr(idp.exceptions, exception))
        assert refusal.value.response["Error"]["Message"] == message
