// Panes, filters and keys of the admin's wall.
import { byId, setText } from "./dom.js";
import { leaveSearch, useFilters } from "./list-filters.js";
import { usePanes } from "./panes.js";
import { useShortcuts } from "./shortcuts.js";

const MORE = ["waiting", "unread", "assignee", "label", "person"];
const CONTROLS = ["merchant", "status", "sort", ...MORE];
const UNREAD = { yes: true, no: false };

/** What the controls above the list say. */
function filter() {
  const [merchant, status, sort, waiting, unread, assignee, label, name] = CONTROLS.map((id) => byId(id).value.trim());
  return { merchant, status, sort, assignee, name, waiting_minutes: Number(waiting) || null, unread: UNREAD[unread], label: label ? [label] : [] };
}

export function wallLayout({ open, close, list, view, draw }) {
  const panes = usePanes({ close });
  const search = byId("search");
  const controls = CONTROLS.map(byId);
  const told = () => {
    const count = MORE.filter((id) => byId(id).value).length;
    setText(byId("more-count"), count ? String(count) : "");
    byId("more-count").hidden = count === 0;
  };
  for (const control of controls) control.addEventListener("change", told);
  useFilters({ list, search, draw, controls, filter });
  byId("clear-filters").addEventListener("click", () => {
    for (const id of MORE) byId(id).value = "";
    byId("sort").value = "activity";
    byId("sort").dispatchEvent(new Event("change"));
  });
  told();
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
  return { ...panes, filter };
}
