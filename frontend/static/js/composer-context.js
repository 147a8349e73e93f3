// What the text belongs to: the message that it answers, or the note that it changes.
import { part, setIcon, setText } from "./dom.js";
import { summaryOf } from "./bubble-content.js";
import { t } from "./page.js";

export class ComposerContext {
  /** {kind: "reply", message} or {kind: "note", note}, else null. */
  current = null;

  /** `changed()` when it was taken away by hand. */
  constructor(root, { people, closed }) {
    this.bar = part(root, "context");
    this.people = people;
    part(root, "context-close").addEventListener("click", () => {
      const was = this.current;
      this.clear();
      closed(was);
    });
  }

  get replyTo() {
    return this.current?.kind === "reply" ? this.current.message.id : null;
  }

  get note() {
    return this.current?.kind === "note" ? this.current.note : null;
  }

  answer(message) {
    this.#show({ kind: "reply", message }, "reply", this.people.nameOf(message.sender_id, message.sender_role), summaryOf(message));
  }

  edit(note) {
    this.#show({ kind: "note", note }, "edit", t("You are editing a note"), note.content.slice(0, 120));
  }

  clear() {
    this.current = null;
    this.bar.hidden = true;
  }

  #show(current, sign, title, words) {
    this.current = current;
    setIcon(this.bar.querySelector("svg"), sign);
    setText(part(this.bar, "context-title"), title);
    setText(part(this.bar, "context-words"), words);
    this.bar.hidden = false;
  }
}
