// Plays the stories (see ../README.md) through the JavaScript SDK: what every operation answers and how it refuses.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import * as apigateway from "@aws-sdk/client-api-gateway";
import * as apigatewayv2 from "@aws-sdk/client-apigatewayv2";
import * as cloudformation from "@aws-sdk/client-cloudformation";
import * as cognito from "@aws-sdk/client-cognito-identity-provider";
import * as lambda from "@aws-sdk/client-lambda";
import * as iam from "@aws-sdk/client-iam";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as ecr from "@aws-sdk/client-ecr";
import * as s3 from "@aws-sdk/client-s3";
import * as secretsManager from "@aws-sdk/client-secrets-manager";
import * as ssm from "@aws-sdk/client-ssm";
import * as sts from "@aws-sdk/client-sts";

import { COMPAT, proving, settings, withServer } from "./support.js";

const SERVICES = {
  apigateway: [apigateway, apigateway.APIGatewayClient, apigateway.APIGatewayServiceException],
  apigatewayv2: [apigatewayv2, apigatewayv2.ApiGatewayV2Client, apigatewayv2.ApiGatewayV2ServiceException],
  cloudformation: [
    cloudformation,
    cloudformation.CloudFormationClient,
    cloudformation.CloudFormationServiceException,
  ],
  "cognito-idp": [
    cognito,
    cognito.CognitoIdentityProviderClient,
    cognito.CognitoIdentityProviderServiceException,
  ],
  lambda: [lambda, lambda.LambdaClient, lambda.LambdaServiceException],
  iam: [iam, iam.IAMClient, iam.IAMServiceException],
  logs: [logs, logs.CloudWatchLogsClient, logs.CloudWatchLogsServiceException],
  ecr: [ecr, ecr.ECRClient, ecr.ECRServiceException],
  s3: [s3, s3.S3Client, s3.S3ServiceException],
  secretsmanager: [
    secretsManager,
    secretsManager.SecretsManagerClient,
    secretsManager.SecretsManagerServiceException,
  ],
  ssm: [ssm, ssm.SSMClient, ssm.SSMServiceException],
  sts: [sts, sts.STSClient, sts.STSServiceException],
};
const CLIENT = "JavaScript SDK";

for (const file of readdirSync(join(COMPAT, "stories")).sort()) {
  proving(file, () => withServer((server) => play(JSON.parse(readFileSync(join(COMPAT, "stories", file))), server)));
}

/** Plays a story to its end; returns the proofs it earned. */
async function play(story, server) {
  const names = {};
  const proofs = [];
  for (const [index, step] of story.steps.entries()) {
    if (step.messages) {
      const query = new URLSearchParams(fill(step.messages, names));
      const sent = await (await fetch(`${server.url}/_claviger/messages?${query}`)).json();
      check(sent, fill(step.expect ?? {}, names), `step ${index + 1}, messages`);
      for (const [name, path] of Object.entries(step.keep ?? {})) names[name] = find(sent, path);
      continue;
    }
    const service = step.service ?? story.service;
    const where = `step ${index + 1}, ${step.operation}(${JSON.stringify(step.input ?? {})})`;
    const input = fill(step.input ?? {}, names);
    if (step.document) input.body = Buffer.from(fill(readFileSync(join(COMPAT, "fixtures", step.document), "utf8"), names));
    if (step.zip) {
      const ZipFile = Buffer.from(readFileSync(join(COMPAT, "fixtures", step.zip), "utf8"), "base64");
      const member = { CreateFunction: "Code", PublishLayerVersion: "Content" }[step.operation];
      Object.assign(input, member ? { [member]: { ZipFile } } : { ZipFile });
    }
    const [commands, Client, ServiceException] = SERVICES[service];
    let answer;
    try {
      answer = await new Client(settings(server)).send(new commands[`${step.operation}Command`](input));
    } catch (error) {
      assert(error instanceof ServiceException, `${where}: ${error.stack}`);
      assert(step.refused, `${where}: refused with ${error.name}: ${error.message}`);
      // An exception of the service's model has a class of its own.
      const Modelled = commands[step.refused];
      assert(!Modelled || error instanceof Modelled, `${where}: ${error.constructor.name} is not ${step.refused}`);
      // Of IAM's the client tells the shape's name, `NoSuchEntityException`, and beside it what came: `NoSuchEntity`.
      const code = error.Error?.Code ?? error.Code ?? error.name;
      assert.deepEqual([code, error.message], [step.refused, fill(step.message, names)], where);
    }
    if (answer) {
      // An answer that is a document is looked at as text.
      if (answer.body instanceof Uint8Array) answer.body = Buffer.from(answer.body).toString();
      if (step.operation === "Invoke") answer.Payload = answer.Payload?.transformToString();
      assert(!step.refused, `${where}: not refused, but answered ${JSON.stringify(answer)}`);
      check(answer, fill(step.expect ?? {}, names), where);
      for (const [name, path] of Object.entries(step.keep ?? {})) names[name] = find(answer, path);
    }
    proofs.push({ subject: service, what: step.operation, client: CLIENT, refusal: Boolean(step.refused) });
  }
  return proofs;
}

/** Puts what earlier answers gave where the story says `${name}`. */
function fill(value, names) {
  if (typeof value === "string") return value.replace(/\$\{(\w+)\}/g, (whole, name) => names[name] ?? whole);
  if (Array.isArray(value)) return value.map((item) => fill(item, names));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [fill(name, names), fill(item, names)]));
}

/** Members not named may be anything; `null` is absence, `~` starts a pattern; lists match one to one. */
function check(answer, expected, where) {
  if (expected === null) assert(answer === undefined || answer === null, `${where}: must be absent, is ${answer}`);
  else if (Array.isArray(expected)) {
    assert.equal(answer?.length, expected.length, `${where}: ${JSON.stringify(answer)}`);
    expected.forEach((item, index) => check(answer[index], item, `${where}[${index}]`));
  } else if (typeof expected === "object") {
    assert(typeof answer === "object", `${where}: ${answer} is not an object`);
    for (const [name, item] of Object.entries(expected)) check(answer[name], item, `${where}.${name}`);
  } else if (typeof expected === "string" && expected.startsWith("~")) {
    assert.match(String(answer), new RegExp(expected.slice(1)), where);
  } else assert.deepEqual(answer, expected, where);
}

/** The value at `A.b.0.c`. */
function find(answer, path) {
  return path.split(".").reduce((value, part) => value[part], answer);
}
