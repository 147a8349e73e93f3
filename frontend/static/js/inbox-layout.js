// Panes, tabs, search and keys of the desk: where one looks, not what one does.
import { calm } from "./dom.js";
import { useShortcuts } from "./shortcuts.js";

const SIDE_KEY = "parley.side";
const byId = (id) => document.getElementById(id);

export function deskLayout({ close }) {
  const desk = byId("desk");
  const side = byId("side");
  const toggle = byId("toggle-side");
  const isNarrow = matchMedia("(max-width: 1239px)");
  let isSideWanted = !isNarrow.matches && localStorage.getItem(SIDE_KEY) !== "closed";

  function showSide(isOpen) {
    isSideWanted = isOpen;
    desk.classList.toggle("no-side", !isOpen);
    side.classList.toggle("shut", !isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
    if (!isNarrow.matches) localStorage.setItem(SIDE_KEY, isOpen ? "open" : "closed");
  }
  toggle.addEventListener("click", () => showSide(!isSideWanted));
  byId("close-side").addEventListener("click", () => showSide(false));
  byId("back").addEventListener("click", () => close());
  isNarrow.addEventListener("change", () => showSide(!isNarrow.matches && localStorage.getItem(SIDE_KEY) !== "closed"));
  showSide(isSideWanted);
  if (desk.dataset.view === "list") desk.classList.add("no-side");

  return {
    showThread() {
      desk.dataset.view = "thread";
      for (const id of ["thread-header", "thread-body"]) byId(id).hidden = false;
      byId("nothing-open").hidden = true;
      showSide(isSideWanted);
    },
    showList() {
      desk.dataset.view = "list";
      for (const id of ["thread-header", "thread-body", "side"]) byId(id).hidden = true;
      byId("nothing-open").hidden = false;
      desk.classList.add("no-side");
    },
    useFilters,
    useKeys,
    closeSide: () => isNarrow.matches && isSideWanted && (showSide(false), true),
  };

  function useKeys({ open, list, composer, view, actions }) {
    const walk = (by) => {
      const id = list.neighbour(view.openId, by);
      if (id && id !== view.openId) open(id, { focus: false });
    };
    const write = (mode) => {
      if (!view.openId) return;
      composer.setMode(mode);
      composer.textarea.focus();
    };
    useShortcuts({
      j: () => walk(1),
      k: () => walk(-1),
      enter: () => (view.openId ? write("reply") : walk(0)),
      r: () => write("reply"),
      n: () => write("note"),
      e: () => view.openId && actions.toggleResolved(),
      "/": () => byId("search").focus(),
      escape: (event) => {
        if (event.target === byId("search")) {
          byId("search").value = "";
          byId("search").dispatchEvent(new Event("input"));
          byId("search").blur();
        } else if (isNarrow.matches && isSideWanted) showSide(false);
        else if (event.target === document.body || event.target === byId("main")) close();
        else event.target.blur();
      },
    });
  }
}

function useFilters({ list, draw }) {
  const search = byId("search");
  const status = byId("status");
  const tabs = [...document.querySelectorAll("[data-tab]")];
  const apply = async () => {
    const assignee = tabs.find((tab) => tab.getAttribute("aria-pressed") === "true").dataset.tab;
    await list.show({ assignee, status: status.value });
    draw();
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => {
      for (const other of tabs) other.setAttribute("aria-pressed", String(other === tab));
      search.value = "";
      apply();
    });
  }
  status.addEventListener("change", apply);
  const find = calm(() => {
    const words = search.value.trim();
    if (words) list.search(words);
    else apply();
  }, 250);
  search.addEventListener("input", find);
}
