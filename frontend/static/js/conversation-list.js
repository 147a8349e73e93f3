// The list: keyed cards in the order of the last word, more on scroll, search results in the same place.
import { arrange, clone, part, setText } from "./dom.js";
import { ApiError, get, query } from "./api.js";
import { t } from "./page.js";
import { cardNode, fillCard } from "./conversation-card.js";
import { nameOf, fillAvatar } from "./avatar.js";
import { setAgo } from "./relative-time.js";
import { marked } from "./snippets.js";

const PAGE = 30;
const NEAR_END = 400; // px before the end at which the next page is asked for

export class ConversationList extends HTMLElement {
  #nodes = new Map();
  #cursor = null;
  #turn = 0;
  #isLoading = false;
  #isSearching = false;

  connectedCallback() {
    if (this.cards) return;
    this.cards = this.querySelector(".cards");
    this.end = this.querySelector(".end");
    this.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // A card must not slip away under the pointer that is about to press it: order waits for the pointer to leave.
    this.addEventListener("pointerleave", () => this.draw());
    this.addEventListener("click", (event) => this.#onClick(event));
  }

  use({ store, view, path = "/conversations/" }) {
    Object.assign(this, { store, view, path });
  }

  /** The view's first page, already fetched by the server or to be fetched. */
  async show(filter, first = null) {
    const turn = ++this.#turn;
    this.#isSearching = false;
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

  /** After a reconnect: what began meanwhile is in the first page. */
  async refresh() {
    if (this.#isSearching) return;
    const turn = this.#turn;
    const page = await this.#fetch(null).catch(() => null);
    if (!page || turn !== this.#turn) return;
    this.store.put(page.results);
    this.draw();
  }

  draw() {
    if (this.#isSearching || !this.store) return;
    const rows = this.store.visible;
    if (rows.length === 0) return this.#empty();
    const nodes = rows.map((one) => {
      const node = this.#nodes.get(one.id) ?? cardNode();
      this.#nodes.set(one.id, node);
      fillCard(node, one, this.view);
      return node;
    });
    const isHeld = this.matches(":hover") && this.cards.firstElementChild?.dataset.id && nodes.length === this.cards.children.length;
    if (!isHeld || nodes.some((node) => !node.isConnected)) arrange(this.cards, nodes);
    setText(this.end, this.#cursor || rows.length < PAGE ? "" : t("These are all conversations."));
    return undefined;
  }

  /** Search results: messages with what was found, each leading to its conversation. */
  async search(words) {
    const turn = ++this.#turn;
    this.#isSearching = true;
    this.#skeleton();
    try {
      const found = await get(`/search/${query({ q: words })}`);
      if (turn !== this.#turn) return;
      if (found.results.length === 0) this.#say(t("Nothing was found for “{words}”.", { words }), "search");
      else this.cards.replaceChildren(...found.results.map((hit) => this.#hit(hit, words)));
      setText(this.end, "");
    } catch (error) {
      if (turn === this.#turn) this.#say(error.message, "alert");
    }
  }

  /** The id `by` places after the open one, as the eye sees them. */
  neighbour(id, by) {
    const ids = [...this.cards.querySelectorAll("[data-id]")].map((node) => node.dataset.id);
    const at = ids.indexOf(id);
    return ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
  }

  reveal(id) {
    this.cards.querySelector(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  #hit({ message, conversation, snippet }, words) {
    const node = cardNode();
    this.store.put([conversation], { isInView: false });
    node.dataset.id = conversation.id;
    node.href = this.view.href(conversation.id);
    fillAvatar(part(node, "avatar"), conversation.customer, this.view.people.presence(conversation.customer_id));
    setText(part(node, "name"), nameOf(conversation.customer));
    setAgo(part(node, "time"), message.created_at);
    part(node, "preview").replaceChildren(...marked(snippet ?? message.content, words));
    part(node, "unread").hidden = true;
    if (conversation.id === this.view.openId) node.setAttribute("aria-current", "true");
    return node;
  }

  #fetch(cursor) {
    const { assignee, status, merchant, name } = this.store.filter;
    return get(this.path + query({ assignee, status, merchant_id: merchant, q: name, cursor, page_size: PAGE }));
  }

  #take(page) {
    this.store.put(page.results);
    this.#cursor = page.next_cursor ?? null;
  }

  async #onScroll() {
    if (this.#isLoading || this.#isSearching || !this.#cursor || this.scrollTop + this.clientHeight < this.scrollHeight - NEAR_END) return;
    this.#isLoading = true;
    const turn = this.#turn;
    try {
      const page = await this.#fetch(this.#cursor);
      if (turn === this.#turn) this.#take(page);
    } catch {
      // The next scroll tries again.
    } finally {
      this.#isLoading = false;
    }
    if (turn === this.#turn) this.draw();
  }

  #onClick(event) {
    const card = event.target.closest("a[data-id]");
    if (!card || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.dispatchEvent(new CustomEvent("choose", { detail: card.dataset.id }));
  }

  #skeleton() {
    this.cards.replaceChildren(...Array.from({ length: 8 }, () => clone("skeleton-template")));
    setText(this.end, "");
  }

  #empty() {
    this.#say(this.view.emptyText?.(this.store.filter) ?? t("No conversations here."), "inbox");
  }

  #say(text, symbol) {
    const node = clone("empty-template");
    node.querySelector("use").setAttribute("href", node.querySelector("use").getAttribute("href").replace(/#.*/, `#${symbol}`));
    setText(node.querySelector("p"), text);
    this.cards.replaceChildren(node);
    setText(this.end, "");
  }
}

customElements.define("conversation-list", ConversationList);
