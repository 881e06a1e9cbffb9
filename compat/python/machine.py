"""The usual cast of a machine-to-machine story, made through boto3."""

import dataclasses
import itertools

import requests
from claviger import REGION
from stories import aws_client

_numbers = itertools.count(1)


@dataclasses.dataclass
class Machine:
    """A client of a pool, with what it needs to ask for tokens."""

    server: object
    pool: str
    client: str
    secret: str
    domain: str

    @classmethod
    def create(cls, server, identifier="weather-api", scopes=("get", "post"), **overrides):
        idp = aws_client(server, "cognito-idp")
        pool = idp.create_user_pool(PoolName="weather")["UserPool"]["Id"]
        idp.create_resource_server(
            UserPoolId=pool,
            Identifier=identifier,
            Name="Weather API",
            Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("get", "post", "delete")],
        )
        settings = {
            "UserPoolId": pool,
            "ClientName": "station",
            "GenerateSecret": True,
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthScopes": [f"{identifier}/{name}" for name in scopes],
        }
        client = idp.create_user_pool_client(**(settings | overrides))["UserPoolClient"]
        domain = f"stations-{next(_numbers)}"
        idp.create_user_pool_domain(UserPoolId=pool, Domain=domain)
        return cls(server, pool, client["ClientId"], client["ClientSecret"], domain)

    @property
    def arn(self):
        return f"arn:aws:cognito-idp:{REGION}:000000000000:userpool/{self.pool}"

    @property
    def issuer(self):
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool}"

    def ask(self, scope=None, **overrides):
        """The answer to a token request with the credentials in the body."""
        form = {"grant_type": "client_credentials", "client_id": self.client, "client_secret": self.secret}
        if scope is not None:
            form["scope"] = scope
        return requests.post(f"{self.server.url}/oauth2/token", data=form | overrides)

    def token(self, scope=None):
        answer = self.ask(scope)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]
