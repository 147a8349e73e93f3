// The browser's storage, or the page's own memory where a browser keeps it from us (third-party frames, private windows).
// In a shop's page that memory is given to the loader to keep, so that the next page of the shop knows the visitor.

class Memory {
  #kept = new Map();
  #changed = () => {};

  /** Begins with what was kept elsewhere; `changed(values)` is told of everything new. */
  mirror(values, changed) {
    for (const [key, value] of Object.entries(values ?? {})) if (!this.#kept.has(key)) this.#kept.set(key, String(value));
    this.#changed = () => changed(Object.fromEntries(this.#kept));
    if (this.#kept.size > 0) this.#changed();
  }

  get length() {
    return this.#kept.size;
  }

  key(at) {
    return [...this.#kept.keys()][at] ?? null;
  }

  getItem(key) {
    return this.#kept.get(key) ?? null;
  }

  setItem(key, value) {
    this.#kept.set(key, String(value));
    this.#changed();
  }

  removeItem(key) {
    if (this.#kept.delete(key)) this.#changed();
  }
}

/** The browser's, when it really keeps what it is given. */
function working() {
  try {
    const storage = globalThis.localStorage;
    storage.setItem("parley.try", "1");
    storage.removeItem("parley.try");
    return storage;
  } catch {
    return null;
  }
}

const found = working();
export const isKept = found !== null;
export const storage = found ?? new Memory();

/** What is kept as JSON under `key`; `otherwise` where that is nothing, or nothing that can be read. */
export function readJson(from, key, otherwise = null) {
  try {
    return JSON.parse(from.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** One tab at a time runs `work`; alone where the browser has no locks for us. */
export async function oneAtATime(name, work) {
  if (!isKept || !globalThis.navigator?.locks) return work();
  return navigator.locks.request(name, work);
}
