// Tells of new messages: a toast in the page, a sound, the browser's own notification. Never for the thread in view,
// and with several tabs only once.
import { fillAvatar, nameOf } from "./avatar.js";
import { make } from "./dom.js";
import { page, t } from "./page.js";
import { previewOf } from "./conversation-card.js";
import { canChime, chime, useChime } from "./chime.js";
import { OneTab } from "./one-tab.js";
import { toastStack } from "./toast.js";

const SHOWN_MS = 7_000;
const MOST_TOASTS = 3;
// The tab with the thread in view speaks first (and says nothing), then who looks on, then who can sound, then the rest.
const WATCHING_MS = 100;
const SOUNDING_MS = 220;
const OTHERS_MS = 400;

export class Notifier extends EventTarget {
  #toasts = new Map();
  #shown = new Map();

  /** `inView()` is the id of the thread before somebody's eyes; `isWatching()` whether the page is; `open(id)` goes there. */
  constructor({ me, people, view, inView, isWatching, open }) {
    super();
    Object.assign(this, { me, people, view, inView, isWatching, open, preferences: page.preferences });
    this.tabs = new OneTab(me);
    this.tabs.addEventListener("seen", ({ detail }) => this.forget(detail.id));
    this.tabs.addEventListener("watching", () => (this.watchedAt = Date.now()));
    useChime();
  }

  /** Whether messages in `one` are told at all. */
  wants(one) {
    const { notify } = this.preferences;
    if (notify === "none" || ["resolved", "pending"].includes(one.status)) return false;
    if (notify === "all" || one.assignee_id === this.me) return true;
    return notify === "mine-and-unassigned" && one.assignee_id === null;
  }

  /** A buyer's new message in `one`. */
  async tell(message, one) {
    if (message.sender_role !== "buyer" || !this.wants(one)) return;
    if (this.inView() === one.id) {
      await this.tabs.claim(message.id);
      return;
    }
    const isWatching = this.isWatching();
    if (isWatching) this.#toast(one);
    await new Promise((done) => setTimeout(done, isWatching ? WATCHING_MS : canChime() ? SOUNDING_MS : OTHERS_MS));
    if (!(await this.tabs.claim(message.id))) return;
    this.dispatchEvent(new CustomEvent("told", { detail: { id: one.id, isMissed: !isWatching } }));
    if (isWatching && this.preferences.notify_when === "hidden") return;
    if (this.preferences.sounds) chime();
    this.#notify(one);
  }

  /** The thread is before somebody's eyes, here or in another tab. */
  seen(id) {
    this.forget(id);
    this.tabs.say("seen", { id });
  }

  forget(id) {
    this.#toasts.get(id)?.remove();
    this.#toasts.delete(id);
    this.#shown.get(id)?.close();
    this.#shown.delete(id);
  }

  #notify(one) {
    if (globalThis.Notification?.permission !== "granted") return;
    const body = previewOf(one, this.view).text;
    try {
      const note = new Notification(nameOf(one.customer), { body, tag: `parley.${one.id}`, renotify: true, silent: true, icon: one.customer.avatar });
      note.addEventListener("click", () => {
        globalThis.focus();
        note.close();
        this.open(one.id);
      });
      this.#shown.set(one.id, note);
    } catch {
      // Some phones let only a service worker show notifications; the badge in the title remains.
    }
  }

  #toast(one) {
    this.forget(one.id);
    const stack = toastStack();
    const note = make("div", "toast");
    const way = make("a", "whole");
    way.href = this.view.href(one.id);
    const face = make("span", "avatar");
    face.setAttribute("aria-hidden", "true");
    fillAvatar(face, one.customer);
    const words = make("span", "words");
    words.append(make("strong", "", nameOf(one.customer)), make("span", "", previewOf(one, this.view).text));
    way.append(face, words);
    way.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      this.forget(one.id);
      this.open(one.id);
    });
    way.setAttribute("aria-label", t("New message from {name}: {text}", { name: nameOf(one.customer), text: previewOf(one, this.view).text }));
    note.append(way);
    stack.append(note);
    this.#toasts.set(one.id, note);
    setTimeout(() => note.remove(), SHOWN_MS);
    while (stack.querySelectorAll(".toast:has(.whole)").length > MOST_TOASTS) stack.querySelector(".toast:has(.whole)").remove();
  }
}
