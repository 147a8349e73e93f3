// Ctrl/Cmd+K: everything that can be done or gone to, by its name; and buyers by theirs.
import { icon, make } from "./dom.js";
import { t } from "./page.js";

const PAUSE_MS = 180;

/** How well `name` fits what was typed: 3 from its beginning, 2 from a word's, 1 somewhere, 0 not at all. Pure. */
export function fits(name, typed) {
  const at = name.toLowerCase().indexOf(typed.toLowerCase());
  if (at < 0) return 0;
  if (at === 0) return 3;
  return /[\s(“"]/.test(name[at - 1]) ? 2 : 1;
}

/** `commands()` gives [{group, label, icon, mark, hint, note, keywords, run}]; `find(words)` more of them, later. */
export function commandBar({ commands, find }) {
  const dialog = document.getElementById("command-bar");
  const input = document.getElementById("command");
  const box = document.getElementById("commands");
  let shown = [];
  let at = 0;
  let turn = 0;
  let timer;

  function draw(found) {
    shown = found;
    at = 0;
    const nodes = [];
    let group = null;
    found.forEach((one, number) => {
      if (one.group !== group) nodes.push(groupNode(one.group));
      group = one.group;
      nodes.push(commandNode(one, number));
    });
    box.replaceChildren(...(nodes.length ? nodes : [make("p", "none", t("Nothing of that name. Try a buyer’s name, “resolve”, or “dark”."))]));
    choose(0);
  }

  function choose(number) {
    at = Math.max(0, Math.min(shown.length - 1, number));
    for (const node of box.querySelectorAll(".command")) node.setAttribute("aria-selected", String(Number(node.dataset.at) === at));
    const chosen = box.querySelector(`[data-at="${at}"]`);
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  function matching(typed) {
    const all = commands();
    if (!typed) return all;
    return all
      .map((one) => ({ one, fit: Math.max(fits(one.label, typed), ...(one.keywords ?? []).map((word) => fits(word, typed))) }))
      .filter(({ fit }) => fit > 0)
      .sort((a, b) => b.fit - a.fit)
      .map(({ one }) => one)
      .sort((a, b) => groupRank(all, a) - groupRank(all, b));
  }

  function type() {
    const typed = input.value.trim();
    const mine = ++turn;
    const found = matching(typed);
    draw(found);
    clearTimeout(timer);
    if (typed.length < 1) return;
    timer = setTimeout(async () => {
      const more = await find(typed).catch(() => []);
      if (mine !== turn || !dialog.open || more.length === 0) return;
      const before = shown[at];
      draw([...matching(typed), ...more]);
      choose(Math.max(0, shown.findIndex((one) => one.label === before?.label && one.group === before?.group)));
    }, PAUSE_MS);
  }

  function run(number) {
    const one = shown[number];
    if (!one) return;
    dialog.close();
    one.run();
  }

  input.addEventListener("input", type);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose((at + step + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") run(at);
    else return;
    event.preventDefault();
  });
  box.addEventListener("pointermove", (event) => {
    const node = event.target.closest(".command");
    if (node && Number(node.dataset.at) !== at) choose(Number(node.dataset.at));
  });
  box.addEventListener("click", (event) => {
    const node = event.target.closest(".command");
    if (node) run(Number(node.dataset.at));
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  function open() {
    if (dialog.open) return dialog.close();
    if (document.querySelector("dialog[open]")) return undefined;
    input.value = "";
    dialog.showModal();
    type();
    input.focus();
    return undefined;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  return { open };
}

const groupRank = (all, one) => all.findIndex((other) => other.group === one.group);

function groupNode(name) {
  const node = make("p", "group", name);
  node.setAttribute("role", "presentation");
  return node;
}

function commandNode(one, number) {
  const node = make("div", "command");
  node.id = `command-${number}`;
  node.dataset.at = number;
  node.setAttribute("role", "option");
  node.append(one.mark ?? icon(one.icon ?? "forward"), make("span", "words", one.label));
  if (one.note) node.append(make("small", "", one.note));
  if (one.hint) node.append(make("kbd", "", one.hint));
  return node;
}
