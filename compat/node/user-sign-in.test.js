// A user signs in by SRP with amazon-cognito-identity-js, the library under AWS Amplify, which knows nothing of Claviger.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import * as cognito from "@aws-sdk/client-cognito-identity-provider";
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from "amazon-cognito-identity-js";

import { proving, settings, startServer } from "./support.js";

const CLIENT = "amazon-cognito-identity-js";
const PASSWORD = "Correct-Horse-7";
const CHOSEN = "Chosen-Horse-9";

let server;
let idp;
let pool;

before(async () => {
  server = await startServer();
  idp = new cognito.CognitoIdentityProvider(settings(server));
  const UserPoolId = (await idp.createUserPool({ PoolName: "people" })).UserPool.Id;
  const { ClientId } = (await idp.createUserPoolClient({ UserPoolId, ClientName: "web" })).UserPoolClient;
  pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint: server.url });
});

after(() => server.stop());

async function invite(Username) {
  const UserPoolId = pool.getUserPoolId();
  const UserAttributes = [{ Name: "email", Value: `${Username}@example.com` }];
  await idp.adminCreateUser({
    UserPoolId,
    Username,
    UserAttributes,
    TemporaryPassword: PASSWORD,
    MessageAction: "SUPPRESS",
  });
}

async function settle(Username) {
  await invite(Username);
  await idp.adminSetUserPassword({ UserPoolId: pool.getUserPoolId(), Username, Password: PASSWORD, Permanent: true });
}

/** Signs in; resolves to the session, or to the attributes that go with a demand for a new password. */
function signIn(user, Password) {
  const details = new AuthenticationDetails({ Username: user.getUsername(), Password });
  return new Promise((resolve, reject) =>
    user.authenticateUser(details, {
      onSuccess: (session) => resolve({ session }),
      newPasswordRequired: (attributes, required) => resolve({ attributes, required }),
      onFailure: reject,
    }),
  );
}

/** Calls a function that reports to a callback. */
const promised = (call) =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

const proof = (what) => ({ subject: "cognito-idp", what, client: CLIENT });

proving("a user proves the password, changes attributes and password, and signs out", async () => {
  await settle("ada");
  const user = new CognitoUser({ Username: "ada", Pool: pool });
  const { session } = await signIn(user, PASSWORD);
  assert(session.isValid());
  assert.equal(session.getIdToken().payload["cognito:username"], "ada");
  assert.equal(session.getAccessToken().payload.scope, "aws.cognito.signin.user.admin");
  await promised((done) => user.updateAttributes([{ Name: "name", Value: "Ada" }], done));
  const attributes = await promised((done) => user.getUserAttributes(done));
  assert.equal(attributes.find((attribute) => attribute.getName() === "name").getValue(), "Ada");
  const renewed = await promised((done) => user.refreshSession(session.getRefreshToken(), done));
  assert.notEqual(renewed.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
  await promised((done) => user.changePassword(PASSWORD, CHOSEN, done));
  await new Promise((resolve, reject) => user.globalSignOut({ onSuccess: resolve, onFailure: reject }));
  assert((await signIn(new CognitoUser({ Username: "ada", Pool: pool }), CHOSEN)).session.isValid());
  const operations = ["InitiateAuth", "RespondToAuthChallenge", "GetUser", "UpdateUserAttributes", "ChangePassword"];
  return [...operations, "GlobalSignOut"].map(proof);
});

proving("a wrong password is refused", async () => {
  await settle("grace");
  const user = new CognitoUser({ Username: "grace", Pool: pool });
  await assert.rejects(signIn(user, "wrong"), { name: "NotAuthorizedException", message: "Incorrect username or password." });
  return [{ ...proof("RespondToAuthChallenge"), refusal: true }];
});

proving("a temporary password is exchanged", async () => {
  await invite("joan");
  const user = new CognitoUser({ Username: "joan", Pool: pool });
  const { attributes, required } = await signIn(user, PASSWORD);
  assert.equal(attributes.email, "joan@example.com");
  assert.deepEqual(required, []);
  const session = await new Promise((resolve, reject) =>
    user.completeNewPasswordChallenge(CHOSEN, { name: "Joan" }, { onSuccess: resolve, onFailure: reject }),
  );
  assert.equal(session.getIdToken().payload.name, "Joan");
  return [proof("RespondToAuthChallenge")];
});
