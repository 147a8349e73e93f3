// "…is typing": said at most every three seconds, taken back after four idle ones, forgotten when not renewed.

const REPEAT_MS = 3_000;
const PREVIEW_MS = 700; // the shop sees what is typed: it is said more often
const IDLE_MS = 4_000;
const FORGET_MS = 8_000;
const LONGEST_PREVIEW = 500; // characters, as the server counts

export class TypingTeller {
  #lastSaid = 0;
  #timer;
  #later;

  /** `say(on, text)` sends the frame. `preview()` gives the text where the shop looks on, else undefined. */
  constructor(say, preview = () => undefined) {
    Object.assign(this, { say, preview });
  }

  touch() {
    const text = this.preview();
    const wait = this.#lastSaid + (text === undefined ? REPEAT_MS : PREVIEW_MS) - Date.now();
    clearTimeout(this.#later);
    if (wait <= 0) this.#tell(text);
    else if (text !== undefined) this.#later = setTimeout(() => this.#tell(this.preview()), wait);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), IDLE_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#later);
    if (this.#lastSaid) this.say(false);
    this.#lastSaid = 0;
  }

  #tell(text) {
    this.#lastSaid = Date.now();
    this.say(true, text?.slice(0, LONGEST_PREVIEW));
  }
}

export class TypingWatch {
  #writers = new Map();

  /** `changed(conversationId)`. */
  constructor(changed) {
    this.changed = changed;
  }

  hear({ conversation_id: id, user_id: user = "", on, text }) {
    const writers = this.#writers.get(id) ?? new Map();
    clearTimeout(writers.get(user)?.timer);
    if (on) writers.set(user, { text: text ?? "", timer: setTimeout(() => this.hear({ conversation_id: id, user_id: user, on: false }), FORGET_MS) });
    else writers.delete(user);
    if (writers.size > 0) this.#writers.set(id, writers);
    else this.#writers.delete(id);
    this.changed(id);
  }

  /** Everybody who types in this conversation. */
  of(id) {
    return [...(this.#writers.get(id)?.keys() ?? [])];
  }

  has(id, user = null) {
    return user === null ? this.#writers.has(id) : (this.#writers.get(id)?.has(user) ?? false);
  }

  /** What somebody has typed so far, where the shop looks on. */
  textOf(id, user) {
    return this.#writers.get(id)?.get(user)?.text ?? "";
  }
}
