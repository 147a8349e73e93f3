import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, rowsOf } from "../static/js/rows.js";

const DAY = 86_400;
const message = (seq, created_at, more = {}) => ({ id: String(seq), client_id: `c${seq}`, seq, sender_id: "b1", sender_role: "buyer", content: "x", created_at, ...more });
const rows = (facts) => rowsOf({ messages: [], isMine: (one) => one.sender_role === "merchant", dayOf: (at) => Math.floor(at / DAY), ...facts });
const shape = (list) => list.map((row) => (row.kind === "message" ? `${row.joined ? "+" : ""}${row.message.seq ?? row.message.client_id}` : row.kind));

test("a day is named once, and messages of one sender and minute are joined", () => {
  const list = rows({ messages: [message(1, 10), message(2, 20), message(3, 70), message(4, DAY + 1)] });
  assert.deepEqual(shape(list), ["day", "1", "+2", "3", "day", "4"]);
});

test("another sender begins a new group", () => {
  const list = rows({ messages: [message(1, 10), message(2, 11, { sender_id: "m1", sender_role: "merchant" }), message(3, 12)] });
  assert.deepEqual(shape(list), ["day", "1", "2", "3"]);
});

test("notes and activities stand after the message that they name", () => {
  const list = rows({
    messages: [message(1, 10), message(2, 20)],
    notes: [{ id: "n1", after_seq: 1, created_at: 15, content: "" }],
    activities: [{ id: "a1", after_seq: 1, created_at: 12 }, { id: "a0", after_seq: 0, created_at: 5 }],
  });
  assert.deepEqual(shape(list), ["activity", "day", "1", "activity", "note", "2"]);
});

test("asides of messages that are not loaded are not shown", () => {
  const list = rows({ messages: [message(11, 10)], activities: [{ id: "a1", after_seq: 4, created_at: 1 }] });
  assert.deepEqual(shape(list), ["day", "11"]);
});

test("the divider stands before the first unread message of the other side", () => {
  const list = rows({ dividerAfter: 1, messages: [message(1, 10), message(2, 11, { sender_role: "merchant", sender_id: "m1" }), message(3, 12), message(4, 13)] });
  assert.deepEqual(shape(list), ["day", "1", "2", "divider", "3", "+4"]);
  assert.equal(shape(rows({ messages: [message(1, 10)] })).includes("divider"), false);
});

test("the tick says sent, read, or what became of a draft; only the last of a group shows it", () => {
  const mine = { sender_role: "merchant", sender_id: "m1" };
  const list = rows({ readByOther: 2, messages: [message(1, 10, mine), message(2, 11, mine), message(3, 12, mine)], pending: [{ ...message(undefined, 13, mine), seq: undefined, client_id: "p", state: "failed", problem: "no" }] });
  assert.deepEqual(list.slice(1).map((row) => [row.state, row.ends]), [["read", false], ["read", true], ["sent", true], ["failed", true]]);
  assert.equal(list.at(-1).problem, "no");
});

test("a message keeps its key from draft to database", () => {
  assert.equal(keyOf({ client_id: "c", id: null }), keyOf({ client_id: "c", id: "99" }));
  const keys = rows({ messages: Array.from({ length: 50 }, (_, at) => message(at + 1, at)) }).map((row) => row.key);
  assert.equal(new Set(keys).size, keys.length);
});
