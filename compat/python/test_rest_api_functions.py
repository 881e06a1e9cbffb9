"""REST APIs with functions behind their methods and before them: made by boto3, run by the server, called over HTTP."""

import json

import pytest
import requests
from apis import Api
from claviger import REGION
from stories import aws_client
from test_functions import make, zipped

PETS_PYTHON = """
import json

def handler(event, context):
    if "requestContext" not in event:
        return {"greeting": f"{event.get('pet')} for {event.get('caller')}"}
    if event["httpMethod"] == "DELETE":
        raise LookupError("no such pet")
    caller = event["requestContext"]["authorizer"]
    body = {"path": event["path"], "caller": caller["principalId"], "level": caller["level"]}
    return {"statusCode": 201, "headers": {"X-Own": "1"}, "body": json.dumps(body)}
"""

PETS_NODE = """
exports.handler = async (event) => event.warm ? {} : {
  statusCode: 200,
  multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] },
  body: JSON.stringify({
    query: event.multiValueQueryStringParameters, body: event.body, caller: event.requestContext.authorizer.principalId,
  }),
};
"""

GUARD = """
def handler(event, context):
    token = event.get("authorizationToken")
    if token == "unknown":
        raise Exception("Unauthorized")
    if token == "broken":
        raise ValueError("broken")
    effect = "Allow" if token in ("let me in", "only here") else "Deny"
    resource = event["methodArn"] if token == "only here" else "*"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ada", "policyDocument": policy, "context": {"level": 3, "admin": True}}
"""

# Of two identity sources, one is a header and one a parameter; what it knows of the request decides.
DOORMAN = """
exports.handler = async (event) => event.warm ? {} : {
  principalId: event.headers["X-Who"],
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{
      Action: "execute-api:Invoke",
      Effect: event.queryStringParameters.word === "please" ? "Allow" : "Deny",
      Resource: event.methodArn,
    }],
  },
  context: { level: event.httpMethod },
};
"""

HEADER = "method.request.header.Authorization"

UNAUTHORIZED = (401, '{"message":"Unauthorized"}')
DENIED = (
    403,
    '{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}',
)
CLOSED = (500, '{"message": "Internal server error"}')
BROKEN_GUARD = (500, '{"message":null}')


class GuardedApi(Api):
    """A REST API with functions."""

    @classmethod
    def start(cls, server):
        api = cls.empty(server)
        api.functions = aws_client(server, "lambda")
        return api

    def function(self, name, runtime, **files):
        """Makes a function that has been started once and gives the URI under which a method calls it."""
        arn = make(self.functions, name, runtime, zipped(**files))
        self.functions.invoke(FunctionName=name, Payload=b'{"warm": true}')
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"

    def authorizer(self, name, uri, kind, source, ttl=0):
        made = self.gateway.create_authorizer(
            restApiId=self.id,
            name=name,
            type=kind,
            authorizerUri=uri,
            identitySource=source,
            authorizerResultTtlInSeconds=ttl,
        )
        return {"authorizationType": "CUSTOM", "authorizerId": made["id"]}

    def proxy(self, part, verb, uri, **method):
        integration = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri}
        return self.method(self.resource(part), verb, integration, **method)

    def allow(self, name, source):
        self.functions.add_permission(
            FunctionName=name,
            StatementId=f"s{len(source)}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:000000000000:{self.id}/{source}",
        )

    def ask(self, path, verb="GET", token="let me in", **options):
        headers = ({"Authorization": token} if token else {}) | options.pop("headers", {})
        return requests.request(verb, self.url + path, headers=headers, timeout=60, **options)

    def said(self, path, **options):
        answer = self.ask(path, **options)
        return answer.status_code, answer.text


@pytest.mark.proves("gate", "A TOKEN authorizer written in Python, before functions in Python and Node.js", "requests")
def test_a_function_guards_functions(lone_server):
    api = GuardedApi.start(lone_server)
    guarded = api.authorizer("guard", api.function("guard", "python3.12", index_py=GUARD), "TOKEN", HEADER)
    api.proxy("python", "ANY", api.function("python", "python3.12", index_py=PETS_PYTHON), **guarded)
    api.proxy("node", "ANY", api.function("node", "nodejs22.x", index_js=PETS_NODE), **guarded)
    api.deploy()
    # Nobody may call a function who was not permitted to.
    assert api.said("/python") == BROKEN_GUARD
    api.allow("guard", f"authorizers/{guarded['authorizerId']}")
    assert api.said("/python") == CLOSED
    api.allow("python", "*/*/python")
    api.allow("node", "*/PUT/node")

    answer = api.ask("/python", "POST")
    assert (answer.status_code, answer.headers["X-Own"]) == (201, "1"), answer.text
    assert answer.json() == {"path": "/python", "caller": "ada", "level": "3"}
    answer = api.ask("/node?a=1&a=2", "PUT", data=json.dumps({"name": "Rex"}))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"query": {"a": ["1", "2"]}, "body": '{"name": "Rex"}', "caller": "ada"}
    assert answer.cookies.get_dict() == {"a": "1", "b": "2"}
    # The permission is for one method only.
    assert api.said("/node") == CLOSED
    assert api.said("/python", verb="DELETE") == (502, '{"message": "Internal server error"}')

    assert api.said("/python", token=None) == UNAUTHORIZED
    assert api.said("/python", token="unknown") == UNAUTHORIZED
    assert api.said("/python", token="somebody else") == DENIED
    assert api.said("/python", token="broken") == BROKEN_GUARD


@pytest.mark.proves("gate", "What a Lambda authorizer decided is kept until it is flushed", "requests")
@pytest.mark.dev("decisions, which each node keeps for itself")
def test_a_decision_is_kept(lone_server):
    api = GuardedApi.start(lone_server)
    guarded = api.authorizer("guard", api.function("guard", "python3.12", index_py=GUARD), "TOKEN", HEADER, ttl=300)
    api.allow("guard", f"authorizers/{guarded['authorizerId']}")
    for part in ("here", "there"):
        api.method(api.resource(part), "GET", **guarded)
    api.deploy()
    # The policy is kept, and each method is held against it.
    assert api.ask("/here", token="only here").status_code != 403
    assert api.said("/there", token="only here") == (403, '{"Message":"User is not authorized to access this resource"}')
    assert api.said("/here", token="somebody else") == DENIED
    api.functions.delete_function(FunctionName="guard")
    assert api.said("/there", token="only here")[0] == 403
    assert api.said("/here", token="somebody else") == DENIED
    assert api.said("/there", token="let me in") == BROKEN_GUARD
    api.gateway.flush_stage_authorizers_cache(restApiId=api.id, stageName=api.stage)
    assert api.said("/here", token="only here") == BROKEN_GUARD


@pytest.mark.proves("gate", "A REQUEST authorizer written in Node.js, by a header and a query parameter", "requests")
def test_a_request_decides(lone_server):
    api = GuardedApi.start(lone_server)
    source = "method.request.header.X-Who,method.request.querystring.word"
    guarded = api.authorizer("doorman", api.function("doorman", "nodejs22.x", index_js=DOORMAN), "REQUEST", source)
    api.allow("doorman", f"authorizers/{guarded['authorizerId']}")
    api.proxy("pets", "ANY", api.function("pets", "python3.12", index_py=PETS_PYTHON), **guarded)
    api.allow("pets", "*/*/pets")
    api.deploy()
    answer = api.ask("/pets?word=please", headers={"X-Who": "bea"})
    assert (answer.status_code, answer.json()) == (201, {"path": "/pets", "caller": "bea", "level": "GET"})
    assert api.said("/pets?word=now", headers={"X-Who": "bea"}) == DENIED
    assert api.said("/pets?word=please") == UNAUTHORIZED
    assert api.said("/pets", headers={"X-Who": "bea"}) == UNAUTHORIZED


@pytest.mark.proves("gate", "A function between mapping templates (AWS), written in Python", "requests")
def test_templates_stand_before_and_behind_a_function(lone_server):
    api = GuardedApi.start(lone_server)
    guarded = api.authorizer("guard", api.function("guard", "python3.12", index_py=GUARD), "TOKEN", HEADER)
    api.allow("guard", f"authorizers/{guarded['authorizerId']}")
    template = '{"pet": $input.json("$.name"), "caller": "$context.authorizer.principalId"}'
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": api.function("pets", "python3.12", index_py=PETS_PYTHON),
        "requestTemplates": {"application/json": template},
    }
    named = api.method(api.resource("pets"), "POST", integration, **guarded)
    api.gateway.put_method_response(**named, statusCode="200")
    api.gateway.put_integration_response(
        **named, statusCode="200", responseTemplates={"application/json": "Said: $input.path('$.greeting')"}
    )
    api.gateway.put_method_response(**named, statusCode="404")
    api.gateway.put_integration_response(
        **named, statusCode="404", selectionPattern="no such.*", responseTemplates={"application/json": "none"}
    )
    api.deploy()
    body = json.dumps({"name": "Rex"})
    assert api.said("/pets", verb="POST", data=body) == CLOSED
    api.allow("pets", "*/POST/pets")
    assert api.said("/pets", verb="POST", data=body) == (200, "Said: Rex for ada")
    assert api.said("/pets", verb="POST", token="somebody else", data=body) == DENIED
