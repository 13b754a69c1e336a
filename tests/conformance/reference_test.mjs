// The truth that the emulator tells, and that our differential test compares
// mirrors with, is what Microsoft's clients find: by lists and by delta
// queries, after random changes and random faults (section 6.4 F).

import assert from "node:assert/strict";
import { all, client, control, settings, test } from "./helpers.mjs";
import { DeltaCopy, readByLists } from "./reference.mjs";

// REFERENCE_SEEDS says how many.
const SEEDS = Number(process.env.REFERENCE_SEEDS ?? 6);
const ROUNDS = 3;
const STEPS = 12;
// What a client that folds rounds and trusts them gets over, once it ends.
const FAULTS = [
  "gateway_error", "throttled", "empty_page", "duplicates", "page_lost", "moving_round", "replay", "unknown_removed",
  "initial_removed", "dangling_member", "nulls", "delta_expired", "delta_gone", "unchanged_too", "all_of_type", "cut",
  "truncate",
];

const groups = (await all(client().api("/groups").select("id,displayName").top(999).get())).items;
const selected = groups.slice(0, 5).map((group) => group.id);
const query = selected.map((id) => `group_id=${id}`).join("&");
const keep = selected.map((id) => `keep=${id}`).join("&");

async function truth() {
  const { view } = await control("GET", `/expected?${query}&view=full`);
  return new Map(view.map((user) => [user.id, { ...user, groups: [...user.groups].sort() }]));
}

function assertSame(found, expected) {
  const byId = (view) => [...view].sort(([one], [other]) => (one < other ? -1 : 1));
  assert.deepEqual(byId(found), byId(expected));
}

// Numbers that look random and are the same each time.
function generator(seed) {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return state / 2 ** 32;
  };
}

await settings({ delta_page_size: 40, delta_slice_size: 20, retry_after: "decimal" });
const copy = new DeltaCopy();
assert.ok(await copy.follow());

await test("F the view of the first day is what lists and delta queries find", async () => {
  const expected = await truth();
  assert.ok(expected.size > 50, `${expected.size} users`);
  assertSame(await readByLists(selected), expected);
  assertSame(await copy.view(selected), expected);
});

let changed = 0;
let failed = 0;
for (let seed = 1; seed <= SEEDS; ++seed) {
  await test(`F seed ${seed}: after changes and faults both find the truth`, async () => {
    const draw = generator(seed);
    const before = await truth();
    await settings({ fault_seed: seed });
    for (let round = 0; round < ROUNDS; ++round) {
      const name = FAULTS[Math.floor(draw() * FAULTS.length)];
      await control("PUT", "/faults", { [name]: 0.1 + 0.4 * draw() });
      await control("POST", `/random?seed=${seed}&steps=${STEPS}&${keep}`);
      if (!(await copy.follow())) ++failed;
    }
    await control("DELETE", "/faults");
    // One that was cut off may have to begin anew.
    if (!(await copy.follow())) assert.ok(await copy.follow());
    const expected = await truth();
    changed += JSON.stringify([...before]) !== JSON.stringify([...expected]);
    assertSame(await readByLists(selected), expected);
    assertSame(await copy.view(selected), expected);
  });
}

// The seeds are worth something only if there was something to get wrong.
await test("F the seeds change the view, and faults fail rounds", async () => {
  assert.ok(changed > SEEDS / 2, `${changed} of ${SEEDS} seeds changed the view`);
  assert.ok(failed > 0, "no round failed");
});

await test("F negative control: a copy that misses a round is noticed", async () => {
  const users = await copy.view(selected);
  const [id] = users.keys();
  await control("PATCH", `/users/${id}`, { displayName: "Changed behind its back" });
  const expected = await truth();
  await assert.rejects(async () => assertSame(await copy.view(selected), expected), { code: "ERR_ASSERTION" });
  assert.ok(await copy.follow());
  assertSame(await copy.view(selected), expected);
});
