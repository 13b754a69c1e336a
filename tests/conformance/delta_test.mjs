// Section 6.4 C of the Graph protocol notes: delta queries.

import assert from "node:assert/strict";
import { all, application, client, control, failure, graph, raw, settings, test, token } from "./helpers.mjs";

const users = (select = "id,displayName,mail") => client().api("/users/delta").select(select).get();
const groups = () => client().api("/groups/delta").select("id,displayName,members").get();
const from = (link, headers = {}) => client().api(link).headers(headers).get();
const latest = async (kind, query = "") =>
  (await client().api(`/${kind}/delta?$deltatoken=latest${query}`).get())["@odata.deltaLink"];
const set = (faults) => control("PUT", "/control/faults", faults);

let serial = 0;
const newUser = async (fields = {}) => {
  const userPrincipalName = `new${++serial}@contoso.example`;
  return (await control("POST", "/users", { userPrincipalName, ...fields })).id;
};
const newGroup = async (members = []) => {
  const { id } = await control("POST", "/groups", { displayName: `New ${++serial}` });
  for (const member of members) await control("POST", `/groups/${id}/members`, { member });
  return id;
};
const removed = (items, id) => items.find((item) => item.id === id)?.["@removed"]?.reason;

// Folds members@delta as a client has to: the last word on each member counts.
function membersOf(items, group) {
  const members = new Set();
  for (const item of items.filter((item) => item.id === group)) {
    for (const member of item["members@delta"] ?? []) {
      member["@removed"] ? members.delete(member.id) : members.add(member.id);
    }
  }
  return members;
}

await test("C17 the initial round ends with a delta link, a round without changes with a new one", async () => {
  const first = await all(users());
  assert.equal(new Set(first.items.map((user) => user.id)).size, 600);
  assert.match(first.deltaLink, /\/v1\.0\/users\/delta\?\$deltatoken=/);
  await control("POST", "/time", { advance: "2s" });
  const second = await from(first.deltaLink);
  assert.deepEqual(second.value, []);
  assert.ok(second["@odata.deltaLink"] && second["@odata.deltaLink"] !== first.deltaLink);
  assert.equal(second["@odata.nextLink"], undefined);
});

await test("C17 empty pages with a next link do not end the round", async () => {
  await set({ empty_page: 1 });
  const page = await users();
  assert.deepEqual(page.value, []);
  assert.ok(page["@odata.nextLink"]);
  assert.equal((await all(users())).items.length, 600);
});

await test("C17 next links carry only $skiptoken", async () => {
  const link = new URL((await users())["@odata.nextLink"]);
  assert.deepEqual([...link.searchParams.keys()], ["$skiptoken"]);
});

await test("C18 $deltatoken=latest begins now", async () => {
  const link = await latest("users");
  const id = await newUser({ displayName: "Late" });
  assert.deepEqual((await from(link)).value.map((user) => user.id), [id]);
});

await test("C18 return=minimal tells null from omitted from never set", async () => {
  const id = await newUser({ displayName: "Tri", mail: "tri@x.example" });
  const { deltaLink } = await all(users("displayName,mail,mobilePhone"));
  await control("PATCH", `/users/${id}`, { mail: null });
  const minimal = (await from(deltaLink, { Prefer: "return=minimal" })).value[0];
  assert.deepEqual(minimal, { id, mail: null });
  const full = (await from(deltaLink)).value[0];
  assert.deepEqual(full, { id, displayName: "Tri", mail: null });
});

await test("C19 a large group comes on several pages, among other groups", async () => {
  await settings({ delta_slice_size: 20 });
  const ids = (await all(client().api("/users").select("id").top(90).get())).items.slice(0, 90).map((user) => user.id);
  const [large, small] = [await newGroup(ids), await newGroup(ids.slice(0, 3))];
  const pages = [];
  let page = await groups();
  for (; page["@odata.nextLink"]; page = await from(page["@odata.nextLink"])) pages.push(page.value);
  pages.push(page.value);
  const on = (id) => pages.flatMap((value, i) => (value.some((group) => group.id === id) ? [i] : []));
  assert.ok(on(large).length > 2, `on pages ${on(large)}`);
  assert.ok(on(small)[0] < on(large).at(-1), "the small one lies in between");
  assert.deepEqual(membersOf(pages.flat(), large), new Set(ids));
  await settings({ delta_slice_size: 1000 });
});

await test("C19 adding, removing and adding in one round ends as a member", async () => {
  await settings({ delta_every_step: true });
  const [group, member] = [await newGroup(), await newUser()];
  const link = await latest("groups");
  for (let i = 0; i < 2; ++i) {
    await control("POST", `/groups/${group}/members`, { member });
    if (i === 0) await control("DELETE", `/groups/${group}/members/${member}`);
  }
  const { items } = await all(from(link));
  const steps = items.flatMap((item) => item["members@delta"]).map((change) => change["@removed"]?.reason ?? "added");
  assert.deepEqual(steps, ["added", "deleted", "added"]);
  assert.deepEqual(membersOf(items, group), new Set([member]));
  await settings({ delta_every_step: false });
});

await test("C20 a user is deleted softly, restored, deleted for good; groups keep it until then", async () => {
  const id = await newUser({ displayName: "Mortal" });
  const group = await newGroup([id]);
  let link = await latest("users");
  let groupLink = await latest("groups");
  const round = async () => {
    const { items, deltaLink } = await all(from(link));
    link = deltaLink;
    return items;
  };
  await control("POST", `/users/${id}/delete`);
  assert.equal(removed(await round(), id), "changed");
  const kept = await from(groupLink);
  assert.deepEqual(kept.value, []);
  await control("POST", `/users/${id}/restore`);
  const [restored] = await round();
  assert.equal(restored["@removed"], undefined);
  assert.equal(restored.displayName, "Mortal");
  await control("POST", `/users/${id}/delete`);
  await round();
  await control("POST", `/users/${id}/purge`);
  assert.equal(removed(await round(), id), "deleted");
  const { items } = await all(from(groupLink));
  const [change] = items.find((item) => item.id === group)["members@delta"];
  assert.deepEqual([change.id, change["@removed"].reason], [id, "deleted"]);
});

await test("C20 security groups are deleted softly or not, as is set", async () => {
  const reason = async () => {
    const link = await latest("groups");
    const id = await newGroup();
    await control("POST", `/groups/${id}/delete`);
    return removed((await from(link)).value, id);
  };
  assert.equal(await reason(), "changed");
  await settings({ security_group_soft_delete: false });
  assert.equal(await reason(), "deleted");
  await settings({ security_group_soft_delete: true });
});

await test("C21 a filter takes 50 ids and refuses 51", async () => {
  const ids = (await all(client().api("/users").select("id").top(51).get())).items.slice(0, 51).map((user) => user.id);
  const filtered = (some) => client().api("/users/delta").filter(some.map((id) => `id eq '${id}'`).join(" or ")).get();
  assert.equal((await all(filtered(ids.slice(0, 50)))).items.length, 50);
  const error = await failure(filtered(ids));
  assert.deepEqual([error.statusCode, error.code], [400, "Request_UnsupportedQuery"]);
  const link = await latest("users", `&$filter=id eq '${ids[0]}'`);
  await control("PATCH", `/users/${ids[0]}`, { displayName: "Within" });
  await control("PATCH", `/users/${ids[1]}`, { displayName: "Without" });
  assert.deepEqual((await from(link)).value.map((user) => user.id), [ids[0]]);
});

await test("C21 $top is ignored", async () => {
  assert.equal((await client().api("/users/delta").top(5).get()).value.length, 200);
  assert.equal((await client().api("/users/delta").top(5000).get()).value.length, 200);
});

await test("C21 $orderby and $expand are refused, and beside a token $filter and $select as well", async () => {
  const link = await latest("users", "&$select=id");
  const refused = [
    client().api("/users/delta").orderby("displayName"),
    client().api("/groups/delta").expand("members"),
    client().api(`${link}&$select=mail`),
    client().api(`${link}&$filter=id eq '11111111-1111-4111-8111-111111111111'`),
  ];
  for (const request of refused) {
    const error = await failure(request.get());
    assert.deepEqual([error.statusCode, error.code], [400, "Request_UnsupportedQuery"]);
  }
  await settings({ delta_select_beside_token: true });
  assert.deepEqual((await client().api(`${link}&$select=mail`).get()).value, []);
  await settings({ delta_select_beside_token: false });
});

await test("C22 a token of eight days is 400 syncStateNotFound", async () => {
  const link = await latest("users");
  await control("POST", "/time", { advance: "192h" });
  // MSAL's own cache knows nothing of the journey.
  const fresh = client({ accessToken: () => token(application()) });
  const error = await failure(fresh.api(link).get());
  assert.deepEqual([error.statusCode, error.code], [400, "syncStateNotFound"]);
});

// From here on, every request needs a token from after the journey.
const fresh = await token(application());
const now = client({ accessToken: async () => fresh });

await test("C22 another generation is 410 with a Location to begin at", async () => {
  const link = (await now.api("/groups/delta?$deltatoken=latest").get())["@odata.deltaLink"];
  await settings({ forget_delta_links: true });
  const gone = await raw(link, { authorization: `Bearer ${fresh}` });
  assert.equal(gone.status, 410);
  const location = gone.headers.get("location");
  assert.ok(location.endsWith("/v1.0/groups/delta?$deltatoken="), location);
  assert.ok((await now.api(location).get()).value.length > 0);
});

await test("C23 duplicates and replays change nothing in the end", async () => {
  const fold = async (call) => {
    const state = new Map();
    const iterator = new graph.PageIterator(now, await call, (user) => {
      user["@removed"] ? state.delete(user.id) : state.set(user.id, { ...state.get(user.id), ...user });
      return true;
    });
    await iterator.iterate();
    return { state, link: iterator.getDeltaLink() };
  };
  const plain = await fold(now.api("/users/delta").select("id,displayName").get());
  await set({ duplicates: 1, unordered: 1 });
  const doubled = await fold(now.api("/users/delta").select("id,displayName").get());
  assert.deepEqual(doubled.state, plain.state);
  await set({ duplicates: 0, unordered: 0, replay: 1 });
  const replayed = await now.api(plain.link).get();
  assert.ok(replayed.value.length > 0, "old changes again");
  for (const user of replayed.value.filter((user) => !user["@removed"])) {
    assert.equal(user.displayName, plain.state.get(user.id).displayName);
  }
});

await test("C24 what changes during a round is in it or in the next", async () => {
  await settings({ delta_page_size: 100 });
  let page = await now.api("/users/delta").select("id,displayName").get();
  const made = new Set();
  const seen = new Map();
  while (true) {
    for (const user of page.value) seen.set(user.id, user.displayName);
    if (!page["@odata.nextLink"]) break;
    made.add(await newUser({ displayName: "During" }));
    await control("PATCH", `/users/${page.value[0].id}`, { displayName: "Changed during" });
    page = await now.api(page["@odata.nextLink"]).get();
  }
  for (const user of (await now.api(page["@odata.deltaLink"]).get()).value) seen.set(user.id, user.displayName);
  for (const id of made) assert.equal(seen.get(id), "During");
  const truth = new Map(
    (await all(now.api("/users").select("id,displayName").top(999).get(), now)).items.map((user) => [user.id, user.displayName ?? undefined]),
  );
  assert.deepEqual(seen, truth);
});
