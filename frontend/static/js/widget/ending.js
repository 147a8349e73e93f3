// After the end: five faces and a word, once; and the way to begin anew.
import { get, post } from "../api.js";
import { setText } from "../dom.js";
import { t } from "../page.js";

export class Ending {
  #ratings = new Map();

  constructor({ root, widget }) {
    Object.assign(this, { root, widget, id: null });
    this.form = root.querySelector("#rating");
    this.more = root.querySelector("#rating-more");
    this.said = root.querySelector("#rated");
    this.form.addEventListener("change", () => (this.more.hidden = false));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#give();
    });
  }

  /** Shows itself for a conversation that is resolved, else hides. */
  async show(conversation) {
    const isOver = conversation?.status === "resolved";
    const { id } = conversation ?? {};
    if (isOver && this.id === id && !this.root.hidden) return;
    this.root.hidden = !isOver;
    this.id = isOver ? id : null;
    if (!isOver) return;
    this.form.reset();
    this.form.hidden = true;
    this.more.hidden = true;
    setText(this.said, "");
    if (!this.widget.ask_rating) return;
    if (!this.#ratings.has(id)) {
      try {
        this.#ratings.set(id, await get(`/conversations/${id}/rating`));
      } catch {
        return; // asked again the next time that this conversation is looked at
      }
    }
    if (this.id === id) this.#draw(this.#ratings.get(id));
  }

  #draw(rating) {
    this.form.hidden = rating !== null;
    setText(this.said, rating ? t("Thank you for your rating!") : "");
  }

  async #give() {
    const { id } = this;
    const score = Number(new FormData(this.form).get("score"));
    const comment = this.form.querySelector("textarea").value.trim();
    const button = this.form.querySelector(".button");
    button.disabled = true;
    try {
      this.#ratings.set(id, await post(`/conversations/${id}/rating`, { score, comment }));
      if (this.id === id) this.#draw(this.#ratings.get(id));
    } catch (error) {
      setText(this.said, error.message);
    } finally {
      button.disabled = false;
    }
  }
}
