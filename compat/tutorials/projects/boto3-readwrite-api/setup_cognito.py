"""Makes a pool, a resource server, an app client and a domain; settings.json tells the other scripts of them."""
import json
import os

import boto3

REGION = os.environ.get("AWS_DEFAULT_REGION", "eu-west-1")
idp = boto3.client("cognito-idp", region_name=REGION)

pool = idp.create_user_pool(PoolName="system-to-system")["UserPool"]
idp.create_resource_server(
    UserPoolId=pool["Id"],
    Identifier="https://my-api-server.org",
    Name="my-api-server",
    Scopes=[
        {"ScopeName": "api.readwrite", "ScopeDescription": "read and write"},
        {"ScopeName": "api.write", "ScopeDescription": "write"},
    ],
)
client = idp.create_user_pool_client(
    UserPoolId=pool["Id"],
    ClientName="my-client",
    GenerateSecret=True,
    AccessTokenValidity=60,
    TokenValidityUnits={"AccessToken": "minutes"},
    AllowedOAuthFlows=["client_credentials"],
    AllowedOAuthScopes=["https://my-api-server.org/api.readwrite", "https://my-api-server.org/api.write"],
    AllowedOAuthFlowsUserPoolClient=True,
)["UserPoolClient"]
idp.create_user_pool_domain(Domain="system-to-system", UserPoolId=pool["Id"])

# As the console would show them.
idp.describe_user_pool(UserPoolId=pool["Id"])
idp.describe_user_pool_domain(Domain="system-to-system")
shown = idp.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"])["UserPoolClient"]

settings = {
    "REGION": REGION,
    "USER_POOL_ID": pool["Id"],
    "CLIENT_ID": shown["ClientId"],
    "CLIENT_SECRET": shown["ClientSecret"],
}
with open("settings.json", "w") as f:
    json.dump(settings, f, indent=2)
print(json.dumps({k: v for k, v in settings.items() if k != "CLIENT_SECRET"}, indent=2))
