// What was written and is not confirmed yet. It survives a reload and goes out again under the same client_id, so
// that the server can tell a repetition from a second message. One storage entry per message: two tabs of one
// person never overwrite each other, and both may send the same message, which arrives once.
import { storage as kept } from "./storage.js";

const PREFIX = "parley.outbox.";
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 15_000;

export const newClientId = () => globalThis.crypto.randomUUID();

export class Outbox extends EventTarget {
  #queues = new Map();
  #begun = new Set(); // conversations that began in lane "new"
  #delay = 0;
  #wake = () => {};

  /** `deliver(draft)` answers {id, seq, timestamp} or throws; `error.isPassing` says whether to try again. */
  constructor({ owner, deliver, storage = kept, wait = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
    super();
    Object.assign(this, { prefix: `${PREFIX}${owner}.`, deliver, storage, wait });
  }

  /** Everything unsent, oldest first; those that failed for good too. */
  get drafts() {
    const found = [];
    for (let at = 0; at < this.storage.length; at += 1) {
      const key = this.storage.key(at);
      if (key.startsWith(this.prefix)) found.push(JSON.parse(this.storage.getItem(key)));
    }
    return found.sort((a, b) => a.written_at - b.written_at);
  }

  /** Unsent drafts of one conversation; null is the one that does not exist yet. */
  of(conversationId) {
    return this.drafts.filter((draft) => draft.conversation_id === conversationId);
  }

  add(draft) {
    this.#keep(draft);
    this.#enqueue({ ...draft });
  }

  /** What waited for a conversation has it from now on, after a reload too; what is written next stands behind it. */
  begin(conversation_id) {
    for (const draft of this.of(null)) this.#keep({ ...draft, conversation_id });
    for (const draft of this.#queues.get("new") ?? []) draft.conversation_id ??= conversation_id;
    this.#begun.add(conversation_id);
  }

  retry(client_id) {
    const draft = this.drafts.find((one) => one.client_id === client_id);
    if (!draft) return;
    this.#keep({ ...draft, problem: "" });
    this.#enqueue({ ...draft, problem: "" });
  }

  discard(client_id) {
    this.storage.removeItem(this.prefix + client_id);
  }

  /** After a reload, or when the line is back. */
  resume() {
    this.#delay = 0;
    this.#wake();
    for (const draft of this.drafts) if (!draft.problem) this.#enqueue(draft);
  }

  #keep(draft) {
    this.storage.setItem(this.prefix + draft.client_id, JSON.stringify(draft));
  }

  /**
   * One after the other within a conversation, so that they arrive in the order in which they were written. The lane in
   * which a conversation began stays its lane until it is empty.
   */
  #enqueue(draft) {
    const lane = this.#begun.has(draft.conversation_id) ? "new" : (draft.conversation_id ?? "new");
    const queue = this.#queues.get(lane);
    if (queue) {
      if (!queue.some((one) => one.client_id === draft.client_id)) queue.push(draft);
      return;
    }
    this.#queues.set(lane, [draft]);
    this.#run(lane);
  }

  async #run(lane) {
    const queue = this.#queues.get(lane);
    while (queue.length > 0) {
      const draft = queue[0];
      if (this.storage.getItem(this.prefix + draft.client_id) === null) queue.shift();
      else if (await this.#attempt(draft)) queue.shift();
      else {
        this.#delay = Math.min(LONGEST_DELAY_MS, (this.#delay || FIRST_DELAY_MS / 2) * 2);
        await Promise.race([this.wait(this.#delay), new Promise((wake) => (this.#wake = wake))]);
      }
    }
    this.#queues.delete(lane);
    if (lane === "new") this.#begun.clear();
  }

  /** True when this draft is done with: sent, or refused for good. */
  async #attempt(draft) {
    try {
      const sent = await this.deliver(draft);
      this.discard(draft.client_id);
      this.#delay = 0;
      this.#tell("sent", { draft, sent });
      return true;
    } catch (error) {
      if (error.isPassing ?? true) return false;
      this.#keep({ ...draft, problem: error.message || "refused" });
      this.#tell("failed", { draft, problem: error.message });
      return true;
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
