// Where the buyer writes. Emits `write` {content, attachments}, `draft` and `typing`; never loses what stands in it.
import { AttachmentTray } from "../attachment-tray.js";
import { isComposing } from "../composing.js";
import { part, setText } from "../dom.js";
import { page, t } from "../page.js";
import { fillEmoji } from "./emoji.js";

const LONGEST = 10_000; // characters of one message, as the server counts
const COUNT_FROM = 9_000;

export class BuyerComposer extends HTMLElement {
  #endedComposing = 0;

  connectedCallback() {
    if (this.textarea) return;
    this.textarea = this.querySelector(".line textarea");
    this.sendButton = part(this, "send");
    this.state = part(this, "state");
    this.tray = new AttachmentTray(part(this, "tray"), { largest: page.maxFileSize ?? 10_485_760 });
    this.tray.addEventListener("change", () => this.#refresh());
    this.tray.addEventListener("problem", (event) => setText(this.state, event.detail));
    this.#listen();
    this.#refresh();
  }

  /** Another conversation. `text` is its draft. */
  open(text = "") {
    this.tray.clear();
    this.#setText(text);
  }

  get text() {
    return this.textarea.value;
  }

  #listen() {
    const { textarea } = this;
    textarea.addEventListener("input", () => this.#onInput());
    textarea.addEventListener("compositionend", () => (this.#endedComposing = performance.now()));
    textarea.addEventListener("keydown", (event) => this.#onKey(event));
    textarea.addEventListener("paste", (event) => this.#onFiles(event, event.clipboardData.files));
    this.sendButton.addEventListener("click", () => this.#send());
    const input = this.querySelector("input[type=file]");
    part(this, "attach").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.tray.add(input.files);
      input.value = "";
      textarea.focus();
    });
    fillEmoji(this.querySelector(".emoji"), part(this, "emoji"), (sign) => {
      textarea.setRangeText(sign, textarea.selectionStart, textarea.selectionEnd, "end");
      this.#onInput();
      textarea.focus();
    });
    const zone = this.closest("[data-drop-zone]") ?? this;
    zone.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
    zone.addEventListener("drop", (event) => event.dataTransfer?.files.length > 0 && this.#onFiles(event, event.dataTransfer.files));
  }

  #onFiles(event, files) {
    if (files.length === 0) return;
    event.preventDefault();
    this.tray.add(files);
  }

  #onKey(event) {
    // Safari ends the composition before the Enter that ended it arrives.
    if (isComposing(event) || performance.now() - this.#endedComposing < 20) return;
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#send();
  }

  #onInput() {
    this.#refresh();
    this.dispatchEvent(new CustomEvent("draft", { detail: { text: this.text } }));
    if (this.text) this.dispatchEvent(new Event("typing"));
  }

  #send() {
    const content = this.text.trim();
    if (this.sendButton.disabled) return;
    const attachments = this.tray.take();
    if (!content && attachments.length === 0) return;
    this.#setText("");
    this.dispatchEvent(new CustomEvent("write", { detail: { content, attachments } }));
    this.dispatchEvent(new CustomEvent("draft", { detail: { text: "" } }));
    this.textarea.focus();
  }

  #setText(text) {
    this.textarea.value = text;
    this.#refresh();
  }

  #refresh() {
    const length = [...this.text.trim()].length;
    const isOver = length > LONGEST;
    this.state.classList.toggle("over", isOver);
    setText(this.state, length >= COUNT_FROM ? t("{n} of {most} characters", { n: length, most: LONGEST }) : "");
    this.sendButton.disabled = isOver || this.tray.isBusy || (length === 0 && this.tray.isEmpty);
    if (CSS.supports("field-sizing", "content")) return;
    this.textarea.style.height = "auto";
    this.textarea.style.height = `${this.textarea.scrollHeight}px`;
  }
}

customElements.define("buyer-composer", BuyerComposer);
