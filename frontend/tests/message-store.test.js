import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageStore, normalised } from "../static/js/message-store.js";

const message = (seq, more = {}) => ({ id: String(1000 + seq), conversation_id: "7", seq, client_id: `c${seq}`, sender_id: "b1", sender_role: "buyer", content: `number ${seq}`, message_type: "text", attachments: [], reply_to: null, created_at: 1_700_000_000 + seq, ...more });
const draft = (name, more = {}) => ({ client_id: name, conversation_id: "7", sender_id: "m1", sender_role: "merchant", content: name, message_type: "text", attachments: [], created_at: 1_700_000_100, ...more });
const seqs = (store) => store.messages.map((one) => one.seq);
const loaded = (...messages) => {
  const store = new MessageStore({ conversationId: "7" });
  store.load(messages);
  return store;
};

/** A small generator of its own, so that a failure can be repeated. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % sides;
  };
}

test("a frame and an answer give the same message", () => {
  const { created_at, ...rest } = message(3);
  assert.deepEqual(normalised({ ...rest, type: "message", timestamp: created_at }), normalised({ ...message(3), is_read: true }));
});

test("messages stand in the order of seq, each once, however they come", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const roll = dice(seed);
    const store = loaded();
    const waiting = Array.from({ length: 40 }, (_, at) => message(at + 1)).flatMap((one) => Array.from({ length: 1 + roll(3) }, () => one));
    while (waiting.length) store.merge([waiting.splice(roll(waiting.length), 1)[0]]);
    assert.deepEqual(seqs(store), Array.from({ length: 40 }, (_, at) => at + 1), `seed ${seed}`);
    assert.equal(store.hasGap, false);
  }
});

test("what lies beyond a hole is not shown before the hole is filled", () => {
  const store = loaded(message(1));
  store.merge([message(3), message(4)]);
  assert.deepEqual(seqs(store), [1]);
  assert.equal(store.hasGap, true);
  store.merge([message(2)]);
  assert.deepEqual(seqs(store), [1, 2, 3, 4]);
  assert.equal(store.hasGap, false);
});

test("what came live before the first page is kept", () => {
  const store = new MessageStore();
  store.merge([message(61), message(62)]);
  assert.deepEqual(seqs(store), []);
  store.load(Array.from({ length: 60 }, (_, at) => message(at + 1)));
  assert.equal(store.lastSeq, 62);
});

test("the first page may begin in the middle, and older pages go before it", () => {
  const store = loaded(message(51), message(52));
  assert.equal(store.hasOlder, true);
  assert.equal(store.prepend([message(48), message(49), message(50)]), true);
  assert.deepEqual(seqs(store), [48, 49, 50, 51, 52]);
  assert.equal(store.prepend([message(10), message(11)]), false, "a page that does not join would make a hole");
  assert.equal(store.prepend([message(50)]), false, "known already");
  assert.deepEqual(seqs(store), [48, 49, 50, 51, 52]);
});

test("an old message that comes again changes nothing", () => {
  const store = loaded(message(1), message(2));
  assert.equal(store.merge([message(1), message(2, { content: "other" })]), false);
  assert.equal(store.messages[1].content, "number 2");
});

test("a pending message becomes the real one, whichever word of it comes first", () => {
  const orders = [["confirm", "frame"], ["frame", "confirm"], ["confirm"], ["frame"], ["frame", "frame", "confirm", "confirm"]];
  for (const order of orders) {
    const store = loaded(message(1));
    store.addPending(draft("mine"));
    assert.equal(store.pending[0].state, "sending");
    for (const word of order) {
      if (word === "confirm") store.confirm({ client_id: "mine", id: "2002", seq: 2, timestamp: 1_700_000_200 });
      else store.merge([message(2, { client_id: "mine", sender_id: "m1", sender_role: "merchant", content: "mine" })]);
    }
    assert.deepEqual(seqs(store), [1, 2], order.join(" "));
    if (order[0] === "confirm") assert.equal(store.messages[1].created_at, 1_700_000_200, "the server's clock counts");
    assert.deepEqual(store.pending, [], order.join(" "));
  }
});

test("a confirmed message beyond a hole stays visible, as sent, until the hole is filled", () => {
  const store = loaded(message(1));
  store.addPending(draft("mine"));
  store.confirm({ client_id: "mine", id: "3003", seq: 3, timestamp: 1_700_000_200 });
  assert.deepEqual(store.pending.map((one) => one.state), ["sent"]);
  assert.equal(store.hasGap, true);
  store.merge([message(2)]);
  assert.deepEqual(store.messages.map((one) => one.content), ["number 1", "number 2", "mine"]);
  assert.deepEqual(store.pending, []);
});

test("a draft that survived a reload does not appear beside its own message", () => {
  const store = loaded(message(1), message(2, { client_id: "mine" }));
  store.addPending(draft("mine"));
  assert.deepEqual(store.pending, []);
  const later = new MessageStore();
  later.addPending(draft("mine"));
  later.load([message(1), message(2, { client_id: "mine" })]);
  assert.deepEqual(later.pending, []);
});

test("a refused message can be tried again or given up, and a late success wins", () => {
  const store = loaded();
  store.addPending(draft("mine"));
  store.fail("mine", "too long");
  assert.deepEqual([store.pending[0].state, store.pending[0].problem], ["failed", "too long"]);
  store.retry("mine");
  assert.equal(store.pending[0].state, "sending");
  store.fail("mine", "again");
  store.merge([message(1, { client_id: "mine" })]);
  assert.deepEqual([seqs(store), store.pending.length], [[1], 0]);
  store.addPending(draft("other"));
  store.discard("other");
  assert.deepEqual(store.pending, []);
});

test("pending messages keep the order in which they were written", () => {
  const store = loaded();
  for (const name of ["a", "b", "c"]) store.addPending(draft(name));
  store.merge([message(1, { client_id: "b" })]);
  assert.deepEqual(store.pending.map((one) => one.client_id), ["a", "c"]);
});

test("read marks never move backwards", () => {
  const store = loaded(message(1), message(2));
  assert.equal(store.markRead(2), true);
  assert.equal(store.markRead(1), false);
  assert.equal(store.readByOther, 2);
});

test("loading again after a jump keeps what is newer", () => {
  const store = loaded(message(1), message(2), message(3));
  store.load([message(1), message(1), message(2)]);
  assert.deepEqual(seqs(store), [1, 2, 3]);
});
