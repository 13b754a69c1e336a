// Members, objects by id or name, and deleted items: section 6.4 B (11), (12),
// (14) and (15) of the protocol specification.

import assert from "node:assert/strict";
import { all, client, control, failure, fault, post, raw, settings, test } from "./helpers.mjs";

const eventual = { ConsistencyLevel: "eventual" };
const byId = (a, b) => (a < b ? -1 : 1);
const ids = async (path) => (await all(client().api(path).get())).items.map((item) => item.id).sort(byId);

async function group(name, type) {
  return (await control("POST", "/groups", { displayName: name, type })).id;
}
async function user(upn) {
  return (await control("POST", "/users", { userPrincipalName: upn, displayName: upn, businessPhone: "1" })).id;
}
const join = (parent, member) => control("POST", `/groups/${parent}/members`, { member });

const outer = await group("Outer");
const inner = await group("Inner");
const uma = await user("uma@contoso.example");
await join(outer, inner);
await join(inner, uma);
await join(inner, outer); // a cycle

async function named(name) {
  const found = await client().api(`/groups?$filter=displayName eq '${name}'`).get();
  return found.value[0].id;
}

await test("B11 members say what they are, unless they are cast", async () => {
  const engineering = await named("Engineering");
  const { items } = await all(client().api(`/groups/${engineering}/members`).top(999).get());
  const types = new Set(items.map((member) => member["@odata.type"]));
  assert.ok(types.has("#microsoft.graph.user") && types.has("#microsoft.graph.group"));
  assert.ok(!types.has("#microsoft.graph.servicePrincipal"));
  const cast = await client().api(`/groups/${engineering}/members/microsoft.graph.user`).get();
  assert.ok(cast.value.every((member) => !("@odata.type" in member)));
});

await test("B11 transitive members, through nested groups and cycles", async () => {
  assert.deepEqual(await ids(`/groups/${outer}/transitiveMembers`), [outer, inner, uma].sort(byId));
  assert.deepEqual(await ids(`/groups/${outer}/transitiveMembers/microsoft.graph.user`), [uma]);
  assert.deepEqual(await ids(`/groups/${outer}/members`), [inner]);
});

await test("B11 the five departments are what the control API says", async () => {
  const engineering = await named("Engineering");
  const truth = await control("GET", "/expected?group=Engineering&view=full");
  const found = await ids(`/groups/${engineering}/transitiveMembers/microsoft.graph.user?$select=id&$top=77`);
  assert.deepEqual(found, truth.view.map((one) => one.id).sort(byId));
});

await test("B11 casts and filters of transitive members are refused as documented", async () => {
  const path = `/groups/${outer}/transitiveMembers`;
  const toGroup = `${path}/microsoft.graph.group?$count=true`;
  const error = await failure(client().api(toGroup).get());
  assert.equal(error.code, "Request_UnsupportedQuery");
  assert.equal(error.message, "Invalid search request.");
  assert.equal((await client().api(toGroup).headers(eventual).get())["@odata.count"], 2);
  const filtered = `${path}?$count=true&$filter=${encodeURIComponent("startswith(displayName,'uma')")}`;
  assert.equal(
    (await failure(client().api(filtered).get())).message,
    "The specified filter to the reference property query is currently not supported.",
  );
  assert.deepEqual((await client().api(filtered).headers(eventual).get()).value.map((one) => one.id), [uma]);
  const unified = await group("Unified", "microsoft365");
  const never = client().api(`/groups/${unified}/transitiveMembers/microsoft.graph.group?$count=true`).headers(eventual);
  assert.equal((await failure(never.get())).code, "Request_UnsupportedQuery");
});

await test("B11 memberOf is direct, transitiveMemberOf is not, and roles are mixed in", async () => {
  const cast = "microsoft.graph.group";
  assert.deepEqual(await ids(`/users/${uma}/memberOf/${cast}`), [inner]);
  assert.deepEqual(await ids(`/users/${uma}/transitiveMemberOf/${cast}`), [inner, outer].sort(byId));
  const first = (await client().api("/users").select("id").top(1).get()).value[0].id;
  const mixed = await client().api(`/users/${first}/transitiveMemberOf`).get();
  assert.ok(mixed.value.some((one) => one["@odata.type"] === "#microsoft.graph.directoryRole"));
});

await test("B11 without its permission, a type of member is only an id", async () => {
  await fault({ kind: "missing_permission", name: "User.Read.All" });
  const { value } = await client().api(`/groups/${inner}/members/microsoft.graph.user`).select("id,displayName,businessPhones").get();
  assert.deepEqual(value, [{ id: uma, businessPhones: null, displayName: null }]);
});

await test("B11 hidden membership looks empty without Member.Read.Hidden", async () => {
  await control("PATCH", `/groups/${inner}`, { hiddenMembership: true });
  assert.deepEqual(await ids(`/groups/${inner}/members`), [uma, outer].sort(byId));
  await fault({ kind: "missing_permission", name: "Member.Read.Hidden" });
  assert.equal((await client().api(`/groups/${inner}`).get()).visibility, "HiddenMembership");
  assert.deepEqual(await ids(`/groups/${inner}/members`), []);
  assert.deepEqual(await ids(`/users/${uma}/memberOf/microsoft.graph.group`), []);
  const check = await client().api(`/users/${uma}/checkMemberGroups`).post({ groupIds: [inner] });
  assert.deepEqual(check.value, []);
  await control("PATCH", `/groups/${inner}`, { hiddenMembership: false });
});

await test("B12 checkMemberGroups takes twenty ids and leaves out the unknown", async () => {
  const unknown = "11111111-1111-4111-8111-111111111111";
  const check = (groupIds) => client().api(`/users/${uma}/checkMemberGroups`).post({ groupIds });
  const twenty = [...Array(18).fill(unknown), inner, outer];
  assert.deepEqual((await check(twenty)).value.sort(byId), [inner, outer].sort(byId));
  const error = await failure(check([...twenty, unknown]));
  assert.equal(error.statusCode, 400);
});

await test("B12 getMemberGroups tells security groups apart", async () => {
  const unified = await group("Unified two", "microsoft365");
  await join(unified, uma);
  const groups = (securityEnabledOnly) => client().api(`/users/${uma}/getMemberGroups`).post({ securityEnabledOnly });
  assert.deepEqual((await groups(false)).value.sort(byId), [inner, outer, unified].sort(byId));
  assert.deepEqual((await groups(true)).value.sort(byId), [inner, outer].sort(byId));
});

await test("B12 getByIds takes a thousand ids, with $select and types, and leaves out the missing", async () => {
  const missing = "11111111-1111-4111-8111-111111111111";
  const get = (list, types, query = "") => client().api(`/directoryObjects/getByIds${query}`).post({ ids: list, types });
  const thousand = [...Array(998).fill(missing), uma, inner];
  const found = await get(thousand, ["User"], "?$select=id,accountEnabled");
  assert.deepEqual(found.value, [{ "@odata.type": "#microsoft.graph.user", id: uma, accountEnabled: true }]);
  assert.equal((await get(thousand, ["user", "GROUP"])).value.length, 2);
  assert.equal((await get(thousand)).value.length, 2);
  const error = await failure(get([...thousand, missing]));
  assert.equal(error.code, "Request_BadRequest");
  assert.equal(error.message, "Number of included identifiers cannot exceed '1000'.");
});

await test("B12 getByIds may answer in pages", async () => {
  const ids = (await all(client().api("/users").select("id").top(250).get())).items.slice(0, 250).map((user) => user.id);
  await settings({ get_by_ids_page_size: 100 });
  const found = await all(client().api("/directoryObjects/getByIds?$select=id").post({ ids }));
  await settings({ get_by_ids_page_size: 0 });
  assert.deepEqual(found.items.map((item) => item.id).sort(), ids.sort());
});

await test("B14 users are found by every form of their names", async () => {
  const cases = {
    "o'hara@contoso.example": ["/o'hara@contoso.example", "('o''hara@contoso.example')", "/O'HARA%40contoso.example"],
    "ada_x.example#EXT#@contoso.onmicrosoft.com": ["/ada_x.example%23EXT%23@contoso.onmicrosoft.com"],
    "$x@contoso.example": ["('$x@contoso.example')"],
    "a+b c%@contoso.example": ["/a%2Bb%20c%25@contoso.example"],
  };
  for (const [upn, paths] of Object.entries(cases)) {
    const id = await user(upn);
    for (const path of [`/${id}`, ...paths]) {
      const found = await raw(`/v1.0/users${path}`);
      assert.equal(found.body.id, id, path);
    }
    const quoted = encodeURIComponent(`userPrincipalName eq '${upn.replaceAll("'", "''")}'`);
    const listed = await client().api(`/users?$filter=${quoted}`).get();
    assert.deepEqual(listed.value.map((one) => one.id), [id], upn);
  }
});

await test("B14 wrong forms fail as documented", async () => {
  const dollar = await raw("/v1.0/users/$x@contoso.example");
  assert.equal(dollar.status, 400);
  const doubled = await raw("/v1.0/users/o''hara@contoso.example");
  assert.equal(doubled.status, 404);
  assert.match(doubled.body.error.message, /^Resource 'o''hara@contoso\.example' does not exist/);
  // A fragment is never sent, so Graph sees half a name.
  const cut = await raw("/v1.0/users/ada_x.example#EXT#@contoso.onmicrosoft.com");
  assert.equal(cut.status, 404);
  assert.match(cut.body.error.message, /^Resource 'ada_x\.example' does not exist/);
});

await test("B15 a deleted user is 404, waits in deletedItems, and comes back", async () => {
  await control("POST", `/users/${uma}/delete`);
  assert.equal((await failure(client().api(`/users/${uma}`).get())).statusCode, 404);
  const item = await client().api(`/directory/deletedItems/${uma}`).get();
  assert.ok(Date.parse(item.deletedDateTime));
  assert.deepEqual(await ids("/directory/deletedItems/microsoft.graph.user"), [uma]);
  const ordered = "/directory/deletedItems/microsoft.graph.user?$count=true&$orderby=deletedDateTime desc";
  assert.equal((await failure(client().api(ordered).get())).statusCode, 400);
  assert.equal((await client().api(ordered).headers(eventual).get()).value.length, 1);
  assert.equal((await raw("/v1.0/directory/deletedItems")).status, 400);
  await control("POST", `/users/${uma}/restore`);
  assert.equal((await client().api("/users/uma@contoso.example").get()).id, uma);
  assert.equal((await raw(`/v1.0/directory/deletedItems/${uma}`)).status, 404);
  assert.deepEqual(await ids(`/groups/${inner}/members`), [uma, outer].sort(byId));
});

await test("B15 a Microsoft 365 group is deleted and restored", async () => {
  const unified = await group("Unified three", "microsoft365");
  await control("POST", `/groups/${unified}/delete`);
  assert.equal((await failure(client().api(`/groups/${unified}`).get())).statusCode, 404);
  assert.ok((await ids("/directory/deletedItems/microsoft.graph.group")).includes(unified));
  await control("POST", `/groups/${unified}/restore`);
  assert.equal((await client().api(`/groups/${unified}`).get()).id, unified);
});

await test("B16 nothing can be written", async () => {
  assert.equal((await post("/v1.0/users", { displayName: "x" })).status, 405);
});
