// Runs a Node.js function: loads its handler, asks the Runtime API for events and tells it what came of them.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const path = require("node:path");
const { createRequire, syncBuiltinESMExports } = require("node:module");
const { pathToFileURL } = require("node:url");
const { format } = require("node:util");

const environment = process.env;
const [HOST, PORT] = environment.AWS_LAMBDA_RUNTIME_API.split(":");
const ROOT = "/2018-06-01/runtime";
const TASK_ROOT = environment.LAMBDA_TASK_ROOT;

/** Why a function cannot be loaded, or a result not be told. */
class Fault extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let requestId = "";

/** Calls the Runtime API. A server that is gone has no more work for this process. */
function call(method, place, body, headers = {}) {
  return new Promise((resolve) => {
    const request = http.request(
      { agent, host: HOST, port: PORT, method, path: ROOT + place, headers },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
        response.on("error", () => process.exit(0));
      },
    );
    request.on("error", () => process.exit(0));
    request.end(body);
  });
}

function tell(place, body, headers = {}) {
  const bytes = Buffer.from(body);
  return call("POST", place, bytes, { "Content-Type": "application/json", "Content-Length": bytes.length, ...headers });
}

function fail(place, error) {
  const told = describe(error);
  write("ERROR", "Invoke Error", JSON.stringify(told));
  return tell(place, JSON.stringify(told), { "Lambda-Runtime-Function-Error-Type": told.errorType.replace(/[^\x20-\x7e]/g, "?") });
}

/** An error as callers see it. */
function describe(error) {
  if (error instanceof Error || (error && typeof error === "object" && "message" in error && "stack" in error)) {
    const trace = String(error.stack ?? "").split("\n");
    return { errorType: String(error.name || "Error"), errorMessage: String(error.message), trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

/** Has the console write lines as Lambda's does: time, request, level, text. */
function prepareConsole() {
  const levels = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR" };
  for (const [method, level] of Object.entries(levels)) console[method] = (...parts) => write(level, ...parts);
}

function write(level, ...parts) {
  const text = format(...parts).replace(/\n/g, "\r");
  fs.writeSync(1, `${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
}

/** Code that answers CloudFormation asks for https at port 443 of the host it was told, whatever port and scheme it was told. */
function leadAnswersHere() {
  if (!environment.AWS_ENDPOINT_URL) return;
  const here = new URL(environment.AWS_ENDPOINT_URL);
  const dial = https.request;
  https.request = (first, ...rest) => {
    const options = typeof first === "string" || first instanceof URL ? new URL(first) : first;
    const isMeant = options.hostname === here.hostname && (!options.port || Number(options.port) === 443);
    if (!isMeant || here.protocol !== "http:" || options instanceof URL) return dial(first, ...rest);
    return http.request({ ...options, protocol: "http:", port: here.port, agent: undefined }, ...rest);
  };
  syncBuiltinESMExports();
}

/** The handler that `file.function` names. */
async function load(named) {
  const folder = path.dirname(named);
  const found = /^([^.]*)\.(.+)$/.exec(path.basename(named));
  if (!found || named.includes("..")) throw new Fault("Runtime.MalformedHandlerName", "Bad handler");
  const [, file, expression] = found;
  const loaded = await loadModule(path.resolve(TASK_ROOT, folder, file), path.join(folder, file));
  const handler = expression.split(".").reduce((value, name) => value?.[name] ?? value?.default?.[name], loaded);
  if (handler === undefined || handler === null) {
    throw new Fault("Runtime.HandlerNotFound", `${named} is undefined or not exported`);
  }
  if (typeof handler !== "function") throw new Fault("Runtime.HandlerNotFound", `${named} is not a function`);
  return handler;
}

async function loadModule(place, shown) {
  const candidates = ["", ".js", ".mjs", ".cjs"].map((extension) => place + extension);
  const file = candidates.find((candidate) => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile());
  try {
    // A folder is what `require` makes of it.
    if (file === undefined) return createRequire(path.join(TASK_ROOT, "/"))(place);
    if (file.endsWith(".mjs") || (file.endsWith(".js") && isModule(file))) return await import(pathToFileURL(file).href);
    return createRequire(file)(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault("Runtime.UserCodeSyntaxError", error.stack ?? String(error));
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") {
      const message = error.message.replace(place, shown);
      throw new Fault("Runtime.ImportModuleError", `Error: ${message}`);
    }
    throw error;
  }
}

/** Whether the nearest package.json says that its files are modules. */
function isModule(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")).type === "module";
    } catch (error) {
      if (error.code !== "ENOENT") return false;
    }
    if (folder === TASK_ROOT || folder === path.dirname(folder)) return false;
  }
}

/** What a handler is told about its call. */
function contextOf(headers, done) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const told = headers["lambda-runtime-client-context"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    identity: undefined,
    clientContext: told ? JSON.parse(told) : undefined,
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    succeed: (result) => done(null, result),
    fail: (error) => done(error ?? "handled"),
    done: (error, result) => done(error, result),
  };
}

/** What the handler makes of an event: the promise it returns, or what it gives its callback. */
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    // A handler that only waits for what is under way has answered when nothing is under way any more.
    const idle = () => resolve(undefined);
    process.once("beforeExit", idle);
    const settle = (settled, value) => {
      process.removeListener("beforeExit", idle);
      settled(value);
    };
    const done = (error, result) => {
      const settled = error === null || error === undefined ? () => settle(resolve, result) : () => settle(reject, error);
      if (context.callbackWaitsForEmptyEventLoop === false) return void setImmediate(settled);
      process.removeListener("beforeExit", idle);
      process.once("beforeExit", settled);
    };
    const context = contextOf(headers, done);
    try {
      const result = handler(event, context, done);
      if (typeof result?.then === "function") {
        result.then((value) => settle(resolve, value), (error) => settle(reject, error));
      }
    } catch (error) {
      settle(reject, error);
    }
  });
}

function toJson(result) {
  try {
    return JSON.stringify(result) ?? "null";
  } catch (error) {
    throw new Fault("Runtime.MarshalError", `Unable to stringify response body: ${error.message}`);
  }
}

/** Answers one event and asks for the next. */
async function work(handler) {
  const { status, headers, body } = await call("GET", "/invocation/next");
  if (status !== 200) process.exit(0);
  requestId = headers["lambda-runtime-aws-request-id"];
  environment._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  const place = `/invocation/${requestId}`;
  try {
    const answer = toJson(await run(handler, JSON.parse(body.toString()), headers));
    await tell(`${place}/response`, answer);
  } catch (error) {
    await fail(`${place}/error`, error);
  }
  setImmediate(() => work(handler));
}

/** An error that nobody caught ends the process, and the event with it. */
function endOn(event, name, status) {
  process.on(event, (reason) => {
    const error = name ? new Fault(name, describe(reason).errorMessage) : reason;
    if (name && reason instanceof Error) error.stack = `${name}: ${reason.stack}`;
    const place = requestId ? `/invocation/${requestId}/error` : "/init/error";
    fail(place, error).then(() => process.exit(status));
  });
}

async function main() {
  process.chdir(TASK_ROOT);
  prepareConsole();
  leadAnswersHere();
  endOn("uncaughtException", undefined, 129);
  endOn("unhandledRejection", "Runtime.UnhandledPromiseRejection", 128);
  let handler;
  try {
    handler = await load(environment._HANDLER);
  } catch (error) {
    await fail("/init/error", error);
    process.exit(1);
  }
  work(handler);
}

main();
