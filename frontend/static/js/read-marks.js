// Tells the server how far this person has read: only what was really before somebody's eyes.
import { calm } from "./dom.js";

export class ReadMarks {
  #told = new Map();

  /** `look()` gives {id, seq, isSeen}; `say(id, seq)` sends. */
  constructor({ look, say }) {
    Object.assign(this, { look, say });
    this.check = calm(() => this.#check(), 250);
    for (const event of ["focus", "visibilitychange"]) globalThis.addEventListener(event, this.check);
    document.addEventListener("visibilitychange", this.check);
  }

  /** After a reconnect: what was told on a dying line may not have arrived. */
  forget() {
    this.#told.clear();
    this.check();
  }

  /** Marked as unread by hand: they are told again when they are opened again. */
  leave(ids) {
    for (const id of ids) this.#told.delete(id);
  }

  #check() {
    const { id, seq, isSeen } = this.look();
    if (!id || !isSeen || document.visibilityState !== "visible" || !document.hasFocus()) return;
    if (seq > (this.#told.get(id) ?? 0)) {
      this.#told.set(id, seq);
      this.say(id, seq);
    }
  }
}
