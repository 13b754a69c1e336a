// Section 6.4 B of the Graph protocol notes: reads of users and groups.

import assert from "node:assert/strict";
import { all, client, failure, test } from "./helpers.mjs";

await test("B8 users and groups are listed with $select and $top=999", async () => {
  const users = await client().api("/users").select("id,userPrincipalName").top(999).get();
  assert.equal(users.value.length, 600);
  assert.deepEqual(Object.keys(users.value[0]).sort(), ["id", "userPrincipalName"]);
  const groups = await client().api("/groups").select("id,displayName").top(999).get();
  assert.equal(groups.value.length, 30);
});

await test("B8 $top=1000 is refused", async () => {
  const error = await failure(client().api("/users").top(1000).get());
  assert.equal(error.statusCode, 400);
  assert.equal(error.code, "Request_UnsupportedQuery");
  assert.equal(error.message, "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.");
});

await test("B8 PageIterator walks over more than three pages", async () => {
  const { items } = await all(client().api("/users").select("id").top(101).get());
  assert.equal(new Set(items.map((user) => user.id)).size, 600);
  assert.equal(items.length, 600);
});
