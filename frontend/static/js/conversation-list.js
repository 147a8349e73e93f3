// The list: keyed cards in the order of the filter, more on scroll, search results in the same place.
import { arrange, setText } from "./dom.js";
import { ApiError, get } from "./api.js";
import { t } from "./page.js";
import { cardNode, fillCard } from "./conversation-card.js";
import { paramsOf } from "./list-filter.js";
import { emptyNode, skeletons } from "./list-states.js";
import { searchResults } from "./list-search.js";

const PAGE = 30;
const LARGEST_PAGE = 100;
const NEAR_END = 600; // px before the end at which the next page is asked for
const STILL_MS = 2_000; // a pointer that rests is not about to press

export class ConversationList extends HTMLElement {
  #nodes = new Map();
  #cursor = null;
  #turn = 0;
  #isLoading = false;
  #isSearching = false;
  #movedAt = 0;
  #waits;

  connectedCallback() {
    if (this.cards) return;
    this.cards = this.querySelector(".cards");
    this.end = this.querySelector(".end");
    this.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // A card must not slip away under the pointer that is about to press it: order waits for the pointer to rest.
    this.addEventListener("pointermove", () => (this.#movedAt = performance.now()), { passive: true });
    this.addEventListener("pointerleave", () => this.settle());
    this.addEventListener("click", (event) => this.#onClick(event));
  }

  use({ store, view, path = "/conversations/" }) {
    Object.assign(this, { store, view, path });
  }

  /** Ids in the order in which the eye sees them. */
  get ids() {
    return Array.from(this.cards.children, (node) => node.dataset.id).filter(Boolean);
  }

  /** The view's first page, already fetched by the server or to be fetched. */
  async show(filter, first = null) {
    const turn = ++this.#turn;
    this.#isSearching = false;
    this.#movedAt = 0;
    this.store.show(filter);
    this.#cursor = null;
    if (!first) this.#skeleton();
    try {
      const page = first ?? (await this.#fetch(null));
      if (turn !== this.#turn) return;
      this.#take(page);
    } catch (error) {
      if (turn === this.#turn) this.#say(error instanceof ApiError ? error.message : String(error), "alert");
      return;
    }
    this.scrollTop = 0;
    this.draw();
  }

  /** After a reconnect: the loaded part of the list as it is now. */
  async refresh() {
    if (this.#isSearching) return;
    const turn = this.#turn;
    const before = this.store.snapshot();
    const rows = [];
    let cursor = null;
    try {
      do {
        const page = await this.#fetch(cursor, LARGEST_PAGE);
        rows.push(...page.results);
        cursor = page.next_cursor ?? null;
      } while (cursor && rows.length < before.size);
    } catch {
      return; // the next reconnect tries again
    }
    if (turn !== this.#turn) return;
    this.store.replace(rows, before, { isLast: cursor === null });
    this.#cursor = cursor;
    this.draw();
  }

  draw() {
    if (this.#isSearching || !this.store) return;
    this.store.pinned = this.view.openId;
    const rows = this.store.visible;
    if (rows.length === 0 && !this.#isLoading) return this.#say(this.view.emptyText?.(this.store.filter) ?? t("No conversations here."), "inbox");
    const nodes = rows.map((one) => {
      const node = this.#nodes.get(one.id) ?? cardNode();
      this.#nodes.set(one.id, node);
      fillCard(node, one, this.view);
      return node;
    });
    clearTimeout(this.#waits);
    if (this.#isHeld(nodes)) this.#waits = setTimeout(() => this.draw(), STILL_MS);
    else arrange(this.cards, nodes);
    setText(this.end, this.#cursor || rows.length < 8 ? "" : t("These are all conversations."));
    return undefined;
  }

  /** Search results: buyers of that name, and messages with what was found. */
  async search(words) {
    const turn = ++this.#turn;
    this.#isSearching = true;
    this.#skeleton();
    try {
      const nodes = await searchResults(words, { store: this.store, view: this.view });
      if (turn !== this.#turn) return;
      if (nodes.length === 0) this.#say(t("Nothing was found for “{words}”.", { words }), "search");
      else this.cards.replaceChildren(...nodes);
      setText(this.end, "");
    } catch (error) {
      if (turn === this.#turn) this.#say(error.message, "alert");
    }
  }

  /** Back to the list, which was kept up meanwhile. */
  endSearch() {
    if (!this.#isSearching) return;
    this.#turn += 1;
    this.#isSearching = false;
    this.settle();
  }

  /** The id `by` places after `id`, as the eye sees them. */
  neighbour(id, by) {
    const { ids } = this;
    const at = ids.indexOf(id);
    return ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
  }

  card = (id) => this.cards.querySelector(`[data-id="${CSS.escape(id)}"]`);

  reveal(id) {
    this.card(id)?.scrollIntoView({ block: "nearest" });
  }

  #isHeld(nodes) {
    return nodes.length > 0 && performance.now() - this.#movedAt < STILL_MS && this.matches(":hover") && this.cards.querySelector("[data-id]") !== null;
  }


  /** Puts every card where it belongs now, whatever the pointer does. */
  settle() {
    this.#movedAt = 0;
    this.draw();
  }

  #fetch(cursor, size = PAGE) {
    const params = paramsOf(this.store.filter);
    if (cursor) params.set("cursor", cursor);
    params.set("page_size", size);
    return get(`${this.path}?${params}`);
  }

  #take(page) {
    this.#cursor = page.next_cursor ?? null;
    this.store.page(page.results, { isLast: this.#cursor === null });
  }

  async #onScroll() {
    if (this.#isLoading || this.#isSearching || !this.#cursor || this.scrollTop + this.clientHeight < this.scrollHeight - NEAR_END) return;
    this.#isLoading = true;
    this.setAttribute("aria-busy", "true");
    const turn = this.#turn;
    try {
      const page = await this.#fetch(this.#cursor);
      if (turn === this.#turn) this.#take(page);
    } catch {
      // The next scroll tries again.
    } finally {
      this.#isLoading = false;
      this.removeAttribute("aria-busy");
    }
    if (turn === this.#turn) this.settle();
  }

  #onClick(event) {
    const card = event.target.closest("[data-id]");
    if (!card || !event.target.closest("a") || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.dispatchEvent(new CustomEvent("choose", { detail: card.dataset.id }));
  }

  #skeleton() {
    this.cards.replaceChildren(...skeletons());
    setText(this.end, "");
  }

  #say(text, symbol) {
    this.cards.replaceChildren(emptyNode(text, symbol));
    setText(this.end, "");
  }
}

customElements.define("conversation-list", ConversationList);
