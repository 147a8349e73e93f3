// Where the shop's people write. Emits `write` {content, attachments, mode, replyTo, note}; never loses what stands in it.
import { AttachmentTray } from "./attachment-tray.js";
import { ComposerContext } from "./composer-context.js";
import { acceptFiles } from "./composer-files.js";
import { emojiByName, useEmojiPanel } from "./emoji-picker.js";
import { colleagues } from "./mention-picker.js";
import { quickReplies, unfilled } from "./quick-reply-picker.js";
import { Suggestions } from "./suggestions.js";
import { isComposing } from "./composing.js";
import { part, setText } from "./dom.js";
import { page, t } from "./page.js";

const LONGEST = 10_000; // characters of one message, as the server counts
const COUNT_FROM = 9_000;

export class MessageComposer extends HTMLElement {
  #endedComposing = 0;
  #isSureOf = ""; // the text with unfilled variables that the person wants to send all the same

  connectedCallback() {
    if (this.textarea) return;
    this.textarea = this.querySelector("textarea");
    this.sendButton = part(this, "send");
    this.state = part(this, "state");
    this.mode = "reply";
    this.variables = {};
    this.sendKey = page.preferences?.send_key ?? "enter";
    setText(part(this, "hint"), this.sendKey === "enter" ? t("Enter to send, Shift+Enter for a new line") : t("Ctrl+Enter to send, Enter for a new line"));
    this.tray = new AttachmentTray(part(this, "tray"), { largest: page.maxFileSize ?? 10_485_760 });
    this.tray.addEventListener("change", () => this.#refresh());
    this.tray.addEventListener("problem", (event) => this.say(event.detail));
    const sources = [quickReplies({ values: () => this.variables, attach: (files) => this.tray.addStored(files) }), emojiByName(), colleagues({ team: page.team, me: page.me.id })];
    this.suggestions = new Suggestions(part(this, "picker"), this.textarea, sources, (text, from, to) => this.#replace(text, from, to));
    this.#listen();
    this.#refresh();
  }

  /** `people` names whom one answers. */
  use({ people }) {
    this.context = new ComposerContext(this, { people, closed: (was) => was.kind === "note" && this.open("") });
  }

  /** Another conversation, or another mode. `text` is its draft. */
  open(text = "") {
    this.tray.clear();
    this.context?.clear();
    this.textarea.placeholder = this.hints?.[this.mode] ?? "";
    this.#setText(text);
  }

  get text() {
    return this.textarea.value;
  }

  answer(message) {
    this.setMode("reply");
    this.context.answer(message);
    this.textarea.focus();
  }

  edit(note) {
    this.setMode("note");
    this.open(note.content);
    this.context.edit(note);
    this.textarea.focus();
  }

  /** Text from elsewhere takes the place of nothing; it comes after what stands there. */
  giveBack(text) {
    this.#setText([text, this.text].filter((one) => one.trim()).join("\n\n"));
    this.#draftChanged();
  }

  setMode(mode) {
    if (this.mode === mode) return;
    this.#draftChanged();
    this.mode = mode;
    this.suggestions.mode = mode;
    this.suggestions.close();
    this.dataset.mode = mode;
    for (const button of this.querySelectorAll("[data-mode-choice]")) button.setAttribute("aria-pressed", String(button.dataset.modeChoice === mode));
    setText(this.sendButton.querySelector(".words"), mode === "note" ? t("Add note") : t("Send"));
    this.dispatchEvent(new CustomEvent("mode", { detail: mode }));
  }

  say(text) {
    setText(this.state, text);
  }

  #listen() {
    this.textarea.addEventListener("input", () => this.#onInput());
    this.textarea.addEventListener("compositionend", () => (this.#endedComposing = performance.now()));
    this.textarea.addEventListener("keydown", (event) => this.#onKey(event));
    this.textarea.addEventListener("blur", () => this.suggestions.close());
    this.sendButton.addEventListener("click", () => this.#send());
    part(this, "unfilled-send").addEventListener("click", () => {
      this.#isSureOf = this.text.trim();
      this.#send();
    });
    for (const button of this.querySelectorAll("[data-mode-choice]")) {
      button.addEventListener("click", () => {
        this.setMode(button.dataset.modeChoice);
        this.textarea.focus();
      });
    }
    acceptFiles(this, { take: (files) => this.mode === "reply" && this.tray.add(files) });
    useEmojiPanel(this, (sign) => this.#replace(sign, this.textarea.selectionStart, this.textarea.selectionEnd));
    part(this, "quick").addEventListener("click", () => this.#begin("/", true));
    part(this, "mention").addEventListener("click", () => this.#begin("@", false));
  }

  /** A button that stands for a key: the list opens as if it had been typed. */
  #begin(sign, isFirst) {
    const { value, selectionStart: at } = this.textarea;
    if (isFirst) this.#setText(sign + value.replace(/^\//, ""));
    else this.#replace((at === 0 || /\s$/.test(value.slice(0, at)) ? "" : " ") + sign, at, at);
    this.textarea.focus();
    this.suggestions.follow();
  }

  #onKey(event) {
    // Safari ends the composition before the Enter that ended it arrives.
    if (isComposing(event) || performance.now() - this.#endedComposing < 20) return;
    if (this.suggestions.key(event)) return;
    const wantsSend = this.sendKey === "enter" ? !event.shiftKey && !event.altKey : event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && wantsSend) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") this.textarea.blur();
  }

  #onInput() {
    this.#refresh();
    this.suggestions.follow();
    this.#draftChanged();
    if (this.text && this.mode === "reply") this.dispatchEvent(new Event("typing"));
  }

  #draftChanged(text = this.text) {
    if (!this.context?.note) this.dispatchEvent(new CustomEvent("draft", { detail: { text, mode: this.mode } }));
  }

  #send() {
    const content = this.text.trim();
    const { mode } = this;
    if (this.sendButton.disabled || [...content].length > LONGEST) return;
    if (mode === "reply" && unfilled(content).length > 0 && this.#isSureOf !== content) return this.#refresh(unfilled(content));
    const attachments = mode === "note" ? [] : this.tray.take();
    if (!content && attachments.length === 0) return;
    const { replyTo, note } = this.context ?? {};
    this.#setText("");
    this.#draftChanged("");
    this.context?.clear();
    this.dispatchEvent(new CustomEvent("write", { detail: { content, attachments, mode, replyTo: replyTo ?? null, note: note ?? null } }));
    this.textarea.focus();
  }

  #replace(text, from, to) {
    this.textarea.focus();
    this.textarea.setRangeText(text, from, to, "end");
    this.#onInput();
  }

  #setText(text) {
    this.textarea.value = text;
    this.#refresh();
  }

  #refresh(missing = []) {
    const length = [...this.text.trim()].length;
    const isOver = length > LONGEST;
    this.state.classList.toggle("over", isOver);
    this.say(length >= COUNT_FROM ? `${length} / ${LONGEST}` : "");
    part(this, "unfilled").hidden = missing.length === 0;
    setText(part(this, "unfilled-words"), missing.length ? t("There is no value for {names}. Please fill it in yourself.", { names: missing.map((name) => `{{${name}}}`).join(", ") }) : "");
    this.sendButton.disabled = isOver || this.tray.isBusy || (length === 0 && this.tray.isEmpty);
    if (!CSS.supports("field-sizing", "content")) {
      this.textarea.style.height = "auto";
      this.textarea.style.height = `${this.textarea.scrollHeight}px`;
    }
  }
}

customElements.define("message-composer", MessageComposer);
