// One socket per page: opens, proves who we are, keeps the line warm, comes back by itself, and asks for what it
// missed. Frames leave as events named by their type. What to do with them is not decided here.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
const SILENCE_MS = 10_000; // without an answer to a ping: the line is dead
const READY_MS = 8_000;
const MARGIN_S = 30; // a commit may be later than its time
const GONE = { 4401: "signed-out", 4403: "refused" };

const realClock = {
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => Date.now(),
};

/** Where a user's socket is opened. */
export const socketOf = (userId) => new URL(`/ws/${userId}`, location.href.replace(/^http/, "ws")).href;

export class Live extends EventTarget {
  #socket = null;
  #attempt = 0;
  #timers = {};
  #wasRefused = false;
  #hasToken = false;
  #heardAt = 0;
  #ahead = 0; // seconds that the server's clock is ahead of ours

  /** `address()` and `token()` may be promises; no token: the cookie speaks. `vector()` is {conversation: last seq}. */
  constructor({ address, token = async () => null, vector, Socket = globalThis.WebSocket, clock = realClock, random = Math.random }) {
    super();
    Object.assign(this, { address, token, vector, Socket, clock, random });
    this.#heardAt = clock.now();
    this.state = "idle";
    this.retryAt = 0;
  }

  get isReady() {
    return this.state === "online";
  }

  start() {
    globalThis.addEventListener?.("online", () => this.reconnectNow());
    globalThis.addEventListener?.("offline", () => this.#drop("offline"));
    globalThis.document?.addEventListener("visibilitychange", () => this.#lookAlive());
    return this.#open();
  }

  stop() {
    this.#close();
    this.#become("stopped");
  }

  /** False when the line is down: the caller keeps what it wanted to say. */
  send(frame) {
    if (!this.isReady || this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** `since`: the server's time at which we last heard something, so that it can say what was deleted after it. */
  sync() {
    const since = Math.max(0, Math.floor(this.#heardAt / 1000 + this.#ahead) - MARGIN_S);
    return this.send({ type: "sync", conversations: this.vector(), since });
  }

  reconnectNow() {
    if (this.state === "waiting" || this.state === "offline") return this.#open();
    return undefined;
  }

  async #open() {
    this.#close();
    this.#become("connecting");
    const attempt = ++this.#attempt;
    let token;
    let address;
    try {
      [token, address] = [await this.token({ isFresh: this.#wasRefused }), await this.address()];
    } catch {
      if (attempt === this.#attempt) this.#wait();
      return;
    }
    if (attempt !== this.#attempt || this.state !== "connecting") return;
    this.#hasToken = Boolean(token);
    const socket = new this.Socket(address);
    this.#socket = socket;
    this.#after("ready", READY_MS, () => this.#lost(socket, 4408));
    socket.onopen = () => token && socket.send(JSON.stringify({ type: "auth", token }));
    socket.onmessage = (event) => socket === this.#socket && this.#hear(event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
    socket.onerror = () => {};
  }

  #hear(data) {
    this.#cancel("silence");
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (this.isReady) this.#heardAt = this.clock.now();
    if (frame.type === "ready") this.#ready(frame);
    else if (frame.type === "resync") this.sync();
    else if (frame.type === "synced") this.failures = 0;
    this.#tell(frame.type, frame);
  }

  #ready(frame) {
    this.#cancel("ready");
    this.#wasRefused = false;
    this.heartbeat = (frame.heartbeat ?? 20) * 1000;
    this.#ahead = (frame.server_time ?? this.clock.now() / 1000) - this.clock.now() / 1000;
    this.#become("online");
    this.sync();
    this.#heardAt = this.clock.now();
    this.#beat();
  }

  #beat() {
    this.#after("beat", this.heartbeat, () => {
      this.#ping();
      this.#beat();
    });
  }

  #ping() {
    const socket = this.#socket;
    if (this.send({ type: "ping", t: this.clock.now() })) this.#after("silence", SILENCE_MS, () => this.#lost(socket, 4000));
  }

  /** A tab that slept does not know that its line died. */
  #lookAlive() {
    if (document.visibilityState !== "visible") return;
    if (this.isReady) this.#ping();
    else this.reconnectNow();
  }

  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#close();
    // A token may be renewed once; a cookie whose session has ended is not coming back.
    if (code === 4403 || (code === 4401 && (this.#wasRefused || !this.#hasToken))) {
      this.#become("stopped");
      this.#tell(GONE[code], { code });
      return;
    }
    this.#wasRefused = code === 4401;
    this.#wait();
  }

  /** Full jitter: a thousand pages of a server that restarted must not come back in one instant. */
  #wait() {
    this.failures = (this.failures ?? 0) + 1;
    const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.failures - 1));
    const delay = this.#wasRefused ? 0 : 200 + this.random() * most;
    this.retryAt = this.clock.now() + delay;
    this.#become(globalThis.navigator?.onLine === false ? "offline" : "waiting");
    this.#after("retry", delay, () => this.#open());
  }

  #drop(state) {
    this.#close();
    this.#become(state);
  }

  #close() {
    this.#attempt += 1;
    for (const name of Object.keys(this.#timers)) this.#cancel(name);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #after(name, ms, run) {
    this.#cancel(name);
    this.#timers[name] = this.clock.setTimeout(run, ms);
  }

  #cancel(name) {
    this.clock.clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#tell("state", { state });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
