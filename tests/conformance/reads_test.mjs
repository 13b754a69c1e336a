// Lists of users and groups, and their query options: section 6.4 B (8) to
// (10) of the protocol specification.

import assert from "node:assert/strict";
import { all, client, control, failure, raw, settings, test } from "./helpers.mjs";

const eventual = { ConsistencyLevel: "eventual" };
const enc = encodeURIComponent;

// What Microsoft's client makes of a refused request.
async function refused(path, { headers = {}, status = 400, code, message }) {
  const error = await failure(client().api(path).headers(headers).get());
  assert.equal(error.statusCode, status, path);
  assert.equal(error.code, code, path);
  if (message instanceof RegExp) assert.match(error.message, message);
  else assert.equal(error.message, message, path);
}

await test("B8 users and groups are listed with $select and $top=999", async () => {
  const users = await client().api("/users").select("id,userPrincipalName").top(999).get();
  assert.equal(users.value.length, 600);
  assert.deepEqual(Object.keys(users.value[0]).sort(), ["id", "userPrincipalName"]);
  const groups = await client().api("/groups").select("id,displayName").top(999).get();
  assert.equal(groups.value.length, 30);
});

await test("B8 $top=1000 is refused", () =>
  refused("/users?$top=1000", {
    code: "Request_UnsupportedQuery",
    message: "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.",
  }));

await test("B8 PageIterator walks over more than three pages, whatever the options", async () => {
  for (const query of [
    "$select=id&$top=101",
    "$top=101&$select=id&$orderby=displayName",
    `$top=101&$filter=${enc("startswith(userPrincipalName,'') and accountEnabled eq true")}`,
  ]) {
    const { items } = await all(client().api(`/users?${query}`).get());
    assert.equal(new Set(items.map((user) => user.id)).size, items.length);
    assert.ok(items.length > 404, query);
  }
});

await test("B8 skip tokens come in two forms, and both are followed", async () => {
  for (const form of ["hexadecimal", "base64"]) {
    await settings({ skip_token_form: form });
    const { items } = await all(client().api("/users").select("id").top(150).get());
    assert.equal(items.length, 600, form);
  }
});

await test("B8 a header that is not repeated expires the page token, unless switched off", async () => {
  const first = () =>
    client().api("/groups").headers(eventual).search('"displayName:e"').select("id").top(1).get();
  const error = await failure(all(first()));
  assert.equal(error.code, "Directory_ExpiredPageToken");
  const repeated = await all(first(), client(), { headers: eventual });
  assert.ok(repeated.items.length > 3);
  await settings({ repeat_headers: false });
  assert.equal((await all(first())).items.length, repeated.items.length);
  await settings({ repeat_headers: true });
});

await test("B9 /users/$count needs the header", async () => {
  const error = await raw("/v1.0/users/$count");
  assert.equal(error.status, 400);
  assert.equal(error.body.error.code, "Request_BadRequest");
  assert.equal(error.body.error.message, "$count is not currently supported.");
  const count = await raw("/v1.0/users/$count", { headers: eventual });
  assert.equal(count.body, "600");
});

await test("B9 $count=true without the header is ignored", async () => {
  const page = await client().api("/users").count(true).get();
  assert.ok(!("@odata.count" in page));
});

await test("B9 $search without the header is refused", () =>
  refused(`/users?$search=${enc('"displayName:a"')}`, {
    code: "Request_UnsupportedQuery",
    message:
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
  }));

await test("B9 advanced operators without the header are refused, and with it answered", async () => {
  for (const filter of ["endsWith(mail,'example')", "userType ne 'Guest'", "not startswith(surname,'A')", "mobilePhone eq '1'"]) {
    const path = `/users?$count=true&$filter=${enc(filter)}`;
    await refused(path, { code: "Request_UnsupportedQuery", message: "Unsupported Query." });
    const page = await client().api(path).headers(eventual).get();
    assert.equal(typeof page["@odata.count"], "number", filter);
  }
});

await test("B9 a property without index is refused", () =>
  refused(`/groups?$filter=${enc("visibility eq 'Private'")}`, {
    code: "Request_UnsupportedQuery",
    message: "The request uses a filter property that is not indexed",
  }));

await test("B9 a syntax error names its position", () =>
  refused(`/users?$filter=${enc("displayName eq 'o'brien'")}`, {
    code: "BadRequest",
    message: /^Invalid filter clause: Syntax error at position \d+ in 'displayName eq 'o'brien''\.$/,
  }));

await test("B9 unsupported options are ignored", async () => {
  const page = await client().api("/users?$skip=5&$format=json&nonsense=1").top(3).get();
  const plain = await client().api("/users").top(3).get();
  assert.deepEqual(page.value, plain.value);
});

await test("B10 startswith, doubled quotes and in", async () => {
  const upn = "o'brien&co+1#x@contoso.example";
  const { id } = await control("POST", "/users", { userPrincipalName: upn, displayName: "A b&c O'Brien" });
  const find = async (filter) =>
    (await client().api(`/users?$filter=${enc(filter)}`).get()).value.map((user) => user.id);
  assert.deepEqual(await find("startswith(displayName,'a b&c o''')"), [id]);
  assert.deepEqual(await find("userPrincipalName eq 'o''brien&co+1#x@contoso.example'"), [id]);
  assert.deepEqual(await find(`id in ('${id}','11111111-1111-4111-8111-111111111111')`), [id]);
  await control("POST", `/users/${id}/purge`);
});

await test("B10 sixteen OR clauses are refused, and sixteen values of in", async () => {
  const names = (count) => Array.from({ length: count }, (_, i) => `'${i}'`);
  const or = (count) => names(count).map((name) => `displayName eq ${name}`).join(" or ");
  const message =
    "Too many child clauses specified in search filter expression containing 'OR' operators: 16. Max allowed: 15.";
  assert.equal((await client().api(`/users?$filter=${enc(or(15))}`).get()).value.length, 0);
  await refused(`/users?$filter=${enc(or(16))}`, { code: "Request_UnsupportedQuery", message });
  await refused(`/users?$filter=${enc(`displayName in (${names(16)})`)}`, { code: "Request_UnsupportedQuery", message });
});

await test("B10 $search goes by the words of a name, in any order", async () => {
  const { id } = await control("POST", "/groups", { displayName: "OneTwo three-4you" });
  const search = async (text) =>
    (await client().api("/groups").headers(eventual).search(`"displayName:${text}"`).get()).value.map((group) => group.id);
  for (const text of ["three one", "TWO", "4", "you thr"]) assert.deepEqual(await search(text), [id], text);
  for (const text of ["hree", "five", "three five"]) assert.deepEqual(await search(text), [], text);
  await control("POST", `/groups/${id}/delete`);
});

await test("B10 $count comes on the first page only", async () => {
  const first = await client().api("/users").headers(eventual).count(true).top(400).get();
  assert.equal(first["@odata.count"], 600);
  const second = await client().api(first["@odata.nextLink"]).headers(eventual).get();
  assert.equal(second.value.length, 200);
  assert.ok(!("@odata.count" in second));
});

await test("B10 $orderby is for names; with $filter it is advanced", async () => {
  const names = (await client().api("/groups").orderby("displayName desc").get()).value.map((group) =>
    group.displayName.toLowerCase());
  assert.deepEqual(names, [...names].sort().reverse());
  const both = `/groups?$count=true&$orderby=displayName&$filter=${enc("startswith(displayName,'E')")}`;
  await refused(both, { code: "Request_UnsupportedQuery", message: "Sorting not supported for current query." });
  assert.ok((await client().api(both).headers(eventual).get()).value.length > 1);
});
