import assert from "node:assert/strict";
import { test } from "node:test";
import { ConversationStore } from "../static/js/conversation-store.js";

const conversation = (id, more = {}) => ({ id, customer_id: "b1", merchant_id: "m1", status: "open", assignee_id: null, labels: [], last_seq: 1, last_message: "hi", last_message_type: "text", last_sender_id: "b1", last_message_time: 100, customer_unread: 0, merchant_unread: 0, customer_read_seq: 0, merchant_read_seq: 0, waiting_since: null, created_at: 1, updated_at: 1, ...more });
const frame = (id, seq, more = {}) => ({ conversation_id: id, seq, sender_role: "buyer", sender_id: "b1", content: `number ${seq}`, message_type: "text", timestamp: 100 + seq, ...more });
const desk = (...conversations) => {
  const store = new ConversationStore({ me: "m1", side: "merchant" });
  store.show({ assignee: "", status: "open" });
  store.put(conversations);
  return store;
};
const ids = (store) => store.visible.map((one) => one.id);

test("the newest word stands first, and ids decide between equals beyond 2^53", () => {
  const store = desk(conversation("9007199254740993"), conversation("9007199254740994"), conversation("3", { last_message_time: 200 }));
  assert.deepEqual(ids(store), ["3", "9007199254740994", "9007199254740993"]);
});

test("a message moves its conversation up and starts the waiting clock; an answer stops it and marks nothing as read", () => {
  const store = desk(conversation("1"), conversation("2", { last_message_time: 101 }));
  store.hear(frame("1", 2));
  store.hear(frame("1", 3));
  assert.deepEqual(ids(store), ["1", "2"]);
  const one = store.get("1");
  assert.deepEqual([one.merchant_unread, one.waiting_since, one.last_message], [2, 102, "number 3"]);
  store.hear(frame("1", 4, { sender_role: "merchant", sender_id: "m2" }));
  assert.deepEqual([store.get("1").merchant_unread, store.get("1").waiting_since], [2, null]);
});

test("the same frame twice, or an old one, counts once", () => {
  const store = desk(conversation("1"));
  store.hear(frame("1", 2));
  store.hear(frame("1", 2));
  store.hear(frame("1", 1));
  assert.deepEqual([store.get("1").merchant_unread, store.get("1").last_seq], [1, 2]);
});

test("an unknown conversation must be fetched", () => {
  assert.equal(desk().hear(frame("5", 1)), false);
});

test("a slow answer does not take back what a frame brought", () => {
  const store = desk(conversation("1"));
  store.hear(frame("1", 2));
  store.put([conversation("1", { labels: ["VIP"], updated_at: 2 })]);
  assert.deepEqual([store.get("1").last_seq, store.get("1").last_message, store.get("1").labels], [2, "number 2", ["VIP"]]);
});

test("an older state of a conversation does not replace a newer one", () => {
  const store = desk(conversation("1", { status: "resolved", updated_at: 9 }));
  store.put([conversation("1", { status: "open", updated_at: 5 })]);
  assert.equal(store.get("1").status, "resolved");
});

test("only what fits the view is shown: mine, unassigned, status, shop", () => {
  const store = desk(conversation("1", { assignee_id: "m1" }), conversation("2"), conversation("3", { assignee_id: "m2" }), conversation("4", { status: "resolved" }));
  const seen = (filter) => {
    store.filter = filter;
    return ids(store).sort();
  };
  assert.deepEqual(seen({ assignee: "me", status: "open" }), ["1"]);
  assert.deepEqual(seen({ assignee: "none", status: "open" }), ["2"]);
  assert.deepEqual(seen({ assignee: "", status: "" }), ["1", "2", "3", "4"]);
  assert.deepEqual(seen({ merchant: "m9" }), []);
});

test("read marks clear the number and never move backwards", () => {
  const store = desk(conversation("1", { last_seq: 5, merchant_unread: 3, merchant_read_seq: 2 }));
  store.markRead("1", "merchant", 4);
  assert.deepEqual([store.get("1").merchant_unread, store.get("1").merchant_read_seq], [1, 4]);
  store.markRead("1", "merchant", 3);
  assert.equal(store.get("1").merchant_read_seq, 4);
  store.markRead("1", "merchant", 5);
  assert.equal(store.get("1").merchant_unread, 0);
});

test("the vector names what is known", () => {
  assert.deepEqual(desk(conversation("1"), conversation("2", { last_seq: 8 })).vector(), { 1: 1, 2: 8 });
});

test("a conversation without a message is as old as itself", () => {
  const store = desk(conversation("1", { last_message_time: null, last_seq: 0, created_at: 500 }), conversation("2"));
  assert.deepEqual(ids(store), ["1", "2"]);
});
