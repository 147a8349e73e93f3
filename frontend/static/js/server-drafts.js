// Unsent text, on this device at once and on the server after a moment, so that another device goes on with it.
import { get, put } from "./api.js";

const PAUSE_MS = 800;
const AGAIN_MS = 5_000;

export class ServerDrafts {
  #timers = new Map();
  #unsaved = new Set();

  /** `local` is the device's own copy; `said(state)` hears "saving", "saved", "local" of the open conversation. */
  constructor({ local, said }) {
    Object.assign(this, { local, said });
  }

  get(id, mode = "reply") {
    return this.local.get(id, mode);
  }

  set(id, mode, text) {
    if (this.local.get(id, mode) === (text.trim() ? text : "")) return;
    this.local.set(id, mode, text);
    this.#unsaved.add(`${id} ${mode}`);
    this.#later(id, mode, text.trim() ? PAUSE_MS : 0);
  }

  /** What the server has, for a conversation that was opened: the device's text wins while it is not saved yet. */
  async fetch(id) {
    const kept = await get(`/conversations/${id}/draft`).catch(() => null);
    if (!kept) return false;
    let isNew = false;
    for (const mode of ["reply", "note"]) {
      const text = kept[mode]?.content ?? "";
      if (this.#unsaved.has(`${id} ${mode}`) || this.local.get(id, mode) === text) continue;
      this.local.set(id, mode, text);
      isNew = true;
    }
    return isNew;
  }

  /** The line is back, or the page goes away: everything that is not saved yet. */
  flush() {
    for (const key of this.#unsaved) this.#later(...key.split(" "), 0);
  }

  #later(id, mode, ms) {
    const key = `${id} ${mode}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => this.#save(id, mode), ms));
  }

  async #save(id, mode) {
    const content = this.local.get(id, mode);
    try {
      await put(`/conversations/${id}/draft`, { mode, content });
    } catch (error) {
      this.said(id, "local");
      if (error.isPassing) this.#later(id, mode, AGAIN_MS);
      return;
    }
    if (this.local.get(id, mode) !== content) return;
    this.#unsaved.delete(`${id} ${mode}`);
    this.said(id, content ? "saved" : "");
  }
}
