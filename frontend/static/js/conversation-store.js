// The conversations of a list: which belong to the view, in which order, and what a frame does to them. Pure.
import { TAKEN_BACK, merged, toldBy } from "./last-message.js";
import { fitsFilter } from "./list-filter.js";
import { byOrder, edgeOf } from "./list-order.js";

const OF_THE_DESK = ["waiting_since", "merchant_unread"]; // what a shop knows of a last message besides

const byRecency = byOrder({});

export class ConversationStore {
  #known = new Map();
  #inView = new Set();

  /** `me` is the user, `side` "merchant", "buyer" or "admin". */
  constructor({ me, side }) {
    Object.assign(this, { me, side, filter: {}, pinned: null });
    this.edge = null;
  }

  get(id) {
    return this.#known.get(id);
  }

  get all() {
    return [...this.#known.values()];
  }

  /**
   * What the list shows, in its order. While there is more on the server nothing is shown that belongs after the last
   * loaded page: there would be a gap before it. `pinned` is the open one: reading it may end what it was listed for.
   */
  get visible() {
    const compare = byOrder(this.filter);
    const now = Date.now() / 1000;
    const rows = [];
    for (const id of this.#inView) {
      const one = this.#known.get(id);
      if (!this.fits(one, now, { isPinned: id === this.pinned })) continue;
      if (!this.edge || compare(one, this.edge) <= 0) rows.push(one);
    }
    return rows.sort(compare);
  }

  /** {conversation: last seq that we know}: what a reconnect has to catch up from. */
  vector(most = 200) {
    return Object.fromEntries(this.all.sort(byRecency).slice(0, most).map((one) => [one.id, one.last_seq]));
  }

  /** Another view: what was known stays known, the order begins anew. */
  show(filter) {
    this.filter = filter;
    this.edge = null;
    this.#inView.clear();
  }

  /** A page of the list. `isLast`: the server has no more. */
  page(conversations, { isLast }) {
    this.put(conversations);
    this.edge = isLast || conversations.length === 0 ? null : edgeOf(conversations.at(-1));
  }

  /** What the list was before it is asked for again as a whole. */
  snapshot() {
    return new Map([...this.#inView].map((id) => [id, this.#known.get(id)]));
  }

  /** The list as the server has it now; what was heard since `before` stays. */
  replace(conversations, before, { isLast }) {
    this.page(conversations, { isLast });
    const listed = new Set(conversations.map((one) => one.id));
    for (const [id, one] of before) if (!listed.has(id) && this.#known.get(id) === one) this.#inView.delete(id);
  }

  /** Conversations from a list page or a frame. An older state never replaces a newer one. */
  put(conversations, { isInView = true } = {}) {
    for (const one of conversations) {
      this.#known.set(one.id, merged(this.#known.get(one.id), one, OF_THE_DESK));
      if (isInView) this.#inView.add(one.id);
    }
  }

  /** A message frame. False when the conversation is unknown and must be fetched. */
  hear(message, { isOpen = false } = {}) {
    const one = this.#known.get(message.conversation_id);
    if (!one) return false;
    this.#inView.add(one.id);
    if (message.seq <= one.last_seq) return true;
    const isBuyer = message.sender_role === "buyer";
    const isAnswer = message.sender_role === "merchant";
    const told = toldBy(message);
    this.#known.set(one.id, {
      ...one,
      status: isBuyer && ["resolved", "snoozed"].includes(one.status) ? "open" : one.status,
      ...told,
      merchant_unread: isBuyer ? one.merchant_unread + (isOpen && this.side === "merchant" ? 0 : 1) : one.merchant_unread,
      customer_unread: isBuyer ? 0 : one.customer_unread + (isOpen && this.side === "buyer" ? 0 : 1),
      customer_read_seq: isBuyer ? message.seq : one.customer_read_seq,
      waiting_since: isBuyer ? (one.waiting_since ?? told.last_message_time) : isAnswer ? null : one.waiting_since,
    });
    return true;
  }

  /** The last message was taken back: its preview goes with it. */
  hearDeleted({ conversation_id: id, seq }) {
    const one = this.#known.get(id);
    if (one?.last_seq === seq) this.#known.set(id, { ...one, ...TAKEN_BACK });
  }

  /** A read mark of either side; never backwards. */
  markRead(id, side, seq) {
    const one = this.#known.get(id);
    const mark = side === "buyer" || side === "customer" ? "customer" : "merchant";
    if (!one || seq < one[`${mark}_read_seq`]) return;
    const unread = seq >= one.last_seq ? 0 : Math.min(one[`${mark}_unread`], one.last_seq - seq);
    this.#known.set(id, { ...one, [`${mark}_read_seq`]: seq, [`${mark}_unread`]: unread });
  }

  /** Whether a conversation belongs to the view. */
  fits(one, now = Date.now() / 1000, { isPinned = false } = {}) {
    return fitsFilter(one, this.filter, { me: this.me, now, isPinned });
  }

  get unread() {
    const field = this.side === "buyer" ? "customer_unread" : "merchant_unread";
    let count = 0;
    for (const one of this.#known.values()) if (one[field] > 0 && one.status !== "resolved") count += 1;
    return count;
  }
}
