// A pool with a domain, a resource server and a client that may read and write, made through the JavaScript SDK.

import * as cognito from "@aws-sdk/client-cognito-identity-provider";

import { settings } from "./support.js";

export async function makeMachine(server) {
  const idp = new cognito.CognitoIdentityProvider(settings(server));
  const pool = (await idp.createUserPool({ PoolName: "weather" })).UserPool.Id;
  const scopes = ["get", "post"];
  await idp.createResourceServer({
    UserPoolId: pool,
    Identifier: "weather-api",
    Name: "Weather API",
    Scopes: scopes.map((name) => ({ ScopeName: name, ScopeDescription: name })),
  });
  const client = (
    await idp.createUserPoolClient({
      UserPoolId: pool,
      ClientName: "station",
      GenerateSecret: true,
      AllowedOAuthFlows: ["client_credentials"],
      AllowedOAuthFlowsUserPoolClient: true,
      AllowedOAuthScopes: scopes.map((name) => `weather-api/${name}`),
    })
  ).UserPoolClient;
  const domain = `stations-${client.ClientId}`;
  await idp.createUserPoolDomain({ UserPoolId: pool, Domain: domain });
  return { pool, client: client.ClientId, secret: client.ClientSecret, domain };
}
