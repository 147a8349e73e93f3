// The conversation that is open: its store, what is fetched for it, and when its rows are drawn anew.
import { keptThread, restore } from "./kept-thread.js";
import { dayOf } from "./relative-time.js";
import { keyOf, rowsOf } from "./rows.js";
import { fetchAfter, fetchAsides, fetchBack, fetchNewest, fetchOlder } from "./thread-pages.js";

const MOST_KEPT = 30; // threads kept in memory, so that going back costs nothing

export class Thread extends EventTarget {
  #kept = new Map();
  #fetching = new Map();

  /** `side` is "buyer", "merchant" or "admin": on whose side of the room the reader sits. */
  constructor({ list, people, side, me, outbox = null }) {
    super();
    Object.assign(this, { list, people, side, outbox, id: null });
    list.use({ people, side, me, quoteOf: (id) => this.current?.quotes.of(id) ?? null, loadOlder: () => this.#loadOlder(), hasOlder: () => this.current?.store.hasOlder ?? false });
  }

  get current() {
    return this.#kept.get(this.id);
  }

  isMine(message) {
    return (message.sender_role === "buyer") === (this.side === "buyer");
  }

  /** Known last seqs, more exact than the list's for threads in memory. */
  vector() {
    return Object.fromEntries([...this.#kept].filter(([id, one]) => id !== "new" && one.store.isLoaded).map(([id, one]) => [id, one.store.lastSeq]));
  }

  async open(conversation) {
    this.id = conversation.id;
    const kept = this.#keep(conversation.id);
    const ours = this.side === "buyer" ? "customer" : "merchant";
    kept.store.markRead(this.side === "buyer" ? conversation.merchant_read_seq : conversation.customer_read_seq);
    kept.dividerAfter = this.side !== "admin" && conversation[`${ours}_unread`] > 0 ? conversation[`${ours}_read_seq`] : null;
    for (const draft of this.outbox?.of(conversation.id) ?? []) restore(kept.store, draft);
    if (kept.store.isLoaded) {
      this.list.reset(this.#rows());
      if (kept.areAsidesOld) this.refreshAsides();
      return this.catchUp(conversation.id);
    }
    await this.#load(conversation.id, kept);
    if (this.id === conversation.id) this.list.reset(this.#rows());
    return undefined;
  }

  /** Nothing is written yet and the conversation does not exist: an empty thread of its own. */
  openNew() {
    this.id = "new";
    this.begun = null;
    const kept = this.#keep("new");
    kept.store.load([]);
    for (const draft of this.outbox?.of(null) ?? []) restore(kept.store, draft);
    this.list.reset(this.#rows());
  }

  /** The new thread got its conversation: what stands in it stays, under the real id. */
  begin(conversation) {
    const kept = this.#kept.get("new");
    if (!kept || this.begun === conversation.id) return;
    this.begun = conversation.id;
    this.#kept.delete("new");
    this.#kept.set(conversation.id, kept);
    if (this.id === "new") this.id = conversation.id;
  }

  close() {
    this.id = null;
  }

  /** A `message` frame of any conversation. */
  hear(message) {
    const kept = this.#kept.get(message.conversation_id);
    if (!kept) return;
    const before = kept.store.lastSeq;
    if (!kept.store.merge([message])) return;
    if (kept.store.hasGap) this.catchUp(message.conversation_id);
    const isFresh = kept.store.lastSeq > before && !this.isMine(message);
    if (message.conversation_id === this.id) this.draw(isFresh ? 1 : 0);
  }

  hearRead({ conversation_id: id, side, seq }) {
    const isOther = (side === "customer" || side === "buyer") !== (this.side === "buyer");
    if (isOther && this.#kept.get(id)?.store.markRead(seq) && id === this.id) this.draw();
  }

  /** The other side is connected: what was sent until now has reached it, because a socket that opens catches up. */
  hearDelivered(id) {
    const kept = this.#kept.get(id);
    if (kept?.store.markDelivered(kept.store.lastSeq) && id === this.id) this.draw();
  }

  /** A `message_deleted` frame. */
  hearDeleted({ conversation_id: id, seq }) {
    const kept = this.#kept.get(id);
    kept?.quotes.erase(seq);
    if (kept?.store.erase(seq) && id === this.id) this.draw();
  }

  /** A `note` or `activity` frame; the same one again only replaces itself. */
  hearAside(kind, aside) {
    const kept = this.#kept.get(aside.conversation_id);
    if (kept) this.#setAsides(aside.conversation_id, { [kind]: [...kept[kind].filter((one) => one.id !== aside.id), aside] });
  }

  /** A `note_removed` frame. */
  hearNoteRemoved({ conversation_id: id, id: noteId }) {
    const kept = this.#kept.get(id);
    if (kept) this.#setAsides(id, { notes: kept.notes.filter((note) => note.id !== noteId) });
  }

  /** Notes and activities have no seq: after an outage they are fetched again, the others' when they are opened. */
  async refreshAsides() {
    for (const kept of this.#kept.values()) kept.areAsidesOld = true;
    const { id, current } = this;
    if (this.side === "buyer" || !current?.store.isLoaded) return;
    const asides = await fetchAsides(id).catch(() => null);
    if (!asides) return;
    current.areAsidesOld = false;
    this.#setAsides(id, asides);
  }

  /** Brings a message into view and flashes it, also one that is not in memory. */
  async jumpTo(seq) {
    const { id, current } = this;
    if (!current || !(seq >= 1)) return false;
    if (seq < current.store.firstSeq) await fetchBack(id, current.store, seq);
    const message = current.store.bySeq(seq);
    if (!message || this.id !== id) return false;
    this.list.jumpTo(keyOf(message), this.#rows());
    return true;
  }

  /** Everything after what we have, page by page, until nothing is missing. One at a time per conversation. */
  catchUp(id) {
    if (!this.#fetching.has(id)) this.#fetching.set(id, this.#fetchAfter(id).finally(() => this.#fetching.delete(id)));
    return this.#fetching.get(id);
  }

  addPending(draft) {
    this.current?.store.addPending(draft);
    this.draw();
    this.list.toLatest();
  }

  /** The outbox has news of a draft. */
  settle(conversationId, change) {
    const id = conversationId ?? this.begun ?? "new";
    const kept = this.#kept.get(id);
    if (!kept) return;
    change(kept.store);
    if (kept.store.hasGap) this.catchUp(id);
    if (this.id === id) this.draw();
  }

  draw(fresh = 0) {
    if (this.current) this.list.show(this.#rows(), fresh);
  }

  #rows() {
    const { store, notes, activities, dividerAfter } = this.current;
    const { messages, pending, readByOther, deliveredToOther } = store;
    return rowsOf({ messages, pending, notes, activities, dividerAfter, readByOther, deliveredToOther, isMine: (message) => this.isMine(message), dayOf });
  }

  #setAsides(id, asides) {
    Object.assign(this.#kept.get(id) ?? {}, asides);
    if (id === this.id) this.draw();
    this.dispatchEvent(new Event("asides"));
  }

  #keep(id) {
    const kept = this.#kept.get(id) ?? keptThread(id, { idOf: () => (id === "new" ? (this.begun ?? id) : id), changed: (store) => this.current?.store === store && this.draw() });
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return kept;
  }

  async #load(id, kept) {
    const [asides] = await Promise.all([this.side === "buyer" ? {} : fetchAsides(id), fetchNewest(id, kept.store)]);
    Object.assign(kept, asides);
    this.dispatchEvent(new Event("asides"));
    if (kept.store.hasGap) await this.catchUp(id);
  }

  async #fetchAfter(id) {
    const kept = this.#kept.get(id);
    if (kept?.store.isLoaded) await fetchAfter(id, kept.store, (message) => this.isMine(message), (fresh) => id === this.id && this.draw(fresh));
  }

  async #loadOlder() {
    const { id, current } = this;
    if ((await fetchOlder(id, current.store)) && this.id === id) this.list.showOlder(this.#rows());
  }
}
