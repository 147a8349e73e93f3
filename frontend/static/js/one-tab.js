// Several tabs of one person: each thing is told by one of them, and what one has shown the others take away.
import { readJson } from "./storage.js";

const KEPT = 60; // ids of what was told lately
const HELD_MS = 5_000;
const channel = "BroadcastChannel" in globalThis ? (name) => new BroadcastChannel(name) : null;

export class OneTab extends EventTarget {
  #channel;

  constructor(owner, storage = globalThis.localStorage) {
    super();
    Object.assign(this, { key: `parley.told.${owner}`, storage });
    this.#channel = channel?.(`parley.${owner}`);
    this.#channel?.addEventListener("message", ({ data }) => this.dispatchEvent(new CustomEvent(data.type, { detail: data })));
  }

  /** To all other tabs. */
  say(type, facts = {}) {
    this.#channel?.postMessage({ type, ...facts });
  }

  /** True for the first tab that asks about `id`, whatever the others do at the same time. */
  async claim(id) {
    const take = () => {
      const told = readJson(this.storage, this.key, []);
      if (told.includes(id)) return false;
      this.storage.setItem(this.key, JSON.stringify([...told, id].slice(-KEPT)));
      return true;
    };
    // Without HTTPS there are no locks; then two tabs may now and then both sound.
    if (!navigator.locks) return take();
    return new Promise((settle) => {
      navigator.locks.request(`${this.key}.${id}`, { ifAvailable: true }, (lock) => {
        const isFirst = Boolean(lock) && take();
        settle(isFirst);
        // The lock is what tabs agree on at once; what one has stored, another may read a moment later.
        return isFirst ? new Promise((end) => setTimeout(end, HELD_MS)) : undefined;
      });
    });
  }
}
