// JavaScript clients that know nothing of Claviger: openid-client asks for tokens and aws-jwt-verify checks them, both
// over https to AWS's own host names.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";

import { makeMachine } from "./machine.js";
import { COMPAT, execute, proving, startServer } from "./support.js";

const EXEC = "AWS's host names under `claviger exec`";
const DISCOVERY = "GET /{poolId}/.well-known/openid-configuration";
const KEYS = "GET /{poolId}/.well-known/jwks.json";
const TOKEN = "POST /oauth2/token";

let server;
let machine;

before(async () => {
  server = await startServer();
  machine = await makeMachine(server);
});

after(() => server.stop());

for (const method of ["post", "basic"]) {
  proving(`a token by openid-client (client_secret_${method}) passes aws-jwt-verify over https`, async () => {
    const environment = { POOL: machine.pool, CLIENT: machine.client, SECRET: machine.secret, METHOD: method };
    const script = join(COMPAT, "node", "hard-coded-hosts.js");
    const { status, printed, complained } = await execute(server, [process.execPath, script], environment);
    assert.equal(status, 0, complained);
    assert.equal(printed.trim(), "weather-api/get");
    return [
      { subject: "oauth2", what: TOKEN, client: "openid-client" },
      { subject: "oauth2", what: DISCOVERY, client: "openid-client" },
      { subject: "oauth2", what: KEYS, client: "aws-jwt-verify" },
      { subject: "exec", what: EXEC, client: "openid-client" },
      { subject: "exec", what: EXEC, client: "aws-jwt-verify" },
    ];
  });
}
