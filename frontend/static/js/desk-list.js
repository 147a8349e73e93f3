// The list's side of the desk: which list, its head, what is picked, and what can be done from it.
import { page } from "./page.js";
import { toast } from "./toast.js";
import { conversationChanges } from "./conversation-changes.js";
import { conversationItems } from "./conversation-menu.js";
import { filterPanel } from "./filter-panel.js";
import { listContext } from "./list-context.js";
import { emptyText, listHead } from "./list-head.js";
import { listSelection } from "./list-selection.js";
import { ListState } from "./list-state.js";
import { savedViews } from "./saved-views.js";

const RECHECK_MS = 30_000; // lists of those who wait longer than … change by themselves

/** `view` is completed here: what is picked, which status is shown, what an empty list says. `leave(ids)`: they are unread. */
export function deskList({ list, store, view, draw, leave }) {
  const me = page.me.id;
  const state = new ListState(me);
  const names = () => [...new Set([...(page.labels ?? []).map((one) => one.name), ...store.all.flatMap((one) => one.labels)])].sort((a, b) => a.localeCompare(b));
  const views = savedViews({ state, toast });
  const chips = filterPanel({ state, labels: names });
  const head = listHead({ state, list, chips, views, draw });
  const selection = listSelection({ list, bar: document.getElementById("bulk-bar"), draw });
  const changes = conversationChanges({
    store,
    draw: () => {
      list.settle();
      draw();
    },
    toast,
    after(done, { read }) {
      if (read === false) leave(done.map((one) => one.id));
      head.recount();
    },
  });
  const items = conversationItems({ store, changes, team: page.team, me, labels: names, toast, pick: (id) => selection.toggle(id) });
  selection.useBar({ items, changes });
  listContext({ list, items: items.whole });

  Object.assign(view, {
    isPicked: selection.has,
    emptyText: (filter) => emptyText(filter, state.count),
    get status() {
      return state.now.status;
    },
  });
  setInterval(() => state.now.waiting_minutes && draw(), RECHECK_MS);

  /** E: reopens when all that is meant is resolved, else resolves. */
  function toggleResolved(ids) {
    if (ids.length === 0) return;
    const isDone = ids.every((id) => store.get(id)?.status === "resolved");
    changes.setStatus(ids, isDone ? "open" : "resolved").then(() => selection.clear());
  }

  /** The list that the server has sent, or the one that this tab showed before it was loaded again. */
  function begin() {
    head.show();
    if (state.isFirst) return list.show(state.filter, page.conversations);
    head.recount();
    return list.show(state.filter);
  }

  return { state, views, head, selection, changes, items, toggleResolved, begin };
}
