// Panes, tabs, search and keys of the desk: where one looks, not what one does.
import { leaveSearch, useFilters } from "./list-filters.js";
import { usePanes } from "./panes.js";
import { isWriting, useShortcuts } from "./shortcuts.js";

const byId = (id) => document.getElementById(id);

export function deskLayout({ close }) {
  const panes = usePanes({ close });
  const search = byId("search");

  function useTabs({ list, draw }) {
    const tabs = [...document.querySelectorAll("[data-tab]")];
    const chosen = () => tabs.find((tab) => tab.getAttribute("aria-pressed") === "true");
    const { apply } = useFilters({ list, search, draw, controls: [byId("status")], filter: () => ({ assignee: chosen().dataset.tab, status: byId("status").value }) });
    for (const tab of tabs) {
      tab.addEventListener("click", () => {
        for (const other of tabs) other.setAttribute("aria-pressed", String(other === tab));
        apply();
      });
    }
  }

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
      "/": () => search.focus(),
      escape: ({ target }) => {
        if (target === search) leaveSearch(search);
        else if (isWriting(target)) target.blur();
        else if (!panes.closeSide() && view.openId) close();
      },
    });
  }

  return { ...panes, useTabs, useKeys };
}
