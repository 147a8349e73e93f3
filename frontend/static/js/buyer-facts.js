// What is known of a buyer beside the conversation: the shop's entry, the visit, earlier conversations, files, rating.
// Fetched when a conversation opens, kept while the page lives, renewed by frames.
import { get, query } from "./api.js";

const MOST_KEPT = 40; // conversations

const quietly = (promise) => promise.catch(() => null);

export class BuyerFacts {
  #kept = new Map();

  /** `changed()` when more is known. `isTeam`: entries and earlier conversations are the shop's own. */
  constructor({ changed, isTeam = true }) {
    Object.assign(this, { changed, isTeam });
  }

  of(id) {
    return this.#kept.get(id) ?? {};
  }

  async load(one) {
    const facts = this.#kept.get(one.id) ?? { customer: one.customer_id };
    this.#kept.delete(one.id);
    this.#kept.set(one.id, facts);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    const [visit, rating, contacts, earlier] = await Promise.all([
      quietly(get(`/conversations/${one.id}/visit`)),
      quietly(get(`/conversations/${one.id}/rating`)),
      this.isTeam ? quietly(get(`/contacts/${query({ customer_id: one.customer_id, page_size: 1 })}`)) : null,
      this.isTeam ? quietly(get(`/conversations/${query({ q: one.customer_id, page_size: 20 })}`)) : null,
      this.loadFiles(one.id, facts),
    ]);
    Object.assign(facts, { visit, rating, contact: contacts?.results[0] ?? null });
    facts.earlier = (earlier?.results ?? []).filter((other) => other.customer_id === one.customer_id && other.id !== one.id);
    this.changed();
  }

  async loadFiles(id, facts = this.of(id)) {
    facts.files = (await quietly(get(`/conversations/${id}/files/`)))?.results ?? [];
  }

  /** A message with files came, or one was taken back. */
  async renewFiles(id) {
    if (!this.#kept.has(id)) return;
    await this.loadFiles(id);
    this.changed();
  }

  setContact(id, contact) {
    if (this.#kept.has(id)) this.#kept.get(id).contact = contact;
    this.changed();
  }

  /** A `visit` frame. */
  hearVisit(visit) {
    for (const facts of this.#kept.values()) if (facts.customer === visit.customer_id) facts.visit = { ...facts.visit, ...visit };
    this.changed();
  }
}
