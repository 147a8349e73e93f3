// The small menu: sound, a copy by mail, a new conversation, the other language, one's data.
import { post } from "../api.js";
import { setText } from "../dom.js";
import { t } from "../page.js";
import { toast } from "../toast.js";
import { speak } from "./entering.js";
import { useSound } from "./sound.js";

const GAP = 6;

export function useChoices({ session, currentId, email, startNew }) {
  const menu = document.getElementById("menu");
  const find = (selector) => menu.querySelector(selector);
  useSound(find("[data-sound]"));
  placeMenu(menu);
  useTranscript({ currentId, email, opener: find("[data-transcript]") });
  find("[data-language]")?.addEventListener("click", ({ currentTarget }) => speak(currentTarget.dataset.language));
  for (const button of document.querySelectorAll("[data-new]")) button.addEventListener("click", startNew);
  let isPrepared = false;
  find("[data-your-data]").addEventListener("click", async () => {
    const dialog = document.getElementById("your-data");
    const { useYourData } = await import("./your-data.js");
    if (!isPrepared) useYourData(dialog, { session });
    isPrepared = true;
    dialog.showModal();
  });
  return {
    show({ conversation, isKnown }) {
      find("[data-transcript]").hidden = !conversation || conversation.last_seq === 0;
      find("[data-new]").hidden = conversation?.status !== "resolved";
      find("[data-your-data]").hidden = !isKnown;
    },
  };
}

/** Two buttons open the same menu: it stands below the one that was pressed. */
function placeMenu(menu) {
  const openers = [...document.querySelectorAll(`[popovertarget="${menu.id}"]`)];
  let opener = openers[0];
  for (const button of openers) button.addEventListener("click", () => (opener = button), { capture: true });
  menu.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    for (const button of openers) button.setAttribute("aria-expanded", String(isOpen && button === opener));
    if (!isOpen) return;
    const at = opener.getBoundingClientRect();
    menu.style.top = `${at.bottom + GAP}px`;
    menu.style.left = `${Math.max(8, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
    menu.querySelector(".item:not([hidden])").focus({ preventScroll: true });
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll(".item:not([hidden])")];
    items.at((items.indexOf(document.activeElement) + step) % items.length)?.focus();
  });
  menu.addEventListener("click", (event) => event.target.closest("[data-closes]") && menu.hidePopover());
}

function useTranscript({ currentId, email, opener }) {
  const dialog = document.getElementById("transcript");
  const input = dialog.querySelector("input");
  const problem = dialog.querySelector(".problem");
  const say = (text) => {
    setText(problem, text);
    problem.hidden = text === "";
    input.setAttribute("aria-invalid", String(text !== ""));
  };
  opener.addEventListener("click", () => {
    input.value ||= email() ?? "";
    say("");
    dialog.showModal();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!input.value.trim() || !input.validity.valid) return say(t("This is no e-mail address."));
    try {
      await post(`/conversations/${currentId()}/transcript`, { email: input.value.trim() });
    } catch (error) {
      return say(error.message);
    }
    dialog.close();
    return toast(t("The conversation is on its way to {email}.", { email: input.value.trim() }));
  });
}
