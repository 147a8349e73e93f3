// Brings one draft to the server and waits for the word that it is in the database: over the socket when it stands,
// else over HTTP. Both are the same verb there, and the client_id makes a second try harmless.
import { ApiError, post } from "./api.js";

const ANSWER_MS = 10_000;

export class Delivery {
  #waiting = new Map();

  constructor(live) {
    this.live = live;
    live.addEventListener("sent", ({ detail }) => this.#answer(detail.client_id, (one) => one.resolve(detail)));
    live.addEventListener("error", ({ detail }) => this.#answer(detail.client_id, (one) => one.reject(new ApiError(detail.status, detail.code, detail.detail))));
    live.addEventListener("state", () => this.live.isReady || this.#giveUpAll());
  }

  /** {id, seq, timestamp}, or an ApiError. */
  async deliver(draft) {
    const frame = {
      conversation_id: draft.conversation_id,
      client_id: draft.client_id,
      content: draft.content,
      message_type: draft.message_type,
      attachment_ids: draft.attachments.map((attachment) => attachment.id),
      reply_to: draft.reply_to ?? null,
    };
    if (this.live.send({ type: "send", ...frame })) return this.#wait(draft.client_id);
    const { conversation_id: id, ...body } = frame;
    const message = await post(`/conversations/${id}/messages/`, body);
    return { id: message.id, seq: message.seq, timestamp: message.created_at };
  }

  #wait(client_id) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#answer(client_id, (one) => one.reject(new ApiError(408, "no_answer", ""))), ANSWER_MS);
      this.#waiting.set(client_id, { resolve, reject, timer });
    });
  }

  #answer(client_id, settle) {
    const one = this.#waiting.get(client_id);
    if (!one) return;
    clearTimeout(one.timer);
    this.#waiting.delete(client_id);
    settle(one);
  }

  /** The line went down: whether it arrived is unknown, so the outbox asks again under the same name. */
  #giveUpAll() {
    for (const client_id of [...this.#waiting.keys()]) this.#answer(client_id, (one) => one.reject(new ApiError(0, "offline", "")));
  }
}
