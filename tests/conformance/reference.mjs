// A reference for what a directory synchronization should end up with, written
// with nothing but Microsoft's clients (section 6.4 F of the protocol notes):
// once by lists, once by delta queries. Simple and slow on purpose, and none of
// our code.

import { all, client } from "./helpers.mjs";

const FIELDS = [
  "id", "displayName", "mail", "mobilePhone", "businessPhones", "userPrincipalName", "accountEnabled", "userType",
];
const now = () => client({ retries: 3 });
const isUser = (item) => item["@odata.type"] === "#microsoft.graph.user";
const isGroup = (item) => item["@odata.type"] === "#microsoft.graph.group";

function shown(user, groups) {
  const fields = Object.fromEntries(FIELDS.map((field) => [field, user[field] ?? null]));
  return { ...fields, businessPhones: user.businessPhones ?? [], groups: [...groups].sort() };
}

// Who is in the selected groups, directly or through nested ones. `membersOf`
// gives the items of a group; a group that is not there has none.
async function flatten(selected, users, membersOf) {
  const groupsOf = new Map();
  for (const group of selected) {
    const seen = new Set([group]);
    for (const next of seen) {
      for (const member of await membersOf(next)) {
        if (isGroup(member)) seen.add(member.id);
        if (!isUser(member)) continue;
        if (!groupsOf.has(member.id)) groupsOf.set(member.id, new Set());
        groupsOf.get(member.id).add(group);
      }
    }
  }
  const view = new Map();
  for (const [id, groups] of groupsOf) {
    if (users.has(id)) view.set(id, shown(users.get(id), groups));
  }
  return view;
}

// Everything anew, by lists.
export async function readByLists(selected) {
  const { items } = await all(now().api("/users").select(FIELDS).top(999).get(), now());
  const users = new Map(items.map((user) => [user.id, user]));
  const known = new Map();
  return flatten(selected, users, async (group) => {
    if (!known.has(group)) {
      known.set(group, (await all(now().api(`/groups/${group}/members`).select("id").top(999).get(), now())).items);
    }
    return known.get(group);
  });
}

// Keeps a copy by delta queries. A round that fails leaves everything as it was.
export class DeltaCopy {
  users = new Map();
  members = new Map(); // Of each group: id to type.
  links = {};

  // False if a round failed; the next one asks again.
  async follow() {
    try {
      await this.#round("users", FIELDS, (user, users) => {
        if (user["@removed"]) return void users.delete(user.id);
        users.set(user.id, { ...users.get(user.id), ...user });
      });
      await this.#round("members", ["displayName", "members"], (group, members) => {
        if (group["@removed"]) return void members.delete(group.id);
        const types = new Map(members.get(group.id));
        for (const member of group["members@delta"] ?? []) {
          if (member["@removed"]) types.delete(member.id);
          else types.set(member.id, member["@odata.type"]);
        }
        members.set(group.id, types);
      });
      return true;
    } catch (error) {
      if (error.statusCode === 410 || error.code === "syncStateNotFound") this.forget();
      return false;
    }
  }

  // The next round begins with everything.
  forget() {
    this.users = new Map();
    this.members = new Map();
    this.links = {};
  }

  async #round(table, select, fold) {
    const what = table === "members" ? "groups" : table;
    const link = this.links[table];
    const first = link ? now().api(link).get() : now().api(`/${what}/delta`).select(select).get();
    const { items, deltaLink } = await all(first, now());
    if (!deltaLink) throw new Error(`a round of ${what} has no end`);
    const copy = new Map(link ? this[table] : []);
    for (const item of items) fold(item, copy);
    this[table] = copy;
    this.links[table] = deltaLink;
  }

  view(selected) {
    return flatten(selected, this.users, async (group) =>
      [...(this.members.get(group) ?? [])].map(([id, type]) => ({ id, "@odata.type": type })),
    );
  }
}
