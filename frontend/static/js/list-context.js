// The menu of a card: by right click, by a long press, by the menu key or Shift+F10.
import { openMenu } from "./choice-menu.js";
import { t } from "./page.js";

const LONG_PRESS_MS = 500;
const SLIP = 10; // px that a resting thumb may move

/** `items(id)` gives the menu. */
export function listContext({ list, items }) {
  let timer;
  let start = null;
  let wasLong = false;

  function open(card, at) {
    card.classList.add("pointed");
    openMenu({ at, label: t("What to do with this conversation"), items: () => items(card.dataset.id), onClose: () => card.classList.remove("pointed") });
  }

  const cardOf = (event) => event.target.closest(".conversation-card[data-id]");

  list.addEventListener("contextmenu", (event) => {
    const card = cardOf(event);
    if (!card || event.target.closest(".pick")) return;
    event.preventDefault();
    clearTimeout(timer);
    open(card, { x: event.clientX, y: event.clientY });
  });
  list.addEventListener("keydown", (event) => {
    const card = cardOf(event);
    if (!card || !(event.key === "ContextMenu" || (event.shiftKey && event.key === "F10"))) return;
    event.preventDefault();
    open(card, card);
  });
  list.addEventListener("pointerdown", (event) => {
    wasLong = false;
    const card = cardOf(event);
    if (!card || event.pointerType !== "touch") return;
    start = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      wasLong = true;
      open(card, start);
    }, LONG_PRESS_MS);
  });
  list.addEventListener("pointermove", (event) => {
    if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) > SLIP) clearTimeout(timer);
  });
  for (const end of ["pointerup", "pointercancel"]) list.addEventListener(end, () => clearTimeout(timer));
  list.addEventListener("scroll", () => clearTimeout(timer), { passive: true });
  // The click that ends a long press opens nothing.
  list.addEventListener("click", (event) => {
    if (!wasLong) return;
    wasLong = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
}
