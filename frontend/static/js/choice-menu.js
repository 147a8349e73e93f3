// A menu made for the moment: at a button, at a card, or where the pointer pressed. Items may lead to further items,
// shown in its place with a way back, so that a thumb and a keyboard come as far as a mouse.
import { icon, make } from "./dom.js";
import { t } from "./page.js";

const GAP = 6;
const EDGE = 8;
let open = null;

/**
 * `at` is an element or {x, y}. `items` (or a function that gives them): {label, icon, hint, isChecked, isDanger, run},
 * {label, icon, items} for a way further, {label, field: {type, value, placeholder, min, max}, run(value)} for something
 * typed, {title}, or null for a line between. `staysOpen` items can be chosen one after another.
 */
export function openMenu({ at, label, items, onClose = () => {} }) {
  closeMenu();
  const back = document.activeElement;
  const menu = make("div", "menu choice-menu");
  menu.popover = "auto";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", label);
  (document.querySelector("dialog[open], main") ?? document.body).append(menu); // inside a landmark, above everything
  open = menu;
  const ways = [];
  const show = () => {
    const { items: wanted, title } = ways.at(-1);
    const found = typeof wanted === "function" ? wanted() : wanted;
    menu.replaceChildren(...(ways.length > 1 ? [backNode(title, goBack)] : []), ...found.filter((one) => one !== undefined && one !== false).map((one) => nodeOf(one, act)));
    place(menu, at);
    const first = menu.querySelector(ways.length > 1 ? ".back ~ .item, .back ~ form input" : ".item, form input");
    (first ?? itemsOf(menu)[0])?.focus({ preventScroll: true });
  };
  const goBack = () => {
    if (ways.length < 2) return;
    ways.pop();
    show();
  };
  const act = (item, value) => {
    if (item.items) {
      ways.push({ items: item.items, title: item.label });
      return show();
    }
    if (!item.staysOpen) closeMenu();
    item.run(value);
    if (item.staysOpen && open === menu) {
      const focused = itemsOf(menu).indexOf(document.activeElement);
      show();
      itemsOf(menu)[focused]?.focus({ preventScroll: true });
    }
    return undefined;
  };
  menu.addEventListener("keydown", (event) => onKey(event, menu, goBack));
  // The focus goes back before the menu is away: a key that follows at once must not end in a button nobody sees.
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "closed" || !menu.contains(document.activeElement)) return;
    document.activeElement.blur();
    back?.focus({ preventScroll: true });
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    menu.remove();
    if (open === menu) open = null;
    onClose();
  });
  ways.push({ items, title: label });
  menu.showPopover();
  show();
  return menu;
}

function closeMenu() {
  open?.hidePopover();
}

const itemsOf = (menu) => [...menu.querySelectorAll(".item")];

function backNode(title, goBack) {
  const node = make("button", "item back");
  node.type = "button";
  node.setAttribute("role", "menuitem");
  node.setAttribute("aria-label", t("Back from {title}", { title }));
  node.append(icon("back"), make("span", "", title));
  node.addEventListener("click", goBack);
  return node;
}

function nodeOf(item, act) {
  if (item === null) return make("hr");
  if (item.title) return make("p", "title", item.title);
  if (item.field) return fieldNode(item, act);
  const node = make("button", "item");
  node.type = "button";
  const isChoice = item.isChecked !== undefined;
  node.setAttribute("role", isChoice ? "menuitemcheckbox" : "menuitem");
  if (isChoice) node.setAttribute("aria-checked", String(item.isChecked));
  if (item.items) node.setAttribute("aria-haspopup", "menu");
  node.classList.toggle("danger", Boolean(item.isDanger));
  node.append(...(item.mark ? [item.mark] : item.icon ? [icon(item.icon)] : []), make("span", "words", item.label));
  if (item.hint) node.append(make("kbd", "", item.hint));
  if (item.isChecked) node.append(icon("check"));
  if (item.items) node.append(icon("forward"));
  node.addEventListener("click", () => act(item));
  return node;
}

function fieldNode(item, act) {
  const form = make("form", "field-item");
  const input = make("input", "input small");
  Object.assign(input, { type: "text", autocomplete: "off", ...item.field });
  input.setAttribute("aria-label", item.label);
  form.append(input);
  const button = make("button", "button", item.button ?? t("OK"));
  form.append(button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) act(item, input.value.trim());
  });
  return form;
}

function onKey(event, menu, goBack) {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement);
  const isTyping = document.activeElement?.tagName === "INPUT";
  const go = { ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1 }[event.key];
  if (go !== undefined && !(isTyping && ["Home", "End"].includes(event.key))) {
    event.preventDefault();
    items[go]?.focus();
  } else if (event.key === "Tab") {
    event.preventDefault();
    closeMenu();
  } else if (event.key === "ArrowLeft" && !isTyping) {
    event.preventDefault();
    goBack();
  } else if (event.key === "ArrowRight" && !isTyping && document.activeElement?.getAttribute("aria-haspopup")) {
    event.preventDefault();
    document.activeElement.click();
  } else if (!isTyping && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
    const letter = event.key.toLowerCase();
    const order = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    order.find((one) => one.querySelector(".words")?.textContent.toLowerCase().startsWith(letter))?.focus();
  }
  event.stopPropagation();
}

function place(menu, at) {
  const box = menu.getBoundingClientRect();
  const anchor = at instanceof Element ? at.getBoundingClientRect() : { left: at.x, right: at.x, top: at.y, bottom: at.y };
  const gap = at instanceof Element ? GAP : 0;
  const isLow = anchor.bottom + gap + box.height > innerHeight - EDGE && anchor.top > box.height;
  const top = isLow ? anchor.top - gap - box.height : anchor.bottom + gap;
  const isFar = anchor.left + box.width > innerWidth - EDGE;
  const left = isFar ? anchor.right - box.width : anchor.left;
  menu.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - box.height - EDGE))}px`;
  menu.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - box.width - EDGE))}px`;
}
