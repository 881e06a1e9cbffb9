// Run under `claviger exec`: a token by openid-client from the pool's discovery document, then checked by aws-jwt-verify.
// Every address is AWS's own; nothing here knows of Claviger. Prints the token's scope.

import { CognitoJwtVerifier } from "aws-jwt-verify";
import * as openid from "openid-client";

const { POOL, CLIENT, SECRET, METHOD } = process.env;
const issuer = new URL(`https://cognito-idp.us-east-1.amazonaws.com/${POOL}`);
const methods = { post: openid.ClientSecretPost(SECRET), basic: openid.ClientSecretBasic(SECRET) };
const configuration = await openid.discovery(issuer, CLIENT, undefined, methods[METHOD]);
const granted = await openid.clientCredentialsGrant(configuration, { scope: "weather-api/get" });

const verifier = CognitoJwtVerifier.create({ userPoolId: POOL, clientId: CLIENT, tokenUse: "access", scope: "weather-api/get" });
const claims = await verifier.verify(granted.access_token);
console.log(claims.scope);
