// What the shop asks before the first message, and what it needs to answer when it is closed.
import { setText } from "../dom.js";
import { page, t } from "../page.js";
import { readJson, storage } from "../storage.js";
import { backAt } from "./hours.js";

const FIELDS = ["name", "email", "phone", "question"];

/** `done(answers)` goes on with {name, email, phone, question}. */
export class BeforeForm {
  constructor({ root, shop, widget, done }) {
    Object.assign(this, { root, shop, widget, done, key: `parley.told.${shop.id}` });
    this.form = root.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** What the buyer told earlier on this device. */
  get told() {
    return page.isPreview ? {} : readJson(storage, this.key, {});
  }

  /** Whether something has to be asked of somebody who begins now. `isCustomer`: the shop told us who this is. */
  isNeeded(isCustomer) {
    return Object.values(this.#wanted(isCustomer)).some((wish) => wish !== "off");
  }

  open(isCustomer, question = "") {
    if (question) this.#field("question").querySelector("textarea").value = question;
    this.wanted = this.#wanted(isCustomer);
    const { told } = this;
    for (const [name, wish] of Object.entries(this.wanted)) {
      const field = this.#field(name);
      field.hidden = wish === "off";
      const input = field.querySelector("input, textarea");
      input.required = wish === "required";
      const optional = field.querySelector(".optional");
      if (optional) optional.hidden = wish === "required";
      if (told[name] && !input.value) input.value = told[name];
      this.#say(name, "");
    }
    const { is_open: isOpen, opens_at: opensAt, away_text: away } = this.shop;
    const text = isOpen ? "" : [away, opensAt ? backAt(opensAt) : ""].filter(Boolean).join("\n");
    setText(document.getElementById("before-title"), isOpen ? t("Before we start") : t("Leave a message"));
    const line = document.getElementById("before-text");
    setText(line, text);
    line.hidden = text === "";
    setText(this.form.querySelector("button.primary"), isOpen ? t("Start the chat") : t("Send message"));
    this.form.querySelector("[data-ask]:not([hidden]) :is(input, textarea)")?.focus();
  }

  #wanted(isCustomer) {
    const { widget, shop, told } = this;
    const wanted = Object.fromEntries(FIELDS.map((name) => [name, widget[`ask_${name}`]]));
    if (!shop.is_open) {
      // Nobody can answer now: without an address nobody could later, when this page is closed.
      if (wanted.email !== "required" && wanted.phone !== "required") wanted.email = "required";
      if (wanted.name === "off") wanted.name = "optional";
      wanted.question = "required";
    }
    // Nobody is asked twice: what was told, or left out, on this device before; what the shop said of its customer.
    for (const name of ["name", "email", "phone"]) {
      if (isCustomer || told[name] || (told.at && wanted[name] === "optional")) wanted[name] = "off";
    }
    return { ...wanted, consent: widget.consent && !told.consent ? "required" : "off" };
  }

  #field(name) {
    return this.form.querySelector(`[data-ask="${name}"]`);
  }

  #say(name, problem) {
    const field = this.#field(name);
    const line = field.querySelector(".problem");
    setText(line, problem);
    line.hidden = problem === "";
    field.querySelector("input, textarea").setAttribute("aria-invalid", String(problem !== ""));
  }

  #submit() {
    let first = null;
    const answers = {};
    for (const [name, wish] of Object.entries(this.wanted)) {
      if (wish === "off") continue;
      const input = this.#field(name).querySelector("input, textarea");
      const value = input.type === "checkbox" ? input.checked : input.value.trim();
      const problem = this.#problem(name, wish, value, input);
      this.#say(name, problem);
      if (problem) first ??= input;
      else if (value) answers[name] = value;
    }
    if (first) return first.focus();
    const { question, ...kept } = answers;
    storage.setItem(this.key, JSON.stringify({ ...this.told, ...kept, at: Date.now() }));
    this.#field("question").querySelector("textarea").value = "";
    return this.done({ ...kept, question: question ?? "" });
  }

  #problem(name, wish, value, input) {
    if (wish === "required" && !value) return name === "consent" ? t("Please agree before we start.") : t("Please fill this in.");
    if (name === "email" && value && !input.validity.valid) return t("This is no e-mail address.");
    if (name === "phone" && value && !/^\+?[\d ()-]{5,30}$/.test(value)) return t("This is no phone number.");
    return "";
  }
}
