// Panes, filters and keys of the admin's wall.
import { leaveSearch, useFilters } from "./list-filters.js";
import { usePanes } from "./panes.js";
import { useShortcuts } from "./shortcuts.js";

const byId = (id) => document.getElementById(id);

export function wallLayout({ open, close, list, view, draw }) {
  const panes = usePanes({ close });
  const search = byId("search");
  useFilters({ list, search, draw, controls: [byId("merchant"), byId("status")], filter: () => ({ merchant: byId("merchant").value, status: byId("status").value }) });
  const walk = (by) => {
    const id = list.neighbour(view.openId, by);
    if (id && id !== view.openId) open(id);
  };
  useShortcuts({
    j: () => walk(1),
    k: () => walk(-1),
    "/": () => search.focus(),
    escape: ({ target }) => {
      if (target === search) leaveSearch(search);
      else if (!panes.closeSide() && view.openId) close();
    },
  });
  return panes;
}
