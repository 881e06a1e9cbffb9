// No forged token passes aws-jwt-verify. The table of forgeries is made by ../python/forgeries.py and read here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { CognitoJwtVerifier } from "aws-jwt-verify";
import { JwtBaseError } from "aws-jwt-verify/error";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

import { proving } from "./support.js";

const table = JSON.parse(readFileSync(process.env.CLAVIGER_FORGERIES));

proving("aws-jwt-verify refuses every forgery and accepts the real tokens", async () => {
  for (const group of [table.real, table.badlyMade]) {
    await verify(group.accepted, group.jwks);
    for (const [name, token] of Object.entries(group.refused)) {
      await assert.rejects(verify(token, group.jwks), JwtBaseError, name);
    }
  }
  return [{ subject: "gate", what: "forged tokens are refused", client: "aws-jwt-verify" }];
});

/** Verifies with a new verifier each time: one that met an unknown key id refuses others unseen for a while. */
function verify(token, jwks) {
  const fetcher = { fetch: async () => new TextEncoder().encode(JSON.stringify(jwks)).buffer };
  const verifier = CognitoJwtVerifier.create(
    { userPoolId: table.pool, clientId: table.client, tokenUse: "access" },
    { jwksCache: new SimpleJwksCache({ fetcher }) },
  );
  return verifier.verify(token);
}
