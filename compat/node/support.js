// Starts the real binary, makes the usual cast of a machine-to-machine story, and keeps notes of what passing tests prove.

import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

export const COMPAT = dirname(dirname(fileURLToPath(import.meta.url)));
export const REGION = "us-east-1";
const BINARY = process.env.CLAVIGER_BINARY ?? join(COMPAT, "..", "target", "debug", "claviger");

/** A running `claviger dev` on a free port that keeps nothing. */
export async function startServer() {
  const child = spawn(BINARY, ["dev", "--ephemeral", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
  const lines = createInterface({ input: child.stderr });
  const said = [];
  const url = await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      said.push(line);
      const found = /listening on (\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    child.once("exit", () => reject(new Error(`the server ended before it listened:\n${said.join("\n")}`)));
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    url,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Runs `use` with a server of its own. */
export async function withServer(use) {
  const server = await startServer();
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** Runs a command under `claviger exec`, pointed at the server; resolves to its status and output. */
export async function execute(server, command, environment = {}) {
  const child = spawn(BINARY, ["--endpoint", server.url, "exec", "--", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const collect = async (stream) => {
    let text = "";
    for await (const chunk of stream) text += chunk;
    return text;
  };
  const status = new Promise((resolve) => child.once("close", resolve));
  const [printed, complained] = await Promise.all([collect(child.stdout), collect(child.stderr)]);
  return { status: await status, printed, complained };
}

/** What every AWS client of the tests is made with: never retries, so that every answer is seen. */
export function settings(server) {
  return {
    endpoint: server.url,
    region: REGION,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
}

/** A test that, when it passes, proves what its body returns. */
export function proving(name, body) {
  test(name, async () => {
    const proofs = await body();
    const path = process.env.CLAVIGER_PROOFS;
    if (path) appendFileSync(path, proofs.map((proof) => `${JSON.stringify({ refusal: false, ...proof })}\n`).join(""));
  });
}
