// The head of the list: title, tabs with counts, status, order, chips. It shows the state and changes it.
import { get } from "./api.js";
import { byId, calm, setText } from "./dom.js";
import { openMenu } from "./choice-menu.js";
import { SORTS } from "./list-order.js";
import { paramsOf } from "./list-filter.js";
import { t } from "./page.js";

const RECOUNT_MS = 600;

const sortName = (sort) => ({ activity: t("Last activity"), waiting: t("Waiting time"), created: t("Created"), priority: t("Priority") })[sort];
const orderName = (sort, order) => ({
  activity: { desc: t("Newest first"), asc: t("Oldest first") },
  waiting: { desc: t("Longest first"), asc: t("Shortest first") },
  created: { desc: t("Newest first"), asc: t("Oldest first") },
  priority: { desc: t("Most urgent first"), asc: t("Least urgent first") },
})[sort][order];

export function listHead({ state, list, chips, views, draw }) {
  const tabs = [...document.querySelectorAll("[data-tab]")];
  const status = byId("status");
  const search = byId("search");
  const sort = byId("sort");

  for (const tab of tabs) tab.addEventListener("click", () => state.set({ tab: tab.dataset.tab, person: "" }));
  status.addEventListener("change", () => state.set({ status: status.value }));
  sort.addEventListener("click", () => openMenu({
    at: sort,
    label: t("Sort"),
    items: () => [
      ...SORTS.map((name) => ({ label: sortName(name), isChecked: state.now.sort === name, staysOpen: true, run: () => state.set({ sort: name }) })),
      null,
      ...["desc", "asc"].map((order) => ({ label: orderName(state.now.sort, order), isChecked: state.now.order === order, run: () => state.set({ order }) })),
    ],
  }));

  function show() {
    const { now } = state;
    const view = views.shown;
    setText(byId("list-title"), view ? view.name : t("Inbox"));
    byId("views").classList.toggle("on", Boolean(view));
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(!now.person && tab.dataset.tab === now.tab));
    status.value = now.status;
    sort.title = `${sortName(now.sort)} · ${orderName(now.sort, now.order)}`;
    sort.setAttribute("aria-label", t("Sorted by: {order}", { order: sort.title }));
    chips.drawChips();
  }

  let shown = JSON.stringify(state.filter);
  state.addEventListener("change", async () => {
    show();
    const wanted = JSON.stringify(state.filter);
    if (wanted === shown && !search.value) return;
    shown = wanted;
    search.value = "";
    recount();
    await list.show(state.filter);
    draw();
  });
  state.addEventListener("views", show);

  const recount = calm(async () => {
    const params = paramsOf({ ...state.filter, assignee: "", sort: "", order: "" });
    if (!state.now.status) params.set("include_resolved", "true");
    const counts = await get(`/conversations/counts?${params}`).catch(() => null);
    if (!counts) return;
    for (const [tab, count] of [["me", counts.mine], ["none", counts.unassigned], ["", counts.all]]) {
      setText(tabs.find((one) => one.dataset.tab === tab).querySelector(".count"), String(count));
    }
  }, RECOUNT_MS);

  return { show, recount };
}

/** What stands in an empty list, and what to do next. */
export function emptyText({ assignee, status, ...rest }, count) {
  if (count > 0) return t("Nothing matches these filters. Remove one to see more.");
  if (rest.waiting_minutes) return t("Nobody waits that long.");
  if (assignee === "me") return status === "open" || !status ? t("Nothing is assigned to you. Look under Unassigned.") : t("You have no conversations here.");
  if (assignee === "none") return t("Everything is assigned. Well done.");
  return {
    open: t("No open conversations. New ones appear here by themselves."),
    pending: t("Nothing is pending. Set conversations to pending while they wait for somebody else."),
    snoozed: t("Nothing is snoozed. Press S to put a conversation aside until you need it."),
    resolved: t("Nothing is resolved yet. Press E when a conversation is done."),
  }[status] ?? t("No conversations yet. They begin when a buyer writes to your shop.");
}
