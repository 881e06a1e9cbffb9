"""HTTP APIs with functions behind their routes and before them: made by boto3, run by the server, called over HTTP."""

import pytest
import requests
from claviger import REGION
from stories import aws_client
from test_functions import make, zipped

PETS = """
exports.handler = async (event) => {
  if (event.warm) return {};
  if (event.rawPath === "/plain") return { route: event.routeKey };
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  return {
    statusCode: 201,
    headers: { "Content-Type": "application/json", "X-Version": event.version },
    cookies: ["a=b", "c=d"],
    body: JSON.stringify({
      path: event.rawPath, pet: event.pathParameters, query: event.queryStringParameters, body,
      caller: event.requestContext.authorizer,
    }),
  };
};
"""

OLD_PETS = """
exports.handler = async (event) => ({
  statusCode: 200,
  multiValueHeaders: { "x-pet": ["1", "2"] },
  body: JSON.stringify([event.version, event.resource, event.multiValueQueryStringParameters]),
});
"""

GATE = """
def handler(event, context):
    if "identitySource" not in event:
        return None
    if event["identitySource"] == ["fail"]:
        raise LookupError("no caller")
    allowed = event["type"] == "REQUEST" and event["identitySource"] == ["let me in"]
    return {"isAuthorized": allowed, "context": {"who": "ada", "roles": ["reader", "writer"]}}
"""


class HttpApi:
    """An HTTP API that serves each change at once."""

    def __init__(self, server):
        self.server = server
        self.gateway = aws_client(server, "apigatewayv2")
        self.functions = aws_client(server, "lambda")
        self.id = self.gateway.create_api(Name="pets", ProtocolType="HTTP")["ApiId"]
        self.gateway.create_stage(ApiId=self.id, StageName="$default", AutoDeploy=True)

    def function(self, name, runtime, **files):
        """A function that has been started once: a busy machine may need long for that."""
        arn = make(self.functions, name, runtime, zipped(**files))
        self.functions.invoke(FunctionName=name, Payload=b'{"warm": true}')
        return arn

    def route(self, key, arn, version="2.0", **route):
        integration = self.gateway.create_integration(
            ApiId=self.id, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion=version
        )
        target = f"integrations/{integration['IntegrationId']}"
        self.gateway.create_route(ApiId=self.id, RouteKey=key, Target=target, **route)

    def allow(self, name, source):
        self.functions.add_permission(
            FunctionName=name,
            StatementId=f"s{len(source)}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:000000000000:{self.id}/{source}",
        )

    def ask(self, path, method="GET", **options):
        host = f"{self.id}.execute-api.{REGION}.amazonaws.com"
        headers = {"Host": host} | options.pop("headers", {})
        return requests.request(method, self.server.url + path, headers=headers, timeout=60, **options)


@pytest.mark.proves("gate", "A Lambda proxy in payload format 2.0, written in Node.js", "requests")
def test_a_function_answers_a_route(lone_server):
    api = HttpApi(lone_server)
    api.route("ANY /pets/{id}", api.function("pets", "nodejs22.x", index_js=PETS))
    api.route("GET /plain", api.functions.get_function(FunctionName="pets")["Configuration"]["FunctionArn"])
    refused = api.ask("/pets/7")
    assert (refused.status_code, refused.text) == (500, '{"message":"Internal Server Error"}')
    assert "apigw-requestid" in refused.headers
    api.allow("pets", "*/*/pets/{id}")
    assert api.ask("/plain").status_code == 500
    api.allow("pets", "$default/GET/plain")
    answer = api.ask("/pets/a%20b?q=1&q=2", "POST", data="hi", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.headers["x-version"]) == (201, "2.0")
    assert answer.cookies.get_dict() == {"a": "b", "c": "d"}
    assert answer.json() == {"path": "/pets/a b", "pet": {"id": "a b"}, "query": {"q": "1,2"}, "body": "hi"}
    posted = api.ask("/pets/7", "POST", data={"form": "yes"})
    assert posted.json()["body"] == "form=yes"
    plain = api.ask("/plain")
    assert (plain.status_code, plain.headers["content-type"]) == (200, "application/json")
    assert plain.json() == {"route": "GET /plain"}


@pytest.mark.proves("gate", "A Lambda proxy in payload format 1.0, written in Node.js", "requests")
def test_a_function_answers_a_route_in_the_old_format(lone_server):
    api = HttpApi(lone_server)
    api.route("GET /pets", api.function("old", "nodejs22.x", index_js=OLD_PETS), version="1.0")
    api.allow("old", "*/*/pets")
    answer = api.ask("/pets?q=1&q=2")
    assert (answer.status_code, answer.headers["x-pet"]) == (200, "1, 2")
    assert answer.json() == ["1.0", "/pets", {"q": ["1", "2"]}]


@pytest.mark.proves("gate", "An HTTP API of a function, made in one call", "requests")
def test_an_api_of_a_function_in_one_call(lone_server):
    api = HttpApi(lone_server)
    arn = api.function("pets", "nodejs22.x", index_js=PETS)
    api.id = api.gateway.create_api(Name="all", ProtocolType="HTTP", Target=arn)["ApiId"]
    api.allow("pets", "*/$default")
    answer = api.ask("/any/thing")
    assert (answer.status_code, answer.json()) == (201, {"path": "/any/thing"})


@pytest.mark.proves("gate", "A Lambda authorizer that answers yes or no, written in Python", "requests")
@pytest.mark.dev("decisions, which each node keeps for itself")
def test_a_function_decides_who_gets_in(lone_server):
    api = HttpApi(lone_server)
    gate = api.function("gate", "python3.12", index_py=GATE)
    authorizer = api.gateway.create_authorizer(
        ApiId=api.id,
        Name="gate",
        AuthorizerType="REQUEST",
        AuthorizerUri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{gate}/invocations",
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        IdentitySource=["$request.header.Authorization"],
        AuthorizerResultTtlInSeconds=300,
    )["AuthorizerId"]
    pets = api.function("pets", "nodejs22.x", index_js=PETS)
    api.route("GET /pets/{id}", pets, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    api.allow("pets", "*/GET/pets/{id}")

    def said(token):
        answer = api.ask("/pets/7", headers={"Authorization": token} if token else {})
        return answer.status_code, answer.json()

    broken = {"message": "Internal Server Error"}
    assert said("let me in") == (500, broken)
    api.allow("gate", f"authorizers/{authorizer}")
    status, answer = said("let me in")
    assert (status, answer["caller"]) == (201, {"lambda": {"who": "ada", "roles": ["reader", "writer"]}})
    assert said(None) == (401, {"message": "Unauthorized"})
    assert said("somebody else") == (403, {"message": "Forbidden"})
    assert said("fail") == (500, broken)
    # What was decided is kept until it is forgotten.
    api.functions.delete_function(FunctionName="gate")
    assert said("let me in")[0] == 201
    api.gateway.reset_authorizers_cache(ApiId=api.id, StageName="$default")
    assert said("let me in") == (500, broken)


@pytest.mark.proves("gate", "A stage's limits for its routes", "requests")
@pytest.mark.dev("limits, of which each node has a share")
def test_a_stage_limits_its_routes(lone_server):
    api = HttpApi(lone_server)
    target = api.gateway.create_integration(
        ApiId=api.id, IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri=lone_server.url
    )["IntegrationId"]
    api.gateway.create_route(ApiId=api.id, RouteKey="GET /pets", Target=f"integrations/{target}")
    limit = {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.001}
    api.gateway.update_stage(ApiId=api.id, StageName="$default", RouteSettings={"GET /pets": limit})
    statuses = [api.ask("/pets").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert api.ask("/pets").json() == {"message": "Too Many Requests"}
