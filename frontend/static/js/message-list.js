// The thread: keyed rows, at most a few hundred nodes, and a scroll position that never jumps under the reader.
import { arrange, setText } from "./dom.js";
import { tn, t } from "./page.js";
import { fillRow, rowNode } from "./message-row.js";

const MOST_ROWS = 280; // rows in the document at once
const AT_END = 120; // rows that are enough while the reader follows the newest, or has just jumped
const STEP = 100; // rows that come in at an end
const NEAR_END = 240; // px from an end at which more rows come
const FLASH_MS = 2_000;
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
    this.preview = this.querySelector(".typing-text");
    this.scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.jump.addEventListener("click", () => this.toLatest());
    const grown = new ResizeObserver(() => this.#wasAtBottom && this.#stick());
    for (const node of [this.scroller, this.list]) grown.observe(node);
  }

  #wasAtBottom = true;

  /** What rows need (`people`, `side`, `me`, `quoteOf`), `loadOlder()`, and `hasOlder()`: whether any are left. */
  use(view) { this.view = view; }

  /** Another conversation: everything anew, at the divider if there is one, else at the newest. */
  reset(rows) {
    this.#nodes.clear();
    this.list.replaceChildren();
    [this.#to, this.#from, this.#fresh, this.#wasAtBottom] = [Infinity, 0, 0, true];
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

  /** `text` is what is being typed, where the shop looks on. */
  setTyping(isOn, label = "", text = "") {
    if (this.typing.hidden === (!isOn || Boolean(text)) && !text && this.preview.hidden) return;
    this.preview.hidden = !isOn || !text;
    setText(this.preview, text);
    this.typing.hidden = !isOn || Boolean(text);
    this.typing.setAttribute("aria-label", label);
    if (this.#wasAtBottom) this.#stick();
  }

  toLatest() {
    const isThere = this.#wasAtBottom && this.#to === Infinity;
    [this.#to, this.#fresh, this.#wasAtBottom] = [Infinity, 0, true];
    if (!isThere) this.#draw();
    this.#stick();
    this.#showJump();
    this.dispatchEvent(new Event("bottom"));
  }

  get isAtBottom() { return this.#wasAtBottom; }

  #draw() {
    const to = Math.min(this.#to, this.#rows.length);
    this.#from = this.#to === Infinity ? Math.max(0, to - AT_END) : Math.min(this.#from, to);
    const shown = this.#rows.slice(this.#from, to);
    const alive = new Map();
    for (const row of shown) {
      const node = this.#nodes.get(row.key) ?? rowNode(row);
      node.dataset.key = row.key;
      fillRow(node, row, this.view);
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
    if (this.#isLoadingOlder || !this.view?.hasOlder()) return undefined;
    this.#isLoadingOlder = true;
    try {
      this.#to = Math.min(this.#to, this.#rows.length);
      await this.view.loadOlder();
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

  /** A message that `rows` have, in the middle, and for a moment in another colour. */
  jumpTo(key, rows) {
    const at = rows.findIndex((row) => row.key === key);
    this.#rows = rows;
    this.#wasAtBottom = false;
    this.#from = Math.max(0, Math.min(at - AT_END / 2, rows.length - AT_END));
    this.#to = Math.min(rows.length, this.#from + AT_END);
    this.#draw();
    const node = this.#nodes.get(key);
    node?.scrollIntoView({ block: "center" });
    node?.classList.add("flash");
    setTimeout(() => node?.classList.remove("flash"), FLASH_MS);
    this.#onScroll();
  }

  #showJump() {
    this.jump.hidden = this.#wasAtBottom;
    this.jump.classList.toggle("fresh", this.#fresh > 0);
    const news = this.#fresh > 0 ? tn("1 new message", "{n} new messages", this.#fresh) : "";
    setText(this.jump.lastElementChild, news);
    this.jump.setAttribute("aria-label", news || t("Jump to the latest message"));
  }
}

customElements.define("message-list", MessageList);
