// Batches and tokens: section 6.4 B (13) and (16) of the protocol
// specification.

import assert from "node:assert/strict";
import { application, client, control, emulator, failure, fault, post, raw, secret, settings, test, token } from "./helpers.mjs";

const batch = (requests) => client().api("/$batch").post({ requests });
const question = (id, members = {}) => ({ id: String(id), method: "GET", url: "/organization", ...members });
const answers = ({ responses }) => Object.fromEntries(responses.map((one) => [one.id, one]));

await test("B13 a batch has up to twenty requests", async () => {
  const twenty = Array.from({ length: 20 }, (_, i) => question(i));
  const { responses } = await batch(twenty);
  assert.equal(responses.length, 20);
  assert.ok(responses.every((one) => one.status === 200 && one.body.value.length === 1));
  assert.notDeepEqual(responses.map((one) => one.id), twenty.map((one) => one.id), "in no order");
  assert.equal((await failure(batch([...twenty, question(20)]))).statusCode, 400);
});

await test("B13 ids are unique whatever their case", async () => {
  assert.equal((await failure(batch([question("a"), question("A")]))).statusCode, 400);
});

await test("B13 dependants of what failed are 424, in any order of the requests", async () => {
  const found = answers(
    await batch([
      question("c", { dependsOn: ["b"] }),
      question("b", { url: "/users/nobody@contoso.example" }),
      question("d", { dependsOn: ["c"] }),
      question("a"),
    ]),
  );
  assert.deepEqual(["a", "b", "c", "d"].map((id) => found[id].status), [200, 404, 424, 424]);
  assert.equal(found.b.body.error.code, "Request_ResourceNotFound");
});

await test("B13 one request is throttled, the others are answered", async () => {
  await fault({ kind: "status", status: 429, retry_after: "7", path: "/groups" });
  const found = answers(await batch([question("a"), question("b", { url: "/groups?$top=1" })]));
  assert.equal(found.a.status, 200);
  assert.equal(found.b.status, 429);
  assert.equal(found.b.headers["Retry-After"], "7");
  assert.equal(found.b.body.error.code, "TooManyRequests");
});

await test("B13 a body needs a Content-Type, and batches are not nested", async () => {
  const members = { method: "POST", url: "/directoryObjects/getByIds", body: { ids: [] } };
  const error = await failure(batch([question(1, members)]));
  assert.equal(error.message, "Write request id : 1 does not contain Content-Type header or body.");
  const headers = { "content-type": "application/json" };
  const found = answers(
    await batch([question(1, { ...members, headers }), question(2, { method: "POST", url: "/$batch", body: {}, headers })]),
  );
  assert.deepEqual([found[1].status, found[2].status], [200, 400]);
  assert.equal((await post("/v1.0/$batch", "no json")).status, 400);
});

await test("B16 a revoked token meets a claims challenge, which MSAL answers", async () => {
  const capable = application({ clientSecret: secret, clientCapabilities: ["cp1"] });
  const plain = await token(application());
  const revoked = await token(capable);
  await new Promise((resolve) => setTimeout(resolve, 2));
  await settings({ revoke_tokens: true });
  assert.equal((await raw("/v1.0/organization", { authorization: `Bearer ${plain}` })).status, 200);
  const answer = await raw("/v1.0/organization", { authorization: `Bearer ${revoked}` });
  assert.equal(answer.status, 401);
  assert.match(answer.body.error.message, /TokenCreatedWithOutdatedPolicies$/);
  const header = answer.headers.get("www-authenticate");
  assert.match(header, /error="insufficient_claims"/);
  const claims = Buffer.from(/claims="([^"]+)"/.exec(header)[1], "base64").toString();
  assert.equal(JSON.parse(claims).access_token.nbf.essential, true);
  const scopes = ["https://graph.microsoft.com/.default"];
  const fresh = await capable.acquireTokenByClientCredential({ scopes, claims });
  assert.equal((await raw("/v1.0/organization", { authorization: `Bearer ${fresh.accessToken}` })).status, 200);
});

await test("B16 without consent the application has no identity", async () => {
  const before = await token(application());
  await settings({ consent: "revoked" });
  const answer = await raw("/v1.0/organization", { authorization: `Bearer ${before}` });
  await settings({ consent: "granted" });
  assert.equal(answer.status, 401);
  assert.equal(answer.body.error.code, "Authorization_IdentityNotFound");
});

await test("B16 403 for each missing permission", async () => {
  const paths = {
    "User.Read.All": ["/users", "/users/delta", "/directory/deletedItems/microsoft.graph.user"],
    "GroupMember.Read.All": ["/groups"],
    "Group.Read.All": ["/groups/delta"],
    "Organization.Read.All": ["/organization"],
  };
  for (const [name, refused] of Object.entries(paths)) {
    await fault({ kind: "missing_permission", name, times: refused.length });
    for (const path of refused) {
      const error = await failure(client().api(path).get());
      assert.equal(error.statusCode, 403, path);
      assert.equal(error.code, "Authorization_RequestDenied");
      assert.equal(error.message, "Insufficient privileges to complete the operation.");
    }
  }
});

await test("B16 404 for what is not there, and 400 for what is nonsense", async () => {
  const missing = "11111111-1111-4111-8111-111111111111";
  for (const path of [`/users/${missing}`, `/groups/${missing}`, `/groups/${missing}/members`]) {
    const error = await failure(client().api(path).get());
    assert.equal(error.statusCode, 404, path);
    assert.equal(error.code, "Request_ResourceNotFound");
    assert.match(error.message, new RegExp(`^Resource '${missing}' does not exist or one of its queried`));
  }
  const malformed = await failure(client().api("/groups/x").get());
  assert.equal(malformed.statusCode, 400);
  assert.equal(malformed.message, "Invalid object identifier 'x'.");
});

await test("B16 requests and answers carry each other's ids", async () => {
  const own = await raw("/v1.0/users/nobody@contoso.example", { headers: { "client-request-id": "mine" } });
  assert.equal(own.headers.get("client-request-id"), "mine");
  assert.equal(own.body.error.innerError["client-request-id"], "mine");
  assert.equal(own.body.error.innerError["request-id"], own.headers.get("request-id"));
  assert.match(own.body.error.innerError.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  const other = await raw("/v1.0/organization");
  assert.equal(other.headers.get("client-request-id"), other.headers.get("request-id"));
  assert.ok(Math.abs(Date.parse(other.headers.get("date")) - Date.now()) < 60_000);
  assert.equal(other.body.value[0].id, emulator.tenant_id);
});

// The last one: the clock does not go back, and MSAL knows nothing of the
// journey.
await test("B16 401 for no token, for nonsense and for an expired one", async () => {
  const none = await raw("/v1.0/users", { authorization: "" });
  assert.equal(none.status, 401);
  assert.equal(none.body.error.code, "InvalidAuthenticationToken");
  assert.equal(none.body.error.message, "Access token is empty.");
  assert.match(
    none.headers.get("www-authenticate"),
    /^Bearer realm="", authorization_uri="https:\/\/[^"]+\/common\/oauth2\/authorize", client_id="00000003-0000-0000-c000-000000000000"$/,
  );
  const nonsense = await failure(client({ accessToken: async () => "nonsense" }).api("/users").get());
  assert.equal(nonsense.statusCode, 401);
  assert.equal(nonsense.message, "CompactToken parsing failed with error code: 80049217");
  const old = await token(application());
  assert.equal((await raw("/v1.0/organization", { authorization: `Bearer ${old}` })).status, 200);
  await control("POST", "/time", { advance: "2h" });
  const expired = await failure(client({ accessToken: async () => old }).api("/organization").get());
  assert.equal(expired.statusCode, 401);
  assert.equal(expired.code, "InvalidAuthenticationToken");
  assert.equal(expired.message, "Lifetime validation failed, the token is expired.");
});
