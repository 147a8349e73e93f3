// "…is typing": said at most every three seconds, taken back after four idle ones, forgotten when not renewed.

const REPEAT_MS = 3_000;
const IDLE_MS = 4_000;
const FORGET_MS = 8_000;

export class TypingTeller {
  #lastSaid = 0;
  #timer;

  /** `say(on)` sends the frame. */
  constructor(say) {
    this.say = say;
  }

  touch() {
    const now = Date.now();
    if (now - this.#lastSaid > REPEAT_MS) {
      this.#lastSaid = now;
      this.say(true);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), IDLE_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.#lastSaid) this.say(false);
    this.#lastSaid = 0;
  }
}

export class TypingWatch {
  #timers = new Map();

  /** `changed(conversationId, isTyping)`. */
  constructor(changed) {
    this.changed = changed;
  }

  hear({ conversation_id: id, on }) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    if (on) this.#timers.set(id, setTimeout(() => this.hear({ conversation_id: id, on: false }), FORGET_MS));
    this.changed(id, on);
  }

  has(id) {
    return this.#timers.has(id);
  }
}
