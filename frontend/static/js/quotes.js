// What a message answers, for the block above its bubble: from memory, else fetched, many in one request.
import { get } from "./api.js";
import { calm } from "./dom.js";
import { normalised } from "./message-store.js";

const MOST_AT_ONCE = 100; // ids of one request

export class Quotes {
  #found = new Map();
  #wanted = new Set();
  #fetch;

  /** `byId(id)` looks into memory; `changed()` is called when more is known. */
  constructor({ byId, conversationId, changed }) {
    Object.assign(this, { byId, conversationId, changed });
    this.#fetch = calm(() => this.#load(), 20);
  }

  /** The message, or null while it is not known. */
  of(id) {
    const known = this.byId(id) ?? this.#found.get(id);
    if (known) return known;
    if (!this.#wanted.has(id)) {
      this.#wanted.add(id);
      this.#fetch();
    }
    return null;
  }

  /** A message was taken back. */
  erase(seq) {
    for (const message of this.#found.values()) if (message.seq === seq) Object.assign(message, { content: "", attachments: [], deleted_at: 1 });
  }

  async #load() {
    const conversation = this.conversationId();
    const ids = [...this.#wanted].filter((id) => !this.#found.has(id)).slice(0, MOST_AT_ONCE);
    if (ids.length === 0 || conversation === "new") return;
    const page = await get(`/conversations/${conversation}/messages/?${ids.map((id) => `id=${id}`).join("&")}`).catch(() => null);
    for (const raw of page?.results ?? []) this.#found.set(raw.id, normalised(raw));
    if (!page) for (const id of ids) this.#wanted.delete(id);
    this.changed();
  }
}
