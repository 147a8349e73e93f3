// A list of tasks that stays right: rows whose state has changed come anew from the server, times stay fresh, and the
// focus stays where somebody's hand was.
import { prepareVoice } from "./announce.js";
import { setText } from "./dom.js";
import { ago } from "./long-time.js";
import { watchNetwork } from "./network-banner.js";
import { fullTime } from "./relative-time.js";
import { news, openLine } from "./task-news.js";

const FRESH_MS = 10_000;
const RETRY_MS = 3_000;
const WHAT_A_ROW_SHOWS = ["status", "is_cancelling", "can_cancel", "can_retry", "attempts", "started_at", "finished_at"];

/** Whether a row drawn from `before` would look wrong for `task`; the bar moves by itself. */
const isStale = (before, task) => before !== null && WHAT_A_ROW_SHOWS.some((name) => before[name] !== task[name]);

function drawTimes(root) {
  for (const node of root.querySelectorAll("time[data-when]")) {
    const at = Number(node.dataset.when);
    node.dateTime = new Date(at * 1000).toISOString();
    node.title = fullTime(at);
    setText(node, ago(at));
  }
}

/** Who pressed a button that is gone with its row goes on at the row that came in its place. */
function keepFocus() {
  let id = null;
  document.addEventListener("focusin", ({ target }) => (id = target.closest(".task[id]")?.id ?? null));
  return () => {
    const row = id && document.activeElement === document.body ? document.getElementById(id) : null;
    (row?.querySelector(".actions button, .actions a") ?? row)?.focus({ preventScroll: true });
  };
}

async function fetched(path) {
  const answer = await fetch(path, { headers: { "HX-Request": "true", Accept: "text/html" } });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${answer.status} for ${path}`);
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  return document.importNode(parsed.querySelector(".task"), true);
}

/** One row at a time for each task: news that come meanwhile lead to one more. `put(row)` places it. */
function rowFetcher(base) {
  const coming = new Map();
  return async function bring(id, put) {
    if (coming.has(id)) return coming.set(id, true);
    do {
      coming.set(id, false);
      try {
        const row = await fetched(`${base}/${id}`);
        if (row) put(row);
      } catch {
        setTimeout(() => bring(id, put), RETRY_MS); // an outage: what is shown may be old for so long
      }
    } while (coming.get(id));
    return coming.delete(id);
  };
}

/** `onUnknown(task, add)`: somebody's task that is not on this page; `add` puts it on top. */
export function useTaskList(root, { me, onUnknown }) {
  const bring = rowFetcher(root.dataset.tasks);
  const restoreFocus = keepFocus();
  let isFirst = true;

  const place = (row) => {
    const old = document.getElementById(row.id);
    if (old?.querySelector("details[open]")) row.querySelector("details")?.setAttribute("open", "");
    if (old) old.replaceWith(row);
    else root.querySelector(".tasks")?.prepend(row);
    htmx.process(row);
  };
  const add = (task) => bring(task.id, place);
  root.addEventListener("taskchange", ({ detail: { before, task } }) => isStale(before, task) && add(task));
  news.addEventListener("task", ({ detail }) => document.getElementById(`task-${detail.id}`) ?? onUnknown(detail, add));
  news.addEventListener("ready", () => {
    if (!isFirst) htmx.trigger(document.body, "tasks-changed"); // what was new while the line was down
    isFirst = false;
  });
  new MutationObserver((changes) => {
    if (!changes.some(({ addedNodes }) => [...addedNodes].some((node) => node.nodeType === 1))) return;
    drawTimes(root);
    restoreFocus();
  }).observe(root, { childList: true, subtree: true });
  watchNetwork(document.getElementById("network"), openLine(me));
  prepareVoice();
  drawTimes(root);
  setInterval(() => drawTimes(root), FRESH_MS);
}
