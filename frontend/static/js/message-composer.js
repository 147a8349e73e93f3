// Where people write. Emits `write` {content, attachments, mode}; never loses what stands in it.
import { AttachmentTray } from "./attachment-tray.js";
import { QuickReplyPicker, filled } from "./quick-reply-picker.js";
import { isComposing } from "./composing.js";
import { part, setText } from "./dom.js";
import { page, t } from "./page.js";

const LONGEST = 10_000; // characters of one message, as the server counts
const COUNT_FROM = 9_000;

export class MessageComposer extends HTMLElement {
  #endedComposing = 0;

  connectedCallback() {
    if (this.textarea) return;
    this.textarea = this.querySelector("textarea");
    this.sendButton = part(this, "send");
    this.state = part(this, "state");
    this.mode = "reply";
    this.variables = {};
    this.tray = new AttachmentTray(part(this, "tray"), { largest: page.maxFileSize ?? 10_485_760 });
    this.tray.addEventListener("change", () => this.#refresh());
    this.tray.addEventListener("problem", (event) => setText(this.state, event.detail));
    const picker = part(this, "picker");
    if (picker) this.picker = new QuickReplyPicker(picker, this.textarea, (text) => this.#take(filled(text, this.variables)));
    this.#listen();
    this.#refresh();
  }

  /** Another conversation. `text` is its draft. */
  open(text = "", placeholder = "") {
    this.tray.clear();
    if (placeholder) this.textarea.placeholder = placeholder;
    this.#setText(text);
  }

  get text() {
    return this.textarea.value;
  }

  setMode(mode) {
    if (this.mode === mode) return;
    this.dispatchEvent(new CustomEvent("draft", { detail: { text: this.text, mode: this.mode } }));
    this.mode = mode;
    this.dataset.mode = mode;
    for (const button of this.querySelectorAll("[data-mode-choice]")) button.setAttribute("aria-pressed", String(button.dataset.modeChoice === mode));
    setText(this.sendButton.querySelector(".words") ?? document.createElement("i"), mode === "note" ? t("Add note") : t("Send"));
    this.dispatchEvent(new CustomEvent("mode", { detail: mode }));
  }

  say(text) {
    setText(this.state, text);
  }

  #listen() {
    this.textarea.addEventListener("input", () => this.#onInput());
    this.textarea.addEventListener("compositionend", () => (this.#endedComposing = performance.now()));
    this.textarea.addEventListener("keydown", (event) => this.#onKey(event));
    this.textarea.addEventListener("blur", () => this.picker?.close());
    this.textarea.addEventListener("paste", (event) => this.#onFiles(event, event.clipboardData.files));
    this.sendButton.addEventListener("click", () => this.#send());
    for (const button of this.querySelectorAll("[data-mode-choice]")) {
      button.addEventListener("click", () => {
        this.setMode(button.dataset.modeChoice);
        this.textarea.focus();
      });
    }
    const input = this.querySelector("input[type=file]");
    part(this, "attach").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.tray.add(input.files);
      input.value = "";
      this.textarea.focus();
    });
    part(this, "quick")?.addEventListener("click", () => {
      this.textarea.focus();
      this.#setText(`/${this.text.startsWith("/") ? this.text.slice(1) : ""}`);
      this.picker.follow();
    });
    this.#acceptDrops(this.closest("[data-drop-zone]") ?? this);
  }

  #acceptDrops(zone) {
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    zone.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.classList.add("dropping");
    });
    zone.addEventListener("dragleave", (event) => !zone.contains(event.relatedTarget) && this.classList.remove("dropping"));
    zone.addEventListener("drop", (event) => {
      this.classList.remove("dropping");
      if (hasFiles(event)) this.#onFiles(event, event.dataTransfer.files);
    });
  }

  #onFiles(event, files) {
    if (files.length === 0 || this.mode === "note") return;
    event.preventDefault();
    this.tray.add(files);
  }

  #onKey(event) {
    // Safari ends the composition before the Enter that ended it arrives.
    if (isComposing(event) || performance.now() - this.#endedComposing < 20) return;
    if (this.picker?.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") this.textarea.blur();
  }

  #onInput() {
    this.#refresh();
    this.picker?.follow();
    this.dispatchEvent(new CustomEvent("draft", { detail: { text: this.text, mode: this.mode } }));
    if (this.text && this.mode === "reply") this.dispatchEvent(new Event("typing"));
  }

  #send() {
    const content = this.text.trim();
    const length = [...content].length;
    if (this.sendButton.disabled || length > LONGEST) return;
    const attachments = this.mode === "note" ? [] : this.tray.take();
    if (!content && attachments.length === 0) return;
    this.#setText("");
    this.dispatchEvent(new CustomEvent("write", { detail: { content, attachments, mode: this.mode } }));
    this.dispatchEvent(new CustomEvent("draft", { detail: { text: "", mode: this.mode } }));
    this.textarea.focus();
  }

  #take(text) {
    this.#setText(text);
    this.textarea.focus();
    this.textarea.setSelectionRange(text.length, text.length);
    this.#onInput();
  }

  #setText(text) {
    this.textarea.value = text;
    this.#refresh();
  }

  #refresh() {
    const length = [...this.text.trim()].length;
    const isOver = length > LONGEST;
    this.state.classList.toggle("over", isOver);
    setText(this.state, length >= COUNT_FROM ? `${length} / ${LONGEST}` : this.text ? (this.dataset.saved ?? "") : "");
    this.sendButton.disabled = isOver || this.tray.isBusy || (length === 0 && this.tray.isEmpty);
    if (!CSS.supports("field-sizing", "content")) {
      this.textarea.style.height = "auto";
      this.textarea.style.height = `${this.textarea.scrollHeight}px`;
    }
  }
}

customElements.define("message-composer", MessageComposer);
