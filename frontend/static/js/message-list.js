// The thread: keyed rows, at most a few hundred nodes, and a scroll position that never jumps under the reader.
import { arrange, setText } from "./dom.js";
import { tn, t } from "./page.js";
import { fillRow, rowNode } from "./message-row.js";

const MOST_ROWS = 320; // rows in the document at once
const STEP = 120; // rows that come in at an end
const NEAR_END = 240; // px from an end at which more rows come
const AT_BOTTOM = 48; // px from the bottom that still count as being there

export class MessageList extends HTMLElement {
  #nodes = new Map();
  #rows = [];
  #to = Infinity; // index after the last row shown; Infinity follows the newest
  #from = 0;
  #fresh = 0;
  #isLoadingOlder = false;

  connectedCallback() {
    if (this.scroller) return;
    this.scroller = this.querySelector(".scroller");
    this.list = this.querySelector(".rows");
    this.jump = this.querySelector(".jump");
    this.typing = this.querySelector(".typing-dots");
    this.scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.jump.addEventListener("click", () => this.toLatest());
    new ResizeObserver(() => this.#wasAtBottom && this.#stick()).observe(this.scroller);
    new ResizeObserver(() => this.#wasAtBottom && this.#stick()).observe(this.list);
  }

  #wasAtBottom = true;

  /** `loadOlder()` resolves to true when rows were added before the first; `hasOlder()` says whether any are left. */
  use({ people, loadOlder, hasOlder }) {
    Object.assign(this, { people, loadOlder, hasOlder });
  }

  /** Another conversation: everything anew, at the divider if there is one, else at the newest. */
  reset(rows) {
    this.#nodes.clear();
    this.list.replaceChildren();
    this.#to = Infinity;
    this.#from = 0;
    this.#fresh = 0;
    this.#wasAtBottom = true;
    this.show(rows);
    const divider = this.#nodes.get("divider");
    if (divider && divider.offsetTop + this.scroller.clientHeight < this.scroller.scrollHeight) {
      this.#wasAtBottom = false;
      this.scroller.scrollTop = divider.offsetTop - 80;
    }
    this.#showJump();
  }

  /** New rows. `fresh` counts messages of the other side that came with them. */
  show(rows, fresh = 0) {
    const anchor = this.#wasAtBottom ? null : this.#anchor();
    const wasWhole = this.#to >= this.#rows.length;
    this.#rows = rows;
    if (this.#wasAtBottom) this.#to = Infinity;
    else {
      this.#fresh += fresh;
      // Below the reader there is room for some more; past that they come in when the reader gets there.
      if (wasWhole) this.#to = rows.length - this.#from <= MOST_ROWS + STEP ? rows.length : this.#from + MOST_ROWS;
    }
    this.#draw();
    if (anchor) this.#restore(anchor);
    else this.#stick();
    this.#showJump();
  }

  setTyping(isOn, label = "") {
    if (this.typing.hidden === !isOn) return;
    this.typing.hidden = !isOn;
    this.typing.setAttribute("aria-label", label);
    if (this.#wasAtBottom) this.#stick();
  }

  toLatest() {
    this.#to = Infinity;
    this.#fresh = 0;
    this.#wasAtBottom = true;
    this.#draw();
    this.#stick();
    this.#showJump();
    this.dispatchEvent(new Event("bottom"));
  }

  /** The reader sees the newest message. */
  get isAtBottom() {
    return this.#wasAtBottom;
  }

  #draw() {
    const to = Math.min(this.#to, this.#rows.length);
    this.#from = this.#to === Infinity ? Math.max(0, to - MOST_ROWS) : Math.min(this.#from, to);
    const shown = this.#rows.slice(this.#from, to);
    const alive = new Map();
    for (const row of shown) {
      const node = this.#nodes.get(row.key) ?? rowNode(row);
      node.dataset.key = row.key;
      fillRow(node, row, this.people);
      alive.set(row.key, node);
    }
    this.#nodes = alive;
    arrange(this.list, [...alive.values()]);
  }

  #anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    // A day's name moves when older messages of the same day come before it: only messages stay where they are.
    for (const node of this.list.querySelectorAll(".row")) {
      const box = node.getBoundingClientRect();
      if (box.bottom > top) return { key: node.dataset.key, offset: box.top - top };
    }
    return null;
  }

  #restore({ key, offset }) {
    const node = this.#nodes.get(key);
    if (!node) return;
    const now = node.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    this.scroller.scrollTop += now - offset;
  }

  #stick() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    const isWhole = Math.min(this.#to, this.#rows.length) === this.#rows.length;
    const wasAtBottom = this.#wasAtBottom;
    this.#wasAtBottom = isWhole && below < AT_BOTTOM;
    if (this.#wasAtBottom) {
      this.#to = Infinity;
      this.#fresh = 0;
      if (!wasAtBottom) this.dispatchEvent(new Event("bottom"));
    } else if (scrollTop < NEAR_END) this.#up();
    else if (below < NEAR_END && !isWhole) this.#move(STEP);
    this.#showJump();
  }

  async #up() {
    if (this.#from > 0) return this.#move(-STEP);
    if (this.#isLoadingOlder || !this.hasOlder?.()) return undefined;
    this.#isLoadingOlder = true;
    try {
      const before = this.#rows.length;
      this.#to = Math.min(this.#to, before);
      await this.loadOlder();
    } finally {
      this.#isLoadingOlder = false;
    }
    return undefined;
  }

  /** Older rows were put before the others: the window moves with what the reader looks at. */
  showOlder(rows) {
    const anchor = this.#anchor();
    const added = rows.length - this.#rows.length;
    this.#rows = rows;
    this.#to = Math.min(rows.length, Math.min(this.#to + added, MOST_ROWS));
    this.#from = 0;
    this.#draw();
    if (anchor) this.#restore(anchor);
  }

  #move(by) {
    const anchor = this.#anchor();
    const to = Math.min(this.#to, this.#rows.length);
    this.#from = by < 0 ? Math.max(0, this.#from + by) : Math.max(0, Math.min(to + by, this.#rows.length) - MOST_ROWS);
    this.#to = by < 0 ? Math.min(to, this.#from + MOST_ROWS) : Math.min(to + by, this.#rows.length);
    this.#draw();
    if (anchor) this.#restore(anchor);
  }

  #showJump() {
    this.jump.hidden = this.#wasAtBottom;
    this.jump.classList.toggle("fresh", this.#fresh > 0);
    setText(this.jump.lastElementChild, this.#fresh > 0 ? tn("1 new message", "{n} new messages", this.#fresh) : "");
    this.jump.setAttribute("aria-label", this.#fresh > 0 ? tn("1 new message", "{n} new messages", this.#fresh) : t("Jump to the latest message"));
  }
}

customElements.define("message-list", MessageList);
