import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting } from "../static/js/emoji-picker.js";
import { MessageStore } from "../static/js/message-store.js";
import { namedIn } from "../static/js/mention-picker.js";
import { unfilled } from "../static/js/quick-reply-picker.js";
import { rowsOf } from "../static/js/rows.js";

const message = (seq, more = {}) => ({ id: `i${seq}`, client_id: `c${seq}`, seq, sender_id: "m1", sender_role: "merchant", content: "x", attachments: [], created_at: 10 + seq, ...more });

test("variables that nobody filled are named once", () => {
  assert.deepEqual(unfilled("Hi {{buyer.name}}, {{ order.number }} and {{order.number}}"), ["buyer.name", "order.number"]);
  assert.deepEqual(unfilled("Hi {name}"), []);
});

test("emoji are found by either language, names that begin so first", () => {
  const emoji = [{ sign: "❤️", en: "red heart", zh: "红心" }, { sign: "🧡", en: "heart, love", zh: "爱心、爱" }];
  assert.deepEqual(fitting(emoji, "heart").map((one) => one.sign), ["🧡", "❤️"]);
  assert.deepEqual(fitting(emoji, "爱").map((one) => one.sign), ["🧡"]);
});

test("who is named is read from the text", () => {
  const team = [{ id: "m1", display_name: "陈师傅" }, { id: "m2", display_name: "An" }];
  assert.deepEqual(namedIn("@陈师傅 看一下", team), ["m1"]);
  assert.deepEqual(namedIn("chen@An.example is no mention of… @An", team), ["m2"]);
  assert.deepEqual(namedIn("nobody", team), []);
});

test("a deleted message keeps its place and loses its words, also beyond a hole", () => {
  const store = new MessageStore();
  store.load([message(1), message(2, { attachments: [{ id: "9" }] })]);
  store.merge([message(4)]);
  assert.equal(store.erase(2, 99), true);
  assert.equal(store.erase(2, 99), false);
  assert.equal(store.erase(4, 99), true);
  assert.equal(store.erase(7), false);
  store.merge([message(3)]);
  assert.deepEqual(store.messages.map((one) => [one.seq, one.content, one.attachments.length, one.deleted_at]), [[1, "x", 0, null], [2, "", 0, 99], [3, "x", 0, null], [4, "", 0, 99]]);
});

test("a tick says how far it came: sent, delivered, read", () => {
  const rows = rowsOf({ messages: [message(1), message(2), message(3)], isMine: () => true, dayOf: () => 0, readByOther: 1, deliveredToOther: 2 });
  assert.deepEqual(rows.filter((row) => row.kind === "message").map((row) => row.state), ["read", "delivered", "sent"]);
});
