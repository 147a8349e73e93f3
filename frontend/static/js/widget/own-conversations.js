// The buyer's conversations with this shop: few, newest first, each in its newest state. Pure: no DOM, no I/O.
import { TAKEN_BACK, lastTime, merged, toldBy } from "../last-message.js";

export class OwnConversations {
  #known = new Map();

  constructor({ shopId }) {
    this.shopId = shopId;
  }

  get(id) {
    return this.#known.get(id);
  }

  get all() {
    return [...this.#known.values()].sort((a, b) => lastTime(b) - lastTime(a) || (BigInt(b.id) > BigInt(a.id) ? 1 : -1));
  }

  /** The one to go on with. */
  get open() {
    return this.all.find((one) => one.status !== "resolved");
  }

  get unread() {
    return this.all.reduce((sum, one) => sum + one.customer_unread, 0);
  }

  /** {conversation: last seq that we know}: what a reconnect has to catch up from. */
  vector() {
    return Object.fromEntries(this.all.map((one) => [one.id, one.last_seq]));
  }

  /** From a list or a frame. An older state never replaces a newer one. */
  put(conversations) {
    for (const one of conversations) {
      if (one.merchant_id !== this.shopId) continue;
      this.#known.set(one.id, merged(this.#known.get(one.id), one));
    }
  }

  /** A message frame. False when the conversation is unknown and must be fetched. */
  hear(message, { isSeen = false } = {}) {
    const one = this.#known.get(message.conversation_id);
    if (!one) return false;
    if (message.seq <= one.last_seq) return true;
    const isMine = message.sender_role === "buyer";
    this.#known.set(one.id, {
      ...one,
      status: isMine ? "open" : one.status,
      ...toldBy(message),
      customer_unread: isMine ? 0 : one.customer_unread + (isSeen ? 0 : 1),
    });
    return true;
  }

  /** The last message was taken back: its preview goes with it. */
  hearDeleted({ conversation_id: id, seq }) {
    const one = this.#known.get(id);
    if (one?.last_seq === seq) this.#known.set(id, { ...one, ...TAKEN_BACK });
  }

  markRead(id, side, seq) {
    const one = this.#known.get(id);
    const mark = side === "buyer" || side === "customer" ? "customer" : "merchant";
    if (!one || seq < one[`${mark}_read_seq`]) return;
    const unread = mark === "merchant" ? one.customer_unread : seq >= one.last_seq ? 0 : Math.min(one.customer_unread, one.last_seq - seq);
    this.#known.set(id, { ...one, [`${mark}_read_seq`]: seq, customer_unread: unread });
  }
}
