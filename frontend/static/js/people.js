// Who is who on this page, and who is there now.
import { t } from "./page.js";
import { nameOf } from "./avatar.js";

export class People {
  #known = new Map();
  #online = new Set();

  /** `support` is what a buyer calls whoever answers for the shop, `automatic` what nobody wrote by hand. */
  constructor({ support = t("Support"), automatic = t("Automatic") } = {}) {
    this.support = support;
    this.automatic = automatic;
  }

  /** Remembers persons as the API gives them. */
  learn(...persons) {
    for (const person of persons) if (person?.id) this.#known.set(person.id, person);
  }

  get(id) {
    return this.#known.get(id) ?? { id, username: "", display_name: "" };
  }

  nameOf(id, role) {
    if (role === "platform") return this.automatic;
    const known = this.#known.get(id);
    if (known) return nameOf(known);
    return role === "buyer" ? t("Visitor") : this.support;
  }

  /** The whole truth from `online_users`. */
  setOnline(ids) {
    this.#online = new Set(ids);
  }

  setStatus(id, status) {
    if (status === "offline") this.#online.delete(id);
    else this.#online.add(id);
  }

  isOnline(id) {
    return this.#online.has(id);
  }

  presence(id) {
    return this.#online.has(id) ? "online" : "offline";
  }
}
