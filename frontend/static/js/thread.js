// The conversation that is open: its store, what is fetched for it, and when its rows are drawn anew.
import { get, query } from "./api.js";
import { MessageStore } from "./message-store.js";
import { dayOf } from "./relative-time.js";
import { rowsOf } from "./rows.js";

const PAGE = 60;
const MOST_KEPT = 30; // threads kept in memory, so that going back costs nothing

export class Thread extends EventTarget {
  #kept = new Map();
  #fetching = new Map();

  /** `side` is "buyer", "merchant" or "admin": on whose side of the room the reader sits. */
  constructor({ list, people, side, outbox = null }) {
    super();
    Object.assign(this, { list, people, side, outbox, id: null });
    list.use({ people, loadOlder: () => this.#loadOlder(), hasOlder: () => this.current?.store.hasOlder ?? false });
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
    for (const draft of this.outbox?.of(conversation.id) ?? []) this.#restore(kept.store, draft);
    if (kept.store.isLoaded) {
      this.list.reset(this.#rows());
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
    for (const draft of this.outbox?.of(null) ?? []) this.#restore(kept.store, draft);
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

  /** A `note` or `activity` frame; the same one again only replaces itself. */
  hearAside(kind, aside) {
    const kept = this.#kept.get(aside.conversation_id);
    if (!kept) return;
    kept[kind] = [...kept[kind].filter((one) => one.id !== aside.id), aside];
    if (aside.conversation_id === this.id) this.draw();
    this.dispatchEvent(new Event("asides"));
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
    return rowsOf({ messages: store.messages, pending: store.pending, notes, activities, dividerAfter, readByOther: store.readByOther, isMine: (message) => this.isMine(message), dayOf });
  }

  #keep(id) {
    const kept = this.#kept.get(id) ?? { store: new MessageStore({ conversationId: id }), notes: [], activities: [], dividerAfter: null };
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return kept;
  }

  #restore(store, draft) {
    store.addPending({ ...draft, created_at: Math.floor(draft.written_at / 1000) });
    if (draft.problem) store.fail(draft.client_id, draft.problem);
  }

  async #load(id, kept) {
    const asides = this.side === "buyer" ? [] : [get(`/conversations/${id}/notes/`), get(`/conversations/${id}/activities/`)];
    const [messages, notes, activities] = await Promise.all([get(`/conversations/${id}/messages/${query({ limit: PAGE })}`), ...asides]);
    kept.store.load(messages.results);
    kept.notes = notes?.results ?? [];
    kept.activities = activities?.results ?? [];
    this.dispatchEvent(new Event("asides"));
    if (kept.store.hasGap) await this.catchUp(id);
  }

  async #fetchAfter(id) {
    const kept = this.#kept.get(id);
    if (!kept?.store.isLoaded) return;
    for (;;) {
      const before = kept.store.lastSeq;
      const page = await get(`/conversations/${id}/messages/${query({ after_seq: before, limit: 200 })}`).catch(() => null);
      if (!page) return; // the next sync tries again
      const fresh = page.results.filter((message) => !this.isMine(message)).length;
      kept.store.merge(page.results);
      if (kept.store.lastSeq > before && id === this.id) this.draw(fresh);
      if (kept.store.lastSeq >= page.count || kept.store.lastSeq === before) return;
    }
  }

  async #loadOlder() {
    const { id, current } = this;
    const page = await get(`/conversations/${id}/messages/${query({ before_seq: current.store.firstSeq, limit: PAGE })}`).catch(() => null);
    if (!page || !current.store.prepend(page.results) || this.id !== id) return;
    this.list.showOlder(this.#rows());
  }
}
