// Throttling: section 6.4 D (25) of the protocol specification.

import assert from "node:assert/strict";
import { client, control, emulator, post, raw, settings, test } from "./helpers.mjs";

const low = { "x-ms-throttle-priority": "Low" };
const ask = (path = "/organization") => raw(`/v1.0${path}`, { headers: low });
const unlimited = () => settings({ throttle_limit: 0 });

await test("D25 every answer says what it cost", async () => {
  const group = (await client().api("/groups").top(1).get()).value[0].id;
  const user = (await client().api("/users").top(1).get()).value[0].id;
  const costs = {
    "/organization": 1,
    "/groups": 1,
    "/users": 2,
    "/users?$select=id": 1,
    "/users?$top=5": 1,
    [`/groups/${group}/members`]: 3,
    [`/groups/${group}/members?$select=id`]: 2,
    [`/groups/${group}/transitiveMembers`]: 5,
    [`/groups/${group}/transitiveMembers?$select=id&$top=5`]: 3,
    [`/users/${user}/transitiveMemberOf`]: 2,
    "/users/delta": 1,
    "/users/nobody@contoso.example": 1,
  };
  for (const [path, units] of Object.entries(costs)) {
    assert.equal((await ask(path)).headers.get("x-ms-resource-unit"), String(units), path);
  }
  const byIds = (query) => post(`/v1.0/directoryObjects/getByIds${query}`, { ids: [user] });
  assert.equal((await byIds("")).headers.get("x-ms-resource-unit"), "5");
  assert.equal((await byIds("?$select=id")).headers.get("x-ms-resource-unit"), "2");
  const check = await post(`/v1.0/users/${user}/checkMemberGroups`, { groupIds: [group] });
  assert.equal(check.headers.get("x-ms-resource-unit"), "4");
});

await test("D25 the percentage comes above 0.8 only, and then 429 says whom and why", async () => {
  // Steps of 50 units, and 40 come back in a second.
  const limit = 400;
  await settings({ throttle_limit: limit });
  const shares = [];
  let answer;
  for (let used = 0; used < 2 * limit && answer?.status !== 429; used += 50) {
    const items = Array.from({ length: 10 }, (_, i) => ({
      id: String(i),
      method: "GET",
      url: "/groups/11111111-1111-4111-8111-111111111111/transitiveMembers",
    }));
    await post("/v1.0/$batch", { requests: items });
    answer = await ask();
    shares.push(answer.headers.get("x-ms-throttle-limit-percentage"));
  }
  await unlimited();
  assert.equal(shares[0], null);
  const told = shares.filter((share) => share !== null).map(Number);
  assert.ok(told.length > 0 && told.every((share) => share >= 0.8 && share <= 1.8), String(told));
  assert.equal(answer.status, 429);
  assert.equal(answer.body.error.code, "TooManyRequests");
  assert.equal(answer.body.error.message, "Please retry again later.");
  assert.equal(answer.body.error.innerError.status, "429");
  assert.match(answer.headers.get("retry-after"), /^\d+$/);
  const scope = `Tenant_Application/ReadWrite/${emulator.client_id}/${emulator.tenant_id}`;
  assert.equal(answer.headers.get("x-ms-throttle-scope"), scope);
  assert.equal(answer.headers.get("x-ms-throttle-information"), "ResourceUnitLimitExceeded");
});

await test("D25 Retry-After is an integer, a decimal, a date or absent", async () => {
  const forms = { integer: /^\d+$/, decimal: /^\d+\.\d{3}$/, date: /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/ };
  await settings({ throttle_limit: 1 });
  await ask();
  for (const [form, pattern] of Object.entries(forms)) {
    await settings({ retry_after: form });
    assert.match((await ask()).headers.get("retry-after"), pattern);
  }
  await settings({ retry_after: "absent" });
  const silent = await ask();
  await settings({ retry_after: "integer" });
  await unlimited();
  assert.equal(silent.status, 429);
  assert.equal(silent.headers.get("retry-after"), null);
});

await test("D25 Microsoft's client waits for a decimal Retry-After and succeeds", async () => {
  await control("POST", "/faults", { kind: "status", status: 429, retry_after: "0.25", times: 2 });
  await control("DELETE", "/manners");
  const found = await client({ retries: 3 }).api("/organization").headers(low).get();
  assert.equal(found.value[0].id, emulator.tenant_id);
  assert.deepEqual((await control("GET", "/manners")).broken, []);
});

await test("D25 the limit goes by the size of the tenant", async () => {
  await settings({ throttle_limit: "tenant" });
  const answer = await ask();
  await unlimited();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-ms-throttle-limit-percentage"), null, "8,000 for 600 users");
});

await test("D25 bad manners are noted in sentences", async () => {
  await control("DELETE", "/manners");
  await control("POST", "/faults", { kind: "status", status: 503, retry_after: "60", times: 1 });
  await ask();
  await ask();
  await raw("/v1.0/groups");
  await post("/v1.0/users", {}, { headers: low });
  await fetch(`${emulator.control_origin}/stats`, { headers: { authorization: "Bearer x" } });
  const { broken, counts } = await control("GET", "/manners");
  assert.match(broken.join("\n"), /^GET \/v1\.0\/organization came again .* sooner than told\.$/m);
  assert.match(broken.join("\n"), /^GET \/v1\.0\/groups came without x-ms-throttle-priority: Low\.$/m);
  assert.deepEqual(counts, {
    during_retry_after: 0,
    retry_sooner: 1,
    hot_loop: 0,
    too_many: 0,
    no_priority: 1,
    write: 1,
    token_elsewhere: 1,
  });
});

await test("D25 more than eight requests at once are noted", async () => {
  await control("DELETE", "/manners");
  await control("POST", "/faults", { kind: "latency", delay_ms: 700 });
  await Promise.all(Array.from({ length: 8 }, () => ask()));
  assert.equal((await control("GET", "/manners")).counts.too_many, 0);
  await Promise.all(Array.from({ length: 20 }, () => ask()));
  assert.ok((await control("GET", "/manners")).counts.too_many > 0);
});
