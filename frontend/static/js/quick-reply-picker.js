// "/" at the beginning opens the prepared answers; what follows narrows them. Arrow keys choose, Enter takes.
import { get } from "./api.js";
import { make } from "./dom.js";
import { t } from "./page.js";

const MOST_SHOWN = 30;

/** Those in which every word occurs, title matches first. Pure. */
export function matching(replies, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => wanted.every((word) => text.toLowerCase().includes(word));
  const inTitle = replies.filter((reply) => has(reply.title ?? ""));
  const inText = replies.filter((reply) => !inTitle.includes(reply) && has(`${reply.title} ${reply.content}`));
  return [...inTitle, ...inText].slice(0, MOST_SHOWN);
}

/** `{{buyer.name}}` and the like, from `values`; what is unknown stays to be seen and filled by hand. Pure. */
export function filled(text, values) {
  return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name) => values[name] ?? whole);
}

export class QuickReplyPicker {
  #replies = null;
  #shown = [];
  #at = 0;

  /** `take(content)` puts the answer into the text. */
  constructor(root, textarea, take) {
    Object.assign(this, { root, textarea, take });
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
    const text = this.textarea.value;
    if (!text.startsWith("/") || text.includes("\n")) return this.close();
    this.#replies ??= await get("/quick-replies/?page_size=100").then((list) => list.results, () => null);
    if (!this.textarea.value.startsWith("/")) return this.close();
    this.#shown = matching(this.#replies ?? [], this.textarea.value.slice(1));
    this.#at = 0;
    this.root.hidden = false;
    return this.#draw();
  }

  close() {
    this.root.hidden = true;
    this.textarea.removeAttribute("aria-activedescendant");
  }

  /** True when the key was the picker's. */
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

  #move(by) {
    this.#at = (this.#at + by + this.#shown.length) % Math.max(1, this.#shown.length);
    this.#draw();
  }

  #choose(at) {
    this.close();
    this.take(this.#shown[at].content);
  }

  #draw() {
    this.root.replaceChildren();
    if (this.#shown.length === 0) {
      const none = make("p", "none", `${t("No quick reply fits.")} `);
      const manage = make("a", "", t("Manage quick replies"));
      manage.href = "/inbox/quick-replies";
      none.append(manage);
      this.root.append(none);
      return;
    }
    this.#shown.forEach((reply, at) => {
      const item = make("div", "item");
      item.id = `quick-reply-${at}`;
      item.dataset.at = at;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(at === this.#at));
      if (reply.title) item.append(make("strong", "", `${reply.title}  `));
      item.append(reply.content);
      this.root.append(item);
      if (at === this.#at) item.scrollIntoView({ block: "nearest" });
    });
    this.textarea.setAttribute("aria-activedescendant", `quick-reply-${this.#at}`);
  }
}
