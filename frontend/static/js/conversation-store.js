// The conversations of a list: which belong to the view, in which order, and what a frame does to them. Pure.

const OF_THE_LAST_MESSAGE = ["last_seq", "last_message", "last_message_type", "last_sender_id", "last_message_time", "waiting_since", "merchant_unread", "customer_unread"];

export const lastTime = (one) => one.last_message_time ?? one.created_at;
const byRecency = (a, b) => lastTime(b) - lastTime(a) || (BigInt(b.id) > BigInt(a.id) ? 1 : -1);
const pick = (one, fields) => Object.fromEntries(fields.map((field) => [field, one[field]]));

export class ConversationStore {
  #known = new Map();
  #inView = new Set();

  /** `me` is the user, `side` "merchant", "buyer" or "admin". */
  constructor({ me, side }) {
    Object.assign(this, { me, side, filter: {} });
  }

  get(id) {
    return this.#known.get(id);
  }

  get all() {
    return [...this.#known.values()];
  }

  /** What the list shows, newest first. */
  get visible() {
    return [...this.#inView].map((id) => this.#known.get(id)).filter((one) => this.fits(one)).sort(byRecency);
  }

  /** {conversation: last seq that we know}: what a reconnect has to catch up from. */
  vector(most = 200) {
    return Object.fromEntries(this.all.sort(byRecency).slice(0, most).map((one) => [one.id, one.last_seq]));
  }

  /** Another view: what was known stays known, the order begins anew. */
  show(filter) {
    this.filter = filter;
    this.#inView.clear();
  }

  /** Conversations from a list page or a frame. An older state never replaces a newer one. */
  put(conversations, { isInView = true } = {}) {
    for (const one of conversations) {
      const known = this.#known.get(one.id);
      const next = known && known.updated_at > one.updated_at ? { ...one, ...known } : { ...known, ...one };
      const latest = known && known.last_seq > one.last_seq ? known : one;
      this.#known.set(one.id, { ...next, ...pick(latest, OF_THE_LAST_MESSAGE) });
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
    this.#known.set(one.id, {
      ...one,
      last_seq: message.seq,
      last_message: message.content,
      last_message_type: message.message_type,
      last_sender_id: message.sender_id,
      last_message_time: message.timestamp ?? message.created_at,
      merchant_unread: isBuyer ? one.merchant_unread + (isOpen && this.side === "merchant" ? 0 : 1) : 0,
      merchant_read_seq: isBuyer ? one.merchant_read_seq : message.seq,
      customer_unread: isBuyer ? 0 : one.customer_unread + (isOpen && this.side === "buyer" ? 0 : 1),
      customer_read_seq: isBuyer ? message.seq : one.customer_read_seq,
      waiting_since: isBuyer ? (one.waiting_since ?? message.timestamp ?? message.created_at) : null,
    });
    return true;
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
  fits(one) {
    const { assignee, status, merchant } = this.filter;
    if (assignee === "me" && one.assignee_id !== this.me) return false;
    if (assignee === "none" && one.assignee_id !== null) return false;
    if (merchant && one.merchant_id !== merchant) return false;
    return !status || one.status === status;
  }

  get unread() {
    const field = this.side === "buyer" ? "customer_unread" : "merchant_unread";
    return this.all.filter((one) => one[field] > 0 && one.status !== "resolved").length;
  }
}
