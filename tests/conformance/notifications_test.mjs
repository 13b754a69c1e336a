// Section 6.4 E of the Graph protocol notes: change notifications.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { application, client, control, failure, settings, test, token } from "./helpers.mjs";

// A receiver at this machine; `answer` says what it does with a notification,
// `shake` with the question whether it wants any.
const received = [];
const polite = (validationToken, response) => {
  response.writeHead(200, { "content-type": "text/plain" }).end(validationToken);
};
let shake = polite;
let answer = (response) => response.writeHead(202).end();
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  let text = "";
  request.on("data", (part) => (text += part));
  request.on("end", () => {
    const question = url.searchParams.get("validationToken");
    if (question !== null) return shake(question, response, request);
    received.push(...JSON.parse(text).value.map((notice) => ({ path: url.pathname, ...notice })));
    answer(response);
  });
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}`;

let bearer = await token();
const api = (path) => client({ accessToken: async () => bearer }).api(path);
const advance = async (by) => {
  await control("POST", "/time", { advance: by });
  bearer = await token(application());
};
const now = async () => Date.parse((await control("GET", "/time")).now);
const subscribe = async (resource, members = {}, hours = 24) =>
  api("/subscriptions").post({
    changeType: "updated,deleted",
    notificationUrl: `${base}/hook?x=1`,
    lifecycleNotificationUrl: `${base}/lifecycle`,
    resource,
    clientState: "s3cret",
    expirationDateTime: new Date((await now()) + hours * 3_600_000).toISOString(),
    ...members,
  });
// All that the emulator has to say by now.
const delivered = async () => {
  await control("POST", "/notifications/deliver");
  return received.splice(0);
};
// Until there is something: it may have been sent already.
const arrival = async () => {
  for (let i = 0; i < 200; ++i) {
    const notices = await delivered();
    if (notices.length > 0) return notices;
    await new Promise((done) => setTimeout(done, 10));
  }
  return assert.fail("nothing arrives");
};
let serial = 0;
const newUser = async () =>
  (await control("POST", "/users", { userPrincipalName: `notified${++serial}@contoso.example` })).id;

await test("E26 the handshake sends an encoded token and wants it back decoded", async () => {
  const asked = [];
  shake = (validationToken, response, request) => {
    asked.push(request.url);
    polite(validationToken, response);
  };
  const subscription = await subscribe("/users");
  assert.equal(asked.length, 2, "both addresses");
  assert.match(asked[0], /^\/hook\?x=1&validationToken=[^ +&]*%[^ +&]*$/);
  assert.match(asked[1], /^\/lifecycle\?validationToken=/);
  assert.equal((await api(`/subscriptions/${subscription.id}`).get()).clientState, "s3cret");
  await api(`/subscriptions/${subscription.id}`).delete();
  assert.equal((await failure(api(`/subscriptions/${subscription.id}`).get())).statusCode, 404);
});

for (const [name, wrong] of [
  ["another body", (_, response) => response.writeHead(200, { "content-type": "text/plain" }).end("no")],
  ["another type", (text, response) => response.writeHead(200, { "content-type": "text/html" }).end(text)],
  ["another status", (text, response) => response.writeHead(202, { "content-type": "text/plain" }).end(text)],
  ["an answer too late", () => {}],
]) {
  await test(`E26 ${name} is no handshake`, async () => {
    await settings({ notification_timeout_ms: 200 });
    shake = wrong;
    const error = await failure(subscribe("/users"));
    assert.equal(error.statusCode, 400);
    assert.deepEqual((await api("/subscriptions").get()).value, []);
    shake = polite;
    await settings({ notification_timeout_ms: 10_000 });
  });
}

await test("E26 limits: 41760 minutes, 100 subscriptions", async () => {
  assert.equal((await failure(subscribe("/users", {}, 697))).statusCode, 400);
  await settings({ subscription_quota: 0 });
  assert.equal((await failure(subscribe("/users"))).statusCode, 403);
  await settings({ subscription_quota: 100 });
});

await test("E27 creation and soft deletion arrive as updated, the final one as deleted", async () => {
  const subscription = await subscribe("/users");
  const id = await newUser();
  const [created] = await arrival();
  assert.equal(created.changeType, "updated");
  assert.equal(created.subscriptionId, subscription.id);
  assert.equal(created.clientState, "s3cret");
  assert.equal(created.resource, `Users/${id}`);
  assert.equal(created.resourceData["@odata.type"], "#Microsoft.Graph.User");
  await control("POST", `/users/${id}/delete`);
  assert.equal((await arrival())[0].changeType, "updated");
  await control("POST", `/users/${id}/purge`);
  assert.equal((await arrival())[0].changeType, "deleted");
  await api(`/subscriptions/${subscription.id}`).delete();
});

await test("E27 members that come and go are named", async () => {
  const { id } = await control("POST", "/groups", { displayName: "Notified" });
  const member = await newUser();
  const subscription = await subscribe(`/groups/${id}/members`);
  await control("POST", `/groups/${id}/members`, { member });
  assert.deepEqual((await arrival())[0].resourceData["members@delta"], [{ id: member }]);
  await control("DELETE", `/groups/${id}/members/${member}`);
  assert.deepEqual((await arrival())[0].resourceData["members@delta"], [{ id: member, "@removed": "deleted" }]);
  await api(`/subscriptions/${subscription.id}`).delete();
});

await test("E27 what is refused or too late comes again", async () => {
  await settings({ notification_timeout_ms: 200 });
  const subscription = await subscribe("/users");
  const replies = [(response) => response.writeHead(503).end(), () => {}];
  answer = (response) => (replies.shift() ?? ((r) => r.writeHead(202).end()))(response);
  const id = await newUser();
  const times = [(await arrival())[0], null, null];
  for (const i of [1, 2]) {
    // The attempt before has to have failed before its time can come.
    for (let tries = 0; tries < 100; ++tries) {
      const { waiting } = await control("POST", "/notifications/deliver");
      if (waiting > 0) break;
      await new Promise((done) => setTimeout(done, 20));
    }
    await advance("1m");
    times[i] = (await arrival())[0];
  }
  for (const notice of times) assert.equal(notice.resourceData.id, id);
  await advance("1m");
  assert.deepEqual(await delivered(), [], "taken");
  answer = (response) => response.writeHead(202).end();
  await settings({ notification_timeout_ms: 10_000 });
  await api(`/subscriptions/${subscription.id}`).delete();
});

await test("E27 a subscription asks to be renewed, and expires if it is not", async () => {
  const subscription = await subscribe("/users", {}, 2);
  await advance("61m");
  const [asked] = await arrival();
  assert.equal(asked.path, "/lifecycle");
  assert.equal(asked.lifecycleEvent, "reauthorizationRequired");
  assert.equal(asked.resourceData, undefined);
  await api(`/subscriptions/${subscription.id}/reauthorize`).post({});
  const expirationDateTime = new Date((await now()) + 3 * 3_600_000).toISOString();
  const renewed = await api(`/subscriptions/${subscription.id}`).patch({ expirationDateTime });
  assert.equal(Date.parse(renewed.expirationDateTime), Date.parse(expirationDateTime));
  await advance("181m");
  assert.equal((await failure(api(`/subscriptions/${subscription.id}`).get())).statusCode, 404);
});

await test("E27 notifications are lost, duplicated, late", async () => {
  const subscription = await subscribe("/users");
  received.splice(0);
  await control("PUT", "/control/faults", { notification_lost: 1 });
  await newUser();
  assert.deepEqual(await delivered(), []);
  await control("PUT", "/control/faults", { notification_lost: 0, notification_late: 1 });
  const id = await newUser();
  assert.deepEqual(await delivered(), []);
  await control("PUT", "/control/faults", { notification_late: 0, notification_duplicated: 1 });
  await advance("16m");
  assert.equal((await arrival())[0].resourceData.id, id);
  await newUser();
  const twice = await arrival();
  assert.deepEqual(twice[0], twice[1]);
  await api(`/subscriptions/${subscription.id}`).delete();
});

server.closeAllConnections();
server.close();
