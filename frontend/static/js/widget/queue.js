// How many are before this buyer, while everybody of the shop is busy.
import { get } from "../api.js";
import { setText } from "../dom.js";
import { t, tn } from "../page.js";

export class Queue {
  #id = null;
  #turn = 0;

  constructor({ node, live }) {
    this.node = node;
    live.addEventListener("queue", ({ detail }) => {
      if (detail.conversation_id !== this.#id) return;
      this.#turn += 1;
      this.#show(detail.position);
    });
    live.addEventListener("ready", () => this.#ask());
  }

  /** Of the thread that is open; null: none. */
  follow(conversation) {
    const id = conversation && conversation.status !== "resolved" ? conversation.id : null;
    if (id === this.#id) return;
    this.#id = id;
    this.#show(null);
    this.#ask();
  }

  async #ask() {
    const id = this.#id;
    if (!id) return;
    const turn = (this.#turn += 1);
    const answer = await get(`/conversations/${id}/queue`).catch(() => null);
    // A conversation that has just begun waits from its first message on: a frame may have come before this older answer.
    if (id === this.#id && turn === this.#turn) this.#show(answer?.position ?? null);
  }

  #show(position) {
    this.node.hidden = !position;
    if (!position) return;
    const words = position === 1 ? t("Everybody is busy right now. You are next.") : tn("{n} person is ahead of you", "{n} people are ahead of you", position - 1);
    setText(this.node.lastElementChild, words);
  }
}
