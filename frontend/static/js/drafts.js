// What somebody began to write, for each conversation and for reply and note apart. It survives a reload.
import { readJson, storage as kept } from "./storage.js";

const PREFIX = "parley.draft.";
const KEPT_DAYS = 30;

export class Drafts {
  constructor(owner, storage = kept) {
    Object.assign(this, { prefix: `${PREFIX}${owner}.`, storage });
  }

  get(conversationId, mode = "reply") {
    return readJson(this.storage, this.#key(conversationId, mode))?.text ?? "";
  }

  set(conversationId, mode, text) {
    const key = this.#key(conversationId, mode);
    if (text.trim() === "") this.storage.removeItem(key);
    else this.storage.setItem(key, JSON.stringify({ text, at: Date.now() }));
  }

  /** Drafts that nobody came back to. */
  sweep(now = Date.now()) {
    const keys = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at));
    for (const key of keys.filter((one) => one.startsWith(PREFIX))) {
      if (!(now - (readJson(this.storage, key)?.at ?? 0) < KEPT_DAYS * 86_400_000)) this.storage.removeItem(key);
    }
  }

  #key(conversationId, mode) {
    return `${this.prefix}${conversationId ?? "new"}.${mode}`;
  }
}
