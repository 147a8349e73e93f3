// Files on their way up, shown above the text: picture or name, progress, and a way to change one's mind.
import { icon, make } from "./dom.js";
import { t } from "./page.js";
import { upload } from "./api.js";
import { sizeText } from "./bubble-content.js";

const MOST_FILES = 10;

export class AttachmentTray extends EventTarget {
  #items = new Set();

  constructor(root, { largest }) {
    super();
    Object.assign(this, { root, largest });
  }

  get isEmpty() {
    return this.#items.size === 0;
  }

  get isBusy() {
    return [...this.#items].some((item) => !item.stored && !item.problem);
  }

  add(files) {
    for (const file of files) {
      if (this.#items.size >= MOST_FILES) return this.#say(t("At most {n} files at once.", { n: MOST_FILES }));
      this.#begin(file);
    }
    return undefined;
  }

  /** Files that the server has already, as a prepared answer brings them. */
  addStored(files) {
    for (const stored of files) {
      if (this.#items.size >= MOST_FILES) return;
      const item = { file: { name: stored.name, type: "" }, node: make("div", "upload"), stored };
      this.#items.add(item);
      this.#draw(item);
      item.progress.hidden = true;
      this.root.append(item.node);
    }
    this.#changed();
  }

  /** What arrived, and an empty tray. */
  take() {
    const stored = [...this.#items].filter((item) => item.stored).map((item) => item.stored);
    for (const item of [...this.#items]) this.#drop(item);
    return stored;
  }

  clear() {
    for (const item of [...this.#items]) {
      item.cancel?.();
      this.#drop(item);
    }
  }

  #begin(file) {
    const item = { file, node: make("div", "upload") };
    this.#items.add(item);
    this.#draw(item);
    this.root.append(item.node);
    if (file.size > this.largest) return this.#fail(item, t("Larger than {size}.", { size: sizeText(this.largest) }));
    const { promise, cancel } = upload(file, (share) => (item.progress.value = share));
    item.cancel = cancel;
    promise.then(
      (stored) => {
        item.stored = stored;
        item.progress.hidden = true;
        this.#changed();
      },
      (error) => error.code !== "cancelled" && this.#fail(item, error.message),
    );
    return this.#changed();
  }

  #draw(item) {
    if (item.file.type.startsWith("image/")) {
      const picture = make("img");
      picture.alt = "";
      picture.src = URL.createObjectURL(item.file);
      picture.onload = () => URL.revokeObjectURL(picture.src);
      item.node.append(picture);
    } else item.node.append(icon("file"));
    item.words = make("span", "cut", item.file.name || t("Picture"));
    item.progress = make("progress");
    item.progress.max = 1;
    item.progress.value = 0;
    item.progress.setAttribute("aria-label", t("Sending {name}", { name: item.file.name }));
    const cancel = make("button", "icon-button");
    cancel.type = "button";
    cancel.append(icon("close"));
    cancel.setAttribute("aria-label", t("Remove {name}", { name: item.file.name }));
    cancel.addEventListener("click", () => {
      item.cancel?.();
      this.#drop(item);
    });
    item.node.append(item.words, cancel, item.progress);
  }

  #fail(item, problem) {
    item.problem = problem;
    item.node.classList.add("bad");
    item.words.textContent = `${item.file.name}: ${problem}`;
    item.progress.hidden = true;
    this.#changed();
  }

  #drop(item) {
    item.node.remove();
    this.#items.delete(item);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  #say(text) {
    this.dispatchEvent(new CustomEvent("problem", { detail: text }));
  }
}
