// Tells the shop which of its pages the buyer looks at: the newest one, when it has settled, and again after a reconnect.
import { calm } from "../dom.js";

const SETTLED_MS = 1_200; // the server hears one a second

export class PagesSeen {
  #last = null;
  #told = "";

  constructor({ live, shopId }) {
    Object.assign(this, { live, shopId });
    this.tell = calm(() => this.#tell(), SETTLED_MS);
    live.addEventListener("ready", () => {
      this.#told = "";
      this.tell();
    });
  }

  see(page) {
    if (!page?.url) return;
    this.#last = page;
    this.tell();
  }

  /** The conversation has begun just now: before it, nothing is kept of anybody. */
  again() {
    this.#told = "";
    this.tell();
  }

  #tell() {
    const key = JSON.stringify(this.#last);
    if (!this.#last || key === this.#told) return;
    const { url, title, referrer } = this.#last;
    const cut = (text) => String(text ?? "").slice(0, 2000);
    if (this.live.send({ type: "page", merchant_id: this.shopId, url: cut(url), title: cut(title), referrer: cut(referrer) })) this.#told = key;
  }
}
