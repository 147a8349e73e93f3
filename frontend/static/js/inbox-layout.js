// Panes, search and keys of the desk: where one looks, not what one does.
import { openMenu } from "./choice-menu.js";
import { byId } from "./dom.js";
import { leaveSearch, useSearch } from "./list-filters.js";
import { t } from "./page.js";
import { usePanes } from "./panes.js";
import { isWriting, useShortcuts } from "./shortcuts.js";

export function deskLayout({ close }) {
  const panes = usePanes({ close });
  const search = byId("search");

  /** A menu for the open conversation: at its card when that is seen, else at the thread's head. */
  function menuAt(list, view, label, items) {
    const card = list.card(view.openId);
    const isSeen = card?.checkVisibility() && list.getBoundingClientRect().width > 0;
    openMenu({ at: byId("thread-header").checkVisibility() ? byId("resolve") : isSeen ? card : list, label, items });
  }

  function useKeys({ open, list, composer, view, actions, items, selection }) {
    const walk = (by) => {
      const id = list.neighbour(view.openId, by);
      if (id && id !== view.openId) open(id, { focus: false });
    };
    const focused = (event) => event.target.closest?.(".conversation-card[data-id]")?.dataset.id;
    const write = (mode) => {
      if (!view.openId) return;
      composer.setMode(mode);
      composer.textarea.focus();
    };
    /** The picked ones, or the card that has the focus, or the open one. */
    const meant = (event) => (selection.size > 0 ? selection.ids : [focused(event) ?? view.openId].filter(Boolean));
    const menu = (event, label, make) => {
      const ids = meant(event);
      if (ids.length === 0) return;
      if (selection.size > 0) openMenu({ at: byId("bulk-bar"), label, items: () => make(ids) });
      else if (ids[0] !== view.openId) openMenu({ at: list.card(ids[0]), label, items: () => make(ids) });
      else menuAt(list, view, label, () => make(ids));
    };
    useShortcuts({
      j: () => walk(1),
      k: () => walk(-1),
      enter: () => (view.openId ? write("reply") : walk(0)),
      r: () => write("reply"),
      n: () => write("note"),
      e: (event) => actions.toggleResolved(meant(event)),
      s: (event) => menu(event, t("Snooze"), items.snooze),
      a: (event) => menu(event, t("Assign to"), items.assign),
      l: (event) => menu(event, t("Label"), items.label),
      x: (event) => {
        const id = focused(event) ?? view.openId ?? list.ids[0];
        if (id) selection.toggle(id, { isRange: event.shiftKey });
      },
      "/": () => search.focus(),
      escape: ({ target }) => {
        if (target === search) leaveSearch(search);
        else if (isWriting(target)) target.blur();
        else if (!selection.clear() && !panes.closeSide() && view.openId) close();
      },
    });
    return { write };
  }

  return { ...panes, useKeys, useSearch: ({ list }) => useSearch({ list, search }), menuAt };
}
