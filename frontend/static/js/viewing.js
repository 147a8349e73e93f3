// Which colleagues look at the open conversation, and which of them answers just now.
import { nameOf } from "./avatar.js";
import { t } from "./page.js";

export class Viewing {
  #seen = new Map();
  #told = null;

  /** `openId()` is the conversation before this person's eyes; `changed()` when others came or went. */
  constructor({ live, me, openId, changed }) {
    Object.assign(this, { live, me, openId });
    live.addEventListener("viewing", ({ detail }) => {
      this.#seen.set(detail.conversation_id, detail.user_ids);
      changed();
    });
    live.addEventListener("ready", () => {
      this.#seen.clear();
      this.#told = null;
      this.tell();
    });
    document.addEventListener("visibilitychange", () => this.tell());
  }

  /** Says what this person looks at, when it is something else than before. A hidden tab looks at nothing. */
  tell() {
    const id = document.visibilityState === "visible" ? this.openId() : null;
    if (id !== this.#told && this.live.send({ type: "viewing", conversation_id: id })) this.#told = id;
  }

  of(id) {
    return (this.#seen.get(id) ?? []).filter((user) => user !== this.me);
  }
}

/** “Anna is replying”, “Anna is viewing”, or nothing. Who replies is named first. */
export function colleaguesText(viewers, writers, people) {
  const list = (ids) => new Intl.ListFormat(document.documentElement.lang, { style: "short" }).format(ids.map((id) => nameOf(people.get(id))));
  if (writers.length === 1) return t("{who} is replying", { who: list(writers) });
  if (writers.length > 1) return t("{who} are replying", { who: list(writers) });
  if (viewers.length === 1) return t("{who} is viewing", { who: list(viewers) });
  return viewers.length > 1 ? t("{who} are viewing", { who: list(viewers) }) : "";
}
