import assert from "node:assert/strict";
import { test } from "node:test";
import { Live } from "../static/js/live.js";

class Clock {
  time = 0;
  #timers = new Map();
  #next = 1;
  setTimeout(run, ms) { this.#timers.set(this.#next, { at: this.time + ms, run }); return this.#next++; }
  clearTimeout(timer) { this.#timers.delete(timer); }
  now() { return this.time; }
  async pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, one]) => one.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.time = due[1].at;
      this.#timers.delete(due[0]);
      due[1].run();
      await settle();
    }
    this.time = end;
  }
}
const settle = async () => { for (let turn = 0; turn < 10; turn += 1) await Promise.resolve(); };

function line({ token = async () => null, vector = () => ({ 7: 3 }) } = {}) {
  const sockets = [];
  class Socket {
    readyState = 0;
    sent = [];
    constructor(address) { this.address = address; sockets.push(this); }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.readyState = 3; }
    open() { this.readyState = 1; this.onopen(); }
    say(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
    drop(code = 1006) { this.readyState = 3; this.onclose({ code }); }
  }
  const clock = new Clock();
  const live = new Live({ address: () => "ws://test/ws/m1", token, vector, Socket, clock, random: () => 0.5 });
  return { live, sockets, clock };
}
const ready = { type: "ready", user_id: "m1", role: "merchant", heartbeat: 20, server_time: 0 };

test("the token goes out first, and sync after ready", async () => {
  const { live, sockets } = line({ token: async () => "secret" });
  live.start();
  await settle();
  sockets[0].open();
  assert.deepEqual(sockets[0].sent, [{ type: "auth", token: "secret" }]);
  assert.doesNotMatch(sockets[0].address, /secret/);
  sockets[0].say(ready);
  assert.deepEqual(sockets[0].sent[1], { type: "sync", conversations: { 7: 3 }, since: 0 });
  assert.equal(live.isReady, true);
});

test("with a cookie nothing is said before ready", async () => {
  const { live, sockets } = line();
  live.start();
  await settle();
  sockets[0].open();
  assert.deepEqual(sockets[0].sent, []);
  assert.equal(live.send({ type: "ping", t: 1 }), false);
});

test("a lost line comes back, later each time, and syncs from what is known by then", async () => {
  let last = 3;
  const { live, sockets, clock } = line({ vector: () => ({ 7: last }) });
  live.start();
  await settle();
  sockets[0].open();
  sockets[0].say(ready);
  last = 9;
  const waits = [];
  for (let at = 0; at < 4; at += 1) {
    sockets.at(-1).drop();
    waits.push(live.retryAt - clock.now());
    await clock.pass(waits.at(-1));
  }
  assert.deepEqual(waits, [450, 700, 1200, 2200]);
  sockets.at(-1).open();
  sockets.at(-1).say(ready);
  assert.deepEqual(sockets.at(-1).sent[0], { type: "sync", conversations: { 7: 9 }, since: 0 });
  sockets.at(-1).say({ type: "synced", conversations: { 7: 9 }, more: [] });
  sockets.at(-1).drop();
  assert.equal(live.retryAt - clock.now(), 450, "after a success the patience is new");
});

test("silence after a ping means a dead line", async () => {
  const { live, sockets, clock } = line();
  live.start();
  await settle();
  sockets[0].open();
  sockets[0].say(ready);
  await clock.pass(20_000);
  assert.equal(sockets[0].sent.at(-1).type, "ping");
  sockets[0].say({ type: "pong", t: 1 });
  await clock.pass(19_999);
  assert.equal(live.isReady, true);
  await clock.pass(10_001);
  assert.equal(live.state, "waiting");
});

test("a server that opens and never gets ready is left", async () => {
  const { live, sockets, clock } = line();
  live.start();
  await settle();
  sockets[0].open();
  await clock.pass(8_000);
  assert.equal(live.state, "waiting");
});

test("resync is answered with sync, and every frame is told by its type", async () => {
  const { live, sockets } = line();
  const heard = [];
  live.addEventListener("message", ({ detail }) => heard.push(detail.seq));
  live.start();
  await settle();
  sockets[0].open();
  sockets[0].say(ready);
  sockets[0].say({ type: "message", seq: 4 });
  sockets[0].say({ type: "resync" });
  sockets[0].onmessage({ data: "not json" });
  assert.deepEqual(heard, [4]);
  assert.deepEqual(sockets[0].sent.map((frame) => frame.type), ["sync", "sync"]);
});

test("an expired token is renewed once; a second refusal ends it", async () => {
  const asked = [];
  const { live, sockets, clock } = line({ token: async ({ isFresh }) => { asked.push(isFresh); return "token"; } });
  const gone = [];
  live.addEventListener("signed-out", () => gone.push("signed-out"));
  live.start();
  await settle();
  sockets[0].open();
  sockets[0].drop(4401);
  await clock.pass(1);
  await settle();
  assert.deepEqual(asked, [false, true]);
  sockets[1].open();
  sockets[1].drop(4401);
  assert.deepEqual(gone, ["signed-out"]);
  assert.equal(live.state, "stopped");
});

test("a cookie whose session has ended is final", async () => {
  const { live, sockets } = line();
  const gone = [];
  live.addEventListener("signed-out", () => gone.push("signed-out"));
  live.start();
  await settle();
  sockets[0].open();
  sockets[0].drop(4401);
  assert.deepEqual(gone, ["signed-out"]);
  assert.equal(live.state, "stopped");
});

test("4403 is final", async () => {
  const { live, sockets, clock } = line();
  live.start();
  await settle();
  sockets[0].open();
  sockets[0].drop(4403);
  await clock.pass(60_000);
  assert.deepEqual([live.state, sockets.length], ["stopped", 1]);
});

test("frames and closings of an older socket mean nothing", async () => {
  const { live, sockets, clock } = line();
  const heard = [];
  live.addEventListener("message", ({ detail }) => heard.push(detail.seq));
  live.start();
  await settle();
  sockets[0].open();
  sockets[0].say(ready);
  sockets[0].drop();
  await clock.pass(1_000);
  sockets[1].open();
  sockets[1].say(ready);
  sockets[0].say({ type: "message", seq: 99 });
  sockets[0].drop();
  assert.deepEqual(heard, []);
  assert.equal(live.isReady, true);
});
