"""REST APIs under test: imported or built call by call, deployed, and where to reach them."""

from claviger import FIXTURES, REGION
from stories import aws_client


class Api:
    """A REST API with one stage."""

    def __init__(self, server, identifier, stage="live"):
        self.server, self.id, self.stage = server, identifier, stage
        self.gateway = aws_client(server, "apigateway")
        self.host = f"{identifier}.execute-api.{REGION}.amazonaws.com"

    @property
    def url(self):
        return f"{self.server.url}/_aws/execute-api/{self.id}/{self.stage}"

    @classmethod
    def imported(cls, server, document, stage="live", **names):
        """Imports a document of the fixtures folder and deploys it."""
        body = (FIXTURES / document).read_text()
        for name, value in names.items():
            body = body.replace("${%s}" % name, value)
        made = aws_client(server, "apigateway").import_rest_api(
            body=body.encode(), parameters={"endpointConfigurationTypes": "REGIONAL"}
        )
        api = cls(server, made["id"], stage)
        api.deploy()
        return api

    @classmethod
    def empty(cls, server, stage="live"):
        return cls(server, aws_client(server, "apigateway").create_rest_api(name="built")["id"], stage)

    @property
    def root(self):
        return self.gateway.get_rest_api(restApiId=self.id)["rootResourceId"]

    def resource(self, part, parent=None):
        made = self.gateway.create_resource(restApiId=self.id, parentId=parent or self.root, pathPart=part)
        return made["id"]

    def method(self, resource, verb="GET", integration=None, **method):
        """Puts a method and, unless told otherwise, a mock integration that answers 200."""
        named = {"restApiId": self.id, "resourceId": resource, "httpMethod": verb}
        self.gateway.put_method(**named, **({"authorizationType": "NONE"} | method))
        integration = integration or {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
        self.gateway.put_integration(**named, **integration)
        return named

    def mock(self, resource, request, response, verb="GET", headers=None):
        """A mock method with a request and a response template."""
        integration = {"type": "MOCK", "requestTemplates": {"application/json": request}}
        named = self.method(resource, verb, integration, requestParameters={})
        declared = {f"method.response.header.{name}": True for name in headers or {}}
        self.gateway.put_method_response(**named, statusCode="200", responseParameters=declared)
        self.gateway.put_integration_response(
            **named,
            statusCode="200",
            responseTemplates={"application/json": response},
            responseParameters={f"method.response.header.{name}": value for name, value in (headers or {}).items()},
        )

    def deploy(self, **options):
        return self.gateway.create_deployment(restApiId=self.id, stageName=self.stage, **options)["id"]
