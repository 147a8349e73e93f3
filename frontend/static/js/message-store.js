// One conversation's messages, each once and in the order of seq, whatever the network did. Pure: no DOM, no I/O.
//
// What is shown is an unbroken run first…last. A message beyond a hole waits in `ahead` until a fetch has filled
// the hole, so that every reader sees the same order. What this person wrote and nobody confirmed yet is `pending`.

const FIELDS = ["id", "conversation_id", "seq", "client_id", "sender_id", "sender_role", "content", "message_type", "attachments", "reply_to", "deleted_at"];

/** A message from HTTP (`created_at`) or from a frame (`timestamp`) in one shape. */
export function normalised(raw) {
  const message = Object.fromEntries(FIELDS.map((field) => [field, raw[field] ?? null]));
  message.attachments ??= [];
  message.created_at = raw.created_at ?? raw.timestamp;
  return message;
}

export class MessageStore {
  #run = [];
  #ahead = new Map();
  #pending = new Map();
  #keys = new Map();

  constructor({ conversationId = null } = {}) {
    this.conversationId = conversationId;
    this.isLoaded = false;
    this.readByOther = 0;
    this.deliveredToOther = 0;
  }

  get messages() {
    return this.#run;
  }

  /** What is not in the run yet, oldest first. `state` is "sending", "sent" or "failed". */
  get pending() {
    return [...this.#pending.values()];
  }

  get firstSeq() {
    return this.#run[0]?.seq ?? 0;
  }

  get lastSeq() {
    return this.#run.at(-1)?.seq ?? 0;
  }

  get hasOlder() {
    return this.firstSeq > 1;
  }

  /** Messages wait beyond a hole: fetch after `lastSeq`. */
  get hasGap() {
    return this.isLoaded && this.#ahead.size > 0;
  }

  /** The first page, ascending; also starts over after a jump. What came live meanwhile is kept. */
  load(messages) {
    const known = [...this.#run, ...this.#ahead.values()];
    this.#run = [];
    this.#ahead.clear();
    this.isLoaded = true;
    for (const raw of messages) this.#append(normalised(raw));
    for (const message of known) if (message.seq > this.lastSeq) this.#ahead.set(message.seq, message);
    this.#drain();
  }

  /** Messages from anywhere: a frame, a fetch, a sync. Returns whether something new can be seen. */
  merge(messages) {
    let isChanged = false;
    for (const raw of messages) {
      const message = normalised(raw);
      if (!(message.seq > this.lastSeq) || this.#ahead.has(message.seq)) continue;
      this.#ahead.set(message.seq, message);
      isChanged = true;
    }
    if (this.isLoaded) this.#drain();
    return isChanged;
  }

  /** An older page, ascending, that ends just before `firstSeq`. */
  prepend(messages) {
    const older = messages.map(normalised).filter((message) => message.seq < this.firstSeq);
    if (older.length === 0 || older.at(-1).seq !== this.firstSeq - 1) return false;
    for (const message of older) this.#settle(message);
    this.#run = [...older, ...this.#run];
    return true;
  }

  addPending(draft) {
    if (this.#hasArrived(draft.client_id)) return;
    this.#pending.set(draft.client_id, { state: "sending", problem: "", attachments: [], ...draft });
  }

  /** The server's `sent`, or the body of a 201: the message is in the database, with this seq. */
  confirm({ client_id, id, seq, timestamp }) {
    const draft = this.#pending.get(client_id);
    if (!draft || draft.state === "sent") return;
    const { state: _, problem: __, ...facts } = draft;
    this.#pending.set(client_id, { ...draft, state: "sent", problem: "" });
    this.merge([{ ...facts, id, seq, created_at: timestamp ?? draft.created_at }]);
  }

  fail(client_id, problem) {
    const draft = this.#pending.get(client_id);
    if (draft && draft.state !== "sent") this.#pending.set(client_id, { ...draft, state: "failed", problem });
  }

  retry(client_id) {
    const draft = this.#pending.get(client_id);
    if (draft?.state === "failed") this.#pending.set(client_id, { ...draft, state: "sending", problem: "" });
  }

  discard(client_id) {
    this.#pending.delete(client_id);
  }

  /** A message was taken back: its words are gone here too, also when it waits beyond a hole. */
  erase(seq, at = Math.floor(Date.now() / 1000)) {
    const message = this.bySeq(seq) ?? this.#ahead.get(seq);
    if (!message || message.deleted_at) return false;
    Object.assign(message, { content: "", attachments: [], message_type: "text", reply_to: null, deleted_at: at });
    return true;
  }

  /** Seqs have no gaps, so the place is known without a search. */
  bySeq(seq) {
    return this.#run[seq - this.firstSeq];
  }

  byId(id) {
    return this.#run.find((message) => message.id === id);
  }

  /** How far the other side's socket has come; never backwards. */
  markDelivered(seq) {
    if (seq <= this.deliveredToOther) return false;
    this.deliveredToOther = seq;
    return true;
  }

  /** How far the other side has read; never backwards. */
  markRead(seq) {
    if (seq <= this.readByOther) return false;
    this.readByOther = seq;
    return true;
  }

  #hasArrived(client_id) {
    return this.#keys.has(client_id);
  }

  #drain() {
    for (;;) {
      const next = this.#ahead.get(this.lastSeq + 1);
      if (!next) break;
      this.#ahead.delete(next.seq);
      this.#append(next);
    }
    for (const seq of this.#ahead.keys()) if (seq <= this.lastSeq) this.#ahead.delete(seq);
  }

  #append(message) {
    if (message.seq <= this.lastSeq) return;
    this.#run.push(message);
    this.#settle(message);
  }

  #settle(message) {
    if (!message.client_id) return;
    this.#keys.set(message.client_id, message.seq);
    this.#pending.delete(message.client_id);
  }
}
