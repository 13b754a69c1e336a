// What the conformance scripts share: where the emulator is, Microsoft's
// clients pointed at it, its control API, and tests that print TAP lines.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../tools/package.json", import.meta.url));
export const msal = require("@azure/msal-node");
export const graph = require("@microsoft/microsoft-graph-client");

const run = process.env.ENTRA_RUN;
// {origin, control_origin, ca_file, tenant_id, client_id}
export const emulator = JSON.parse(readFileSync(`${run}/entra.json`, "utf8"));
export const secret = readFileSync(`${run}/secret`, "utf8");
export const host = new URL(emulator.origin).host;

// A new application object: MSAL keeps tokens and throttles itself in one.
export function application(auth = { clientSecret: secret }) {
  return new msal.ConfidentialClientApplication({
    auth: {
      clientId: emulator.client_id,
      authority: `${emulator.origin}/${emulator.tenant_id}`,
      knownAuthorities: [host],
      ...auth,
    },
  });
}

const shared = application();
export async function token(app = shared) {
  const scopes = ["https://graph.microsoft.com/.default"];
  return (await app.acquireTokenByClientCredential({ scopes })).accessToken;
}

// Microsoft's Graph client. Without `retries` its retries are off, so that a
// test sees the first answer.
export function client({ retries = 0, accessToken = token } = {}) {
  return graph.Client.initWithMiddleware({
    baseUrl: emulator.origin,
    customHosts: new Set(["localhost"]),
    middleware: chain(retries, accessToken),
  });
}

function chain(retries, accessToken) {
  const handlers = [
    new graph.AuthenticationHandler({ getAccessToken: () => accessToken() }),
    new graph.RetryHandler(new graph.RetryHandlerOptions(1, retries, () => retries > 0)),
    new graph.RedirectHandler(),
    new graph.TelemetryHandler(),
    new graph.HTTPMessageHandler(),
  ];
  handlers.slice(0, -1).forEach((handler, i) => handler.setNext(handlers[i + 1]));
  return handlers[0];
}

// A request without any client: {status, headers, body}, the body parsed if it
// is JSON. `path` may be a whole URL.
export async function raw(path, { headers = {}, authorization, ...options } = {}) {
  const url = path.startsWith("https:") ? path : emulator.origin + path;
  const bearer = authorization ?? `Bearer ${await token()}`;
  const answer = await fetch(url, {
    ...options,
    headers: { ...(bearer ? { authorization: bearer } : {}), ...headers },
  });
  const text = await answer.text();
  const isJson = (answer.headers.get("content-type") ?? "").startsWith("application/json");
  return { status: answer.status, headers: answer.headers, body: isJson && text ? JSON.parse(text) : text };
}

export const post = (path, body, options = {}) =>
  raw(path, {
    method: "POST",
    ...options,
    headers: { "content-type": "application/json", ...options.headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

// The control API; its answer, parsed. Throws what it refuses.
export async function control(method, path, body) {
  const answer = await fetch(emulator.control_origin + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`control ${method} ${path}: ${text}`);
  return JSON.parse(text);
}
export const fault = (members) => control("POST", "/faults", members);
export const settings = (members) => control("POST", "/settings", members);

// The error that a call of Microsoft's client ends with.
export async function failure(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail("it did not fail");
}

// Every item of all pages, as PageIterator finds them.
export async function all(call, graphClient = client(), options = {}) {
  const items = [];
  const keep = (item) => items.push(item) > 0;
  const iterator = new graph.PageIterator(graphClient, await call, keep, options);
  await iterator.iterate();
  return { items, deltaLink: iterator.getDeltaLink() };
}

// test("B8 ...", async () => {...}): runs at once, and leaves no fault behind.
export async function test(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    console.log(`not ok - ${name}`);
    console.log(String(error.stack ?? error).replace(/^/gm, "    # "));
  }
  await control("DELETE", "/faults");
}
