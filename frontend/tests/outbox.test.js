import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../static/js/outbox.js";

class Storage {
  #map = new Map();
  get length() { return this.#map.size; }
  key(at) { return [...this.#map.keys()][at] ?? null; }
  getItem(key) { return this.#map.get(key) ?? null; }
  setItem(key, value) { this.#map.set(key, String(value)); }
  removeItem(key) { this.#map.delete(key); }
}
const passing = () => Object.assign(new Error("offline"), { isPassing: true });
const refused = () => Object.assign(new Error("too long"), { isPassing: false });
const draft = (client_id, at = 1, conversation_id = "7") => ({ client_id, conversation_id, content: client_id, written_at: at });
const idle = async () => { for (let turn = 0; turn < 20; turn += 1) await Promise.resolve(); };

test("what is confirmed leaves the outbox", async () => {
  const storage = new Storage();
  const outbox = new Outbox({ owner: "m1", storage, deliver: async () => ({ id: "1", seq: 1 }) });
  const told = [];
  outbox.addEventListener("sent", ({ detail }) => told.push([detail.draft.client_id, detail.sent.seq]));
  outbox.add(draft("a"));
  await idle();
  assert.deepEqual(told, [["a", 1]]);
  assert.equal(storage.length, 0);
});

test("an outage is survived: the same client_id goes out again, in order", async () => {
  const storage = new Storage();
  const tried = [];
  let failures = 3;
  const outbox = new Outbox({ owner: "m1", storage, wait: async () => {}, deliver: async (one) => {
    tried.push(one.client_id);
    if (failures-- > 0) throw passing();
    return { id: "1", seq: 1 };
  } });
  outbox.add(draft("a", 1));
  outbox.add(draft("b", 2));
  await idle();
  await idle();
  assert.deepEqual(tried, ["a", "a", "a", "a", "b"]);
  assert.equal(storage.length, 0);
});

test("a reload takes up what was left, and other people's drafts stay untouched", async () => {
  const storage = new Storage();
  const never = new Outbox({ owner: "m1", storage, deliver: () => new Promise(() => {}) });
  never.add(draft("second", 2));
  never.add(draft("first", 1));
  new Outbox({ owner: "m10", storage, deliver: () => new Promise(() => {}) }).add(draft("foreign"));
  const sent = [];
  const again = new Outbox({ owner: "m1", storage, deliver: async (one) => { sent.push(one.client_id); return { id: "1", seq: 1 }; } });
  again.resume();
  await idle();
  assert.deepEqual(sent, ["first", "second"]);
  assert.equal(storage.length, 1);
});

test("what is refused for good stays with its reason until somebody decides", async () => {
  const storage = new Storage();
  let isRefused = true;
  const outbox = new Outbox({ owner: "m1", storage, deliver: async () => { if (isRefused) throw refused(); return { id: "1", seq: 1 }; } });
  const failed = [];
  outbox.addEventListener("failed", ({ detail }) => failed.push(detail.problem));
  outbox.add(draft("a"));
  await idle();
  assert.deepEqual(failed, ["too long"]);
  outbox.resume();
  await idle();
  assert.equal(failed.length, 1, "a reload does not ask again by itself");
  isRefused = false;
  outbox.retry("a");
  await idle();
  assert.equal(storage.length, 0);
});

test("a discarded draft is not sent when its turn comes", async () => {
  const storage = new Storage();
  const sent = [];
  let release;
  const gate = new Promise((open) => (release = open));
  const outbox = new Outbox({ owner: "m1", storage, deliver: async (one) => { await gate; sent.push(one.client_id); return { id: "1", seq: 1 }; } });
  outbox.add(draft("a", 1));
  outbox.add(draft("b", 2));
  outbox.discard("b");
  release();
  await idle();
  assert.deepEqual(sent, ["a"]);
});

test("conversations do not wait for each other", async () => {
  const sent = [];
  const outbox = new Outbox({ owner: "m1", storage: new Storage(), deliver: async (one) => {
    if (one.conversation_id === "7") return new Promise(() => {});
    sent.push(one.client_id);
    return { id: "1", seq: 1 };
  } });
  outbox.add(draft("stuck", 1, "7"));
  outbox.add(draft("free", 2, "8"));
  await idle();
  assert.deepEqual(sent, ["free"]);
});

test("resume during a long wait tries at once", async () => {
  let isDown = true;
  const sent = [];
  const outbox = new Outbox({ owner: "m1", storage: new Storage(), wait: () => new Promise(() => {}), deliver: async (one) => {
    if (isDown) throw passing();
    sent.push(one.client_id);
    return { id: "1", seq: 1 };
  } });
  outbox.add(draft("a"));
  await idle();
  isDown = false;
  outbox.resume();
  await idle();
  assert.deepEqual(sent, ["a"]);
});

test("what is written while the first message is on its way stands behind it", async () => {
  let isDown = true;
  const delivered = [];
  const outbox = new Outbox({ owner: "m1", storage: new Storage(), wait: () => new Promise(() => {}), deliver: async (one) => {
    if (one.conversation_id === null) outbox.begin("7");
    if (isDown) throw passing();
    delivered.push(one.client_id);
    return { id: "1", seq: 1 };
  } });
  const sent = [];
  outbox.addEventListener("sent", ({ detail }) => sent.push([detail.draft.client_id, detail.draft.conversation_id]));
  outbox.add(draft("a", 1, null));
  await idle();
  outbox.add(draft("b", 2, "7"));
  await idle();
  isDown = false;
  outbox.resume();
  await idle();
  assert.deepEqual(delivered, ["a", "b"]);
  assert.deepEqual(sent, [["a", "7"], ["b", "7"]]);
  outbox.add(draft("c", 3, "7"));
  await idle();
  assert.deepEqual(delivered, ["a", "b", "c"], "a lane that is empty is nobody's");
});

test("a first message knows its conversation after a reload, and what was taken back does not return", async () => {
  const storage = new Storage();
  const never = new Outbox({ owner: "m1", storage, deliver: () => new Promise(() => {}) });
  for (const [at, client_id] of ["a", "b", "c"].entries()) never.add(draft(client_id, at, null));
  never.discard("b");
  never.begin("7");
  assert.deepEqual(never.of(null), []);
  const sent = [];
  const again = new Outbox({ owner: "m1", storage, deliver: async (one) => { sent.push([one.client_id, one.conversation_id]); return { id: "1", seq: 1 }; } });
  again.resume();
  await idle();
  assert.deepEqual(sent, [["a", "7"], ["c", "7"]]);
});
