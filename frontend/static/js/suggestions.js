// A list above the text that narrows while one types: quick replies, emoji, colleagues. Arrow keys choose, Enter takes.
import { make } from "./dom.js";

/**
 * A source: `find(text, caret, mode)` says what it answers: {words, from} or null; `load(words)` gives items;
 * `node(item)` shows one; `take(item)` gives the text that replaces what stood from `from` to the caret;
 * `empty()` (optional) is shown when nothing fits; `group(item)` (optional) is a heading.
 */
export class Suggestions {
  #shown = [];
  #at = 0;
  #source = null;
  #from = 0;

  /** `put(text, from, to, item)` writes into the composer. */
  constructor(root, textarea, sources, put) {
    Object.assign(this, { root, textarea, sources, put, mode: "reply" });
    root.addEventListener("pointerdown", (event) => {
      const item = event.target.closest(".item");
      if (!item) return;
      event.preventDefault();
      this.#choose(Number(item.dataset.at));
    });
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** The text changed: open, narrow or close. */
  async follow() {
    const found = this.#find();
    if (!found) return this.close();
    const items = await found.source.load(found.words);
    const still = this.#find(); // one may have typed on while they were fetched
    if (!still || still.source !== found.source || still.words !== found.words) return undefined;
    if (items.length === 0 && !found.source.empty) return this.close();
    this.#source = found.source;
    this.#from = found.from;
    this.#shown = items;
    this.#at = 0;
    this.root.hidden = false;
    return this.#draw();
  }

  close() {
    this.root.hidden = true;
    this.textarea.removeAttribute("aria-activedescendant");
  }

  /** True when the key was the list's. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown") this.#move(1);
    else if (event.key === "ArrowUp") this.#move(-1);
    else if ((event.key === "Enter" || event.key === "Tab") && this.#shown.length > 0) this.#choose(this.#at);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #find() {
    const { value, selectionStart: caret } = this.textarea;
    for (const source of this.sources) {
      const found = source.find(value, caret, this.mode);
      if (found) return { source, ...found };
    }
    return null;
  }

  #move(by) {
    this.#at = (this.#at + by + this.#shown.length) % Math.max(1, this.#shown.length);
    this.#draw();
  }

  #choose(at) {
    const item = this.#shown[at];
    const to = this.textarea.selectionStart;
    this.close();
    this.put(this.#source.take(item), this.#from, to, item);
    this.#source.taken?.(item);
  }

  #draw() {
    this.root.replaceChildren();
    if (this.#shown.length === 0) return this.root.append(this.#source.empty());
    let group = "";
    this.#shown.forEach((one, at) => {
      const heading = this.#source.group?.(one) ?? "";
      if (heading !== group) this.root.append(make("p", "group", heading));
      group = heading;
      const item = make("div", "item");
      item.id = `suggestion-${at}`;
      item.dataset.at = at;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(at === this.#at));
      item.append(...this.#source.nodes(one));
      this.root.append(item);
      if (at === this.#at) item.scrollIntoView({ block: "nearest" });
    });
    this.textarea.setAttribute("aria-activedescendant", `suggestion-${this.#at}`);
    return undefined;
  }
}
